"""The order of layers that a file holds by name: from the order in the file, from their shapes, and from their names.

Every layer is an arrow from its number of inputs to its number of outputs, and an order that fits is a way along all
arrows. If there is one way, it is the order. If there are several, the order in the file decides, where the file has
one; and names that differ by a number alone, such as ``hidden`` and ``hidden2``, come in the order of their numbers.
What is still open is refused: a network in a wrong order of its layers gives wrong answers and no error.
"""

import re
from collections import defaultdict
from collections.abc import Callable, Iterable, Sequence
from itertools import pairwise
from typing import Any, NamedTuple

from numpy.typing import NDArray

from cmlp.errors import ModelError
from cmlp.utils.text import escaped, shown

MOST_STEPS = 300_000  # of the search; a longer one is of names and shapes that tell nothing
LONGEST = 200  # characters of names in a message

FIRST = {"in", "inp", "input", "first", "enc", "encoder"}  # words in names that tell a place
LAST = {"out", "output", "last", "final", "dec", "decoder", "head", "classifier", "logits"}

Key = tuple[tuple[Any, ...], ...]


class Unfit(ModelError):
    """What the caller says of a network does not fit what its file holds."""


class Layer(NamedTuple):
    """A layer: weights (fan_out, fan_in), biases (fan_out,), its name, and what messages call its weights."""

    name: str
    weights: NDArray[Any]
    biases: NDArray[Any]
    source: str


def ordered(layers: Sequence[Layer], *, filed: bool, names: Sequence[str] | None = None) -> list[Layer]:
    """Return the layers in the order in which a network uses them.

    Parameters
    ----------
    layers : sequence of Layer
        One or more, in the order of the file.
    filed : bool
        Whether the order of the file is one that somebody gave it, and not that of the alphabet.
    names : sequence of str, optional
        The names of the layers in their order, which settles it.

    Returns
    -------
    list of Layer

    Raises
    ------
    ModelError
        If there is no order that fits the shapes, or more than one.
    """
    if names is not None:
        return _as_named(layers, names)
    by_name = sorted(layers, key=lambda layer: natural(layer.name))
    ways = _ways(layers, lambda layer: True)
    if not ways:
        raise broken(layers if filed else by_name)
    if len(ways) == 1:
        return ways[0]
    if filed and fits(layers):
        if not is_by_number(layers):
            raise _ambiguous(layers, "the file has them in another order than the numbers in their names")
        if not _is_by_place(layers):
            raise _ambiguous(layers, "the file has them in another order than the words in their names")
        return list(layers)
    turns = _Turns(by_name)
    ways = _ways(layers, turns.is_next, turns.note)
    if len(ways) == 1:
        return ways[0]
    raise _ambiguous(by_name, "neither their shapes nor their names say in which order they follow")


class _Turns:
    """Which layer of each series comes next, while a search takes layers and puts them back."""

    def __init__(self, by_name: Sequence[Layer]) -> None:
        self.taken: dict[str, int] = defaultdict(int)
        self.places: dict[int, tuple[str, int]] = {}
        lengths: dict[str, int] = defaultdict(int)
        for layer in by_name:
            series = stem(layer.name)
            self.places[id(layer)] = series, lengths[series]
            lengths[series] += 1

    def is_next(self, layer: Layer) -> bool:
        """Return whether all earlier layers of its series are taken, and no later one."""
        series, place = self.places[id(layer)]
        return self.taken[series] == place

    def note(self, layer: Layer, change: int) -> None:
        """Take a layer (1) or put it back (-1)."""
        self.taken[self.places[id(layer)][0]] += change


def _as_named(layers: Sequence[Layer], names: Sequence[str]) -> list[Layer]:
    known = {layer.name: layer for layer in layers}
    if isinstance(names, str) or not isinstance(names, Sequence) or sorted(map(str, names)) != sorted(known):
        all_names = _quoted(known)
        raise Unfit(f"layers must be the names of its layers in their order, which are {all_names}, got {shown(names)}")
    chosen = [known[name] for name in names]
    if not fits(chosen):
        raise broken(chosen)
    return chosen


def fits(layers: Sequence[Layer]) -> bool:
    """Return whether each layer has as many inputs as the one before it has outputs."""
    return all(before.weights.shape[0] == after.weights.shape[1] for before, after in pairwise(layers))


def broken(layers: Sequence[Layer]) -> ModelError:
    """Return the error for layers, in the order that is most likely, of which no order fits."""
    for before, after in pairwise(layers):
        if before.weights.shape[0] != after.weights.shape[1]:
            found = f"{_described(before)} and then {_described(after)}"
            break
    return ModelError(f"each layer must have as many inputs as the one before it has outputs, got {found}")


