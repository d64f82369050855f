"""Watching code run: which samples it reads, and where numbers stop being numbers."""

import linecache
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from inspect import CO_GENERATOR
from pathlib import Path
from types import CodeType, FrameType
from typing import Any

import numpy as np
from numpy.typing import NDArray

from cmlp.diagnosis.programs.own_code import own_code
from cmlp.diagnosis.programs.records import Records
from cmlp.diagnosis.programs.samples import Samples
from cmlp.diagnosis.programs.tensors import as_array

Array = NDArray[Any]
DIGITS = 4
NEAR = 1e-6  # what single precision and another scale may change
EDGES = np.array([[NEAR, NEAR], [NEAR, -NEAR], [-NEAR, NEAR], [-NEAR, -NEAR]])


class Rows:
    """Recognises samples by their content, in whatever container, order or scale they arrive.

    Parameters
    ----------
    x : ndarray of shape (n, depth)
    records : Records, optional
        The form of rows that have a label, too.
    """

    def __init__(self, x: Array, records: Records | None = None) -> None:
        self.depth, self.records = x.shape[1], records
        self.probe = np.random.default_rng(7).normal(size=(self.depth, 2))
        self.index: dict[Any, int] = {}
        self.same = np.arange(len(x))
        for number, key in enumerate(_keys(self._places(x))):
            self.same[number] = self.index.setdefault(key, number)

    def _places(self, x: Array) -> Array:
        """Return where samples lie on two directions, whatever their scale and brightness are."""
        with np.errstate(all="ignore"):
            x = x - x.mean(axis=1, keepdims=True)
            norm = np.linalg.norm(x, axis=1, keepdims=True)
            norm[norm == 0] = 1
            return np.asarray(x @ self.probe / norm)

    def _numbers(self, places: Array) -> list[int]:
        """Return the numbers of the samples at places; rounding may have moved some over an edge."""
        found = [self.index.get(key, -1) for key in _keys(places)]
        for i in [i for i, number in enumerate(found) if number < 0]:
            near = (self.index.get(key, -1) for key in _keys(places[i] + EDGES))
            found[i] = next((number for number in near if number >= 0), -1)
        return found

    def find(self, images: Any) -> list[int]:
        """Return the numbers of the samples in anything that holds images; -1 stands for an unknown one."""
        array = as_array(images)
        if array is None:
            if not isinstance(images, (list, tuple)) or not images:
                return []
            if isinstance(images[0], (int, float)) and len(images) < self.depth:
                return []
            try:
                array = np.asarray(images, dtype=float)
            except (ValueError, TypeError):
                return []
        if array.dtype.kind not in "fiub" or array.size == 0:
            return []
        if self.records is not None and array.ndim and array.shape[-1] == self.depth + 1:
            array = self.records.without_label(array)
        if array.size % self.depth:
            return []
        columns = array.ndim == 2 and array.shape[0] == self.depth and array.shape[1] != self.depth
        rows = (array.T if columns else array).reshape(-1, self.depth).astype(float)
        return self._numbers(self._places(rows))


def _keys(places: Array) -> list[tuple[float, ...]]:
    return [tuple(pair) for pair in np.round(places, DIGITS).tolist()]


@dataclass
class Log:
    """The samples that reached a function, in their order, and the labels that came with them."""

    rows: list[int] = field(default_factory=list)
    labels: list[int] = field(default_factory=list)
    sizes: list[int] = field(default_factory=list)

    def add(self, rows: list[int], labels: list[int]) -> None:
        """Note one call."""
        self.rows += rows
        self.labels += labels
        self.sizes.append(len(rows))


def rows_and_labels(values: list[Any], rows: Rows, samples: Samples) -> tuple[list[int], list[int]]:
    """Return the numbers of the samples among the arguments of a call, and the classes of the labels beside them."""
    for number, value in enumerate(values):
        pairs = _pairs(value, rows.depth)
        if pairs:
            found = _found_in(pairs, rows)
            labels = [label for _, label in pairs]
            return (found, _classes(labels, len(found), samples)) if max(found) >= 0 else ([], [])
        found = rows.find(value) if not isinstance(value, (int, float, str, type(None))) else []
        if found and max(found) >= 0:
            for other in values[number + 1 :]:
                labels = _classes(other, len(found), samples)
                if labels:
                    return found, labels
            return found, []
    return [], []


def _found_in(pairs: list[Any], rows: Rows) -> list[int]:
    """Recognise the images of pairs, all at once where they have one shape."""
    try:
        stacked = np.array([np.ravel(image) for image, _ in pairs], dtype=float)
    except (ValueError, TypeError):
        return [-1]
    return rows.find(stacked) if stacked.shape[1:] == (rows.depth,) else [-1]


def _pairs(value: Any, depth: int) -> list[Any]:
    """Return pairs of an image and a label, or [] where a value holds none."""
    if isinstance(value, np.ndarray) and value.dtype == object and value.ndim == 2 and value.shape[1] == 2:
        return list(map(tuple, value))
    if isinstance(value, (list, tuple)) and value and isinstance(value[0], (list, tuple)) and len(value[0]) == 2:
        image, label = (np.size(part) for part in value[0])
        return list(value) if image == depth and label != depth else []
    return []


