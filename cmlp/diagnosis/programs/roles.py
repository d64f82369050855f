"""What names mean in other people's programs: which method runs a network, which argument is the learning rate.

Names only propose: whatever they suggest is tried before it is believed.
"""

import inspect
import re
from collections.abc import Callable
from typing import Any

from cmlp.diagnosis.programs.access import attribute

FORWARD = [
    "predict_proba",
    "feedforward",
    "feed_forward",
    "forward",
    "forward_pass",
    "forward_prop",
    "forward_propagation",
    "forwardprop",
    "forward_propagate",
    "propagate",
    "think",
    "query",
    "activate",
    "infer",
    "inference",
    "run",
    "compute",
    "output",
    "outputs",
    "get_output",
    "__call__",
    "predict",
    "prediction",
    "classify",
    "avant",
    "propager",
    "propagation",
    "vorwaerts",
    "vorwärts",
    "adelante",
    "propagar",
    "avanti",
]
STEP = [
    "gradient_step",
    "update_mini_batch",
    "train_batch",
    "train_on_batch",
    "train_step",
    "training_step",
    "fit_batch",
    "partial_fit",
    "learn_batch",
    "sgd_step",
    "step",
    "train_one",
    "train_single",
    "learn_one",
    "backprop",
    "backpropagation",
    "backpropagate",
    "back_propagation",
    "back_propagate",
    "backward_pass",
    "backward",
    "update_weights",
    "update",
    "learn",
    "train_iteration",
    "update_batch",
]
FIT = [
    "train",
    "fit",
    "SGD",
    "sgd",
    "learn",
    "optimize",
    "gradient_descent",
    "stochastic_gradient_descent",
    "train_network",
    "training",
    "train_model",
    "fit_model",
    "run_training",
    "entrainer",
    "apprendre",
    "trainieren",
    "trainiere",
    "lerne",
    "lernen",
    "anlernen",
    "entrenar",
    "aprender",
    "treinar",
    "addestra",
    "allena",
]
SCORE = [
    "test",
    "evaluate",
    "accuracy",
    "score",
    "get_accuracy",
    "compute_accuracy",
    "calc_accuracy",
    "calculate_accuracy",
    "evaluer",
    "évaluer",
    "exactitude",
    "genauigkeit",
    "bewerten",
    "testen",
    "evaluar",
    "precision_total",
    "exactitud",
    "avaliar",
    "acuracia",
]
SCORE_LIKE = re.compile(
    r"acc|score|evalu|correct|percent|precis|exact|juste|reussi|réussi|taux|treff|genau|quote|richtig|aciert|acert"
    r"|porcent|pourcent|hits?(_|$)|success|erfolg|bewert",
    re.IGNORECASE,
)
UNTOUCHED = re.compile(r"save|load|dump|write|read|plot|show|draw|print|export|delete|remove|reset|close|exit", re.I)

_ROLES = {
    "eta": r"eta|η|lr|learning_?rate(_init)?|l_?rate|alpha|rate|step_?size|learn_?rate|taux(_apprentissage)?|pas"
    r"|lern_?rate|schritt(weite)?|tasa(_(de_)?aprendizaje)?|taxa(_(de_)?aprendizado)?|tasso|epsilon_lr|gamma_lr",
    "epochs": r"(n|num|nb|max)?_?epochs?|iterations?|(n|num|max)_?iters?|iters|max_iter|num_iterations|epoques?"
    r"|époques?|n_?(steps|updates)|steps|num_steps|epochen|durchg(ae|ä)nge|epocas?|épocas?|iteraciones|epoche"
    r"|wiederholungen|sweeps|(n_?)?(passes|rounds|cycles)|runden|tours|vueltas|voltas|rondas|giri|epokh[ai]?",
    "size": r"(mini_?)?batch(_?size)?_?(size|len)?|mb_?size|bs|batchsize|taille(_lot|_du_lot)?|lot"
    r"|stapel(gr(oe|ö)(ss|ß)e)?|tama(n|ñ|nh)o(_(de_)?lote)?|lote|chunk",
    "test": r"(test|val(?!ue|or)|eval(?!u)).*|.*_(test|val|valid|validation)|[xyt](test|val)|donnees_test|testdaten"
    r"|datos_prueba",
    "images": r"x|xs|(train(ing)?_?)?(inputs?|images?|x|imgs|features)|x_?train|x_?batch|xb|batch_?x"
    r"|input_?(vector|data|list|layer)|inputs_list|a0|img|entrees?|entrées?|eingaben?|eingabe|entradas?|bilder?"
    r"|imagenes|imagens|pixels?|row|sample",
    "labels": r"y|ys|(train(ing)?_?)?(labels?|targets?|y)|train(ing)?_?outputs|y_?train|y_?batch|yb|batch_?y|expected"
    r"|target_?(vector|list)|targets_list|t|desired.*|y_true|sorties?|cibles?|etiquettes?|étiquettes?|ziele?|soll"
    r"|ausgaben?|salidas?|etiquetas?|saidas?|objetivos?|answers?|truth|one_?hot|klassen?|alvos?",
    "pairs": r"mini_?batch(es)?|batch|training_?(data|set)|train_?(data|set)?|data|dataset|samples|train|examples"
    r"|donnees|données|daten|trainingsdaten|datos|dados|pairs|(train(ing)?_?)?(data_?)?(loader|dl|iter(ator)?)|xy",
}
_PENALTY = re.compile(
    r"_*(lam|lamb?da?|lmbda|lmda|lambd|reg|reg_?(lambda|strength|rate|param|factor|coef|term)|regulari[sz]ation\w*|l2"
    r"|l2_?(reg|lambda|penalty|factor)?|weight_?decay|wd|decay|penalty|ridge)_*\d?",
    re.IGNORECASE,
)
_OTHER = re.compile(r"momentum|^mu$|beta|drop|keep|tol|eps|gamma|seed|noise|clip|patience|smooth|val|split|frac", re.I)
_SIZE_FIRST = re.compile(r"(mini_?)?batch_?size|mb_?size|bs|batchsize|taille.*|stapel.*|tama.*", re.I)
_OF_A_TEST = re.compile(r"(^|_)(test|val|valid|validation|eval)(ing)?(?=_|$)|(?<=^[xyt])(test|val)$", re.IGNORECASE)


