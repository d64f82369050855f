"""Whether somebody's own score is the accuracy of the outputs."""

from typing import Any

import numpy as np

from cmlp.diagnosis.programs.access import attribute
from cmlp.diagnosis.programs.calls import data_parameters
from cmlp.diagnosis.programs.examination import Array, Examination
from cmlp.diagnosis.programs.instances import Instance
from cmlp.diagnosis.programs.isolation import OutOfTime
from cmlp.diagnosis.programs.own_code import own_methods
from cmlp.diagnosis.programs.roles import SCORE, SCORE_LIKE, UNTOUCHED, method_of, parameters_of, role
from cmlp.diagnosis.programs.running import called, find_predict, function_of, run
from cmlp.diagnosis.report import Severity

ROWS = 1000
NEAR = 0.51  # points
POORER = 5.0  # points


def run_score(case: Examination, instance: Instance, x: Array, y: Array) -> None:
    """Ask its own score once, for what that changes in a copy."""
    for name in _names(case):
        function, skip = function_of(case.subject, instance, "score", name)
        made = _arguments(case, function, skip, x, y)
        if made is not None:
            called(function, instance, made, skip)
            return


def examine_score(case: Examination) -> None:
    """Ask its own score about rows whose accuracy is known."""
    subject = case.subject
    samples = case.test or case.train
    n = min(len(samples), ROWS)
    x, y = samples.x[:n], samples.y[:n]
    instance = case.trained or subject.instance()
    modes: list[bool] = []
    for name in _names(case):
        function, skip = function_of(subject, instance, "score", name)
        made = _arguments(case, function, skip, x, y)
        if made is None:
            continue
        hook = _listen(instance, modes) if subject.framework.name == "torch" else None
        try:
            with case.bounded(5.0), np.errstate(all="ignore"):
                value = called(function, instance, made, skip)
                own = subject.accuracy(instance, x, y)
        except (Exception, OutOfTime) as error:
            if subject.functions.get("score"):
                case.note(case.error_note("Its own score", error))
            continue
        finally:
            if hook is not None:
                hook.remove()
        numbers = _numbers(value)
        if numbers:
            _judge(case, name, numbers, own, n, instance, modes)
            break
    if "score-disagrees" not in case.codes:
        _answers(case, instance, x, y)


def _answers(case: Examination, instance: Instance, x: Array, y: Array) -> None:
    """Compare the labels that it answers with its outputs, where it has a method for each."""
    call = find_predict(case.subject)
    if call is None or "forward-not-repeatable" in case.codes:
        return
    try:
        with case.bounded(5.0), np.errstate(all="ignore"):
            answered = run(case.subject, instance, x, call)
            outputs = case.subject.predictions(instance, x)
    except (Exception, OutOfTime):
        return
    if answered is None or answered.shape != y.shape:
        return
    said, meant = (100 * float(np.mean(labels == y)) for labels in (answered, outputs))
    if said > meant - POORER:
        return
    case.found(
        "score-disagrees",
        Severity.ERROR,
        f"Its own {call.name} does not answer with the class of the largest output.",
        f"it has {said:.1f} % of {len(y):,} labels right, and the largest outputs {meant:.1f} %"
        + _place(case, call.name),
        "outputs.argmax(axis=1), and the names of the classes in the order of the outputs",
        where="scoring",
        before=said,
        after=meant,
    )


def _names(case: Examination) -> list[str]:
    if case.subject.functions.get("score"):
        return ["score"]
    given = case.subject.given
    if isinstance(given, (dict, list, tuple, np.ndarray)):
        return []
    names = [n for plain in SCORE for n in (plain, f"_{plain}")]
    names += [
        n
        for n in own_methods(given)
        if n not in names and not n.startswith("__") and SCORE_LIKE.search(n) and not UNTOUCHED.search(n)
    ]
    return [name for name in names if method_of(given, name) is not None and name != case.subject.trains]


def _arguments(case: Examination, function: Any, skip: int, x: Array, y: Array) -> dict[str, Any] | None:
    samples = case.test or case.train
    data = data_parameters(function, {}, skip)
    made: dict[str, Any] = {}
    for p in parameters_of(function)[skip:]:
        kind, low = (data or {}).get(p.name) or role(p.name), p.name.lower()
        if kind == "labels" or low in ("y_test", "test_labels", "test_y", "y_val", "y_eval"):
            made[p.name] = samples.labels(y)
        elif kind == "images" or low in ("x_test", "test_images", "test_x", "x_val", "x_eval"):
            made[p.name] = samples.images(x)
        elif kind in ("pairs", "test") and p.default is p.empty:
            made[p.name] = samples.make(x, y, listed=True)
        elif p.default is p.empty:
            return None
    return made or None


def _numbers(value: Any) -> list[float]:
    """Return the numbers that a score may be: itself, or those of a tuple."""
    parts = value if isinstance(value, (tuple, list)) else [value]
    found = []
    for part in parts:
        try:
            if np.ndim(part) == 0 and part is not None:
                found.append(float(part))
        except (TypeError, ValueError):
            continue
    return [number for number in found if np.isfinite(number)]


def _listen(instance: Instance, modes: list[bool]) -> Any:
    return instance.network.register_forward_pre_hook(lambda module, _: modes.append(module.training))


def _judge(
    case: Examination, name: str, numbers: list[float], own: float, n: int, instance: Instance, modes: list[bool]
) -> None:
    def right(number: float) -> bool:
        forms = (number, 100 * number, 100 * number / n, 100 - number, 100 - 100 * number, 100 - 100 * number / n)
        return any(abs(own - value) < NEAR for value in forms)

    if any(right(number) for number in numbers):
        return
    shown = numbers[-1] * (100 if 0 <= numbers[-1] <= 1 else 1)
    layers = _random_layers(instance) if modes and modes[0] else []
    place = _place(case, name)
    if layers:
        case.found(
            "scored-in-training-mode",
            Severity.ERROR,
            f"Its own score runs the network in training mode, where {' and '.join(layers)} works otherwise.",
            f"module.training is True when {name} runs it; the score is {shown:.1f} %, and {own:.1f} % after "
            f"eval(){place}",
            "model.eval() before testing, model.train() before training",
            where="scoring",
            before=shown,
            after=own,
        )
    elif 0 <= numbers[-1] <= n and not _is_loss(numbers):
        case.found(
            "score-disagrees",
            Severity.ERROR,
            f"Its own {name} is not the accuracy of its outputs.",
            f"it says {numbers[-1]:.4g}, and the largest outputs agree with {own:.1f} % of {n:,} labels{place}",
            "np.mean(outputs.argmax(axis=1) == labels)",
            where="scoring",
        )


def _is_loss(numbers: list[float]) -> bool:
    """Whether a number is none of an accuracy: a fraction above 1 that counts nothing."""
    return all(1 < number < 100 and number % 1 for number in numbers[-1:]) and numbers[-1] < 5


def _random_layers(instance: Instance) -> list[str]:
    kinds = {type(module).__name__ for module in instance.network.modules()}
    return sorted(kind for kind in kinds if "Dropout" in kind or "BatchNorm" in kind)


def _place(case: Examination, name: str) -> str:
    function = case.subject.functions.get("score") or attribute(case.subject.given, name, None)
    code = attribute(function, "__code__", None)
    return f" ({code.co_filename.rsplit('/')[-1]}:{code.co_firstlineno}, {code.co_name})" if code is not None else ""
