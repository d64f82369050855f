"""Read HDF5 files as Keras writes them: groups, attributes, and arrays that lie in one piece.

The library of HDF5 is not used: on files with one damaged byte it can wait for ever. Here every address is compared
with the length of the file, and a count of steps ends what leads in a circle.

References
----------
The HDF Group, HDF5 File Format Specification, versions 2.0 and 3.0.
"""

from collections.abc import Iterator
from math import prod
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from cmlp.errors import ModelError
from cmlp.utils.text import escaped

MAGIC = b"\x89HDF\r\n\x1a\n"
MOST_STEPS = 200_000  # messages, members of groups and strings
SPARE_BYTES = 1 << 20  # that may be read beside eight times the length of the file
DEEPEST = 16  # levels of a tree
MOST_DIMENSIONS = 8
EXPONENTS = {2: 5, 4: 8, 8: 11}  # bits of IEEE's floats
DATASPACE, DATATYPE, LINK_INFO, LINK, LAYOUT, FILTERS, ATTRIBUTE, CONTINUATION, TABLE = (
    0x01, 0x03, 0x02, 0x06, 0x08, 0x0B, 0x0C, 0x10, 0x11,
)  # fmt: skip


class Kind(NamedTuple):
    """A type of values: NumPy's, or "text" of a fixed size, or "texts" that lie elsewhere."""

    name: str
    size: int