def natural(name: str) -> Key:
    """Return a key that sorts names part by part and by the numbers in them: fc, fc2, fc10; hidden, hidden2."""
    return tuple(
        tuple((len(part.lstrip("0")), part.lstrip("0")) if i % 2 else part for i, part in enumerate(parts))
        for parts in (re.split(r"([0-9]+)", word) for word in re.split(r"[._/]", name))
    )


def stem(name: str) -> str:
    """Return a name without its numbers, which names of one series share."""
    words = (re.sub(r"[0-9]+", "", word) for word in re.split(r"[._/]", name))
    return ".".join(word for word in words if word)


def is_by_number(layers: Iterable[Layer]) -> bool:
    """Return whether names of one series come in the order of their numbers."""
    last: dict[str, Key] = {}
    for layer in layers:
        key = natural(layer.name)
        if key < last.get(stem(layer.name), key):
            return False
        last[stem(layer.name)] = key
    return True


def _is_by_place(layers: Sequence[Layer]) -> bool:
    """Return whether no layer called decoder or out comes before an encoder or one of another name."""
    paths = [layer.name.lower().split(".") for layer in layers]
    depth = next((k for k, parts in enumerate(zip(*paths)) if len(set(parts)) > 1), 0)  # noqa: B905 - the shortest
    names = [re.findall("[a-z]+", path[depth]) for path in paths]
    ranks = [(not LAST.isdisjoint(words)) - (not FIRST.isdisjoint(words)) for words in names]
    return ranks == sorted(ranks)


def is_open(layers: Sequence[Layer], *, numbered: bool = True) -> bool:
    """Return whether shapes, and numbers in names if they count, allow of layers another order than the given one."""
    if len(_ways(layers, lambda layer: True)) == 1:
        return False
    turns = _Turns(sorted(layers, key=lambda layer: natural(layer.name)))
    return not numbered or len(_ways(layers, turns.is_next, turns.note)) != 1


def declared(layers: Sequence[Layer]) -> str:
    """Return what one must know of layers whose order is that of the file alone, as the rest of a sentence."""
    names = _quoted([layer.name for layer in layers])
    return (
        f"has layers that fit together in several orders, and that in which it has them is taken, {names}: "
        "Network.load(path, layers=[...]) gives another"
    )


def _ways(
    layers: Sequence[Layer],
    may_follow: Callable[[Layer], bool],
    note: Callable[[Layer, int], object] = lambda layer, change: None,
) -> list[list[Layer]]:
    """Return up to two orders that fit the shapes; `note` hears of each layer that is taken (1) and put back (-1)."""
    leaving: dict[int, list[Layer]] = defaultdict(list)
    balance: dict[int, int] = defaultdict(int)
    for layer in layers:
        fan_out, fan_in = layer.weights.shape
        leaving[fan_in].append(layer)
        balance[fan_in] += 1
        balance[fan_out] -= 1
    uneven = [size for size, rest in balance.items() if rest > 0]
    if sum(balance[size] for size in uneven) > 1:
        return []
    search = _Search(leaving, len(layers), may_follow, note)
    for start in uneven or list(leaving):
        search.run(start)
    return search.found


class _Search:
    """A search for ways along all arrows, without recursion, which ends at the second way or after MOST_STEPS."""

    def __init__(
        self,
        leaving: dict[int, list[Layer]],
        count: int,
        may_follow: Callable[[Layer], bool],
        note: Callable[[Layer, int], object],
    ) -> None:
        self.leaving, self.count, self.may_follow, self.note = leaving, count, may_follow, note
        self.found: list[list[Layer]] = []
        self.steps = 0

    def run(self, start: int) -> None:
        """Look for the ways that begin at a size."""
        way: list[Layer] = []
        used: set[int] = set()
        choices = [iter(self.leaving[start])]
        while choices and len(self.found) < 2:
            self.steps += 1
            layer = next(choices[-1], None)
            if self.steps > MOST_STEPS:
                self.found = [[], []]
            elif layer is None:
                choices.pop()
                if way:
                    used.remove(id(way[-1]))
                    self.note(way.pop(), -1)
            elif id(layer) not in used and self.may_follow(layer):
                way.append(layer)
                used.add(id(layer))
                self.note(layer, 1)
                choices.append(iter(self.leaving.get(layer.weights.shape[0], [])))
                if len(way) == self.count:
                    self.found.append(list(way))


def _ambiguous(layers: Sequence[Layer], why: str) -> ModelError:
    names = _quoted([layer.name for layer in layers])
    remedy = f"give the order in which the network uses them, as in Network.load(path, layers=[{names}])"
    return ModelError(f"its layers fit together in several orders, and {why}: {remedy}")


def _quoted(names: Iterable[str]) -> str:
    text = ", ".join(f'"{escaped(name)}"' for name in names)
    return text if len(text) <= LONGEST else f"{text[:LONGEST].rpartition(',')[0]}, ..."


def _described(layer: Layer) -> str:
    return f"{escaped(layer.source)} {layer.weights.shape}"
