"""The machine that reads pickles of weights: as that of data, and objects and tensors are inert records, too.

No class of a file is looked up, and no function called: an object of a class that cmlp does not know is a `Stranger`,
which has the name of the class and what the pickle gives it. Tensors of PyTorch are views of storages, whose bytes
lie elsewhere in the file; they are made as soon as all is known, from checked bounds and within a budget of memory.
"""

from collections import OrderedDict
from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.lib.stride_tricks import as_strided
from numpy.typing import NDArray

from cmlp.data.pickle_machine import RECORD, Machine
from cmlp.data.pickle_opcodes import run
from cmlp.data.pickle_records import DAMAGED, GLOBALS, Array, Blob, Refused, Text
from cmlp.data.pickles import (
    SPARE_NODES,
    SPARE_NODES_RATIO,
    SPARE_OPCODES,
    SPARE_OPCODES_RATIO,
    Finisher,
)
from cmlp.utils.text import escaped

STORAGES = {
    "DoubleStorage": "f8",
    "FloatStorage": "f4",
    "HalfStorage": "f2",
    "BFloat16Storage": "bf16",
    "LongStorage": "i8",
    "IntStorage": "i4",
    "ShortStorage": "i2",
    "CharStorage": "i1",
    "ByteStorage": "u1",
    "BoolStorage": "u1",
    "UntypedStorage": "u1",
}
MOST_DIMENSIONS = 8
LONGEST_INTEGER = 64  # bytes: the states of random generators have long ones
SPARE_BYTES = 64 << 20  # that tensors may take beside what their file takes: they may overlap in a storage
TENSORS = ("torch._utils._rebuild_tensor_v2", "torch._utils._rebuild_tensor")
PARAMETERS = ("torch._utils._rebuild_parameter", "torch._utils._rebuild_parameter_with_state")


class Stranger:
    """An object of a class that is not known here, or the class itself, or what a function of it returned."""

    __slots__ = ("arguments", "elements", "items", "name", "state")

    def __init__(self, name: str, arguments: object = None) -> None:
        self.name, self.arguments = name, arguments
        self.state: object = None
        self.items: dict[object, object] = {}
        self.elements: list[object] = []

    @property
    def attributes(self) -> dict[str, object]:
        """The attributes that the pickle gives the object, as far as they have names."""
        state = self.state[0] if isinstance(self.state, tuple) and len(self.state) == 2 else self.state
        return {key: value for key, value in state.items() if isinstance(key, str)} if isinstance(state, dict) else {}


class Storage:
    """A row of numbers, which `fill` brings."""

    __slots__ = ("code", "count", "key", "value")

    def __init__(self, code: str, key: str, count: int) -> None:
        self.code, self.key, self.count = code, key, count
        self.value: NDArray[Any] | None = None

    @property
    def size(self) -> int:
        """The number of bytes."""
        return self.count * (2 if self.code == "bf16" else np.dtype(self.code).itemsize)

    def fill(self, content: bytes | bytearray | memoryview, order: str) -> None:
        """Take bytes in an order as numbers, those of bfloat16 as float32."""
        if len(content) != self.size:
            found = f"{self.size:,} bytes, and has {len(content):,}"
            raise Refused(f"the storage '{escaped(self.key)}' must have {found}", DAMAGED)
        if self.code == "bf16":
            self.value = (np.frombuffer(content, f"{order}u2").astype("=u4") << 16).view(np.float32)
        else:
            self.value = np.frombuffer(content, f"{order}{self.code}").astype(f"={self.code}", copy=False)


class Tensor(Array):
    """A view of a storage, which becomes an array of its own."""

    __slots__ = ("budget", "offset", "shape", "storage", "strides")

    def __init__(self, storage: Storage, offset: int, shape: tuple[int, ...], strides: tuple[int, ...]) -> None:
        super().__init__()
        self.storage, self.offset, self.shape, self.strides = storage, offset, shape, strides
        self.budget: list[int] = [0]

    def set_state(self, state: object) -> None:
        """Ignore the attributes that somebody gave a tensor."""

    def result(self) -> NDArray[np.generic]:
        """Return its numbers, always the same ones."""
        if self.value is None:
            numbers = self.storage.value
            if numbers is None:
                raise Refused(f"the storage '{escaped(self.storage.key)}' is missing", DAMAGED)
            self.budget[0] -= int(np.prod(self.shape, dtype=object)) * numbers.itemsize
            if self.budget[0] < 0:
                raise Refused("its tensors take much more memory than the file", "they must not repeat their storages")
            strides = tuple(stride * numbers.itemsize for stride in self.strides)
            view = as_strided(numbers[self.offset :], self.shape, strides, writeable=False)
            self.value = np.array(view, order="C")
        return self.value


