"""Read pickle files of data without ``pickle``: nothing that a file holds is executed or imported.

The modules of this reader, from the lowest up: ``pickle_records`` (what may be built), ``pickle_machine`` (stack
and memo), ``pickle_opcodes`` (the table and the loop), and this module (files in, finished values out).
"""

import re
from os import PathLike
from pathlib import Path

import numpy as np

from cmlp.data.pickle_machine import Machine
from cmlp.data.pickle_opcodes import run
from cmlp.data.pickle_records import ONLY_DATA, Array, Blob, DType, Global, Refused, Text
from cmlp.data.reading import read_bytes
from cmlp.errors import DataError

MAX_DEPTH = 64
# What a file may expand to: a constant and a multiple of its size, on the disk for bytes and opcodes. An
# opcode takes a byte, so that only a compressed file can have too many of them.
SPARE_OPCODES, SPARE_OPCODES_RATIO = 1_000_000, 4
SPARE_NODES, SPARE_NODES_RATIO = 4_000_000, 4

# Protocols 2 and later start with PROTO; the others with the opcode of a value, a mark or a global.
FIRST_OPCODES = b"\x80" + b"(])}cILFSVNKMJGUTX"

MAX_PICKLES, PADDING = 16, 4096
ASKED = re.compile(r"the pickle asks for (([A-Za-z_]+)[\w.]*)")
BUNCH = re.compile(r"sklearn\.[\w.]*\bBunch")
# How to bring what other libraries pickle, by the first word of what a pickle asks for.
REMEDIES = {
    "pandas": "it holds a table of pandas, which is not unpickled: save it by to_csv, or the result of to_numpy by "
    "numpy.save",
    "polars": "it holds a table of polars, which is not unpickled: save it by write_csv",
    "sklearn": "it holds an estimator of scikit-learn, which is not unpickled: load it yourself, and give it to "
    "cmlp.MLPClassifier.from_sklearn",
    "joblib": "it holds what joblib.dump writes: save arrays by numpy.savez, and give an estimator of scikit-learn to "
    "cmlp.MLPClassifier.from_sklearn",
    "torch": "it holds tensors of PyTorch, which are not unpickled: save data as tensor.numpy() by numpy.savez",
    "scipy": "it holds an object of SciPy, which is not unpickled: save a sparse matrix as toarray() by numpy.savez",
    "PIL": "it holds pictures of Pillow, which are not unpickled: save them as numpy.asarray(picture) by numpy.savez",
}

OF_BUNCH = (
    "it holds a data set of scikit-learn, a Bunch, which is not unpickled: load it yourself, as X, y = bunch.data, "
    "bunch.target, and save both by numpy.savez(path, X, y)"
)

NUMBERS = {
    *(type(None), bool, int, float, np.bool_, np.float16, np.float32, np.float64),
    *(np.int8, np.int16, np.int32, np.int64, np.uint8, np.uint16, np.uint32, np.uint64),
}
Container = list[object] | tuple[object, ...] | dict[object, object]


def read_pickle(path: str | PathLike[str]) -> object:
    """Read a pickle file of numbers, arrays, lists, tuples, dicts and strings.

    The file may be compressed with gzip and may come from any pickle protocol, from NumPy 1 or 2, and from
    Python 2, whose strings are read as Latin-1. Nothing in it is executed.

    Parameters
    ----------
    path : str or path-like
        The file.

    Returns
    -------
    object
        What ``pickle.load`` returns, with arrays in the byte order of this machine; each array owns its memory and is
        writable.

    Raises
    ------
    DataError
        If the file is not a pickle, is damaged, holds anything but data, or more than one pickle.
    OSError
        If the file cannot be opened or read.
    """
    values = _read_all(path)
    if len(values) > 1:
        rule = "dump them together, as pickle.dump((images, labels), file) does, or each into a file of its own"
        raise DataError(f"{path} must hold one pickle, got {len(values):,} one after the other: {rule}")
    return values[0]


def read_pickles(path: str | PathLike[str]) -> object:
    """Read a file of one pickle or more, one after the other, as several calls of ``pickle.dump`` write them.

    Parameters
    ----------
    path : str or path-like
        The file.

    Returns
    -------
    object
        The value of the only pickle, or a tuple of the values.

    Raises
    ------
    DataError, OSError
        As by `read_pickle`, but for the number of pickles.
    """
    values = _read_all(path)
    return values[0] if len(values) == 1 else tuple(values)


def _read_all(path: str | PathLike[str]) -> list[object]:
    name = str(path)
    data, size = read_bytes(Path(path)), Path(path).stat().st_size
    if len(data) != size:
        name += " (decompressed)"
    if not data:
        raise DataError(f"{name} is empty")
    if data[0] not in FIRST_OPCODES:
        raise DataError(f"{name} is not a pickle: it starts with {bytes(data[:8])!r}")
    try:
        return values_of(data, size, name)
    except MemoryError:
        raise DataError(f"{name}: the pickle needs more memory than there is") from None


