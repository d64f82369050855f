"""The opcodes of pickle protocols 0 to 5 that data needs, each a short function of the machine."""

import codecs
import re
from collections.abc import Callable
from struct import Struct

from cmlp.data.pickle_machine import BYTES, CONTAINER, FLOATS, INTEGER, STRING, Machine
from cmlp.data.pickle_records import DAMAGED, Refused
from cmlp.utils.text import escaped

STOP = ord(".")
ESCAPED = re.compile(rb"""([^\\]++|\\[\\'"nrt]|\\x[0-9a-fA-F]{2})*+""")
UINT16 = Struct("<H")
INT32 = Struct("<i")
FLOAT64 = Struct(">d")

# What a pickler can write and a file of data never needs, by name for the message.
REFUSED = {
    b"0": "POP",
    b"1": "POP_MARK",
    b"2": "DUP",
    b"P": "PERSID",
    b"i": "INST",
    b"o": "OBJ",
    b"\x82": "EXT1",
    b"\x83": "EXT2",
    b"\x84": "EXT4",
    b"\x8f": "EMPTY_SET",
    b"\x90": "ADDITEMS",
    b"\x91": "FROZENSET",
    b"\x92": "NEWOBJ_EX",
    b"\x97": "NEXT_BUFFER",
    b"\x98": "READONLY_BUFFER",
}


def run(machine: Machine) -> object:
    """Run the opcodes up to STOP and return the value that they leave on the stack."""
    data, end = machine.data, len(machine.data)
    for _ in range(machine.max_opcodes):
        machine.at = at = machine.position
        if at == end:
            raise Refused("the pickle ends", "its STOP opcode is missing, so the file is truncated")
        machine.position = at + 1
        opcode = data[at]
        if opcode == STOP:
            return machine.result()
        TABLE[opcode](machine)
    raise Refused(f"the pickle runs {machine.max_opcodes:,} opcodes", "a file of its size needs fewer")


def _refuse(machine: Machine) -> None:
    opcode = bytes([machine.data[machine.at]])
    if opcode in REFUSED:
        raise Refused(f"the pickle uses the opcode {REFUSED[opcode]}")
    raise Refused(f"the pickle uses the unknown opcode {opcode!r}", DAMAGED)


def _proto(machine: Machine) -> None:
    version = machine.uint(1)
    if version > 5:
        raise Refused(f"the pickle announces protocol {version}", "protocols 0 to 5 are read")


def _frame(machine: Machine) -> None:
    size = machine.uint(8)
    machine.position = machine.take(size)


def _integer(word: bytes) -> int:
    if not INTEGER.fullmatch(word):
        text = escaped(word.decode("latin-1"))
        raise Refused(f"the pickle holds the integer '{text}'", "only 20 decimal digits are read")
    return int(word)


def _int_line(machine: Machine) -> None:
    word = machine.word()
    # Protocol 0 has no other booleans.
    machine.stack.append(word == b"01" if word in (b"00", b"01") else _integer(word))


def _long_line(machine: Machine) -> None:
    machine.stack.append(_integer(machine.word().removesuffix(b"L")))


def _long_binary(machine: Machine, width: int) -> None:
    size = machine.uint(width)
    if size > machine.max_int_bytes:
        raise Refused(f"the pickle holds an integer of {size:,} bytes", f"at most {machine.max_int_bytes} are read")
    start = machine.take(size)
    machine.stack.append(int.from_bytes(machine.data[start : start + size], "little", signed=True))


def _bin_int1(machine: Machine) -> None:
    if not machine.push_run(BYTES):
        machine.stack.append(machine.data[machine.take(1)])


def _bin_float(machine: Machine) -> None:
    if not machine.push_run(FLOATS):
        machine.stack.append(FLOAT64.unpack_from(machine.data, machine.take(8))[0])


def _float_line(machine: Machine) -> None:
    word = machine.word()
    try:
        machine.stack.append(float(word))
    except ValueError:
        text = escaped(word.decode("latin-1"))
        raise Refused(f"the pickle holds the number '{text}'", "this is not a number") from None


def _string_line(machine: Machine) -> None:
    """Read a string as Python 2 displays it; its bytes become characters one by one."""
    start, end = machine.line()
    line = machine.view[start:end]
    quoted = len(line) >= 2 and line[0] == line[-1] and line[0] in b"'\""
    # An escape unknown to Python makes the codec warn, so they are looked at first.
    if not quoted or not ESCAPED.fullmatch(line[1:-1]):
        raise Refused("the pickle holds a string without its quotes or with a bad escape", DAMAGED)
    machine.push(codecs.escape_decode(line[1:-1])[0].decode("latin-1"), STRING)


