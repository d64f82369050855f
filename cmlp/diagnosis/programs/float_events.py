"""The first operations of a run that overflow, or whose results are no numbers."""

import linecache
import re
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from types import CodeType, FrameType
from typing import Any

import numpy as np

from cmlp.diagnosis.programs.own_code import own_code
from cmlp.utils.text import printable


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
        return f"{printable(Path(self.file).name)}:{self.line}: {self.text}"


class FloatEvents:
    """The first invalid operations of a run; called by NumPy where one happens.

    Parameters
    ----------
    owns : callable
        Whether a file is somebody's own.
    """

    def __init__(self, owns: Callable[[str], bool] = own_code) -> None:
        self.events: list[FloatEvent] = []
        self._owns = owns

    def __call__(self, kind: str, flag: int) -> None:
        """Note an event, with the line of somebody's own code that met it."""
        frame: FrameType | None = sys._getframe(1)
        while frame is not None and not self._owns(frame.f_code.co_filename):
            frame = frame.f_back
        if frame is None or len(self.events) > 50:
            return
        place = (kind, frame.f_code.co_filename, frame.f_lineno)
        if any((event.kind, event.file, event.line) == place for event in self.events):
            return
        names = frame.f_code.co_varnames[: frame.f_code.co_argcount]
        given = [name for name in names if name not in ("self", "cls")]
        text = expression(frame)
        self.events.append(
            FloatEvent(
                *place,
                frame.f_code.co_name,
                text,
                _ranges(frame, text),
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
        cut = (
            linecache.getline(code.co_filename, positions[0] or 0)
            .encode()[positions[2] : positions[3]]
            .decode(errors="replace")
        )
        return cut or line.strip()
    return line.strip()


def _ranges(frame: FrameType, text: str) -> str:
    """Return what the arrays of an expression hold, and those beside it in its function."""
    names = [name for name in re.findall(r"\w+", text) if name in frame.f_locals]
    others = [] if frame.f_code.co_name == "<module>" else list(frame.f_locals)
    found = []
    for name in dict.fromkeys([*names, *others]):
        value = frame.f_locals[name]
        if isinstance(value, np.ndarray) and value.dtype.kind == "f" and value.size:
            finite = value[np.isfinite(value)]
            found.append(f"{name} in {finite.min():.4g}..{finite.max():.4g}" if finite.size else f"{name} not finite")
    return ", ".join(found[:3])
