"""The samples among the variables of a script: images with their labels, for training and for testing."""

import ast
import copy
import inspect
import re
import types
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from cmlp.diagnosis.programs.access import attribute, has_attribute
from cmlp.diagnosis.programs.axes import number_of_samples
from cmlp.diagnosis.programs.loaders import first_of, is_loader, size_of
from cmlp.diagnosis.programs.roles import role
from cmlp.diagnosis.scripts.names import Uses

FEWEST = 2  # samples
TEST = re.compile(r"test|val(id)?(ation)?(?![a-z])|dev(?![a-z])|holdout|eval", re.IGNORECASE)
TRAIN = re.compile(r"train|tr(?![a-z])|learn|lern|entra|trein", re.IGNORECASE)
LOADS = re.compile(r"load|get|read|lade|lese|charg|lire|carga|lee", re.IGNORECASE)
IMAGES = re.compile(
    r"(^|_)(x|xs|images?|imgs?|inputs?|features|pixels?|bilder|entrees?|entradas?)($|_|\d)", re.IGNORECASE
)
LABELS = re.compile(
    r"(^|_)(y|ys|t|labels?|targets?|outputs?|one_?hot|digits|ziele?|cibles?|salidas?|etiquetas?)($|_|\d)", re.I
)


@dataclass(frozen=True)
class Samples:
    """Where the samples are.

    Parameters
    ----------
    names : tuple of str
        Of one variable with pairs, or of two with images and labels.
    value : object
        The pairs, or a tuple of images and labels.
    number : int
        How many samples there are.
    loads : bool
        Whether the one variable is a loader of mini-batches.
    """

    names: tuple[str, ...]
    value: Any
    number: int
    loads: bool = False

    def pairs(self) -> list[tuple[Any, Any]]:
        """Return pairs of one image and one label; of a loader those of its first mini-batch, of two variables none."""
        if len(self.names) != 1:
            return []
        if not self.loads:
            return list(copy.copy(self.value))
        images, labels = first_of(self.value) or ((), ())
        return list(zip(images, labels, strict=True))


def training_samples(variables: Mapping[str, Any], names: Iterable[str]) -> Samples | None:
    """Return the training samples among variables that a loop reads, the likeliest if there are several."""
    read = {name: variables[name] for name in names if name in variables}
    kept = {name: value for name, value in read.items() if not _for_testing(name)}
    return _best(kept) or _best(read)


def samples_for_testing(variables: Mapping[str, Any]) -> Samples | None:
    """Return where the test samples are, or None."""
    return _best({name: value for name, value in variables.items() if _for_testing(name)})


def loader_of_test_data(variables: Mapping[str, Any]) -> types.FunctionType | None:
    """Return a function without arguments that loads test data, if the script has one."""
    for name, value in variables.items():
        if isinstance(value, types.FunctionType) and TEST.search(name) and LOADS.search(name):
            needed = [p for p in inspect.signature(value).parameters.values() if p.default is p.empty]
            if not needed:
                return value
    return None


def _for_testing(name: str) -> bool:
    return TEST.search(name) is not None and TRAIN.search(name) is None


def _best(variables: Mapping[str, Any]) -> Samples | None:
    pairs = [_pairs(name, value) for name, value in variables.items()]
    shapes = {name: shape for name, value in variables.items() if (shape := shape_of(value)) is not None}
    found = [(_rank_of_pairs(samples), samples) for samples in pairs if samples is not None]
    for image, shape in shapes.items():
        for label, other in shapes.items():
            number = _in_common(shape, other)
            if image != label and number is not None and number >= FEWEST:
                rank = _rank(image, label, shape, other)
                found.append((rank, Samples((image, label), (variables[image], variables[label]), number)))
    found = [(rank, samples) for rank, samples in found if rank > 0]
    return max(found, key=lambda item: item[0])[1] if found else None


def shape_of(value: Any) -> tuple[int, ...] | None:
    """Return the shape of an array, a tensor, a frame or a list of rows of numbers."""
    shape = attribute(value, "shape", None)
    if isinstance(shape, tuple) and shape and not isinstance(value, type):
        return tuple(map(int, shape)) if attribute(value, "dtype", None) is None or _numbers(value) else None
    if isinstance(value, list | tuple) and len(value) >= FEWEST:
        try:
            inner = np.shape(value[0])
            if any(np.shape(item) != inner for item in value[1:3]) or np.asarray(value[0]).dtype.kind not in "fiub":
                return None
        except ValueError:
            return None
        return (len(value), *inner)
    return None


