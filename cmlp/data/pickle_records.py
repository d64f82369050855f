"""What a pickle may hold beside plain Python values, as inert records, and the arrays made of them.

A record stands where ``pickle`` would put a function, a dtype or an array under construction. It has no
behaviour that a file could change: NumPy sees a checked dtype, a checked shape and exactly as many bytes as
both announce, never a pickled state.
"""

import codecs
import enum
import math
import re
from collections import OrderedDict
from collections.abc import Callable
from functools import partial

import numpy as np
from numpy.typing import NDArray

from cmlp.utils.text import escaped

DAMAGED = "the file is damaged"
FOREIGN = "NumPy does not write this"
ONLY_DATA = "only arrays, numbers, lists, tuples, dicts and strings are read"
MAX_DIMENSIONS = 32
MAX_DIMENSION = 2**31
CHUNK = 1 << 20

# Looked up once, so that reading a file never imports a codec.
DECODERS: dict[str, Callable[[], codecs.IncrementalDecoder]] = {
    "utf-8": partial(codecs.getincrementaldecoder("utf-8"), "surrogatepass"),
    "latin-1": partial(codecs.getincrementaldecoder("latin-1"), "strict"),
    "raw-unicode-escape": partial(codecs.getincrementaldecoder("raw-unicode-escape"), "strict"),
}


class Refused(Exception):
    """What was found in a pickle (``found``) and the ``rule`` it breaks; the place is added by the reader."""

    def __init__(self, found: str, rule: str = ONLY_DATA) -> None:
        super().__init__(found, rule)
        self.found = found
        self.rule = rule


class Global(enum.Enum):
    """The names that a file may ask for; each is known by its exact spelling and is nothing but a name."""

    NDARRAY = "numpy.ndarray"
    DTYPE = "numpy.dtype"
    RECONSTRUCT = "numpy.core.multiarray._reconstruct"
    SCALAR = "numpy.core.multiarray.scalar"
    FROMBUFFER = "numpy.core.numeric._frombuffer"
    ENCODE = "_codecs.encode"
    BYTES = "builtins.bytes"
    BYTEARRAY = "builtins.bytearray"
    ORDERED_DICT = "collections.OrderedDict"


GLOBALS = {
    ("numpy", "ndarray"): Global.NDARRAY,
    ("numpy", "dtype"): Global.DTYPE,
    ("numpy.core.multiarray", "_reconstruct"): Global.RECONSTRUCT,  # NumPy 1
    ("numpy.core.multiarray", "scalar"): Global.SCALAR,
    ("numpy.core.numeric", "_frombuffer"): Global.FROMBUFFER,
    ("numpy._core.multiarray", "_reconstruct"): Global.RECONSTRUCT,  # NumPy 2
    ("numpy._core.multiarray", "scalar"): Global.SCALAR,
    ("numpy._core.numeric", "_frombuffer"): Global.FROMBUFFER,
    ("_codecs", "encode"): Global.ENCODE,
    ("builtins", "bytes"): Global.BYTES,
    ("builtins", "bytearray"): Global.BYTEARRAY,
    ("__builtin__", "bytes"): Global.BYTES,  # protocols 0 to 2
    ("__builtin__", "bytearray"): Global.BYTEARRAY,
    ("collections", "OrderedDict"): Global.ORDERED_DICT,
}


def described(value: object) -> str:
    """Return how an error message names a value that stands where it must not."""
    match value:
        case Global():
            return value.value
        case Array():
            return "an array"
        case DType():
            return "a dtype"
        case Text():
            return "a long string"
        case Blob():
            return "long bytes"
        case _:
            name = type(value).__name__
            return f"an {name}" if name[0] in "aeiou" else f"a {name}"


class Text:
    """A long string, left undecoded in the file until it is needed."""

    __slots__ = ("encoding", "value", "view")

    def __init__(self, view: memoryview, encoding: str) -> None:
        self.view = view
        self.encoding = encoding
        self.value: str | None = None

    def result(self) -> str:
        """Return the string, always the same one."""
        if self.value is None:
            self.value = decoded(self.view, self.encoding)
        return self.value

    def as_bytes(self) -> "Blob":
        """Return the bytes that this string stands for, one per character."""
        return Blob(self.view, None if self.encoding == "latin-1" else self.encoding)