def values_of(data: bytes | bytearray, size: int, name: str) -> list[object]:
    """Return the values of the pickles in a file; ``size`` is its size on the disk."""
    machine = Machine(data, SPARE_OPCODES + SPARE_OPCODES_RATIO * size)
    values: list[object] = []
    try:
        while not values or not _at_end(machine):
            if len(values) == MAX_PICKLES:
                raise Refused("the file holds very many pickles", f"at most {MAX_PICKLES} are read")
            machine.stack, machine.memo = [], {}
            values.append(run(machine))
    except Refused as refused:
        raise DataError(f"{name}: {refused.found} at byte {machine.at:,}; {_remedy(refused)}") from None
    try:
        finisher = Finisher(machine.shared, SPARE_NODES + SPARE_NODES_RATIO * len(data))
        return [finisher.finish(value) for value in values]
    except Refused as refused:
        raise DataError(f"{name}: {refused.found}; {refused.rule}") from None


def _at_end(machine: Machine) -> bool:
    """Return whether nothing but padding follows a pickle; anything else must be another one."""
    at = machine.position
    rest = machine.data[at : at + PADDING].lstrip(b"\0\r\n\t ")
    if not rest and len(machine.data) - at <= PADDING:
        return True
    if machine.data[at] not in FIRST_OPCODES:
        machine.at = at
        found = f"the file holds {len(machine.data) - at:,} bytes after its first pickle, which are no pickle"
        raise Refused(found, "save arrays by numpy.savez, or by pickle.dump alone")
    return False


def _remedy(refused: Refused) -> str:
    """Return the rule that a pickle breaks, and how to bring what is in it where that is known."""
    asked = ASKED.match(refused.found)
    if asked and BUNCH.fullmatch(asked[1]):
        return OF_BUNCH
    remedy = REMEDIES.get(asked[2]) if asked else None
    return remedy or refused.rule


class Frame:
    """A container whose members are being finished."""

    __slots__ = ("container", "members", "nodes", "results")

    def __init__(self, container: Container) -> None:
        self.container = container
        self.members = iter(container.values() if isinstance(container, dict) else container)
        self.results: list[object] = []
        self.nodes = 1

    def finished(self) -> Container:
        """Return the container with its members in their final form; only a tuple has to be made anew."""
        match self.container:
            case list():
                self.container[:] = self.results
            case dict():
                self.container.update(zip(list(self.container), self.results, strict=True))
            case tuple():
                return tuple(self.results)
        return self.container


class Finisher:
    """Puts strings and arrays in the place of their records, and counts what the result expands to.

    Shared containers stay shared and are visited once. The count is what a walk over the result would meet,
    so that a caller may walk it: forty lists, each holding the next one twice, expand to 10**12 values.
    """

    def __init__(self, shared: set[int], max_nodes: int) -> None:
        self.shared = shared
        self.max_nodes = max_nodes
        # By id, what shared containers became and their number of nodes; None while they are being finished.
        self.known: dict[int, tuple[Container, int] | None] = {}
        self.path: list[Frame]

    def finish(self, value: object) -> object:
        """Return the value without records; lists and dicts are changed in place."""
        root: list[object] = [value]
        self.path = [Frame(root)]
        while self.path:
            frame = self.path[-1]
            member = next(frame.members, self)
            if member is self:  # no member is left
                self.path.pop()
                self.close(frame)
            elif isinstance(member, (list, tuple, dict)):
                self.open(member)
            else:
                self.add(*finished_leaf(member))
        return root[0]

    def open(self, container: Container) -> None:
        """Add a container that is known or holds only numbers, or descend into it."""
        shared = id(container) in self.shared
        if shared and id(container) in self.known:
            known = self.known[id(container)]
            if known is None:
                raise Refused("the pickle holds a container that contains itself", ONLY_DATA)
            self.add(*known)
        elif len(self.path) > MAX_DEPTH:
            raise Refused("the pickle is nested too deeply", f"at most {MAX_DEPTH} levels are read")
        elif NUMBERS.issuperset(map(type, container.values() if isinstance(container, dict) else container)):
            self.add(container, 1 + len(container))
        else:
            if shared:
                self.known[id(container)] = None
            self.path.append(Frame(container))

    def close(self, frame: Frame) -> None:
        """Add a container whose members are finished to the one that holds it."""
        result = frame.finished()
        if id(frame.container) in self.known:
            self.known[id(frame.container)] = (result, frame.nodes)
        if self.path:
            self.add(result, frame.nodes)

    def add(self, result: object, nodes: int) -> None:
        """Add a finished member to the container on top of the path."""
        frame = self.path[-1]
        frame.results.append(result)
        frame.nodes += nodes
        if frame.nodes > self.max_nodes:
            raise Refused(
                "the pickle refers to the same containers again and again",
                f"it expands to more than {self.max_nodes:,} values",
            )


def finished_leaf(value: object) -> tuple[object, int]:
    """Return a value that is no container, without its record, and what it counts for."""
    match value:
        case Text() | Blob():
            return value.result(), 1 + len(value.view) // 8
        case Array():
            array = value.result()
            return array, 1 + array.nbytes // 8
        case str() | bytes() | bytearray():
            return value, 1 + len(value) // 8
        case DType():
            raise Refused("the pickle holds a dtype", ONLY_DATA)
        case Global():
            raise Refused(f"the pickle holds {value.value}", ONLY_DATA)
        case _:
            return value, 1