def _unicode_line(machine: Machine) -> None:
    start, end = machine.line()
    machine.push_text(start, end, "raw-unicode-escape")


def _sized_text(width: int, encoding: str) -> Callable[[Machine], None]:
    """Return the function of an opcode whose text follows its length, a number of ``width`` bytes."""

    def push(machine: Machine) -> None:
        size = machine.uint(width)
        start = machine.take(size)
        machine.push_text(start, start + size, encoding)

    return push


def _global_lines(machine: Machine) -> None:
    module = machine.word().decode("latin-1")
    machine.find(module, machine.word().decode("latin-1"))


def _stack_global(machine: Machine) -> None:
    name = machine.pop()
    machine.find(machine.pop(), name)


def _dict_of_items(machine: Machine) -> None:
    items = machine.pop_mark()
    machine.push({}, CONTAINER)
    machine.update(items)


def _append(machine: Machine) -> None:
    value = machine.pop()
    machine.extend([value])


def _set_item(machine: Machine) -> None:
    value, key = machine.pop(), machine.pop()
    machine.store(machine.dictionary(), key, value)


OPCODES: dict[bytes, Callable[[Machine], None]] = {
    # framing
    b"\x80": _proto,
    b"\x95": _frame,
    # constants and numbers
    b"N": lambda machine: machine.stack.append(None),
    b"\x88": lambda machine: machine.stack.append(True),
    b"\x89": lambda machine: machine.stack.append(False),
    b"I": _int_line,
    b"L": _long_line,
    b"F": _float_line,
    b"J": lambda machine: machine.stack.append(INT32.unpack_from(machine.data, machine.take(4))[0]),
    b"K": _bin_int1,
    b"M": lambda machine: machine.stack.append(UINT16.unpack_from(machine.data, machine.take(2))[0]),
    b"G": _bin_float,
    b"\x8a": lambda machine: _long_binary(machine, 1),
    b"\x8b": lambda machine: _long_binary(machine, 4),
    # strings and bytes
    b"S": _string_line,
    b"T": _sized_text(4, "latin-1"),
    b"U": _sized_text(1, "latin-1"),
    b"V": _unicode_line,
    b"X": _sized_text(4, "utf-8"),
    b"\x8c": _sized_text(1, "utf-8"),
    b"\x8d": _sized_text(8, "utf-8"),
    b"B": lambda machine: machine.push_bytes(machine.uint(4), bytes),
    b"C": lambda machine: machine.push_bytes(machine.uint(1), bytes),
    b"\x8e": lambda machine: machine.push_bytes(machine.uint(8), bytes),
    b"\x96": lambda machine: machine.push_bytes(machine.uint(8), bytearray),
    # containers
    b"(": Machine.mark,
    b")": lambda machine: machine.stack.append(()),
    b"\x85": lambda machine: machine.push_tuple(1),
    b"\x86": lambda machine: machine.push_tuple(2),
    b"\x87": lambda machine: machine.push_tuple(3),
    b"t": lambda machine: machine.push(tuple(machine.pop_mark()), CONTAINER),
    b"]": lambda machine: machine.push([], CONTAINER),
    b"l": lambda machine: machine.push(machine.pop_mark(), CONTAINER),
    b"a": _append,
    b"e": lambda machine: machine.extend(machine.pop_mark()),
    b"}": lambda machine: machine.push({}, CONTAINER),
    b"d": _dict_of_items,
    b"s": _set_item,
    b"u": lambda machine: machine.update(machine.pop_mark()),
    # the memo
    b"p": lambda machine: machine.put(machine.index()),
    b"q": lambda machine: machine.put(machine.uint(1)),
    b"r": lambda machine: machine.put(machine.uint(4)),
    b"\x94": lambda machine: machine.put(len(machine.memo)),
    b"g": lambda machine: machine.get(machine.index()),
    b"h": lambda machine: machine.get(machine.uint(1)),
    b"j": lambda machine: machine.get(machine.uint(4)),
    # arrays, and what other readers make of objects
    b"c": _global_lines,
    b"\x93": _stack_global,
    b"R": lambda machine: machine.reduce(),
    b"b": lambda machine: machine.build(),
    b"Q": lambda machine: machine.persistent(),
    b"\x81": lambda machine: machine.new_object(),
}
TABLE = [OPCODES.get(bytes([code]), _refuse) for code in range(256)]
