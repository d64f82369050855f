"""Hostile pickles, and the program that reads each of them in a small process of its own.

``python -m support.hostile_pickles read DIRECTORY GROUP [NAME ...]`` writes them there and prints one line of JSON for
each: how the process ended, what it said, which audit events it caused and what it changed.
With ``load`` in place of ``read``, ``pickle.load`` reads them: the tests make sure that the watch then barks.
"""

import gzip
import os
import pickle
import sys
from struct import pack

import numpy as np

from cmlp.data.pickles import read_pickle
from support.children import GIB, read_corpus
from support.pickle_attacks import attacks, misuses
from support.pickle_parts import (
    DTYPE,
    EMPTY,
    ENCODE,
    F8,
    FROMBUFFER,
    NDARRAY,
    RECONSTRUCT,
    SCALAR,
    U1,
    array,
    called,
    dtype,
    integer,
    named,
    text,
    whole,
)


def arrays():
    """Arrays that NumPy would build, or would crash building."""
    fields = b"(K\x03U\x01|N(U\x01at}U\x01a(" + F8 + b"J" + pack("<i", 1 << 30) + b"tsK\x08K\x01K\x00tb"
    subarray = b"(K\x03U\x01|" + F8 + integer(1 << 30) + b"\x85\x86NNK\x08K\x01K\x00tb"
    own = "a state of its own"
    yield "fields at 2^30", whole(array(b"K\x01\x85", dtype("V8", fields))), "of dtype 'V8'"
    yield "fields in f8", whole(array(b"K\x01\x85", dtype("f8", fields))), own
    yield "a subarray in f8", whole(array(b"K\x01\x85", dtype("f8", subarray))), own
    yield "a dtype with fields, alone", whole(dtype("f8", fields)), own
    yield "a short dtype state", whole(dtype("f8", b"(K\x03U\x01<tb")), own
    yield "a dtype state that is a list", whole(dtype("f8", b"]b")), own
    yield (
        "a dtype state set twice",
        whole(dtype("f8", 2 * b"(K\x03U\x01<NNNJ\xff\xff\xff\xffJ\xff\xff\xff\xffK\x00tb")),
        own,
    )
    size = b"(K\x03U\x01<NNNJ\xff\xff\xff\x7fK\x08K\x00tb"
    yield "another item size", whole(dtype("f8", size)), own
    yield "another string size", whole(dtype("S4", b"(K\x03U\x01|NNNJ\xff\xff\xff\x7fK\x01K\x00tb")), own
    yield "an unknown byte order", whole(dtype("f8", b"(K\x03U\x01!NNNJ\xff\xff\xff\xffJ\xff\xff\xff\xffK\x00tb")), own
    yield "object dtype", pickle.dumps(np.array([1, "x", None], dtype=object), 2), "object array"
    yield "object dtype, protocol 4", pickle.dumps(np.array([{}], dtype=object), 4), "object array"
    yield "object dtype with forged content", whole(array(b"K\x01\x85", dtype("O8"))), "object array"
    yield (
        "object dtype in _frombuffer",
        whole(called(FROMBUFFER, b"U\x08AAAAAAAA", dtype("O"), b"K\x01\x85U\x01C")),
        "object array",
    )
    yield "object scalar", whole(called(SCALAR, dtype("O8"), b"U\x08AAAAAAAA")), "object array"
    for code in ("c16", "M8[ns]", "m8", "V8", "f16", "i3", "f8,f8", "(1073741824,)f8", "U99999999", "S-1", ""):
        yield f"dtype {code!r}", whole(array(b"K\x01\x85", called(DTYPE, text(code), b"\x89\x88"))), "of dtype '"
    yield "dtype of ten thousand letters", whole(called(DTYPE, text("f8," * 5000), b"\x89\x88")), "f8..."
    yield "dtype of a dict", whole(called(DTYPE, b"}\x89\x88")), "calls numpy.dtype with"
    impossible = "impossible shape"
    for shape in ((1 << 32,), (1 << 32, 1 << 32), (-1,), (1, -8), (1 << 62, 4), (0, 1 << 62), (3, -1)):
        body = b"(" + b"".join(map(integer, shape)) + b"t"
        yield f"shape {shape}", whole(array(body)), impossible
        call = called(FROMBUFFER, b"U\x00", F8, body, b"U\x01C")
        yield f"shape {shape} in _frombuffer", whole(call), impossible
    yield "zero times huge", whole(array(b"(K\x00" + integer((1 << 31) - 1) * 3 + b"t", content=b"U\x00")), impossible
    yield "a product of 2^64", whole(array(b"(" + integer(1 << 16) * 4 + b"t", U1, b"U\x00")), impossible
    yield "a million dimensions", whole(array(b"(" + b"K\x01" * 10**6 + b"t")), impossible
    yield "33 dimensions", whole(array(b"(" + b"K\x01" * 33 + b"t")), impossible
    yield "a shape of booleans", whole(array(b"\x88\x85")), impossible
    yield "a shape of floats", whole(array(b"G?\xf0\x00\x00\x00\x00\x00\x00\x85")), impossible
    yield "a shape of strings", whole(array(text("1") + b"\x85")), impossible
    yield "a shape of tuples", whole(array(b"K\x01\x85\x85")), impossible
    yield "a shape that is a list", whole(array(b"]K\x01a")), "a state that is not one"
    yield "too little content", whole(array(b"K\x02\x85")), "it needs 16 bytes and has 8"
    yield "too much content", whole(array(b"K\x01\x85", content=b"U\x10" + bytes(16))), "needs 8 bytes and has 16"
    yield "content of half a number", whole(array(b"K\x01\x85", content=b"U\x07" + bytes(7))), "has 7"
    yield "content that is a list", whole(array(b"K\x01\x85", content=b"]")), "from a list"
    yield "content that is an array", whole(array(b"K\x01\x85", content=array(b"K\x01\x85"))), "from an array"
    yield "content beyond Latin-1", whole(array(b"K\x01\x85", content=text("\u20ac" * 8))), "not Latin-1"
    yield "another version", whole(array(b"K\x01\x85", version=b"K\x02")), "a state that is not one"
    yield "a state set twice", whole(array(b"K\x01\x85") + b"(K\x01K\x01\x85" + F8 + b"\x89U\x08AAAAAAAAtb"), "not one"
    yield (
        "_reconstruct with a shape",
        whole(called(RECONSTRUCT, NDARRAY, integer(1 << 32) + b"\x85", b"U\x01b")),
        "calls numpy.core.multiarray._reconstruct with",
    )
    yield "_reconstruct with a typecode", whole(called(RECONSTRUCT, NDARRAY, b"K\x00\x85", b"U\x01O")), "unusual"
    yield "_reconstruct of a dtype", whole(called(RECONSTRUCT, DTYPE, b"K\x00\x85", b"U\x01b")), "unusual"
    unicode_state = b"(K\x03U\x01<NNNK\x04K\x04K\x08tb"
    beyond = array(b"K\x01\x85", dtype("U1", unicode_state), b"U\x04\xff\xff\xff\xff")
    yield "a character beyond Unicode", whole(beyond), "beyond Unicode"
    axes = called(FROMBUFFER, b"U\x08AAAAAAAA", F8, b"K\x01\x85", b"U\x01K", b"K\x07\x85")
    yield "axes that are not there", whole(axes), "axes that it has not"
    axes = called(FROMBUFFER, b"U\x08AAAAAAAA", F8, b"K\x01K\x01\x86", b"U\x01K", b"NU\x01a\x86")
    yield "axes of many types", whole(axes), "axes that it has not"
    yield "an order of its own", whole(called(FROMBUFFER, b"U\x08AAAAAAAA", F8, b"K\x01\x85", b"U\x01A")), "unusual"


