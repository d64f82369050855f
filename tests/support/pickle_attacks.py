"""Pickles that run code, or misuse what data need."""

from struct import pack

from support.pickle_parts import (
    DTYPE,
    EMPTY,
    ENCODE,
    F8,
    FROMBUFFER,
    MARKER,
    NDARRAY,
    RECONSTRUCT,
    TOUCH,
    array,
    called,
    integer,
    named,
    text,
    whole,
)


def attacks():
    """Pickles that run code in ``pickle.load``."""
    python = text(f"__import__('os').system('touch {MARKER}')")
    system = {
        "os.system": called(named("os", "system"), TOUCH),
        "posix.system": called(named("posix", "system"), TOUCH),
        "nt.system": called(named("nt", "system"), TOUCH),
        "os.popen": called(named("os", "popen"), TOUCH),
        "pty.spawn": called(named("pty", "spawn"), TOUCH),
        "subprocess.Popen": called(named("subprocess", "Popen"), TOUCH),
        "subprocess.check_output": called(named("subprocess", "check_output"), TOUCH),
        "builtins.eval": called(named("builtins", "eval"), python),
        "builtins.exec": called(named("builtins", "exec"), python),
        "__builtin__.eval": called(named("__builtin__", "eval"), python),
        "builtins.__import__": called(named("builtins", "__import__"), text("os")),
        "builtins.compile": called(named("builtins", "compile"), python, text("x"), text("exec")),
        "builtins.open": called(named("builtins", "open"), text(MARKER), text("w")),
        "builtins.print": called(named("builtins", "print"), TOUCH),
        "builtins.globals": called(named("builtins", "globals")),
        "builtins.getattr": called(
            named("builtins", "getattr"), called(named("builtins", "__import__"), text("os")), text("system")
        ),
        "builtins.map": called(named("builtins", "map"), named("os", "system"), b"(" + TOUCH + b"l"),
        "builtins.object": named("builtins", "object") + b")R",
        "runpy._run_code": called(named("runpy", "_run_code"), python, b"}"),
        "code.InteractiveInterpreter": called(named("code", "InteractiveInterpreter")),
        "timeit.timeit": called(named("timeit", "timeit"), python),
        "bdb.Bdb": called(named("bdb", "Bdb")),
        "cProfile.run": called(named("cProfile", "run"), python),
        "pkgutil.resolve_name": called(named("pkgutil", "resolve_name"), text("os:system")),
        "importlib.import_module": called(named("importlib", "import_module"), text("os")),
        "operator.attrgetter": called(named("operator", "attrgetter"), text("system")),
        "operator.methodcaller": called(named("operator", "methodcaller"), text("system"), TOUCH),
        "functools.partial": called(named("functools", "partial"), named("os", "system"), TOUCH),
        "functools.reduce": called(named("functools", "reduce"), named("os", "system"), b"(" + TOUCH + b"l"),
        "types.CodeType": called(named("types", "CodeType")),
        "ctypes.CDLL": called(named("ctypes", "CDLL"), text("libc.so.6")),
        "marshal.loads": called(named("marshal", "loads"), text("x")),
        "pickle.loads": called(named("pickle", "loads"), text("x")),
        "_pickle.loads": called(named("_pickle", "loads"), text("x")),
        "shutil.rmtree": called(named("shutil", "rmtree"), text(MARKER)),
        "socket.socket": called(named("socket", "socket")),
        "webbrowser.open": called(named("webbrowser", "open"), text("http://localhost")),
        "asyncio.create_subprocess_shell": called(named("asyncio", "create_subprocess_shell"), TOUCH),
        "_codecs.lookup": called(named("_codecs", "lookup"), text("rot13")),
        "codecs.encode": called(named("codecs", "encode"), text("x"), text("rot13")),
        "copyreg._reconstructor": called(named("copyreg", "_reconstructor"), NDARRAY, b"NN"),
        "copy_reg._reconstructor": called(named("copy_reg", "_reconstructor"), NDARRAY, b"NN"),
        "collections.defaultdict": called(named("collections", "defaultdict"), named("os", "getpid")),
        "array._array_reconstructor": called(named("array", "_array_reconstructor"), b"NNNN"),
        "torch._utils._rebuild_tensor_v2": called(named("torch._utils", "_rebuild_tensor_v2"), b"N"),
        "torch.storage._load_from_bytes": called(named("torch.storage", "_load_from_bytes"), b"N"),
        "joblib.numpy_pickle.NumpyArrayWrapper": named("joblib.numpy_pickle", "NumpyArrayWrapper") + b")\x81",
        "sklearn.svm._classes.SVC": named("sklearn.svm._classes", "SVC") + b")\x81",
        "dill._dill._create_code": called(named("dill._dill", "_create_code")),
        "numpy.__builtins__": named("numpy", "__builtins__"),
        "numpy.f2py.crackfortran.getlincoef": called(named("numpy.f2py.crackfortran", "getlincoef"), python, b"}"),
        "numpy.distutils.exec_command.exec_command": called(
            named("numpy.distutils.exec_command", "exec_command"), TOUCH
        ),
        "numpy.testing._private.utils.runstring": called(
            named("numpy.testing._private.utils", "runstring"), python, b"}"
        ),
        "numpy.load": called(named("numpy", "load"), text(MARKER)),
        "numpy.memmap": called(named("numpy", "memmap"), text(MARKER)),
        "numpy.save": called(named("numpy", "save"), text(MARKER), b"K\x00"),
        "numpy.matrixlib.defmatrix.matrix": called(
            RECONSTRUCT, named("numpy.matrixlib.defmatrix", "matrix"), b"K\x00\x85", b"U\x01b"
        ),
        "numpy.core._reconstruct": named("numpy.core", "_reconstruct"),
        "numpy.core.multiarray.fromfile": called(named("numpy.core.multiarray", "fromfile"), text(MARKER)),
        "numpy._core.multiarray._reconstruct ": named("numpy._core.multiarray", "_reconstruct "),
    }
    for name, body in system.items():
        yield name, whole(body), f"the pickle asks for {name}" if "." in name else ""
    nested = b"\x8c\x05numpy\x8c\x16ndarray.__subclasses__"
    yield "a dotted STACK_GLOBAL", whole(nested + b"\x93", 4), "asks for numpy.ndarray.__subclasses__"
    hidden = array(b"K\x01\x85") + b"0" + called(named("os", "system"), TOUCH)
    yield "a call hidden after an array", whole(hidden), "opcode POP"
    hidden = b"(lp0\n" + called(named("os", "system"), TOUCH) + b"a"
    yield "a call inside a list, protocol 0", hidden + b".", "asks for os.system"
    yield "a global of numbers", whole(b"K\x01K\x02\x93", 4), "not named by strings"
    yield "a global made of newlines", whole(b"c" + b"x" * 300 + b"\ny\n"), "300 characters"
    yield "INST", b"(" + TOUCH + b"ios\nsystem\n.", "opcode INST"
    yield "OBJ", b"(" + named("os", "system") + TOUCH + b"o.", "asks for os.system"
    yield "OBJ of an array", b"(" + NDARRAY + b"o.", "opcode OBJ"
    yield "NEWOBJ", whole(NDARRAY + b")\x81"), "opcode NEWOBJ"
    yield "NEWOBJ_EX", whole(NDARRAY + b")}\x92", 4), "opcode NEWOBJ_EX"
    yield "EXT1", whole(b"\x82\x01"), "opcode EXT1"
    yield "EXT2", whole(b"\x83\x01\x00"), "opcode EXT2"
    yield "EXT4", whole(b"\x84\x01\x00\x00\x00"), "opcode EXT4"
    yield "PERSID", b"(P0\nl.", "opcode PERSID"
    yield "BINPERSID", whole(b"K\x01Q"), "opcode BINPERSID"
    yield "NEXT_BUFFER", whole(b"\x97", 5), "opcode NEXT_BUFFER"
    yield "READONLY_BUFFER", whole(b"K\x01\x98", 5), "opcode READONLY_BUFFER"
    yield "a set", whole(b"\x8f", 4), "opcode EMPTY_SET"
    yield "a frozenset", whole(b"(\x91", 4), "opcode FROZENSET"
    yield "DUP", whole(b"K\x012"), "opcode DUP"


