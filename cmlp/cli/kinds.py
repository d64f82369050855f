"""The kinds of files that commands write, and how one of them is known to be cmlp's own.

Each says that cmlp wrote it: a network in its header, a page in its head, a C header in its comment, a picture where
its format has room for that.
"""

import os
import re
import zlib
from pathlib import Path
from typing import TYPE_CHECKING, Any

from cmlp import __version__
from cmlp.errors import CmlpError

if TYPE_CHECKING:
    from matplotlib.figure import Figure

MARK = b"written by cmlp"
NETWORK, PAGE, HEADER, ONNX, CHECKPOINT = "network", "html", "h", "onnx", "checkpoint"
BLOCK = 1 << 20  # bytes at either end of a file in which it says who wrote it
GZIP = b"\x1f\x8b"
EXIF_MAKER = 0x0131  # the tag Software

# Of each kind, how a file begins, and what it says.
SIGNS: dict[str, tuple[bytes, bytes]] = {
    NETWORK: (rb'.{8}\{"__metadata__":\{"cmlp":"', rb"cmlp-model"),
    PAGE: (rb"<!doctype html", rb'name="generator" content="cmlp '),
    HEADER: (rb"/\*", MARK),
    ONNX: (rb"\x08", rb"\x12\x04cmlp"),
    "png": (rb"\x89png", MARK),
    "pdf": (rb"%pdf", MARK),
    **dict.fromkeys(("ps", "eps"), (rb"%!ps", MARK)),
    **dict.fromkeys(("svg", "svgz"), (rb"<\?xml|<svg", MARK)),
    **dict.fromkeys(("jpg", "jpeg", "jpe", "jfif"), (rb"\xff\xd8", MARK)),
    **dict.fromkeys(("tif", "tiff"), (rb"ii\*\0|mm\0\*", MARK)),
    "gif": (rb"gif8", MARK),
    "webp": (rb"riff", MARK),
}
NAMES = {"csv": "a table", NETWORK: "a network", PAGE: "a page", HEADER: "a C header", ONNX: "an ONNX model"}
TEXTS = (PAGE, HEADER, "svg", "csv")  # which a terminal can show


def name_of(kind: str) -> str:
    """Return what a message calls a file of this kind."""
    return NAMES.get(kind, "a picture")


def is_own(path: Path, kind: str) -> bool:
    """Return whether a file is of this kind, and says that cmlp wrote it; an empty file holds nothing to lose."""
    first, last = _ends(path)
    if not first:
        return True
    beginning, said = SIGNS.get(kind, (b"", b""))
    is_of_kind = re.match(beginning, first, re.DOTALL | re.IGNORECASE) is not None
    return bool(said) and is_of_kind and any(re.search(said, part) for part in (first, last))


def _ends(path: Path) -> tuple[bytes, bytes]:
    """Return the first and the last bytes of a file; of a compressed one, the first of its content."""
    with path.open("rb") as file:
        first = file.read(BLOCK)
        file.seek(max(0, os.fstat(file.fileno()).st_size - BLOCK))
        last = file.read(BLOCK)
    if first.startswith(GZIP):
        decompressor = zlib.decompressobj(zlib.MAX_WBITS | 16)
        try:
            first = decompressor.decompress(first, BLOCK)
        except zlib.error:
            return b"?", b""
    return first, last


def kind_of_picture(path: str) -> str:
    """Return the suffix of a picture's name, "png" for stdout; refuse one that Pillow does not write."""
    from cmlp.utils.optional import require

    pillow = require("PIL.Image", "Pillow", "images", "writing pictures")
    suffix = _suffix(path)
    if pillow.registered_extensions().get(f".{suffix}") not in pillow.SAVE:
        raise CmlpError(f"{path} must end in .png or another suffix of a format that Pillow writes")
    return suffix


def kind_of_plot(path: str, user: str) -> str:
    """Return the format of a plot; refuse one that matplotlib does not write."""
    from cmlp.utils.optional import require

    known = require("matplotlib.backend_bases", "matplotlib", "plot", user).FigureCanvasBase.get_supported_filetypes()
    suffix = _suffix(path)
    if suffix not in known:
        raise CmlpError(f"{path} must end in .{', .'.join(sorted(known))}, the formats that matplotlib writes")
    return suffix


def _suffix(path: str) -> str:
    return "png" if path == "-" else Path(path).suffix.removeprefix(".").lower()


def write_plot(figure: "Figure", file: Any, kind: str) -> None:
    """Write a figure, which says that cmlp wrote it where its format has room for that."""
    import warnings

    words: dict[str, Any] = {"pil_kwargs": remark(kind)}
    if kind in ("pdf", "ps", "eps", "svg", "svgz", "png"):
        words = {"metadata": {"Software" if kind == "png" else "Creator": _sentence()}}
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # about letters of a name that the font has not
        figure.savefig(file, format=kind, **(words if kind in SIGNS else {}))


def remark(kind: str) -> dict[str, Any]:
    """Return the keywords with which Pillow writes into a picture that cmlp wrote it."""
    from cmlp.utils.optional import require

    if kind in ("jpg", "jpeg", "jpe", "jfif", "gif"):
        return {"comment": _sentence().encode()}
    if kind in ("tif", "tiff"):
        return {"software": _sentence()}
    if kind == "webp":
        exif = require("PIL.Image", "Pillow", "images", "writing pictures").Exif()
        exif[EXIF_MAKER] = _sentence()
        return {"exif": exif.tobytes()}
    if kind == "png":
        information = require("PIL.PngImagePlugin", "Pillow", "images", "writing pictures").PngInfo()
        information.add_text("Software", _sentence())
        return {"pnginfo": information}
    return {}


def _sentence() -> str:
    return f"{MARK.decode()} {__version__}"
