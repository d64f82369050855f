"""Where settings of a training are kept: in which attribute of the network, or of the object that trains it."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from cmlp.diagnosis.programs.access import attribute, has_attribute
from cmlp.diagnosis.programs.calls import setting_roles
from cmlp.diagnosis.programs.leaves import attributes, is_keras
from cmlp.diagnosis.programs.own_code import is_own
from cmlp.diagnosis.programs.paths import Path, spelled, step_into
from cmlp.diagnosis.programs.roles import parameters_of, role

if TYPE_CHECKING:
    from cmlp.diagnosis.programs.subject import Subject

DEEPEST = 2  # objects between the network and a setting, as its optimizer


@dataclass(frozen=True)
class Place:
    """A number that is kept in an attribute or an item.

    Attributes
    ----------
    of_trainer : bool
        Whether it is kept by the object whose method trains, and not by the network.
    path : Path
    """

    of_trainer: bool
    path: Path

    @property
    def name(self) -> str:
        """What the asker calls it."""
        return spelled(self.path)

    def _root(self, network: Any, fit: Callable[..., Any] | None) -> Any:
        return attribute(fit, "__self__", None) if self.of_trainer else network

    def read(self, network: Any, fit: Callable[..., Any] | None) -> Any:
        """Return the number."""
        value = step_into(self._root(network, fit), self.path)
        return value if isinstance(value, (int, float)) else float(np.asarray(value))

    def write(self, network: Any, fit: Callable[..., Any] | None, value: Any) -> None:
        """Set the number."""
        parent = step_into(self._root(network, fit), self.path[:-1])
        kind, key = self.path[-1]
        if kind == "attr":
            setattr(parent, key, value)
        else:
            parent[key] = value


def find_place(network: Any, fit: Callable[..., Any] | None, kind: str) -> Place | None:
    """Return where a setting of this kind is kept: "eta", "epochs" or "size"."""
    if kind == "eta" and has_attribute(attribute(network, "optimizer", None), "learning_rate") and is_keras(network):
        return Place(False, (("attr", "optimizer"), ("attr", "learning_rate")))
    trainer = attribute(fit, "__self__", None)
    for of_trainer, root in ((False, network), (True, trainer)):
        if root is None or isinstance(root, type) or (of_trainer and root is network):
            continue
        path = _path(root, (), kind, set())
        if path is not None:
            return Place(of_trainer, path)
    return None


def _path(value: Any, path: Path, kind: str, seen: set[int]) -> Path | None:
    if id(value) in seen or len(path) > DEEPEST or issubclass(type(value), (str, bytes, type)):
        return None
    seen.add(id(value))
    how = "item" if isinstance(value, dict) else "attr"
    items = value.items() if isinstance(value, dict) else (numbers_of_class(value) | attributes(value)).items()
    parts = []
    for key, item in items:
        number = issubclass(type(item), (int, float)) and type(item) is not bool
        if isinstance(key, str) and number and role(key.strip("_")) == kind:
            return (*path, (how, key))
        if all(has_attribute(item, name) for name in ("__class__", "__dict__")) and not callable(item):
            parts.append((*path, (how, key)))
    for part in parts:
        found = _path(step_into(value, part[len(path) :]), part, kind, seen)
        if found is not None:
            return found
    return None


def numbers_of_class(value: Any) -> dict[str, float]:
    """Return the numbers that the classes of an object of somebody's hold for it, until it has its own."""
    if not is_own(value) or not hasattr(value, "__dict__"):
        return {}
    own = [kind for kind in reversed(type(value).__mro__) if kind.__module__ == type(value).__module__]
    return {
        name: number
        for kind in own
        for name, number in vars(kind).items()
        if isinstance(number, (int, float)) and not isinstance(number, bool)
    }


def setting_of(subject: "Subject", kind: str) -> tuple[str | None, Any]:
    """Return the name and the value of a setting: of a keyword, a default of the training, or a place."""
    named = {k: name for name, k in setting_roles(subject.settings).items()}
    if kind in named:
        return named[kind], subject.settings[named[kind]]
    given = subject.functions.get("fit")
    function = given or (attribute(subject.given, subject.trains, None) if subject.trains else None)
    for p in parameters_of(function) if function else []:
        if role(p.name) == kind and isinstance(p.default, (int, float)) and not isinstance(p.default, bool):
            return p.name, p.default
    place = subject.places[kind]
    return (None, None) if place is None else (place.name, place.read(subject.given, given))