def misuses():
    """Pickles that misuse the names and the targets that data needs."""
    yield "BUILD on _frombuffer", whole(FROMBUFFER + b"N}U\x0c__defaults__K\x01\x85s\x86b"), "sets the state of"
    yield "BUILD on ndarray", whole(NDARRAY + b"}b"), "sets the state of numpy.ndarray"
    yield "BUILD on numpy.prod", whole(named("numpy", "prod") + b"}U\x01xK\x01sb"), "asks for numpy.prod"
    yield "BUILD on a list", whole(b"]}b"), "sets the state of a list"
    yield "BUILD on a dict", whole(b"}}b"), "sets the state of a dict"
    yield "BUILD on a number", whole(b"K\x01}b"), "sets the state of an int"
    yield "REDUCE of ndarray", whole(called(NDARRAY, b"K\x02\x85")), "calls numpy.ndarray with"
    yield "REDUCE of a string", whole(called(TOUCH, TOUCH)), "calls a str"
    yield "REDUCE of an array", whole(called(array(b"K\x01\x85"), TOUCH)), "calls an array"
    yield "REDUCE with a list", whole(DTYPE + b"]R"), "calls numpy.dtype with"
    yield "another codec", whole(called(ENCODE, text("x"), text("rot13"))), "calls _codecs.encode with"
    yield "encode of a number", whole(called(ENCODE, b"K\x01", text("latin1"))), "calls _codecs.encode with"
    yield "encode of other text", whole(called(ENCODE, text("\u20ac"), text("latin1"))), "not Latin-1"
    yield "bytes of a size", whole(called(named("builtins", "bytes"), integer(1 << 40))), "calls builtins.bytes"
    size = called(named("builtins", "bytearray"), integer(1 << 40))
    yield "bytearray of a size", whole(size), "calls builtins.bytearray"
    ordered = called(named("collections", "OrderedDict"), b"(lK\x01a")
    yield "OrderedDict of a list", whole(ordered), "calls collections.OrderedDict"
    yield "SETITEM on a list", whole(b"]K\x01K\x02s"), "sets an item of a list"
    yield "SETITEMS on an array", whole(array(b"K\x01\x85") + b"(K\x01K\x02u"), "sets an item of an array"
    yield "SETITEM on a global", whole(DTYPE + b"K\x01K\x02s"), "sets an item of numpy.dtype"
    yield "APPEND on an array", whole(array(b"K\x01\x85") + b"K\x01a"), "appends to an array"
    yield "APPENDS on a dict", whole(b"}(K\x01K\x02e"), "appends to a dict"
    yield "APPEND on a tuple", whole(b")K\x01a"), "appends to a tuple"
    yield "APPEND on bytes", whole(b"\x96" + pack("<Q", 1) + b"xK\x01a", 5), "appends to a bytearray"
    yield "a tuple as key", whole(b"}K\x01\x85K\x02s"), "a tuple as key"
    yield "a float as key", whole(b"}G" + bytes(8) + b"K\x02s"), "a float as key"
    yield "an array as key", whole(b"}" + array(b"K\x01\x85") + b"K\x02s"), "an array as key"
    yield "a global as key", whole(b"}" + DTYPE + b"K\x02s"), "numpy.dtype as key"
    yield "an odd dict", whole(b"}(K\x01u"), "a key that has no value"
    yield "a global as value", whole(b"(K\x01" + DTYPE + b"l"), "the pickle holds numpy.dtype"
    yield "a dtype as value", whole(F8), "the pickle holds a dtype"
    yield "an array without content", whole(EMPTY), "without content"