def depths():
    """Values nested so deeply that a walk over them would end the interpreter."""
    deep = "nested too deeply"
    for depth in (100, 1000, 10**4, 10**5, 10**6):
        yield f"{depth} lists", whole(b"]" * depth + b"a" * (depth - 1)), deep
        yield f"{depth} tuples", whole(b")" + b"\x85" * depth), deep
        yield f"{depth} dicts", whole(b"}" + b"K\x01}" * depth + b"s" * depth), deep
        yield f"{depth} tuples as a key", whole(b"})" + b"\x85" * depth + b"Ns"), "a tuple as key"
        yield f"{depth} marks", whole(b"(" * depth + b"l" * depth), deep if depth < 256 else "256 marks are open"
    yield "10 ** 5 tuples as a shape", whole(array(b")" + b"\x85" * 10**5)), "impossible shape"
    yield "10 ** 5 tuples as arguments", whole(DTYPE + b")" + b"\x85" * 10**5 + b"R"), "unusual"
    yield "10 ** 5 tuples as a state", whole(F8 + b")" + b"\x85" * 10**5 + b"b"), "a state of its own"
    yield "10 ** 5 lists in BUILD", whole(EMPTY + b"]" * 10**5 + b"a" * (10**5 - 1) + b"b"), "not one"
    itself = "contains itself"
    yield "a list in itself", whole(b"]q\x00h\x00a"), itself
    yield "a dict in itself", whole(b"}q\x00K\x01h\x00s"), itself
    yield "a list in its own tuple", whole(b"]q\x00h\x00\x85a"), itself
    yield "two lists in each other", whole(b"]q\x00]q\x01h\x00ah\x01\x86h\x00h\x01a\x86"), ""


