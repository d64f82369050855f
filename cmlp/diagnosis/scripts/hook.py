"""The call with which a script begins to train, recognised while it runs."""

import re
import types
import unicodedata
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from cmlp.diagnosis.programs.access import attribute, has_attribute, unwrapped
from cmlp.diagnosis.programs.own_code import own_code
from cmlp.diagnosis.programs.roles import FIT, STEP, role
from cmlp.diagnosis.scripts.state import holds_arrays

STEMS = re.compile(
    r"_*(do_|run_|my_)?(train|fit|sgd|learn|optimi[sz]e|gradient_?descent|(stochastic|mini_?batch|batch)_gradient_?descent"
    r"|backprop\w*train|entrain|appren|trainier|lern|anlern|entren|aprend|treina|ajust|addestr|allen|apprend"
    r"|trenuj|ucz|egit|latih|obuch|trenir|tren|naucz|oefen|leer)\w*|.*(_train|_fit|_sgd|_training)",
    re.IGNORECASE,
)
PART = re.compile(r"batch|step|one|single|sample|epoch_?step|iteration|pattern|load|read|get|split|test|plot|show|prep")
OTHER = re.compile(PART.pattern + r"|eval|accura|score|predict|forward|valid|save|init|cost|loss|mini|fold|cross")
COUNTER = re.compile(
    r"_?(epoch|iteration|epoque|epoche|epoca|iteracion)s?\d*|ep|e_?poch_?(i|idx|num|nr)?", re.IGNORECASE
)
LIBRARIES = ("sklearn", "keras", "tensorflow", "tf_keras", "xgboost", "lightgbm", "cmlp")


class Stopped(BaseException):
    """Ends a script from within; not an Exception, so that ``except Exception`` lets it pass."""


@dataclass
class Caught:
    """A call that trains, and all that was in hand when it began.

    Parameters
    ----------
    name : str
        Of the function.
    line : int
        Of the script, where it was called.
    arguments : dict
        What it was called with, by the names of its parameters.
    function : function or None
        What was called; None for a method.
    code : code
        Of what was called.
    place : Path
        The file of the caller.
    """

    name: str
    line: int
    arguments: dict[str, Any]
    function: Callable[..., Any] | None
    code: types.CodeType
    place: Path
    method: bool = False
    library: bool = False


class Hook:
    """A profile function that raises `Stopped` at the first call that trains.

    Calls of steps are shown to `found` as well, which then returns False.

    Parameters
    ----------
    script : str
        The file of the script, as its code objects name it.
    found : function
        Called with what was caught; returns whether the script is to be stopped.
    """

    def __init__(self, script: str, found: Callable[[Caught], bool]) -> None:
        self.script, self.found = script, found
        self.passed: set[types.CodeType] = set()  # functions that turned out to create their network inside
        self._kinds: dict[types.CodeType, str] = {}

    def __call__(self, frame: types.FrameType, event: str, _: Any) -> None:
        """Look at a call."""
        if event != "call":
            return
        code = frame.f_code
        kind = self._kinds.get(code)
        if kind is None:
            kind = self._kinds[code] = self._kind(code)
        if kind and code not in self.passed:
            caught = self._fit_of_library(frame) if kind == "library" else self._own_call(frame)
            if caught is not None and self.found(caught):
                raise Stopped

    def _kind(self, code: types.CodeType) -> str:
        file = code.co_filename
        if self.owns(file):
            return "own" if trains(code.co_name) or code.co_name in STEP or trains_by_arguments(code) else ""
        return "library" if code.co_name == "fit" and any(f"/{name}/" in file for name in LIBRARIES) else ""

    def owns(self, file: str) -> bool:
        """Whether a file is the asker's own: the script, or any other that belongs to no library."""
        return file == self.script or (own_code(file) and not file.startswith("<"))

    def _own_call(self, frame: types.FrameType) -> Caught | None:
        code = frame.f_code
        arguments = _arguments(frame)
        caller = self._caller(frame)
        if caller is None or not trains_with(arguments):
            return None
        first = next(iter(arguments), None)
        own = attribute(type(arguments[first]), code.co_name, None) if first is not None else None
        method = first == "self" or attribute(unwrapped(own) if callable(own) else None, "__code__", None) is code
        function = None if method else _function(frame)
        return Caught(code.co_name, caller.f_lineno, arguments, function, code, Path(caller.f_code.co_filename), method)

    def _fit_of_library(self, frame: types.FrameType) -> Caught | None:
        arguments = _arguments(frame)
        estimator, caller = arguments.get("self"), self._caller(frame)
        y = next((value for name, value in arguments.items() if name in ("y", "Y", "targets", "labels")), None)
        if caller is None or y is None or not has_attribute(estimator, "predict"):
            return None
        place = Path(caller.f_code.co_filename)
        return Caught("fit", caller.f_lineno, arguments, None, frame.f_code, place, True, True)

    def _caller(self, frame: types.FrameType) -> types.FrameType | None:
        """Return the line of the asker's own that led to a call."""
        caller = frame.f_back
        while caller is not None and not self.owns(caller.f_code.co_filename):
            caller = caller.f_back
        return caller


