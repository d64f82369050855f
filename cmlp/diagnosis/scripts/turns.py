"""The forward pass of a loop at the top level of a script: one turn of the loop, of which the outputs are taken."""

import copy
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import numpy as np

from cmlp.diagnosis.scripts.data import Samples, shape_of
from cmlp.diagnosis.scripts.follow import chosen_rows, taken
from cmlp.diagnosis.scripts.forward import DELTAS, OUTPUTS
from cmlp.diagnosis.scripts.state import Path, arrays, numeric, objects

if TYPE_CHECKING:
    from cmlp.diagnosis.scripts.fit import Program

TOGETHER = (1000, 500, 256, 200, 128, 100, 64, 50, 32, 20, 16, 10, 5, 4, 2)  # sizes of mini-batches that are usual


class Turns:
    """Single turns of a loop, with copies of its network.

    Parameters
    ----------
    program : Program
        The loop.
    """

    def __init__(self, program: "Program") -> None:
        self.program = program

    def forward(self) -> Callable[..., Any] | None:
        """Return a function that takes a network and images; None where no outputs of the loop were found."""
        place = self._output()
        return None if place is None else self._by_loop(*place)

    def _by_loop(self, name: str, path: Path) -> Callable[..., Any]:
        together = self._most_together(name, path) if self._are_together(name, path) else 1

        def forward(network: Any, images: Any) -> Any:
            rows = self._rows(images)
            if together == 1 or len(rows) == 1:
                return np.array([np.ravel(self._outputs(network, row, name, path)) for row in rows])
            parts = [range(k, min(k + together, len(rows))) for k in range(0, len(rows), together)]
            taken_parts = [images] if len(parts) == 1 else [taken(images, len(rows), part) for part in parts]
            made = [self._outputs(network, some, name, path) for some in taken_parts]
            return np.concatenate([_turned(one, len(part)) for one, part in zip(made, parts, strict=True)])

        return forward

    def _most_together(self, name: str, path: Path) -> int:
        """Return how many images one turn of the loop runs at most: as many as are in a mini-batch of its own."""
        sizes = sorted(
            {*TOGETHER, *(n for n in self.program.settings.values() if isinstance(n, int) and n > 1)}, reverse=True
        )
        one = self._outputs(self.program.network, self.program.few(1), name, path).size
        for size in (size for size in sizes if size <= self.program.samples.number):
            try:
                if self._outputs(self.program.network, self.program.few(size), name, path).size == size * one:
                    return size
            except Exception:
                continue
        return 1

    def _are_together(self, name: str, path: Path) -> bool:
        """Whether one turn of the loop runs several images, in their order."""
        if len(self.program.samples.names) == 1:
            return False
        few = self.program.few(5)
        try:
            single = np.array(
                [np.ravel(self._outputs(self.program.network, row, name, path)) for row in self._rows(few)]
            )
            several = _turned(self._outputs(self.program.network, few, name, path), 5)
        except Exception:
            return False
        return several.shape == single.shape and bool(np.allclose(several, single, equal_nan=True))

    def _outputs(self, network: Any, images: Any, name: str, path: Path) -> np.ndarray[Any, Any]:
        return dict(arrays(self._turn(network, images)[name]))[path]

    def _turn(self, network: Any, images: Any) -> dict[str, Any]:
        """Run one turn of the loop with images, on a copy of the network, and return the variables."""
        changed = copy.deepcopy(network)
        if len(self.program.samples.names) == 1:
            label = self.program.pairs[0][1]
            data: list[Any] = [[(images[None], label[None]) if self.program.samples.loads else (images, label)]]
        else:
            number = len(self._rows(images))
            rows = np.arange(number) % self.program.samples.number
            data = [images, chosen_rows(self.program.samples.value[1], self.program.samples.number, rows)]
        return self.program.run(self.program.once, changed, data, {})

    def _rows(self, images: Any) -> list[Any]:
        """Return images one by one, each as a table of one image."""
        samples = self.program.samples
        if len(samples.names) == 1:
            return list(images)
        own, shape = shape_of(samples.value[0]), shape_of(images) or ()
        columns = own is not None and own[0] != samples.number
        one = len(shape) < len(own or ())
        if one:
            return [np.asarray(images).reshape((-1, 1) if columns else (1, *shape))]
        number = shape[-1] if columns else shape[0]
        return [taken(images, number, range(row, row + 1)) for row in range(number)]

    def _output(self) -> tuple[str, Path] | None:
        """Return where the loop leaves the outputs: a variable, and what leads to an array in it."""
        try:
            image = self._rows(self.program.few(1))[0]
            variables, others = self._turn(self.program.network, image), self._turn(moved(self.program.network), image)
        except Exception:
            return None
        classes = number_of_classes(self.program.samples, self.program.pairs)
        parameters = [array for name in self.program.names for _, array in arrays(variables[name])]
        fitting: list[tuple[str, Path]] = []
        for name in dict.fromkeys([*self.program.uses.read, *self.program.uses.stored]):
            for path, array in arrays(variables.get(name), 2):
                right = (
                    array.size == classes and array.dtype.kind == "f" and path not in self.program.trained.get(name, [])
                )
                right = right and _differs(array, dict(arrays(others.get(name), 2)).get(path))
                right = right and all(_differs(array, parameter) for parameter in parameters)
                words = [word for word in (name, *path) if isinstance(word, str)]
                if right and not any(DELTAS.match(word) for word in words) and name not in self.program.samples.names:
                    fitting.append((name, path))
        named = [place for place in fitting if any(OUTPUTS.match(str(word)) for word in (place[0], *place[1]))]
        chosen = named or fitting
        return chosen[-1] if chosen else None


def moved(network: Any) -> Any:
    """Return a copy of a network whose arrays have other numbers."""
    changed, rng = copy.deepcopy(network), np.random.default_rng(0)
    for _, part in objects(changed):
        numbers = numeric(part)
        if numbers is None or numbers.dtype.kind != "f" or not numbers.flags.writeable:
            continue
        numbers += rng.normal(size=numbers.shape) * (0.1 + np.abs(np.nan_to_num(numbers)).mean())
        if isinstance(part, list):
            part[:] = numbers.tolist()
    return changed


def _differs(first: np.ndarray[Any, Any], second: np.ndarray[Any, Any] | None) -> bool:
    return second is not None and not np.array_equal(first, second, equal_nan=True)


def _turned(outputs: np.ndarray[Any, Any], number: int) -> np.ndarray[Any, Any]:
    """Return outputs with a row for each image."""
    turned = outputs.T if outputs.ndim == 2 and outputs.shape[0] != number and outputs.shape[1] == number else outputs
    return turned.reshape(number, -1)


def number_of_classes(samples: Samples, pairs: list[Any]) -> int:
    """Return how many outputs a network for these labels has."""
    if len(samples.names) == 1:
        labels = [label for _, label in pairs]
        if np.size(labels[0]) > 1:
            return int(np.size(labels[0]))
        labels = [np.ravel(label)[0] for label in labels]
    else:
        shape = shape_of(samples.value[1]) or ()
        others = [size for size in shape if size != samples.number]
        if others and others[0] > 1:
            return others[0]
        labels = list(np.ravel(samples.value[1]))
    distinct = len(set(labels))
    return distinct if distinct > 2 else 1