def bombs():
    """Small files that ask for much memory or time."""
    numbered, truncated = "memo ", "is truncated"
    yield "a memo index of 2^27", whole(b"]r" + pack("<I", 2**27 - 1)), numbered
    yield "a memo index of 2^32", whole(b"]r" + pack("<I", 2**32 - 1)), numbered
    yield "a memo index of 10^20", b"(lp99999999999999999999\n.", numbered
    yield "a memo index below zero", b"(lp-1\n.", numbered
    yield "a memo index in words", b"(lpzero\n.", numbered
    yield "BINBYTES of 4 GiB", whole(b"B" + pack("<I", 2**32 - 1), 3), truncated
    yield "BINBYTES8 of 1 GiB", whole(b"\x8e" + pack("<Q", GIB), 4), truncated
    yield "BINBYTES8 of 1 TiB", whole(b"\x8e" + pack("<Q", 1 << 40), 4), truncated
    yield "BINBYTES8 of 2^64", whole(b"\x8e" + b"\xff" * 8, 4), truncated
    yield "BYTEARRAY8 of 1 TiB", whole(b"\x96" + pack("<Q", 1 << 40), 5), truncated
    yield "BINUNICODE of 4 GiB", whole(b"X" + pack("<I", 2**32 - 1)), truncated
    yield "BINUNICODE8 of 1 TiB", whole(b"\x8d" + pack("<Q", 1 << 40), 4), truncated
    yield "BINSTRING of minus one", whole(b"T\xff\xff\xff\xff"), truncated
    yield "FRAME of 1 TiB", whole(b"\x95" + pack("<Q", 1 << 40), 4), truncated
    yield "FRAME of 2^64", whole(b"\x95" + b"\xff" * 8, 4), truncated
    yield "LONG4 of 2 GiB", whole(b"\x8b" + pack("<i", 2**31 - 1)), "an integer of"
    yield "LONG4 of minus one", whole(b"\x8b" + pack("<i", -1)), "an integer of"
    yield "LONG4 of 10^6 bytes", whole(b"\x8b" + pack("<i", 10**6) + b"\x7f" * 10**6), "of 1,000,000 bytes"
    yield "LONG1 of 255 bytes", whole(b"\x8a\xff" + b"\x7f" * 255), "of 255 bytes"
    yield "LONG of 10^6 digits", b"L" + b"9" * 10**6 + b"L\n.", "1,000,001 characters"
    yield "LONG of 200 digits", b"L" + b"9" * 200 + b"L\n.", "holds the integer '999"
    yield "INT of 10^6 digits", b"I" + b"9" * 10**6 + b"\n.", "1,000,000 characters"
    yield "FLOAT of 10^6 digits", b"F" + b"9" * 10**6 + b"\n.", "1,000,000 characters"
    doubled = b"]q\x00(K\x01K\x02e" + b"".join(b"h%ch%c\x86q%c" % (n, n, n + 1) for n in range(60))
    lists = b"]q\x00" + b"".join(b"]q%c(h%ch%ce" % (n + 1, n, n) for n in range(60))
    yield "2^60 shared tuples", whole(b"(" + doubled + b"t"), "again and again"
    yield "2^60 shared lists", whole(b"(" + lists + b"l"), "again and again"
    big = text("x" * 10**6)
    yield "a string 10^5 times", whole(b"(" + big + b"q\x00" + b"h\x00" * 10**5 + b"l"), "again and again"
    million = b"J" + pack("<i", 10**6) + b"\x85"
    shared = array(million, U1, b"T" + pack("<I", 10**6) + bytes(10**6))
    yield "an array 10^5 times", whole(b"(" + shared + b"q\x00" + b"h\x00" * 10**5 + b"l"), "again and again"
    arguments = b"(T" + pack("<I", 10**6) + bytes(10**6) + F8 + b"J" + pack("<i", 125000) + b"\x85U\x01Ctq\x01"
    arguments = FROMBUFFER + b"q\x00" + arguments
    yield "_frombuffer 10^4 times", whole(b"(" + arguments + b"h\x00h\x01R" * 10**4 + b"l"), "copies its content"
    arguments = ENCODE + b"q\x00(" + text("x" * 10**6) + text("latin1") + b"tq\x01"
    yield "encode 10^4 times", whole(b"(" + arguments + b"h\x00h\x01R" * 10**4 + b"l"), "copies its content"
    arguments = ENCODE + b"q\x00(" + text("x" * 10**4) + text("latin1") + b"tq\x01"
    yield "short encode 10^4 times", whole(b"(" + arguments + b"h\x00h\x01R" * 10**4 + b"l"), "copies its content"
    numbers = b"".join(integer(n * (2**61 - 1)) + b"N" for n in range(-16, 500))
    yield "a dict of colliding keys", whole(b"}(" + numbers * 200 + b"uK\x01"), "middle of a value"