def _classes(labels: Any, count: int, samples: Samples) -> list[int]:
    """Return labels, or vectors with one largest entry, as numbers of classes; [] where they are none."""
    array = as_array(labels)
    try:
        if array is None:
            several = isinstance(labels, (list, tuple))
            array = np.array([np.asarray(part).ravel() for part in labels]) if several else np.asarray(labels)
    except (ValueError, TypeError):
        return []
    if array.dtype.kind not in "fiubUS" or not array.size:
        return []
    if array.size == count:
        found = samples.numbers_of(array.ravel())
        return found.tolist() if (found >= 0).all() else []
    k = array.size // count
    if array.size % count or array.dtype.kind in "US" or not 2 <= k <= 1000:
        return []
    table = array.T if array.ndim == 2 and array.shape == (k, count) and k != count else array.reshape(count, k)
    ordered = np.sort(table, axis=1)
    clear = (ordered[:, -1] > ordered[:, -2]).all() and np.ptp(ordered[:, -1]) < 1e-9
    return table.argmax(axis=1).tolist() if clear else []


class Tracer:
    """Notes which samples reach which function or variable while somebody's code runs, by a trace of its lines.

    Parameters
    ----------
    rows : Rows
    samples : Samples
    """

    def __init__(self, rows: Rows, samples: Samples) -> None:
        self.rows, self.samples = rows, samples
        self.logs: dict[tuple[str, str], Log] = {}
        self._known: dict[int, tuple[FrameType, dict[str, Any]]] = {}  # frames stay alive, so that no id is used again

    def __call__(self, frame: FrameType, event: str, _: Any) -> Any:
        """Look at a function that is entered, and trace its lines if it is somebody's own."""
        if not own_code(frame.f_code.co_filename):
            return None
        self._look(frame)
        return self._line

    def _line(self, frame: FrameType, event: str, _: Any) -> Any:
        if event in ("line", "return"):
            self._look(frame)
        if event == "return" and not frame.f_code.co_flags & CO_GENERATOR:  # which goes on, with the same variables
            self._known.pop(id(frame), None)
        return self._line

    def _look(self, frame: FrameType) -> None:
        _, known = self._known.setdefault(id(frame), (frame, {}))
        for name, value in frame.f_locals.items():
            if isinstance(value, (int, float, str, bool, type(None))) or known.get(name) is value:
                continue
            known[name] = value
            if as_array(value) is None and not isinstance(value, (list, tuple)):
                continue
            found, labels = rows_and_labels([value, *_beside(frame, name)], self.rows, self.samples)
            if found:
                self.logs.setdefault((frame.f_code.co_name, name), Log()).add(found, labels)


def _beside(frame: FrameType, name: str) -> list[Any]:
    names = list(frame.f_locals)
    return [frame.f_locals[other] for other in names[names.index(name) + 1 : names.index(name) + 2]]


@contextmanager
def traced(tracer: Tracer) -> Iterator[None]:
    """Run the body under a tracer, and give the trace function back that was set before, as by a debugger."""
    kept = sys.gettrace()
    sys.settrace(tracer)
    try:
        yield
    finally:
        sys.settrace(kept)


# Numbers that stop being numbers


@dataclass(frozen=True)
class FloatEvent:
    """An invalid operation or an overflow: where it was, and what met it."""

    kind: str
    file: str
    line: int
    function: str
    text: str
    values: str
    argument: str | None
    variables: dict[str, Any]

    @property
    def place(self) -> str:
        """File, line and expression."""
        return f"{Path(self.file).name}:{self.line}: {self.text}"


class FloatEvents:
    """The first invalid operations of a run; called by NumPy where one happens."""

    def __init__(self) -> None:
        self.events: list[FloatEvent] = []

    def __call__(self, kind: str, flag: int) -> None:
        """Note an event, with the line of somebody's own code that met it."""
        frame: FrameType | None = sys._getframe(1)
        while frame is not None and not own_code(frame.f_code.co_filename):
            frame = frame.f_back
        if frame is None or len(self.events) > 50:
            return
        place = (kind, frame.f_code.co_filename, frame.f_lineno)
        if any((event.kind, event.file, event.line) == place for event in self.events):
            return
        names = frame.f_code.co_varnames[: frame.f_code.co_argcount]
        given = [name for name in names if name not in ("self", "cls")]
        self.events.append(
            FloatEvent(
                *place,
                frame.f_code.co_name,
                expression(frame),
                _ranges(frame),
                given[0] if len(given) == 1 else None,
                frame.f_globals,
            )
        )

    def first(self, kind: str) -> FloatEvent | None:
        """Return the first event of a kind: "invalid" or "over"."""
        return next((event for event in self.events if event.kind.startswith(kind)), None)


@contextmanager
def float_events() -> Iterator[FloatEvents]:
    """Note where numbers overflow or stop being numbers in the body."""
    events = FloatEvents()
    with np.errstate(over="call", invalid="call", divide="call", under="ignore", call=events):
        yield events


def expression(frame: FrameType) -> str:
    """Return the text of the sub-expression that runs, by the positions that code objects have."""
    code: CodeType = frame.f_code
    line = linecache.getline(code.co_filename, frame.f_lineno)
    positions = list(code.co_positions())[frame.f_lasti // 2]
    if None not in positions and positions[0] == positions[1]:
        cut = linecache.getline(code.co_filename, positions[0] or 0).encode()[positions[2] : positions[3]].decode()
        return cut or line.strip()
    return line.strip()


def _ranges(frame: FrameType) -> str:
    found = []
    for name, value in frame.f_locals.items():
        if isinstance(value, np.ndarray) and value.dtype.kind == "f" and value.size:
            finite = value[np.isfinite(value)]
            found.append(f"{name} in {finite.min():.4g}..{finite.max():.4g}" if finite.size else f"{name} not finite")
    return ", ".join(found[:3])
