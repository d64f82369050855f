"""The pickle machine: a stack, a memo and what opcodes do with them.

``pickle.Unpickler`` is not used, not even with a ``find_class`` that refuses everything: nine bytes make it
take 2 GB, and a deeply nested dictionary key crashes the interpreter. Here every length is compared with the
bytes that are left before anything is allocated, a dictionary key is a string, bytes or an integer, and no
function or class of any module ever stands on the stack: only plain values and inert records.
"""

import re
from collections import OrderedDict

import numpy as np

from cmlp.data.pickle_records import (
    DAMAGED,
    GLOBALS,
    Array,
    Blob,
    DType,
    Refused,
    Text,
    call,
    decoded,
    described,
    size_of,
)
from cmlp.utils.text import escaped

MAX_MARKS = 256  # each level of nesting opens one mark or two
MAX_OVERHEAD = 448 << 20  # two million rows of a nested list fit, and so does all of it in 1 GiB
LONG_TEXT = 1 << 16  # longer strings and bytes stay in the file until they are wanted
OPCODES_PER_CALL = 8  # what NumPy writes for a scalar; a call takes as long as many other opcodes
MAX_WORD = 256  # a number or a name on a line of its own
MAX_INT_BYTES = 9  # holds every 64-bit integer, signed or unsigned

# What one object takes beside its content, in bytes, as CPython 3.11 has it.
CONTAINER, ENTRY, RECORD, STRING, MEMO, SHARED = 88, 160, 300, 72, 100, 300

CONTAINERS = (list, tuple, dict, OrderedDict)
INTEGER = re.compile(rb"[+-]?[0-9]{1,20}")

FLOATS = np.dtype([("opcode", "u1"), ("value", ">f8")])
BYTES = np.dtype([("opcode", "u1"), ("value", "u1")])
BATCH = 1000  # picklers close a list every thousand items
SHORT_RUN = 16  # looking for a run takes as long as this many numbers one by one


