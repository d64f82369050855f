"""What is seen of a script that cannot be examined: numbers that stop being numbers, arrays that never change."""

import linecache
import re
import types
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from cmlp.diagnosis.report import Finding, Severity
from cmlp.diagnosis.scripts.source import line_of
from cmlp.diagnosis.scripts.state import arrays, is_data, is_large, spelled
from cmlp.utils.text import listed


@dataclass(frozen=True)
class Event:
    """An operation whose result was no number: where, which, and what it was given."""

    kind: str
    file: str
    line: int
    expression: str
    values: str

    def __str__(self) -> str:
        place = f"{line_of(Path(self.file), self.line)}: {self.expression}"
        return f"{place} ({self.kind}{f'; {self.values}' if self.values else ''})"


class FloatEvents:
    """Takes the calls of `numpy.errstate`, and keeps the first operation of each kind and line.

    Parameters
    ----------
    owns : function
        Whether a file is the asker's own.
    """

    def __init__(self, owns: Any) -> None:
        self.events: list[Event] = []
        self._owns, self._seen = owns, set[tuple[str, int, str]]()

    def __call__(self, kind: str, flag: int) -> None:
        """Note where the script is."""
        import sys

        frame: types.FrameType | None = sys._getframe(1)
        while frame is not None and not self._owns(frame.f_code.co_filename):
            frame = frame.f_back
        if frame is None or (key := (frame.f_code.co_filename, frame.f_lineno, kind)) in self._seen:
            return
        self._seen.add(key)
        self.events.append(Event(kind, key[0], key[1], expression(frame), _values(frame, expression(frame))))

    def first(self, kind: str) -> Event | None:
        """Return the first operation of a kind, such as "invalid value"."""
        return next((event for event in self.events if event.kind.startswith(kind)), None)


def expression(frame: types.FrameType) -> str:
    """Return the text of the expression that a frame is computing."""
    code = frame.f_code
    whole = linecache.getline(code.co_filename, frame.f_lineno)
    first, last, begin, end = list(code.co_positions())[frame.f_lasti // 2]
    if first is not None and first == last == frame.f_lineno:
        return whole.encode()[begin:end].decode(errors="replace").strip() or whole.strip()
    return whole.strip()


def _values(frame: types.FrameType, text: str) -> str:
    found = []
    for name in dict.fromkeys(re.findall(r"\w+", text)):
        value = frame.f_locals.get(name)
        if isinstance(value, np.ndarray) and value.dtype.kind == "f" and value.size:
            finite = value[np.isfinite(value)]
            found.append(f"{name} in {finite.min():.3g} .. {finite.max():.3g}" if finite.size else f"{name} not finite")
    return ", ".join(found[:2])


def not_numbers(variables: dict[str, Any], events: FloatEvents) -> Finding | None:
    """Return what is to be said of arrays with NaN in them, if there are any.

    Parameters
    ----------
    variables : dict
        Of the script.
    events : FloatEvents
        What was seen on the way.

    Returns
    -------
    Finding or None
        The arrays, and the operation that came first.
    """
    names, broken, total = [], 0, 0
    for name, value in variables.items():
        if name.startswith("__") or is_data(name) or is_large(value):
            continue
        for path, array in arrays(value):
            if array.dtype.kind == "f" and array.ndim == 2 and array.size > 1:
                wrong = int(np.count_nonzero(~np.isfinite(array)))
                names += [spelled(name, path)] if wrong else []
                broken, total = broken + wrong, total + array.size
    if not broken:
        return None
    event = events.first("invalid") or events.first("overflow") or events.first("divide")
    where = f"; the first such operation was {event}" if event is not None else ""
    shown = listed(names[:6])
    return Finding(
        "non-finite-weights",
        Severity.ERROR,
        "training",
        f"Numbers of the network stop being numbers while the script trains: {shown}.",
        f"{broken:,} of {total:,} numbers are NaN or infinite when the script stops{where}",
    )
