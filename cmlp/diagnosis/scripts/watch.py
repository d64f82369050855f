"""What is seen of a script that cannot be examined: numbers that stop being numbers."""

from typing import Any

import numpy as np

from cmlp.diagnosis.programs.float_events import FloatEvents
from cmlp.diagnosis.report import Finding, Severity
from cmlp.diagnosis.scripts.state import arrays, is_data, is_large, spelled
from cmlp.utils.text import listed


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
    where = ""
    if event is not None:
        beside = f"; {event.values}" if event.values else ""
        where = f"; the first such operation was {event.place} ({event.kind}{beside})"
    shown = listed(names[:6])
    return Finding(
        "non-finite-weights",
        Severity.ERROR,
        "training",
        f"Numbers of the network stop being numbers while the script trains: {shown}.",
        f"{broken:,} of {total:,} numbers are NaN or infinite when the script stops{where}",
    )
