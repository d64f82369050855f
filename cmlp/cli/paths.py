"""Names of files that do not exist, and the one that was probably meant."""

import os
from difflib import get_close_matches
from pathlib import Path

from cmlp.errors import CmlpError
from cmlp.utils.files import resolved
from cmlp.utils.text import printable


def refuse_missing(*paths: str | None) -> None:
    """Refuse files and folders that do not exist before anything is read.

    Raises
    ------
    OSError
        If one does not exist, which it names as it was given; `nearest` suggests an existing name.
    CmlpError
        If it is stdin, which only pictures are read from.
    """
    for path in paths:
        if path == "-" and not os.path.lexists(path):
            raise CmlpError("- is stdin, which only cmlp predict reads, one picture: a file is needed here")
        if path is not None:
            try:
                os.stat(path)  # noqa: PTH116 - its error names the path as it was given
            except ValueError:
                resolved(Path(path))  # which says why no file can be called so


def missing(path: str) -> str:
    """Say that a file is missing, and what was probably meant."""
    if path and os.path.islink(path):  # noqa: PTH114
        return f"{path} is a link to {os.readlink(path)}, which does not exist"  # noqa: PTH115
    return f"{path or ascii(path)}: No such file or directory{nearest(path)}"


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