class Machine:
    """A stack, a memo and a position in the bytes of a pickle.

    Parameters
    ----------
    data : bytes or bytearray
        The pickle, decompressed.
    max_opcodes : int
        The number of opcodes after which the machine gives up.

    Attributes
    ----------
    at : int
        The offset of the opcode that is running or was running last, for messages.
    max_int_bytes : int
        The longest integer that is read.
    shared : set of int
        The ids of the containers that may stand in more than one place of the result.
    """

    def __init__(self, data: bytes | bytearray, max_opcodes: int) -> None:
        self.data = data
        self.view = memoryview(data).toreadonly()
        self.at = self.position = 0
        self.stack: list[object] = []
        self.marked: list[list[object]] = []  # the stacks below the open marks
        self.memo: dict[int, object] = {}
        self.shared: set[int] = set()
        self.max_opcodes = max_opcodes
        self.max_int_bytes = MAX_INT_BYTES
        self.max_calls = max_opcodes // OPCODES_PER_CALL
        self.calls = 0
        self.overhead_left = MAX_OVERHEAD
        self.content_left = 2 * len(data)

    def result(self) -> object:
        """Return the only value on the stack."""
        if len(self.stack) != 1 or self.marked:
            raise Refused("the pickle stops in the middle of a value", DAMAGED)
        return self.stack[0]

    def top(self) -> object:
        """Return the value on top of the stack."""
        if not self.stack:
            raise Refused("the pickle takes a value from an empty stack", DAMAGED)
        return self.stack[-1]

    def pop(self) -> object:
        """Take the value on top of the stack."""
        value = self.top()
        del self.stack[-1]
        return value

    def mark(self) -> None:
        """Begin a new stack on top of the present one."""
        if len(self.marked) == MAX_MARKS:
            raise Refused("the pickle is nested too deeply", f"{MAX_MARKS} marks are open")
        self.marked.append(self.stack)
        self.stack = []

    def pop_mark(self) -> list[object]:
        """Take the values since the last mark."""
        if not self.marked:
            raise Refused("the pickle takes values up to a mark that it never set", DAMAGED)
        values, self.stack = self.stack, self.marked.pop()
        return values

    def push(self, value: object, overhead: int) -> None:
        """Push a value that takes memory beside its content."""
        self.stack.append(value)
        self.spend(overhead)

    def spend(self, overhead: int) -> None:
        """Count the memory that small objects take beside their content; a file byte can cost a hundred."""
        self.overhead_left -= overhead
        if self.overhead_left < 0:
            raise Refused("the pickle holds too many small objects", f"they take more than {MAX_OVERHEAD >> 20} MiB")

    def spend_content(self, size: int) -> None:
        """Count the bytes that calls copy: a benign file has two calls at most for each byte of content."""
        self.content_left -= size
        if self.content_left < 0:
            raise Refused("the pickle copies its content again and again", "arrays must not outgrow the file")

    def take(self, size: int) -> int:
        """Step over ``size`` bytes, if they are there, and return where they start."""
        start = self.position
        left = len(self.data) - start
        if size > left:
            raise Refused(f"the pickle is truncated: {size:,} bytes are announced", f"{left:,} are left")
        self.position = start + size
        return start

    def uint(self, size: int) -> int:
        """Step over an unsigned integer of ``size`` bytes and return it."""
        start = self.take(size)
        if size == 1:
            return self.data[start]
        return int.from_bytes(self.data[start : start + size], "little")

    def line(self) -> tuple[int, int]:
        """Step over a line and return where it starts and where it ends."""
        start = self.position
        end = self.data.find(b"\n", start)
        if end < 0:
            raise Refused("the pickle is truncated: a line begins", "it has no end")
        self.position = end + 1
        return start, end

    def word(self) -> bytes:
        """Step over a line that holds one number or name."""
        start, end = self.line()
        if end - start > MAX_WORD:
            raise Refused(
                f"the pickle holds a number or a name of {end - start:,} characters",
                f"at most {MAX_WORD} are read",
            )
        return bytes(self.data[start:end])

    def index(self) -> int:
        """Return the memo index on a line."""
        word = self.word()
        if not INTEGER.fullmatch(word):
            raise Refused(f"the pickle has the memo index '{escaped(word.decode('latin-1'))}'", DAMAGED)
        return int(word)

    def push_text(self, start: int, stop: int, encoding: str) -> None:
        """Push the string that the bytes from ``start`` to ``stop`` stand for."""
        view = self.view[start:stop]
        self.push(Text(view, encoding) if len(view) > LONG_TEXT else decoded(view, encoding), STRING)

    def push_bytes(self, size: int, kind: type[bytes] | type[bytearray]) -> None:
        """Step over ``size`` bytes and push them."""
        start = self.take(size)
        view = self.view[start : start + size]
        self.push(Blob(view, kind=kind) if size > LONG_TEXT else kind(view), STRING)

    def push_run(self, layout: np.dtype[np.void]) -> bool:
        """Push a run of numbers with the same opcode at once; return False if it is too short to pay.

        Rows of 784 numbers are read seven to nine times as fast this way, rows of 28 one and a half times.
        """
        data, at = self.data, self.at
        ahead = at + SHORT_RUN * layout.itemsize
        if ahead + layout.itemsize > len(data) or data[ahead] != data[at]:
            return False
        count = min(BATCH, (len(data) - at) // layout.itemsize)
        block = np.frombuffer(data, layout, count, at)
        others = block["opcode"] != data[at]
        length = int(others.argmax()) or count  # the first is no other, so 0 means that none is
        self.stack += block["value"][:length].tolist()
        self.position = at + length * layout.itemsize
        return True

    def get(self, index: int) -> None:
        """Push a numbered value once more."""
        if index not in self.memo:
            raise Refused(f"the pickle reads memo entry {index:,}, which it never wrote", DAMAGED)
        value = self.memo[index]
        if type(value) in CONTAINERS and id(value) not in self.shared:
            self.spend(SHARED)
            self.shared.add(id(value))
        self.stack.append(value)

    def put(self, index: int) -> None:
        """Give the value on top of the stack a number."""
        if not 0 <= index <= self.at:  # each earlier value took a byte at least
            raise Refused(f"the pickle writes memo entry {index:,}", "there are fewer values than that")
        self.spend(MEMO)
        self.memo[index] = self.top()

    def push_tuple(self, size: int) -> None:
        """Make a tuple of the last ``size`` values."""
        if len(self.stack) < size:
            raise Refused("the pickle takes a value from an empty stack", DAMAGED)
        values = tuple(self.stack[-size:])
        del self.stack[-size:]
        self.push(values, CONTAINER)

    def extend(self, items: list[object]) -> None:
        """Append items to the list on the stack."""
        target = self.top()
        if type(target) is not list:
            raise Refused(f"the pickle appends to {described(target)}", "only lists can be appended to")
        target += items

    def dictionary(self) -> dict[object, object]:
        """Return the dictionary on the stack."""
        target = self.top()
        if type(target) is dict or type(target) is OrderedDict:
            return target
        raise Refused(f"the pickle sets an item of {described(target)}", "only dicts have items")

    def store(self, target: dict[object, object], key: object, value: object) -> None:
        """Store an item in a dictionary; only keys whose hash is no walk are allowed."""
        if type(key) not in (str, bytes, int):
            raise Refused(
                f"the pickle holds a dict with {described(key)} as key", "keys are short strings, bytes or integers"
            )
        self.spend(ENTRY)
        target[key] = value

    def update(self, items: list[object]) -> None:
        """Store key, value, key, value, ... in the dictionary on the stack."""
        target = self.dictionary()
        if len(items) % 2:
            raise Refused("the pickle holds a dict with a key that has no value", DAMAGED)
        for key, value in zip(items[::2], items[1::2], strict=True):
            self.store(target, key, value)

    def find(self, module: object, name: object) -> None:
        """Push the record of a global, known by its exact name."""
        if type(module) is not str or type(name) is not str:
            raise Refused("the pickle asks for a global that is not named by strings")
        if (module, name) not in GLOBALS:
            raise Refused(f"the pickle asks for {escaped(f'{module}.{name}')}")
        self.stack.append(GLOBALS[module, name])

    def count_call(self) -> None:
        """Count a call; each takes as long as many other opcodes."""
        self.calls += 1
        if self.calls > self.max_calls:
            raise Refused(f"the pickle makes {self.calls:,} calls", "a file of its size needs fewer")

    def reduce(self) -> None:
        """Push what a call stands for."""
        self.count_call()
        arguments, function = self.pop(), self.pop()
        value = self.call(function, arguments)
        self.push(value, STRING if isinstance(value, np.generic) else RECORD)
        self.spend_content(size_of(value))

    def call(self, function: object, arguments: object) -> object:
        """Return what a call stands for."""
        return call(function, arguments)

    def build(self) -> None:
        """Give a state to a dtype or an array under construction."""
        state = self.pop()
        target = self.top()
        if not isinstance(target, (Array, DType)):
            raise Refused(f"the pickle sets the state of {described(target)}", "only arrays and dtypes have one")
        target.set_state(state)
        self.spend_content(size_of(target))

    def persistent(self) -> None:
        """Push what the pickle refers to by an identity: a file of data refers to nothing outside."""
        raise Refused("the pickle uses the opcode BINPERSID")

    def new_object(self) -> None:
        """Push an object of a class: a file of data has none."""
        raise Refused("the pickle uses the opcode NEWOBJ")
