"""Files that are read or will be written: refused before anything takes its time."""

import os
from difflib import get_close_matches
from errno import EISDIR
from pathlib import Path
from typing import TYPE_CHECKING

from cmlp.cli.output import printable
from cmlp.errors import CmlpError

if TYPE_CHECKING:
    from matplotlib.figure import Figure


def check_source(path: str) -> None:
    """Refuse a file or folder that is not there.

    Raises
    ------
    OSError
        With the name, from which `nearest` finds the one that was meant.
    """
    os.stat(path)  # noqa: PTH116 - whose complaint names the path as it was given


def check_target(path: str, *sources: str) -> None:
    """Refuse a file in a folder that is not there, one that is a folder, and one that is read, too."""
    os.stat(Path(path).parent)  # noqa: PTH116
    if Path(path).is_dir():
        raise IsADirectoryError(EISDIR, os.strerror(EISDIR), path)
    if any(Path(path).resolve() == Path(source).resolve() for source in sources):
        raise CmlpError(f"{path} is read, and what is written needs another name")


def picture_format(path: str, user: str) -> str:
    """Return the format that a picture's name asks for, and refuse what matplotlib does not write."""
    from cmlp.utils.optional import require

    canvas = require("matplotlib.backend_bases", "matplotlib", "plot", user).FigureCanvasBase
    suffix = Path(path).suffix.removeprefix(".").lower()
    known = canvas.get_supported_filetypes()
    if suffix not in known:
        raise CmlpError(f"{path} must end in .{', .'.join(sorted(known))}, the formats that matplotlib writes")
    return suffix


def write_figure(figure: "Figure", path: str, suffix: str) -> None:
    """Write a picture whole or not at all."""
    import warnings

    from cmlp.utils.files import write_files

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # about letters of a name that the font has not
        write_files({Path(path): lambda file: figure.savefig(file, format=suffix)})


def nearest(path: str) -> str:
    """Return a question after the file that may have been meant by a name that is not there, or nothing."""
    place = Path(path)
    try:
        while not place.parent.is_dir():
            place = place.parent
        names = [entry.name for entry in place.parent.iterdir()]
    except OSError:
        return ""
    matches = get_close_matches(place.name, names, n=1)
    return "".join(f"; did you mean {printable(str(place.with_name(name)))!r}?" for name in matches)