class Blob:
    """Long bytes, left in the file until they are needed; ``encoding`` if they are stored as text."""

    __slots__ = ("encoding", "kind", "value", "view")

    def __init__(
        self, view: memoryview, encoding: str | None = None, kind: type[bytes] | type[bytearray] = bytes
    ) -> None:
        self.view = view
        self.encoding = encoding
        self.kind = kind
        self.value: bytes | bytearray | None = None

    def result(self) -> bytes | bytearray:
        """Return the bytes, always the same ones."""
        if self.value is None:
            self.value = self.kind(self.view if self.encoding is None else self.latin1())
        return self.value

    def octets(self) -> NDArray[np.uint8]:
        """Return the bytes as a new array."""
        if self.encoding is None:
            return np.frombuffer(self.view, np.uint8).copy()
        return np.frombuffer(self.latin1(), np.uint8)

    def latin1(self) -> bytearray:
        """Decode and encode piece by piece: the whole text would be a third copy of a large array."""
        assert self.encoding is not None
        decoder = DECODERS[self.encoding]()
        content = bytearray()
        try:
            for start in range(0, len(self.view), CHUNK):
                content += decoder.decode(self.view[start : start + CHUNK]).encode("latin-1")
            content += decoder.decode(b"", True).encode("latin-1")
        except UnicodeError:
            raise Refused("the pickle holds bytes written as text that is not Latin-1") from None
        return content


class DType:
    """A dtype under construction: a code such as ``f8`` and, once known, its byte order."""

    __slots__ = ("code", "itemsize", "kind", "order")
    plain = re.compile(r"b1|[iu][1248]|f[248]|[SU][0-9]{1,4}")

    def __init__(self, code: str) -> None:
        if code[:1] == "O":
            raise Refused(
                "the pickle holds an object array",
                "object arrays hold Python objects, which are not read; give the array a numeric dtype",
            )
        if not self.plain.fullmatch(code):
            raise Refused(
                f"the pickle holds an array of dtype '{escaped(code)}'",
                "only booleans, integers, floats and fixed-width strings are read",
            )
        self.code = code
        self.kind = code[0]
        self.itemsize = int(code[1:]) * (4 if self.kind == "U" else 1)
        self.order: str | None = None

    def name(self) -> str:
        """Return the code after the byte order, as ``numpy.dtype`` reads it."""
        return (self.order or "=") + self.code

    def set_state(self, state: object) -> None:
        """Take the byte order out of a pickled dtype state; everything else must be as for a plain dtype."""
        sizes = {"U": (self.itemsize, 4), "S": (self.itemsize, 1)}.get(self.kind, (-1, -1))
        orders = "|" if self.kind == "S" or self.code in ("b1", "i1", "u1") else "<>"
        match state:
            case (3, str(order), None, None, None, int(size), int(alignment), 0 | 8) if (
                self.order is None and len(order) == 1 and order in orders and (size, alignment) == sizes
            ):
                self.order = order
            case _:
                raise Refused(
                    f"the pickle gives the dtype '{self.code}' a state of its own",
                    "only plain dtypes are read",
                )


class Array:
    """An array under construction; ``value`` is set when its content has been read."""

    __slots__ = ("value",)

    def __init__(self, value: NDArray[np.generic] | None = None) -> None:
        self.value = value

    def set_state(self, state: object) -> None:
        """Take the content out of a pickled array state."""
        match state:
            case (1, tuple(shape), DType() as dtype, bool(fortran), content) if self.value is None:
                self.value = array_of(dtype, shape, content, "F" if fortran else "C")
            case _:
                raise Refused("the pickle gives an array a state that is not one", FOREIGN)

    def result(self) -> NDArray[np.generic]:
        """Return the array."""
        if self.value is None:
            raise Refused("the pickle holds an array without content", FOREIGN)
        return self.value


def decoded(view: memoryview, encoding: str) -> str:
    """Decode text of a pickle as ``pickle`` does."""
    try:
        return str(view, encoding, "surrogatepass" if encoding == "utf-8" else "strict")
    except UnicodeError:
        raise Refused(f"the pickle holds text that is not {encoding}", DAMAGED) from None


def octets(content: object) -> NDArray[np.uint8]:
    """Return the raw content of an array as a new, writable array of bytes."""
    match content:
        case bytes() | bytearray():
            return np.frombuffer(content, np.uint8).copy()
        case Blob():
            return content.octets()
        case Text():  # Python 2 knew bytes as strings
            return content.as_bytes().octets()
        case str():
            return np.frombuffer(bytearray(encoded(content)), np.uint8)
        case _:
            raise Refused(f"the pickle fills an array from {described(content)}", "only bytes are read")


def array_of(dtype: DType, shape: tuple[object, ...], content: object, order: str) -> NDArray[np.generic]:
    """Return a native array that owns its memory, after checking that shape, dtype and content agree."""
    dimensions = [n for n in shape[: MAX_DIMENSIONS + 1] if type(n) is int and 0 <= n < MAX_DIMENSION]
    size = math.prod(n for n in dimensions if n) * dtype.itemsize
    if len(dimensions) != len(shape) or len(shape) > MAX_DIMENSIONS or not 0 < size < 2**63:
        raise Refused("the pickle holds an array of an impossible shape", FOREIGN)
    raw = octets(content)
    expected = size if 0 not in dimensions else 0
    if raw.size != expected:
        raise Refused(
            f"the pickle holds an array of shape {escaped(str(tuple(dimensions)))} and dtype '{dtype.code}'",
            f"it needs {expected:,} bytes and has {raw.size:,}",
        )
    return native(dtype, raw).reshape(dimensions, order="F" if order == "F" else "C")