class File:
    """The content of a file, of which no byte outside is read.

    Parameters
    ----------
    content : bytes or bytearray
        The whole file.

    Raises
    ------
    ModelError
        If it is damaged, here or in any method, or in a form that is not read.
    """

    def __init__(self, content: bytes | bytearray) -> None:
        self.view = memoryview(content)
        self.steps, self.left = MOST_STEPS, SPARE_BYTES + 8 * len(content)
        version = self.number(8, 1)
        if not self.take(0, 8) == MAGIC or version > 3:
            raise broken("it does not begin like one")
        sizes = self.take(13, 2) if version < 2 else self.take(9, 2)
        if sizes != b"\x08\x08":
            raise broken("its addresses do not have 8 bytes")
        self.base = self.number(24 + 4 * (version == 1) if version < 2 else 12, 8)
        self.root = Node(self, self.number(64 + 4 * (version == 1) if version < 2 else 36, 8))

    def take(self, start: int, size: int) -> bytes:
        """Return some bytes, if they are there."""
        return bytes(self.part(start, size))

    def part(self, start: int, size: int) -> memoryview:
        """Return a part of the file, if it is there."""
        self.steps, self.left = self.steps - 1, self.left - size
        if min(self.steps, self.left) < 0:
            raise broken("it leads in a circle, or is much too large")
        if start + size > len(self.view):
            raise broken("it is cut off, or refers to what lies outside")
        return self.view[start : start + size]

    def number(self, start: int, size: int) -> int:
        """Return an unsigned integer."""
        return int.from_bytes(self.part(start, size), "little")

    def address(self, start: int) -> int:
        """Return an address that stands at a place."""
        return self.base + self.number(start, 8)

    def text(self, start: int) -> str:
        """Return the string that ends with a null byte."""
        end = bytes(self.view[start : start + 1024]).find(b"\0")
        if end < 0:
            raise broken("a name has no end")
        return self.take(start, end).decode("utf-8", "replace")

    def heap_text(self, collection: int, wanted: int) -> bytes:
        """Return a string of a collection of values that have no fixed size."""
        if self.take(collection, 4) != b"GCOL":
            raise broken("a text is missing")
        at, end = collection + 16, collection + self.number(collection + 8, 8)
        while at + 16 <= end:
            index, size = self.number(at, 2), self.number(at + 8, 8)
            if index == wanted:
                return self.take(at + 16, size)
            if not index:
                break
            at += 16 + -(-size // 8) * 8
        raise broken("a text is missing")


class Node:
    """A group or an array: its messages, by type, of which each is a part of the file."""

    def __init__(self, file: File, address: int) -> None:
        self.file, self.address = file, file.base + address
        self.messages: list[tuple[int, int, int]] = list(self._messages())

    def _messages(self) -> Iterator[tuple[int, int, int]]:
        """Yield type, begin and size of each message of the header."""
        file, at = self.file, self.address
        if new := file.take(at, 4) == b"OHDR":
            flags = file.number(at + 5, 1)
            first = at + 6 + (16 if flags & 0x20 else 0) + (4 if flags & 0x10 else 0)
            width = 1 << (flags & 3)
            blocks = [(first + width, file.number(first, width))]
            head = 4 + (2 if flags & 4 else 0)
        else:
            if file.number(at, 1) != 1:
                raise broken("an object has an unknown header")
            blocks, head = [(at + 16, file.number(at + 8, 4))], 8
        while blocks:
            start, size = blocks.pop(0)
            end = start + size
            while start + head <= end:
                kind, length = (file.number(start, 1), file.number(start + 1, 2)) if new else (
                    file.number(start, 2), file.number(start + 2, 2)
                )  # fmt: skip
                body = start + head
                if body + length > end:
                    raise broken("a message of an object is cut off")
                if kind == CONTINUATION:
                    place, extent = file.address(body), file.number(body + 8, 8)
                    blocks.append((place + 4, extent - 8) if new else (place, extent))
                elif kind:
                    yield kind, body, length
                start = body + length

    def first(self, kind: int) -> tuple[int, int] | None:
        """Return begin and size of the first message of a type."""
        return next(((at, size) for found, at, size in self.messages if found == kind), None)

    def children(self) -> dict[str, "Node"]:
        """Return the members of a group by name; none of an array."""
        file = self.file
        found = {}
        if table := self.first(TABLE):
            heap = file.address(table[0] + 8)
            if file.take(heap, 4) != b"HEAP":
                raise broken("a group has no names")
            names = file.address(heap + 24)
            for name, address in self._entries(file.address(table[0]), DEEPEST):
                found[file.text(names + name)] = Node(file, address)
        for kind, at, _ in self.messages:
            if kind == LINK:
                name_, address = self._link(at)
                found[name_] = Node(file, address)
        if (info := self.first(LINK_INFO)) and not found and self._is_dense(info[0]):
            raise ModelError("it has a group of a form that is not read: save the weights anew with Keras")
        return found

    def _entries(self, at: int, depth: int) -> Iterator[tuple[int, int]]:
        """Yield offset of the name and address of each member in a tree."""
        file = self.file
        if file.take(at, 4) == b"SNOD":
            for place in range(file.number(at + 6, 2)):
                entry = at + 8 + 40 * place
                yield file.number(entry, 8), file.number(entry + 8, 8)
            return
        if file.take(at, 5) != b"TREE\0" or not depth:
            raise broken("the tree of a group is damaged")
        for place in range(file.number(at + 6, 2)):
            yield from self._entries(file.address(at + 32 + 16 * place), depth - 1)

    def _link(self, at: int) -> tuple[str, int]:
        """Return name and address of a link of the newer kind."""
        file, flags = self.file, self.file.number(at + 1, 1)
        at += 2
        if flags & 8:
            if file.number(at, 1):
                raise broken("it refers to other files")
            at += 1
        at += (8 if flags & 4 else 0) + (1 if flags & 0x10 else 0)
        width = 1 << (flags & 3)
        size = file.number(at, width)
        name = file.take(at + width, size).decode("utf-8", "replace")
        return name, file.number(at + width + size, 8)

    def _is_dense(self, at: int) -> bool:
        return self.file.take(at + 2 + (8 if self.file.number(at + 1, 1) & 1 else 0), 8) != b"\xff" * 8

    def attributes(self) -> dict[str, Any]:
        """Return texts, and lists of texts, by their names; others are left out."""
        found = {}
        for kind, at, size in self.messages:
            if kind == ATTRIBUTE:
                name, value = self._attribute(at, at + size)
                found[name] = value
        return found

    def _attribute(self, at: int, end: int) -> tuple[str, Any]:
        file = self.file
        version = file.number(at, 1)
        lengths = [file.number(at + 2 + 2 * part, 2) for part in range(3)]
        at += 9 if version == 3 else 8
        places = []
        for length in lengths:
            places.append(at)
            at += -(-length // 8) * 8 if version == 1 else length
        name = file.take(places[0], lengths[0]).split(b"\0")[0].decode("utf-8", "replace")
        kind, shape = self._kind(places[1]), self._shape(places[2])
        if kind is None or kind.name not in ("text", "texts"):
            return name, None
        if kind.size * prod(shape) > end - at:
            raise broken("an attribute is cut off")
        texts = [self._string(at + kind.size * place, kind) for place in range(prod(shape))]
        return name, texts if shape else texts[0]

    def _string(self, at: int, kind: Kind) -> str:
        file = self.file
        content = file.take(at, kind.size)
        if kind.name == "texts":
            length, index = file.number(at, 4), file.number(at + 12, 4)
            content = file.heap_text(file.address(at + 4), index)[:length] if length else b""
        return content.rstrip(b"\0").decode("utf-8", "replace")

    def _shape(self, at: int) -> tuple[int, ...]:
        file = self.file
        version, rank = file.number(at, 1), file.number(at + 1, 1)
        if version not in (1, 2) or rank > MOST_DIMENSIONS:
            raise broken("an array has an unknown shape")
        return tuple(file.number(at + (8 if version == 1 else 4) + 8 * axis, 8) for axis in range(rank))

    def _kind(self, at: int) -> Kind | None:
        """Return the type of values, None if it is none of numbers or texts."""
        file = self.file
        kind, bits, size = file.number(at, 1) & 15, file.number(at + 1, 3), file.number(at + 4, 4)
        order = ">" if bits & 1 else "<"
        if kind == 0 and size in (1, 2, 4, 8):
            return Kind(f"{order}{'i' if bits & 8 else 'u'}{size}", size)
        if kind == 1 and size in EXPONENTS and file.number(at + 13, 1) == EXPONENTS[size] and not bits & 0x40:
            return Kind(f"{order}f{size}", size)
        if kind == 3:
            return Kind("text", size)
        return Kind("texts", size) if kind == 9 and bits & 15 == 1 and size == 16 else None

    def array(self, name: str) -> NDArray[Any]:
        """Return an array; `name` is what messages call it."""
        file = self.file
        space, type_, layout = self.first(DATASPACE), self.first(DATATYPE), self.first(LAYOUT)
        if space is None or type_ is None or layout is None:
            raise broken(f"{escaped(name)} is no array")
        shape, kind = self._shape(space[0]), self._kind(type_[0])
        if kind is None or kind.name in ("text", "texts"):
            raise ModelError(f"{escaped(name)} must hold integers or floats, got another type")
        version, form = file.number(layout[0], 1), file.number(layout[0] + 1, 1)
        if version not in (3, 4) or form not in (0, 1) or self.first(FILTERS):
            raise ModelError(f"{escaped(name)} must lie in one piece, as Keras writes it, got it in compressed chunks")
        size = prod(shape) * kind.size
        if form == 0:
            start, there = layout[0] + 4, file.number(layout[0] + 2, 2)
        else:
            start, there = file.address(layout[0] + 2), file.number(layout[0] + 10, 8)
        if there < size:
            raise broken(f"{escaped(name)} of shape {shape} needs {size:,} bytes and has {there:,}")
        values = np.frombuffer(file.part(start, size), kind.name)
        return values.reshape(shape).astype(kind.name[1:])


def broken(what: str) -> ModelError:
    """Return the error for a damaged file."""
    return ModelError(f"it is a damaged file of HDF5: {what}")
