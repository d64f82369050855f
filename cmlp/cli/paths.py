"""Names of files that do not exist, and the one that was probably meant."""

import os
from difflib import get_close_matches
from pathlib import Path

from cmlp.utils.text import printable


def refuse_missing(*paths: str | None) -> None:
    """Refuse files and folders that do not exist before anything is read.

    Raises
    ------
    OSError
        If one does not exist, which it names as it was given; `nearest` suggests an existing name.
    """
    for path in paths:
        if path is not None:
            os.stat(path)  # noqa: PTH116 - its error names the path as it was given


def nearest(path: str) -> str:
    """Suggest an existing file with a similar name; an empty string if there is none."""
    place = Path(path)
    try:
        while not place.parent.is_dir():
            place = place.parent
        names = [entry.name for entry in place.parent.iterdir()]
    except OSError:
        return ""
    matches = get_close_matches(place.name, names, n=1)
    return "".join(f"; did you mean {printable(str(place.with_name(name)))!r}?" for name in matches)