def native(dtype: DType, raw: NDArray[np.uint8]) -> NDArray[np.generic]:
    """Return bytes as numbers in the byte order of this machine, converted in place."""
    if dtype.kind == "b":  # any other byte than 0 and 1 is undefined behaviour in a boolean array
        return np.not_equal(raw, 0, out=raw.view(np.bool_))
    units = raw.view((dtype.order or "=") + "u4" if dtype.kind == "U" else dtype.name())
    if not units.dtype.isnative:
        units = units.byteswap(inplace=True).view(units.dtype.newbyteorder("="))
    if dtype.kind != "U":
        return units
    if units.size and units.max() > 0x10FFFF:
        raise Refused("the pickle holds a string array with a character beyond Unicode", DAMAGED)
    return units.view(dtype.code)


def encoded(text: str) -> bytes:
    """Return the bytes that protocols 0 to 2 write as text."""
    try:
        return text.encode("latin-1")
    except UnicodeError:
        raise Refused("the pickle holds bytes written as text that is not Latin-1") from None


def size_of(value: object) -> int:
    """Return how many bytes of content a value holds."""
    match value:
        case Blob():
            return len(value.view)
        case Array():
            return 0 if value.value is None else value.value.nbytes
        case np.generic():
            return value.nbytes
        case bytes() | bytearray():
            return len(value)
        case _:
            return 0


def _dtype_of(arguments: tuple[object, ...]) -> DType | None:
    match arguments:
        case (str(code), bool() | 0 | 1, bool() | 0 | 1):
            return DType(code)
    return None


def _reconstructed(arguments: tuple[object, ...]) -> Array | None:
    match arguments:
        case (Global.NDARRAY, (0,), bytes(b"b") | str("b")):
            return Array()
    return None


def _from_buffer(arguments: tuple[object, ...]) -> Array | None:
    match arguments:
        case (content, DType() as dtype, tuple(shape), str("C" | "F") as order):
            return Array(array_of(dtype, shape, content, order))
        case (content, DType() as dtype, tuple(shape), str("K"), tuple(axes)):
            value = array_of(dtype, shape, content, "C")
            if any(type(axis) is not int for axis in axes) or sorted(axes) != [*range(value.ndim)]:
                raise Refused("the pickle transposes an array by axes that it has not", DAMAGED)
            return Array(value.transpose(axes))
    return None


def _scalar(arguments: tuple[object, ...]) -> np.generic | None:
    match arguments:
        case (DType(itemsize=0) as dtype, _):  # an empty string has no bytes for NumPy to look at
            return np.str_() if dtype.kind == "U" else np.bytes_()
        case (DType() as dtype, bytes(content)) if len(content) == dtype.itemsize and dtype.kind != "U":
            number: np.generic = np.frombuffer(content, dtype.name())[0]
            return number
        case (DType() as dtype, content):
            value: np.generic = array_of(dtype, (1,), content, "C")[0]
            return value
    return None


def _as_latin1(arguments: tuple[object, ...]) -> bytes | Blob | None:
    match arguments:
        case (str(text), str("latin1")):
            return encoded(text)
        case (Text() as text, str("latin1")):
            return text.as_bytes()
    return None


def _byte_array(arguments: tuple[object, ...]) -> bytearray | None:
    match arguments:
        case ():
            return bytearray()
        case (bytes(content),):
            return bytearray(content)
        case (Blob() as blob,):
            return bytearray(blob.result())
    return None


# What a call of each global stands for, or None for arguments that NumPy and pickle never write.
CALLS: dict[Global, Callable[[tuple[object, ...]], object]] = {
    Global.DTYPE: _dtype_of,
    Global.RECONSTRUCT: _reconstructed,
    Global.FROMBUFFER: _from_buffer,
    Global.SCALAR: _scalar,
    Global.ENCODE: _as_latin1,
    Global.BYTES: lambda arguments: None if arguments else b"",
    Global.BYTEARRAY: _byte_array,
    Global.ORDERED_DICT: lambda arguments: None if arguments else OrderedDict(),
}


def call(function: object, arguments: object) -> object:
    """Return what ``function(*arguments)`` stands for, if it is one of the calls that data needs."""
    if not isinstance(function, Global):
        raise Refused(f"the pickle calls {described(function)}")
    known = CALLS.get(function)
    value = known(arguments) if known and isinstance(arguments, tuple) else None
    if value is None:
        raise Refused(f"the pickle calls {function.value} with unusual arguments", FOREIGN)
    return value