class ObjectMachine(Machine):
    """A machine that takes objects for inert records, and knows PyTorch's tensors.

    Parameters
    ----------
    data : bytes or bytearray
        One pickle or more.
    start : int
        Where the first begins; at byte 0 by default.
    nested : function, optional
        Return the storage in bytes within a pickle, as PyTorch puts them into pickles that are not its own.

    Attributes
    ----------
    storages : dict of str to Storage
        The storages to which the pickle refers, by their keys.
    budget : list of int
        The bytes that tensors may still take.
    """

    def __init__(
        self, data: bytes | bytearray, start: int = 0, nested: Callable[[bytes | bytearray], Storage] | None = None
    ) -> None:
        super().__init__(data, SPARE_OPCODES + SPARE_OPCODES_RATIO * len(data))
        self.position = start
        self.max_int_bytes = LONGEST_INTEGER
        self.storages: dict[str, Storage] = {}
        self.budget = [SPARE_BYTES + 2 * len(data)]
        self.nested = nested

    def value(self) -> object:
        """Run the next pickle, and return its value, in which strangers are left as they are."""
        self.stack, self.marked, self.memo = [], [], {}
        return run(self)

    def finished(self, value: object) -> Any:
        """Return a value with arrays and texts in the place of their records."""
        return Finisher(self.shared, SPARE_NODES + SPARE_NODES_RATIO * len(self.data)).finish(value)

    def find(self, module: object, name: object) -> None:
        """Push what a global stands for: one of data, or a stranger."""
        if type(module) is str and type(name) is str and (module, name) not in GLOBALS:
            self.push(Stranger(f"{module}.{name}"), RECORD)
        else:
            super().find(module, name)

    def call(self, function: object, arguments: object) -> object:
        """Return what a call stands for."""
        if not isinstance(function, Stranger):
            return super().call(function, arguments)
        match arguments:
            case (Storage() as storage, int(offset), tuple(shape), tuple(strides), *_) if function.name in TENSORS:
                return self._tensor(storage, offset, shape, strides)
            case (Tensor() as tensor, *_) if function.name in PARAMETERS:
                return tensor
            case (tuple(shape),) if function.name == "torch.Size":
                return shape
            case (Stranger() as kind, *_) if function.name in ("copyreg._reconstructor", "copy_reg._reconstructor"):
                return Stranger(kind.name)
            case (content,) if function.name == "torch.storage._load_from_bytes" and self.nested is not None:
                found = bytes_of(content)
                if found is not None:
                    self.spend_content(len(found))
                    return self.nested(found)
        return Stranger(function.name, arguments)

    def new_object(self) -> None:
        """Push an object of an unknown class."""
        self.count_call()
        arguments, kind = self.pop(), self.pop()
        if not isinstance(kind, Stranger):
            raise Refused("the pickle makes an object of what is no class", DAMAGED)
        self.push(Stranger(kind.name, arguments), RECORD)

    def build(self) -> None:
        """Give a state to an array, a dtype or a stranger; containers have attributes that nobody needs."""
        if len(self.stack) > 1 and isinstance(self.stack[-2], Stranger):
            state = self.pop()
            self.stack[-1].state = state  # type: ignore[attr-defined]
        elif len(self.stack) > 1 and isinstance(self.stack[-2], dict | OrderedDict):
            self.pop()
        else:
            super().build()

    def dictionary(self) -> dict[object, object]:
        """Return the dictionary on the stack; a stranger may be a kind of dictionary."""
        target = self.top()
        return target.items if isinstance(target, Stranger) else super().dictionary()

    def extend(self, items: list[object]) -> None:
        """Append items to the list on the stack; a stranger may be a kind of list."""
        target = self.top()
        if isinstance(target, Stranger):
            target.elements += items
        else:
            super().extend(items)

    def persistent(self) -> None:
        """Push the storage to which a pickle of PyTorch refers."""
        match self.pop():
            case ("storage", Stranger(name=kind), str(key), _, int(count), *rest) if (
                kind.rpartition(".")[2] in STORAGES and 0 <= count < 2**48 and (rest in ([], [None]))
            ):
                code = STORAGES[kind.rpartition(".")[2]]
                known = self.storages.setdefault(key, Storage(code, key, count))
                if (known.code, known.count) != (code, count):
                    raise Refused(f"the storage '{escaped(key)}' is described twice, and differently", DAMAGED)
                self.push(known, RECORD)
            case ("storage", Stranger(name=kind), *_) if kind.rpartition(".")[2] not in STORAGES:
                self.push(Stranger(kind), RECORD)
            case ("module", Stranger() as kind, *_):
                self.push(kind, RECORD)
            case _:
                raise Refused("the pickle refers to what is no storage of PyTorch", DAMAGED)

    def _tensor(self, storage: Storage, offset: int, shape: tuple[Any, ...], strides: tuple[Any, ...]) -> Tensor:
        """Return a view of a storage whose every number lies within it."""
        sizes = (*shape, *strides)
        if len(shape) != len(strides) or len(shape) > MOST_DIMENSIONS:
            raise Refused("the pickle holds a tensor with another number of strides than of dimensions", DAMAGED)
        if not all(type(n) is int and 0 <= n < 2**48 for n in (offset, *sizes)):
            raise Refused("the pickle holds a tensor of an impossible shape, stride or offset", DAMAGED)
        last = offset + sum((n - 1) * stride for n, stride in zip(shape, strides, strict=True))
        if 0 not in shape and last >= storage.count:
            raise Refused("the pickle holds a tensor that reaches beyond its storage", DAMAGED)
        tensor = Tensor(storage, offset if 0 not in shape else 0, shape, strides)
        tensor.budget = self.budget
        return tensor


def bytes_of(value: object) -> bytes | bytearray | None:
    """Return the bytes of a value of the machine that is one."""
    if isinstance(value, Blob):
        return value.result()
    if isinstance(value, Text):
        return value.as_bytes().result()
    return value if isinstance(value, bytes | bytearray) else None
