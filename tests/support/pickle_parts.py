"""What hostile pickles are made of."""

from struct import pack

MARKER = "hostile-pickle-was-here"


def named(module, name):
    return b"c%b\n%b\n" % (module.encode(), name.encode())


def text(value):
    return b"X" + pack("<I", len(value.encode())) + value.encode()


def called(function, *arguments):
    return function + b"(" + b"".join(arguments) + b"tR"


def whole(body, protocol=2):
    return b"\x80%c%b." % (protocol, body)


TOUCH = text(f"touch {MARKER}")
RECONSTRUCT = named("numpy.core.multiarray", "_reconstruct")
NDARRAY = named("numpy", "ndarray")
DTYPE = named("numpy", "dtype")
FROMBUFFER = named("numpy._core.numeric", "_frombuffer")
SCALAR = named("numpy._core.multiarray", "scalar")
ENCODE = named("_codecs", "encode")
EMPTY = called(RECONSTRUCT, NDARRAY, b"K\x00\x85", b"U\x01b")


def dtype(code, state=b"(K\x03U\x01<NNNJ\xff\xff\xff\xffJ\xff\xff\xff\xffK\x00tb"):
    return called(DTYPE, text(code), b"\x89\x88") + state


F8 = dtype("f8")
U1 = dtype("u1", b"(K\x03U\x01|NNNJ\xff\xff\xff\xffJ\xff\xff\xff\xffK\x00tb")


def array(shape, descriptor=F8, content=b"U\x08" + bytes(8), fortran=b"\x89", version=b"K\x01"):
    return EMPTY + b"(" + version + shape + descriptor + fortran + content + b"tb"


def integer(value):
    content = value.to_bytes(9, "little", signed=True)
    return b"\x8a\x09" + content
