"""Running somebody's network: by which method, with images in which form, and where its outputs are."""

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from cmlp.diagnosis.programs.access import attribute, has_attribute
from cmlp.diagnosis.programs.isolation import OutOfTime, kept_state, limited, seed_all, silence
from cmlp.diagnosis.programs.modes import answering
from cmlp.diagnosis.programs.network_first import network_first
from cmlp.diagnosis.programs.outputs import outputs_in
from cmlp.diagnosis.programs.own_code import is_own, own_methods
from cmlp.diagnosis.programs.roles import FIT, FORWARD, SCORE, STEP, UNTOUCHED, method_of, parameters_of, required, role

if TYPE_CHECKING:
    from cmlp.diagnosis.programs.instances import Instance
    from cmlp.diagnosis.programs.subject import Subject

Array = NDArray[Any]
TRY = 2.0  # seconds of the processor for one attempt to call something
MOST_HUNG = 2  # methods that do not return, after which no other is tried
PROBED = 3  # images in an attempt
PREDICTS = re.compile(r"predi|pred_|classif|label|guess|vorhersag|klassif|clasific|prev|prever|prediz", re.IGNORECASE)
LAYER_FLAG = re.compile(r"(is_?)?train(ing)?(_mode)?|train_flag|apprentissage|dropout_on", re.IGNORECASE)


@dataclass(frozen=True)
class Call:
    """How a network is run: by which method or function, with images in which form, one by one or together."""

    name: str
    form: str
    single: bool
    skip: int = 0


def function_of(
    subject: "Subject", instance: "Instance", kind: str, name: str | None
) -> tuple[Callable[..., Any], int]:
    """Return a function of a copy, and how many arguments come before the data."""
    function = instance.functions.get(kind)
    if function is None:
        if name == "":
            return instance.network, 0
        assert name is not None
        return getattr(instance.network, name), 0
    if attribute(function, "__self__", None) is instance.network:
        return function, 0
    parameters = parameters_of(function)
    first = role(parameters[0].name) if parameters else None
    alone = len(parameters) == 1 or required(function) < 2
    own = callable(instance.network) and has_attribute(instance.network, "__code__")
    if own and (first in ("pairs", "images") or (alone and kind == "forward")):
        return function, 0
    return network_first(function, kind, subject.settings), 1


def called(function: Callable[..., Any], instance: "Instance", made: dict[str, Any], skip: int) -> Any:
    """Call a function, with the network first where it takes that."""
    return function(*([instance.network] if skip else []), **made)


def find_forward(subject: "Subject") -> Call | None:
    """Return how a network gives outputs, or else labels; None where no way was found."""
    rows = subject.samples.x[np.random.default_rng(0).choice(len(subject.samples), PROBED)]
    best: tuple[int, Call] | None = None
    hung = 0
    for name, skip in _forward_names(subject):
        for form, single in _forms(subject):
            call = Call(name, form, single, skip)
            rank = _rank(subject, call, rows)
            if rank < 0:
                hung += 1
                break
            if rank > 0 and (best is None or rank > best[0]):
                best = rank, call
            if rank >= 2:
                return call
        if hung >= MOST_HUNG:
            break
    return best[1] if best else None


def find_predict(subject: "Subject") -> Call | None:
    """Return how a network answers with labels, where it has a method for that besides the one that gives outputs."""
    rows = subject.samples.x[:PROBED]
    assert subject.runs is not None
    names = [(name, skip) for name, skip in _forward_names(subject) if PREDICTS.search(name)]
    calls = (Call(name, form, single, skip) for name, skip in names for form, single in _forms(subject))
    return next((call for call in calls if call.name != subject.runs.name and _rank(subject, call, rows) == 1), None)


def _rank(subject: "Subject", call: Call, rows: Array) -> int:
    """Return 2 for outputs of classes, 1 for labels, 0 where the call fails, -1 where it does not return."""
    try:
        with silence(), np.errstate(all="ignore"), kept_state(), limited(TRY):
            seed_all(0)
            made = run(subject, subject.instance(), rows, call)
    except OutOfTime:
        subject.reasons.append(f"{call.name or 'it'} did not return within {TRY:g} s for {PROBED} images")
        return -1
    except Exception as error:
        subject.reasons.append(f"{call.name or 'it'}: {type(error).__name__}: {str(error)[:80]}")
        return 0
    return 0 if made is None else made.ndim


