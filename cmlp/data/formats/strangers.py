"""What a file is that holds no images and labels, said as a person would, and what to do about it."""

import re
import zlib
from collections.abc import Callable, Sequence
from typing import NamedTuple

TORCH = b"\x8a\nl\xfc\x9cF\xf9 j\xa8P\x19."
OLE = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
PICTURES = (b"\x89PNG\r\n", b"\xff\xd8\xff", b"GIF87a", b"GIF89a", b"II*\0", b"MM\0*")
SAFETENSORS = b'\0\0\0\0{"'  # the end of the length of its header, which is below 4 GB, and its beginning
HTML = re.compile(rb"<(!doctype\s+html|html|head|body|title|script)\b", re.IGNORECASE)
ANSWER = re.compile(
    rb"(\d{3}[:\s]+)?(not found|moved permanently|found\. redirecting|forbidden|access denied|unauthorized"
    rb"|bad gateway|service unavailable|too many requests|internal server error|bad request|rate limit exceeded)\b",
    re.IGNORECASE,
)
SHORT = 500  # bytes of an answer of a server; a text that begins alike and is longer is something else
AGAIN = "download it again, and look at what the server sends"
SPREADSHEET = "save it as CSV there, with the labels in a column"
UNPACK = "load it by joblib.load if joblib.dump wrote it, and save its arrays by numpy.savez, or decompress it first"
NETWORK = "which cmlp.Network.load reads if its layers are dense"


class Stranger(NamedTuple):
    """A kind of file: what it is, what to do about it, and how it is recognised by its start."""

    what: str
    remedy: str
    recognises: Callable[[bytes], bool]


def _begins(*starts: bytes) -> Callable[[bytes], bool]:
    return lambda content: content.startswith(starts)


def _is_of_zlib(content: bytes) -> bool:
    if content[:1] != b"x" or len(content) < 2 or int.from_bytes(content[:2], "big") % 31:
        return False
    try:
        return bool(zlib.decompressobj().decompress(content, 1))
    except zlib.error:
        return False


def _is_of_lzma(content: bytes) -> bool:
    """Recognise the header of LZMA alone: its usual properties, the size of a dictionary, and an unknown length."""
    return content[:3] == b"\x5d\0\0" and content[5:13] in (b"\xff" * 8, content[5:8] + bytes(5))


def _is_answer(content: bytes) -> bool:
    return len(content) < SHORT and ANSWER.match(content.strip()) is not None


def _is_onnx(content: bytes) -> bool:
    """Recognise a protocol buffer whose first field is the version of ONNX, and whose next names the producer."""
    return content[:1] == b"\x08" and content[1:2] < b"\x20" and content[2:3] in (b"\x12", b"\x3a", b"\x1a")


def _is_html(content: bytes) -> bool:
    return content.lstrip()[:1] == b"<" and HTML.search(content[:1000]) is not None


def _is_xml(content: bytes) -> bool:
    return content.lstrip(b"\xef\xbb\xbf \t\r\n").startswith((b"<?xml", b"<Error"))


def _is_network(content: bytes) -> bool:
    """Recognise safetensors, and the JSON of Nielsen's book."""
    return content[4:10] == SAFETENSORS or (content.lstrip().startswith(b"{") and b'"weights"' in content)


def _is_of_r(content: bytes) -> bool:
    return content.startswith((b"RDX", b"RDA", b"X\n\0\0", b"A\n2\n"))


def is_picture(start: bytes) -> bool:
    """Return whether a file with this start is a picture of a common format."""
    bitmap = start[:2] == b"BM" and start[6:10] == bytes(4)
    plain = re.match(rb"P[1-7]\s", start) is not None  # PBM, PGM, PPM
    return start.startswith(PICTURES) or bitmap or plain or (start[:4] == b"RIFF" and start[8:12] == b"WEBP")


def _is_records(content: bytes) -> bool:
    """Recognise records by the upper half of the first length, and the first field of an Example."""
    return content[4:8] == bytes(4) and content[12:13] == b"\n" and len(content) > 12


def _is_json(content: bytes) -> bool:
    return content.lstrip().startswith(b"{") or re.match(rb"\s*\[\s*(\[|\{|[-+0-9.]+\s*,|\")", content) is not None