def trains(name: str) -> bool:
    """Whether a function of this name may train a network; not if it is one step of a training."""
    plain = unicodedata.normalize("NFKD", name).encode("ascii", "ignore").decode() or name
    known = name in FIT or STEMS.fullmatch(plain) is not None
    return known and not re.search(PART, plain.lower().replace("minibatch_gradient", "").replace("batch_gradient", ""))


def trains_by_arguments(code: types.CodeType) -> bool:
    """Whether a function takes samples and says how often it goes through them, whatever it is called."""
    if code.co_name.startswith("__") or re.search(OTHER, code.co_name.lower()):
        return False
    names = code.co_varnames[: code.co_argcount + code.co_kwonlyargcount]
    roles = {role(name) for name in names}
    if not ({"images", "labels"} <= roles or "pairs" in roles):
        return False
    return "epochs" in roles or any(COUNTER.fullmatch(name) for name in code.co_varnames[len(names) :])


def _arguments(frame: types.FrameType) -> dict[str, Any]:
    code, local = frame.f_code, frame.f_locals
    number = code.co_argcount + code.co_kwonlyargcount
    return {name: local[name] for name in code.co_varnames[:number] if name in local}


def _function(frame: types.FrameType) -> Callable[..., Any] | None:
    """Return the function that runs in a frame."""
    for names in (frame.f_globals, frame.f_back.f_locals if frame.f_back else {}):
        for value in list(names.values()):
            if isinstance(value, types.FunctionType) and value.__code__ is frame.f_code:
                return value
    return types.FunctionType(frame.f_code, frame.f_globals) if not frame.f_code.co_freevars else None


def trains_with(arguments: dict[str, Any]) -> bool:
    """Whether arguments are those of a training: samples, or an object that holds them and a network."""
    roles = {role(name) for name, value in arguments.items() if value is not None}
    if roles & {"pairs", "images"}:
        return True
    first = next(iter(arguments.values()), None)
    return first is not None and has_attribute(first, "__dict__") and samples_within(first) is not None


def samples_within(owner: Any) -> tuple[str, str] | None:
    """Return the names of the attributes in which an object keeps images and labels."""
    held = {name: value for name, value in vars(owner).items() if has_attribute(value, "__len__")}
    images = [name for name in held if role(name) == "images" and np.ndim(held[name]) >= 2]
    labels = [name for name in held if role(name) == "labels"]
    for image in images:
        for label in labels:
            one, other = np.shape(held[image]), np.shape(held[label])
            if (
                other
                and {one[0], one[-1]} & {other[0], other[-1]}
                and holds_arrays({n: v for n, v in held.items() if n not in (image, label)})
            ):
                return image, label
    return None


def is_one_sample(arguments: dict[str, Any]) -> bool:
    """Whether a call brings one image, or so few that it must be a step of a training elsewhere."""
    images = [value for name, value in arguments.items() if role(name) == "images" and value is not None]
    labels = [value for name, value in arguments.items() if role(name) == "labels" and value is not None]
    if not images or not labels:
        return False
    image, label = images[0], labels[0]
    if has_attribute(image, "__len__") and has_attribute(label, "__len__"):
        try:
            shape, other = np.shape(image), np.shape(label)
        except ValueError:
            return False
        one = len(shape) == 1 or (len(shape) == 2 and 1 in shape and max(shape) > 1)
        return one and (len(other) == 1 or 1 in other or not other)
    return not has_attribute(label, "__len__")