def _forward_names(subject: "Subject") -> Iterator[tuple[str, int]]:
    """Yield what may run it, the most probable first, and how many arguments come before the images."""
    network = subject.given
    if subject.functions.get("forward"):
        yield "forward", function_of(subject, subject.instance(), "forward", None)[1]
        return
    if callable(network) and has_attribute(network, "__code__"):
        yield "", 0
        return
    known = [
        name for plain in FORWARD for name in (plain, f"_{plain}", f"_{plain}_") if plain != "__call__" or name == plain
    ]
    if subject.framework.forward:
        known = list(subject.framework.forward)
    names = [name for name in known if method_of(network, name) is not None]
    yield from ((name, 0) for name in names if required(getattr(network, name)) == 1)
    if is_own(network) and not subject.framework.forward:
        for name in own_methods(network):
            plain = name.strip("_")
            if name.startswith("__") or name in names or UNTOUCHED.search(name) or plain in (*FIT, *STEP, *SCORE):
                continue
            method = method_of(network, name)
            if method is not None and required(method) == 1:
                yield name, 0


def _forms(subject: "Subject") -> list[tuple[str, bool]]:
    samples = subject.samples
    if subject.framework.forms:
        return [(form, False) for form in subject.framework.forms]
    own = [("own", True)] if samples.pairs else [("own", False)]
    return [
        *own,
        ("rows", False),
        ("columns", False),
        ("column", True),
        ("flat", True),
        ("list", True),
        ("own one", True),
        *([("records", False)] if samples.records is not None else []),
    ]


def _shaped(subject: "Subject", rows: Array, form: str) -> Any:
    samples = subject.samples
    if form == "own":
        return samples.image(rows[0]) if samples.pairs else samples.images(rows)
    if form == "own one":
        return samples.image(rows[0])
    if form == "records":
        return samples.make(rows, np.zeros(len(rows), dtype=int))
    if form.startswith("tensor"):
        return subject.framework.shaped(rows, form)
    shapes: dict[str, Callable[[], Any]] = {
        "rows": lambda: np.array(rows),
        "columns": lambda: np.array(rows.T),
        "column": lambda: np.array(rows[0]).reshape(-1, 1),
        "flat": lambda: np.array(rows[0]),
        "list": lambda: rows[0].tolist(),
    }
    return shapes[form]()


def run(subject: "Subject", instance: "Instance", x: Array, call: Call) -> Array | None:
    """Return outputs of shape (n, classes), numbers of classes of shape (n,), or None."""
    function, keywords = _function(subject, instance, call)
    with subject.framework.running(instance.network), answering(instance.network, subject.modes):
        if not call.single:
            return outputs_in(subject, instance, function(_shaped(subject, x, call.form), **keywords), len(x))
        made = []
        for row in x:
            part = outputs_in(subject, instance, function(_shaped(subject, row[None], call.form), **keywords), 1)
            if part is None:
                return None
            made.append(part)
    return np.concatenate(made)


def ask(subject: "Subject", instance: "Instance", images: Any, call: Call) -> Any:
    """Hand images to what runs the network, and return what it answers."""
    function, keywords = _function(subject, instance, call)
    return function(images, **keywords)


def _function(subject: "Subject", instance: "Instance", call: Call) -> tuple[Callable[..., Any], dict[str, Any]]:
    """Return what runs a network, as a function of images, and keywords that switch off what is for training only."""
    network = instance.network
    function = function_of(subject, instance, "forward", call.name)[0]
    keywords = dict(subject.framework.keywords)
    for p in parameters_of(function):
        if LAYER_FLAG.fullmatch(p.name) and p.default is not p.empty and isinstance(p.default, bool):
            keywords[p.name] = False
    return (partial(function, network) if call.skip else function), keywords