def role(name: str) -> str | None:
    """Return what an argument of this name is for: eta, epochs, size, test, images, labels or pairs."""
    if _SIZE_FIRST.fullmatch(name):
        return "size"
    for kind in ("eta", "epochs", "test", "images", "labels", "pairs", "size"):
        if re.fullmatch(_ROLES[kind], name, re.IGNORECASE):
            return kind
    return None


def role_in_test(name: str) -> str | None:
    """Return what part of test data an argument of this name takes: images, labels or pairs; None for the whole."""
    return role(_OF_A_TEST.sub("", name).strip("_"))


def signature_of(function: Callable[..., Any]) -> list[inspect.Parameter] | None:
    """Return all parameters of a function, or None where nobody knows them; of a decorated one those of its own."""
    try:
        found = list(inspect.signature(function).parameters.values())
    except Exception:  # of an object that raises when it is asked for anything
        return None
    inner = _decorated(function) if all(p.kind in (p.VAR_POSITIONAL, p.VAR_KEYWORD) for p in found) else None
    own = None if inner is None else signature_of(inner)
    if own is None:
        return found
    return own[1:] if inspect.ismethod(function) else own


def _decorated(function: Callable[..., Any]) -> Callable[..., Any] | None:
    """Return the only function that a decorator without `functools.wraps` has wrapped."""
    cells = attribute(attribute(function, "__func__", function), "__closure__", None) or ()
    held = [cell.cell_contents for cell in cells if _is_filled(cell)]
    inner = [value for value in held if inspect.isfunction(value)]
    return inner[0] if len(inner) == 1 else None


def _is_filled(cell: Any) -> bool:
    try:
        return cell.cell_contents is not None
    except ValueError:
        return False


def method_of(network: Any, name: str) -> Callable[..., Any] | None:
    """Return a method or another function among the attributes, without running any property."""
    try:
        static = inspect.getattr_static(network, name)
        bound = isinstance(static, (staticmethod, classmethod)) or type(static).__module__.startswith("sklearn.")
        if isinstance(static, property) or not (callable(static) or bound):  # scikit-learn's: of what is within it
            return None
        found = getattr(network, name)
    except Exception:
        return None
    return found if callable(found) else None


def parameters_of(function: Callable[..., Any]) -> list[inspect.Parameter]:
    """Return the parameters of a function that can be given by name or position, or [] where nobody knows them."""
    return [p for p in signature_of(function) or [] if p.kind not in (p.VAR_KEYWORD, p.VAR_POSITIONAL)]


def required(function: Callable[..., Any]) -> int:
    """Return how many arguments a function must be given; 1 where nobody knows."""
    if signature_of(function) is None:
        return 1
    needed = sum(p.default is p.empty and p.kind is not p.KEYWORD_ONLY for p in parameters_of(function))
    any_number = any(p.kind is p.VAR_POSITIONAL for p in signature_of(function) or [])
    return max(needed, 1) if any_number else needed


def is_penalty(name: str) -> bool:
    """Whether a number of this name is probably the share of a penalty on the weights."""
    return _PENALTY.fullmatch(name) is not None


def by_value(name: str, value: Any) -> str | None:
    """Return the role that a setting of an unknown name probably has: whole numbers count, fractions are rates."""
    if isinstance(value, bool) or not isinstance(value, (int, float)) or is_penalty(name) or _OTHER.search(name):
        return None
    return "epochs" if isinstance(value, int) else "eta"