def floods():
    """Files, many of them compressed, that expand to very many small things."""
    objects = "too many small objects"
    yield "six million lists", whole(b"(" + b"]" * 6 * 10**6 + b"l"), objects
    yield "two million dicts", whole(b"(" + b"}K\x01Ns" * 2 * 10**6 + b"l"), objects
    yield "five million memo entries", whole(b"(N" + b"\x94" * 5 * 10**6 + b"l", 4), objects
    opcodes, limit = "opcodes at byte", "must decompress to at most"
    zipped = gzip.compress(b"\x80\x02(" + bytes(1 << 20) * 100, 6)
    yield "gzip: 100 MB of zeros", zipped, limit
    yield "gzip in gzip", gzip.compress(zipped), "is not a pickle"
    for name, body in {
        "lists": b"]",
        "dicts": b"}K\x01Ns",
        "strings": b"\x8c\x02\xc4\x80",
        "short integers": b"M\x01\x02",
        "scalars": b"h\x00h\x01R",
        "empty lines": b"F1\n",
    }.items():
        start = b"\x80\x04(" + SCALAR + b"q\x00" + F8 + b"U\x08AAAAAAAA\x86q\x01"
        yield f"gzip: 60 MiB of {name}", gzip.compress(start + body * ((60 << 20) // len(body)) + b"l.", 6), ""
    yield "gzip: 60 MiB of numbers", gzip.compress(b"\x80\x04(" + b"K\x00" * (30 << 20) + b"N", 6), "ends at byte"
    yield "gzip: 60 MiB of floats", gzip.compress(b"\x80\x04(" + (b"G" + bytes(8)) * (6 << 20) + b"N", 6), "ends at"
    line = gzip.compress(b"S'" + rb"\x00" * (15 << 20) + b"'", 6)
    yield "gzip: 60 MiB of one line", line, "it has no end"
    yield "gzip: 60 MiB of escapes", gzip.compress(b"S'" + rb"\x00" * (15 << 20) + b"\\q'\n.", 6), "bad escape"
    yield "gzip: one opcode after another", gzip.compress(b"\x80\x04(" + b"N" * (5 << 20) + b"l.", 6), opcodes


def wrecks():
    """Files that are damaged, or are not pickles."""
    takes = "takes a value from an empty stack"
    yield "no value", b".", "is not a pickle"
    yield "no value, protocol 2", whole(b""), "middle of a value"
    yield "two values", whole(b"K\x01K\x02"), "middle of a value"
    yield "an open mark", whole(b"(K\x01"), "middle of a value"
    yield "APPEND with nothing", whole(b"a"), takes
    yield "APPEND with one value", whole(b"K\x01a"), takes
    yield "APPENDS without a mark", whole(b"]e"), "up to a mark that it never set"
    yield "APPENDS without a list", whole(b"(K\x01e"), takes
    yield "SETITEM with nothing", whole(b"s"), takes
    yield "TUPLE without a mark", whole(b"t"), "up to a mark"
    yield "TUPLE3 with two values", whole(b"K\x01K\x02\x87"), takes
    yield "REDUCE with nothing", whole(b"R"), takes
    yield "BUILD with one value", whole(b"}b"), takes
    yield "STACK_GLOBAL with one value", whole(text("os") + b"\x93", 4), takes
    yield "PUT of nothing", whole(b"q\x00"), takes
    yield "GET of nothing", whole(b"h\x07"), "reads memo entry 7"
    yield "LONG_BINGET of nothing", whole(b"j" + b"\xff" * 4), "reads memo entry"
    yield "GET in words", b"(gzero\nl.", "has the memo index"
    yield "an unknown opcode", whole(b"\xff"), "unknown opcode"
    yield "protocol 6", whole(b"N", 6), "announces protocol 6"
    yield "protocol 255", whole(b"N", 255), "announces protocol 255"
    yield "bad UTF-8", whole(b"X\x01\x00\x00\x00\xff"), "not utf-8"
    yield "bad UTF-8, long", whole(b"X" + pack("<I", 10**5) + b"\xff" * 10**5), "not utf-8"
    yield "bad escape in UNICODE", b"V\\u12\n.", "not raw-unicode-escape"
    yield "bad long bytes", whole(called(ENCODE, text("\u20ac" * 10**5), text("latin1"))), "not Latin-1"
    yield "STRING without quotes", b"Sabc\n.", "without its quotes"
    yield "STRING with one quote", b"S'\n.", "without its quotes"
    yield "STRING with two kinds of quotes", b"S'abc\"\n.", "without its quotes"
    yield "STRING with a bad escape", b"S'\\q'\n.", "bad escape"
    yield "STRING that ends in an escape", b"S'\\'\n.", "bad escape"
    yield "STRING with half an escape", b"S'\\x1'\n.", "bad escape"
    yield "FLOAT of nonsense", b"Fone\n.", "not a number"
    yield "FLOAT of nothing", b"F\n.", "not a number"
    yield "FLOAT with a comma", b"F1,5\n.", "not a number"
    yield "INT of nonsense", b"Ione\n.", "the integer 'one'"
    yield "INT of nothing", b"I\n.", "the integer ''"
    yield "INT in other digits", "I\u0661\n.".encode(), "the integer"
    yield "INT without an end", b"I1", "it has no end"
    yield "LONG of nothing", b"L\n.", "the integer ''"
    yield "an echo of control characters", whole(named("\x1b[31m" * 30, "x")), r"asks for \x1b[31m"
    yield "an empty file", b"", "is empty"
    yield "an empty gzip file", gzip.compress(b""), "is empty"
    yield "half a gzip file", gzip.compress(os.urandom(1000))[:500], "damaged gzip"
    yield "a gzip header", b"\x1f\x8b", "damaged gzip"
    yield "gzip with a bad checksum", gzip.compress(b"\x80\x02N.")[:-8] + bytes(8), "damaged gzip"
    yield "gzip with a bad block", gzip.compress(b"N.")[:10] + b"\xff" * 20, "damaged gzip"
    for name, start in {
        "PNG": b"\x89PNG\r\n\x1a\n",
        "JPEG": b"\xff\xd8\xff\xe0",
        "zip": b"PK\x03\x04",
        "npy": b"\x93NUMPY\x01\x00",
        "IDX": b"\x00\x00\x08\x03",
        "HTML": b"<!DOCTYPE html>",
        "JSON": b'{"images": []}',
        "Git LFS": b"version https://git-lfs.github.com/spec/v1",
        "CSV": b"5,0,0,0",
    }.items():
        yield f"{name} content", start + bytes(100), "is not a pickle: it starts with b"


GROUPS = {
    "attacks": attacks,
    "misuses": misuses,
    "arrays": arrays,
    "depths": depths,
    "bombs": bombs,
    "floods": floods,
    "wrecks": wrecks,
}


def load(path):
    """Read a pickle as everybody does."""
    with path.open("rb") as file:
        return pickle.load(file)


if __name__ == "__main__":
    read_corpus({"read": read_pickle, "load": load}, GROUPS, *sys.argv[1:])
