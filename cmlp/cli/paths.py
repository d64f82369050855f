"""Check paths of inputs and outputs before a command starts its work."""

import os
from difflib import get_close_matches
from errno import EISDIR
from pathlib import Path
from typing import TYPE_CHECKING

from cmlp.errors import CmlpError
from cmlp.utils.text import printable

if TYPE_CHECKING:
    from matplotlib.figure import Figure


def check_source(path: str) -> None:
    """Refuse a file or folder that does not exist.

    Raises
    ------
    OSError
        If it does not exist; `nearest` suggests an existing name.
    """
    os.stat(path)  # noqa: PTH116 - its error names the path as it was given


def check_target(path: str, *sources: str) -> None:
    """Refuse an output that is a folder, lies in a missing folder, or is one of the sources."""
    os.stat(Path(path).parent)  # noqa: PTH116
    if Path(path).is_dir():
        raise IsADirectoryError(EISDIR, os.strerror(EISDIR), path)
    if any(Path(path).resolve() == Path(source).resolve() for source in sources):
        raise CmlpError(f"{path} is an input, and the output needs another name")


def picture_format(path: str, user: str) -> str:
    """Return the suffix of a picture's name, and refuse a format that matplotlib does not write."""
    from cmlp.utils.optional import require

    canvas = require("matplotlib.backend_bases", "matplotlib", "plot", user).FigureCanvasBase
    suffix = Path(path).suffix.removeprefix(".").lower()
    known = canvas.get_supported_filetypes()
    if suffix not in known:
        raise CmlpError(f"{path} must end in .{', .'.join(sorted(known))}, the formats that matplotlib writes")
    return suffix


def write_figure(figure: "Figure", path: str, suffix: str) -> None:
    """Write a figure; an existing file is replaced atomically."""
    import warnings

    from cmlp.utils.files import write_files

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # about letters of a name that the font has not
        write_files({Path(path): lambda file: figure.savefig(file, format=suffix)})


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
