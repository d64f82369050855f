"""The lines of a text file, whatever its encoding, its line ends and its compression."""

import codecs
import re
from collections.abc import Iterator
from itertools import chain
from pathlib import Path

from cmlp.data.reading import read_blocks, read_start
from cmlp.errors import DataError

BOM = codecs.BOM_UTF8
MAX_LINE = 1 << 20
COMMENTS = (b"#", b"%")
EXCEL_ERRORS = (b"#n/a", b"#na", b"#div/0!", b"#value!", b"#ref!", b"#name?", b"#num!", b"#null!")
ERROR_CELL = re.compile(rb"(" + b"|".join(map(re.escape, EXCEL_ERRORS)) + rb")[,;\t|]", re.IGNORECASE)
NOTHING = b' \t\r\n,;|"'  # of which a line consists that Excel leaves below a table
UNUSED = frozenset(b"\x81\x8d\x8f\x90\x9d")  # bytes that have no meaning in Windows-1252


def encoding_of(start: bytes) -> str:
    """Return the encoding of a text with this start: UTF-16 and UTF-32 have a mark, or nulls beside each character."""
    if start.startswith((codecs.BOM_UTF32_LE, codecs.BOM_UTF32_BE)):
        return "utf-32"
    if start.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        return "utf-16"
    some = start[:200]
    if len(some) >= 8 and not any(some[place] for place in range(len(some)) if place % 4) and all(some[::4]):
        return "utf-32-le"
    if len(some) >= 8 and not any(some[place] for place in range(len(some)) if place % 4 < 3) and all(some[3::4]):
        return "utf-32-be"
    if len(some) >= 4 and not any(some[1::2]) and all(some[::2]):
        return "utf-16-le"
    if len(some) >= 4 and not any(some[::2]) and all(some[1::2]):
        return "utf-16-be"
    return "utf-8"


def as_utf8(start: bytes) -> bytes:
    """Return the start of a text in UTF-8, with line feeds at the ends of its lines."""
    encoding = encoding_of(start)
    if encoding != "utf-8":
        start = start[: len(start) // 4 * 4].decode(encoding, "replace").encode()
    text = start.removeprefix(BOM)
    return text.replace(b"\r", b"\n") if _of_old_mac(text) else text


def first_lines(start: bytes, most: int = 8) -> list[bytes]:
    """Return the first lines of a text that are neither blank nor comments."""
    lines = as_utf8(start).split(b"\n")
    found = [line for line in lines if line.strip(NOTHING) and not is_comment(line)]
    return found[:most]


def is_comment(line: bytes) -> bool:
    """Return whether a line is a comment, as of NumPy or MATLAB, and does not begin with an error of Excel's."""
    start = line.lstrip()
    return start.startswith(COMMENTS) and ERROR_CELL.match(start) is None


def decoded(line: bytes) -> str:
    """Return a line of text in UTF-8; of one that is not, what it says in Windows-1252, which keeps words apart."""
    try:
        return line.decode("utf-8")
    except UnicodeDecodeError:
        return line.decode("latin-1" if UNUSED.intersection(line) else "cp1252")


def is_utf8(text: bytes) -> bool:
    """Return whether a text is in UTF-8."""
    try:
        text.decode("utf-8")
    except UnicodeDecodeError:
        return False
    return True


def read_lines(path: Path, comments: bool = False) -> Iterator[tuple[int, bytes]]:
    """Yield each line that holds something, with its number; a long line is refused before it fills the memory.

    Parameters
    ----------
    path : Path
        The file.
    comments : bool
        Whether comments are among them; by default they are not.

    Yields
    ------
    number : int
        Counted from 1.
    line : bytes
        In UTF-8 if the file says how it is encoded, and without its end.

    Raises
    ------
    DataError
        If a line has more than `MAX_LINE` bytes, or the file is damaged.
    """
    before, rest = 0, b""
    for block in chain(read_text(path), [b"\n"]):
        *lines, rest = (rest + block).split(b"\n")
        for number, line in enumerate(lines, before + 1):
            if line and line.strip(NOTHING) and (comments or not is_comment(line)):
                yield number, line
        before += len(lines)
        if len(rest) > MAX_LINE:
            raise DataError(f"line {before + 1:,} of {path} must have at most {MAX_LINE:,} bytes")


def read_text(path: Path) -> Iterator[bytes]:
    """Yield the blocks of a text file in UTF-8, without its mark, with line feeds at the ends of lines."""
    start = read_start(path)
    encoding = encoding_of(start)
    decoder = codecs.getincrementaldecoder(encoding)("strict")
    mark, old_mac = BOM, None
    for block in read_blocks(path):
        if encoding != "utf-8":
            try:
                block = decoder.decode(block).encode()
            except UnicodeError as error:
                raise DataError(f"{path} begins as text in {encoding[:6].upper()}, and is damaged: {error}") from error
        block, mark = block.removeprefix(mark), b""
        old_mac = _of_old_mac(block) if old_mac is None else old_mac
        yield block.replace(b"\r", b"\n") if old_mac else block


def _of_old_mac(text: bytes) -> bool:
    return b"\r" in text and b"\n" not in text
