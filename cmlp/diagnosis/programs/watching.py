"""Watching code run, line by line: which samples reach which function or variable, and how many lines there are."""

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from inspect import CO_GENERATOR
from types import FrameType
from typing import Any

from cmlp.diagnosis.programs.own_code import own_code
from cmlp.diagnosis.programs.rows import Rows, rows_and_labels
from cmlp.diagnosis.programs.samples import Samples
from cmlp.diagnosis.programs.tensors import as_array

OUTWARD = 6  # functions around one


@dataclass
class Log:
    """The samples that reached a function, in their order, and the labels that came with them."""

    rows: list[int] = field(default_factory=list)
    labels: list[int] = field(default_factory=list)
    sizes: list[int] = field(default_factory=list)
    several: bool = False  # whether the same samples come with several targets, as to each network of a committee

    def add(self, rows: list[int], labels: list[int]) -> None:
        """Note one call; the same samples with other targets are no other visit."""
        size = len(rows)
        again = bool(labels) and self.rows[-size:] == rows and len(self.labels) == len(self.rows)
        self.several |= again and self.labels[-size:] != labels
        if again and self.several:
            return
        self.rows += rows
        self.labels += labels
        self.sizes.append(len(rows))


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
            if found and not _handed_down(frame, name, value):
                self.logs.setdefault((frame.f_code.co_name, name), Log()).add(found, labels)


def _handed_down(frame: FrameType, name: str, value: Any) -> bool:
    """Whether a function of this name, around it, has the same value already, as where layers call layers."""
    around, names = frame.f_back, frame.f_code.co_name
    for _ in range(OUTWARD):
        if around is None:
            return False
        if around.f_code.co_name == names and around.f_locals.get(name) is value:
            return True
        around = around.f_back
    return False


def _beside(frame: FrameType, name: str) -> list[Any]:
    names = list(frame.f_locals)
    return [frame.f_locals[other] for other in names[names.index(name) + 1 : names.index(name) + 2]]


@contextmanager
def traced(tracer: Callable[[FrameType, str, Any], Any]) -> Iterator[None]:
    """Run the body under a tracer, and give the trace function back that was set before, as by a debugger."""
    kept = sys.gettrace()
    sys.settrace(tracer)
    try:
        yield
    finally:
        sys.settrace(kept)


class Lines:
    """Calls a function at every so many lines of somebody's code."""

    def __init__(self, every: int, look: Callable[[], None] | None) -> None:
        self.count, self.every, self.look = 0, every, look

    def __call__(self, frame: FrameType, event: str, _: Any) -> Any:
        """Count a line."""
        if not own_code(frame.f_code.co_filename):
            return None
        self.count += 1
        if self.look is not None and self.count % self.every == 0:
            self.look()
        return self