def _numbers(value: Any) -> bool:
    return attribute(value.dtype, "kind", "f") in "fiubUO"


def _in_common(images: tuple[int, ...], labels: tuple[int, ...]) -> int | None:
    """Return the number of samples of images and labels of these shapes, if they belong together."""
    number = number_of_samples(images, labels)
    return None if len(labels) > 3 or int(np.prod(labels)) > int(np.prod(images)) else number


def _rank(image: str, label: str, shape: tuple[int, ...], other: tuple[int, ...]) -> int:
    """Return how likely two variables are images and labels; nothing that only fits by its shape is."""
    named = bool(role(image) == "images" or IMAGES.search(image)), bool(role(label) == "labels" or LABELS.search(label))
    if not any(named) or IMAGES.search(label) or (LABELS.search(image) and not named[0]):
        return 0
    rank = 10 * sum(named) + 3 * bool(TRAIN.search(image)) + 3 * bool(TRAIN.search(label))
    alike = _stripped(image) == _stripped(label)
    return rank + 2 * alike + (len(other) > 1) + (shape[0] in (other[0], other[-1]))


def _stripped(name: str) -> str:
    return re.sub(r"(?i)images?|imgs?|inputs?|features|labels?|targets?|x|y|_", "", name)


def _pairs(name: str, value: Any) -> Samples | None:
    if is_loader(value):
        return None if first_of(value) is None else Samples((name,), value, size_of(value), loads=True)
    if has_attribute(value, "__next__") and not has_attribute(value, "read"):
        return None if type(value).__name__ != "_tee" else _pairs_of_iterator(name, value)
    if not isinstance(value, list | tuple) or len(value) < FEWEST:
        return None
    if any(not isinstance(item, list | tuple) or len(item) != 2 for item in value[:3]):
        return None
    image, label = value[0]
    try:
        sizes = np.size(image), np.size(label)
    except ValueError:
        return None
    return Samples((name,), value, len(value)) if sizes[0] > 1 and sizes[1] <= sizes[0] else None


def _pairs_of_iterator(name: str, value: Any) -> Samples | None:
    content = list(copy.copy(value))  # of what `itertools.tee` made, so the script's own stays as it is
    samples = _pairs(name, content)
    return None if samples is None else Samples((name,), iter(content), len(content))


def _rank_of_pairs(samples: Samples) -> int:
    (name,) = samples.names
    return 15 + 6 * bool(TRAIN.search(name)) + 3 * (role(name) == "pairs")


def settings_of(variables: Mapping[str, Any], uses: Uses) -> dict[str, Any]:
    """Return the plain numbers that decide how long a loop trains and with which steps."""
    found = {}
    for name in uses.read:
        if name in uses.stored:  # counted by the loop itself
            continue
        value = variables.get(name)
        if isinstance(value, int | float) and not isinstance(value, bool) and role(name) in ("eta", "epochs", "size"):
            found[name] = value
    return found


def derived(tree: ast.Module, names: Iterable[str]) -> list[ast.stmt]:
    """Return the assignments of a script that compute numbers such as ``m = len(X)``, for other data to repeat."""
    wanted, found = set(names), []
    for node in ast.walk(tree):
        if isinstance(node, ast.Assign):
            stored = {name.id for target in node.targets for name in ast.walk(target) if isinstance(name, ast.Name)}
            if stored <= wanted and stored and _counts(node.value):
                found.append(node)
    return sorted(found, key=lambda node: node.lineno)


def _counts(value: ast.expr) -> bool:
    """Whether an expression only counts: names, shapes, lengths and arithmetic."""
    fine = (ast.Name, ast.Attribute, ast.Subscript, ast.BinOp, ast.Constant, ast.operator, ast.expr_context, ast.Tuple)
    for node in ast.walk(value):
        if isinstance(node, ast.Call):
            if getattr(node.func, "id", "") not in ("len", "int", "max", "round", "float"):
                return False
        elif isinstance(node, ast.Attribute):
            if node.attr not in ("shape", "size"):
                return False
        elif not isinstance(node, fine):
            return False
    return any(isinstance(node, ast.Call | ast.Attribute) for node in ast.walk(value)) or isinstance(value, ast.BinOp)