def _is_program(content: bytes) -> bool:
    lines = [line for line in content[:5000].splitlines() if line.strip() and not line.lstrip().startswith(b"#")]
    return any(re.match(rb"(import|from)\s+[A-Za-z_.]+(\s|$)", line) for line in lines[:20])


NO_DATA = "it holds no data that can be read"
STRANGERS = (
    Stranger(
        "the pointer of Git LFS to a file that was not downloaded",
        '"git lfs pull" in its repository fetches the file itself',
        _begins(b"version https://git-lfs"),
    ),
    Stranger("a page of HTML, probably an error or a login in the place of the file", AGAIN, _is_html),
    Stranger("the error message of a server in the place of the file", AGAIN, _is_answer),
    Stranger("a document of XML", AGAIN, _is_xml),
    Stranger("a network of PyTorch", NETWORK, lambda content: TORCH in content[:40]),
    Stranger("a network of ONNX", "which cmlp.Network.from_onnx reads if its layers are dense", _is_onnx),
    Stranger("a network", "which cmlp.Network.load reads", _is_network),
    Stranger("text in JSON", "save its values with numpy.savez, or as CSV", _is_json),
    Stranger("a spreadsheet", SPREADSHEET, _begins(OLE)),
    Stranger("a RAR archive", "unpack it first", _begins(b"Rar!\x1a\x07")),
    Stranger("a 7z archive", "unpack it first", _begins(b"7z\xbc\xaf\x27\x1c")),
    Stranger("a file compressed with zlib", UNPACK, _is_of_zlib),
    Stranger("a file compressed with LZMA", UNPACK, _is_of_lzma),
    Stranger("a file compressed with LZ4", UNPACK, _begins(b"\x04\x22\x4d\x18")),
    Stranger(
        "a MAT file of MATLAB that is cut off within its first 128 bytes",
        "copy it again",
        _begins(b"MATLAB 5.0 MAT-file"),
    ),
    Stranger("a file compressed with Zstandard", "decompress it first", _begins(b"\x28\xb5\x2f\xfd")),
    Stranger("a file compressed with compress", "decompress it first", _begins(b"\x1f\x9d")),
    Stranger("a document of PDF", NO_DATA, _begins(b"%PDF")),
    Stranger("a database of SQLite", "export its table as CSV", _begins(b"SQLite format 3")),
    Stranger("a file of R", "write it as CSV there, by write.csv(data, file, row.names = FALSE)", _is_of_r),
    Stranger("a file of TensorFlow's records", "save its arrays with numpy.savez", _is_records),
    Stranger(
        "one picture",
        "give the folder that holds a folder of pictures for each class, or use cmlp predict for one",
        is_picture,
    ),
    Stranger("a program", "cmlp check --script examines it", _is_program),
)


def is_prose(start: bytes) -> bool:
    """Return whether a file begins with a line of words, which no pickle does."""
    line = start.lstrip().split(b"\n")[0]
    return re.match(rb"[A-Za-z][a-z']*,?( [A-Za-z][A-Za-z',-]*){2}", line) is not None


def describe(start: bytes) -> str | None:
    """Return what a file with this start is, and what to do about it, if it is no file of images and labels.

    Parameters
    ----------
    start : bytes
        The first bytes of the file, decompressed.

    Returns
    -------
    str or None
        Such as ``a spreadsheet: save it as CSV``; None if it is none of the kinds that are known here.
    """
    for stranger in STRANGERS:
        if stranger.recognises(start):
            return _sentence(stranger.what, stranger.remedy)
    return None


def describe_zip(names: Sequence[str]) -> str | None:
    """Return what a zip file with these members is, and what to do about it, if it is no archive of data."""
    if any(name.endswith("data.pkl") for name in names) and any("/data" in name for name in names):
        return _sentence("a network of PyTorch", NETWORK)
    if {"config.json", "model.weights.h5"} <= set(names):
        return _sentence("a network of Keras", NETWORK)
    if any(name.startswith("xl/") for name in names) or {"mimetype", "content.xml"} <= set(names):
        return _sentence("a spreadsheet", SPREADSHEET)
    if any(name.startswith(("word/", "ppt/")) for name in names):
        return _sentence("a document of Word or PowerPoint", "it holds no data that can be read")
    return None


def _sentence(what: str, remedy: str) -> str:
    return f"{what}, {remedy}" if remedy.startswith("which") else f"{what}: {remedy}"
