"""Check paths of inputs and outputs before a command starts its work."""

import os
from collections.abc import Mapping
from difflib import get_close_matches
from errno import EISDIR
from pathlib import Path
from typing import TYPE_CHECKING

from cmlp.errors import CmlpError
from cmlp.utils.files import open_regular, resolved, write_files
from cmlp.utils.text import printable

if TYPE_CHECKING:
    from matplotlib.figure import Figure

BEGINNINGS: dict[
    str, bytes | tuple[bytes, ...]
] = {  # in lower case; no others are replaced, as nobody knows how they begin
    **dict.fromkeys(("html", "htm"), b"<!doctype html"),
    **dict.fromkeys(("jpg", "jpeg", "jpe", "jfif"), b"\xff\xd8"),
    **dict.fromkeys(("tif", "tiff"), (b"ii*\0", b"mm\0*")),
    **dict.fromkeys(("ps", "eps"), b"%!ps"),
    "png": b"\x89png",
    "pdf": b"%pdf",
    "svg": (b"<?xml", b"<svg"),
    "svgz": b"\x1f\x8b",
    "gif": b"gif8",
    "bmp": b"bm",
    "webp": b"riff",
}


def check_source(path: str) -> None:
    """Refuse a file or folder that does not exist.

    Raises
    ------
    OSError
        If it does not exist; `nearest` suggests an existing name.
    """
    os.stat(path)  # noqa: PTH116 - its error names the path as it was given


def check_target(path: str, *sources: str | None) -> None:
    """Refuse an output that is a folder, lies in a missing folder, or is one of the sources."""
    os.stat(Path(path).parent)  # noqa: PTH116
    if Path(path).is_dir():
        raise IsADirectoryError(EISDIR, os.strerror(EISDIR), path)
    if any(_is_read(resolved(Path(path)), resolved(Path(source))) for source in sources if source):
        raise CmlpError(f"{path} is an input, and the output needs another name")


def _is_read(target: Path, source: Path) -> bool:
    """Return whether a file is a source, or lies in a subfolder of one that holds subfolders only, as of pictures."""
    if source not in target.parent.parents or not target.is_file():
        return target == source
    return not any(entry.is_file() for entry in source.iterdir())


def check_distinct(targets: Mapping[str, str | None]) -> None:
    """Refuse two outputs in one file, whatever names lead there; the options that name them are the keys."""
    seen: dict[Path, str] = {}
    for option, path in targets.items():
        if path is not None:
            other = seen.setdefault(resolved(Path(path)), option)
            if other != option:
                raise CmlpError(f"{option} must name another file than {other}, got {path}, the same file")


def check_replaceable(path: str, user: str, kind: str = "") -> None:
    """Refuse to replace an existing file that does not begin like this kind: by default, that of its name."""
    if not Path(path).exists():
        return
    with open_regular(Path(path), CmlpError) as file:
        beginning = file.read(16).lower()
    kind = kind or Path(path).suffix.removeprefix(".").lower()
    if beginning and not beginning.startswith(BEGINNINGS.get(kind, ())):
        rule = f"replaces only what begins like .{kind}" if kind in BEGINNINGS else f"never replaces .{kind}"
        raise CmlpError(f"{path} already exists, and {user} {rule}: it needs another name")


def picture_format(path: str, user: str) -> str:
    """Return the suffix of a picture's name; refuse a format that matplotlib does not write, and other files."""
    from cmlp.utils.optional import require

    canvas = require("matplotlib.backend_bases", "matplotlib", "plot", user).FigureCanvasBase
    suffix = Path(path).suffix.removeprefix(".").lower()
    known = canvas.get_supported_filetypes()
    if suffix not in known:
        raise CmlpError(f"{path} must end in .{', .'.join(sorted(known))}, the formats that matplotlib writes")
    check_replaceable(path, user)
    return suffix


def write_figure(figure: "Figure", path: str, suffix: str) -> None:
    """Write a figure; an existing file is replaced atomically."""
    import warnings

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
