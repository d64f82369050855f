"""Files of ``torch.save``, byte by byte, without PyTorch: the parts of their pickles, and both containers."""

import zipfile
from io import BytesIO
from struct import pack

import numpy as np

from support.pickle_parts import called, named, text, whole

MAGIC = b"\x80\x02\x8a\x0al\xfc\x9cF\xf9 j\xa8P\x19."
KINDS = {"f8": "DoubleStorage", "f4": "FloatStorage", "f2": "HalfStorage", "i8": "LongStorage", "u1": "ByteStorage"}


def number(value):
    """An integer of a pickle."""
    return (
        b"J" + pack("<i", value)
        if -(2**31) <= value < 2**31
        else b"\x8a\x09" + value.to_bytes(9, "little", signed=True)
    )


def row(values):
    """A tuple of integers."""
    return b"(" + b"".join(map(number, values)) + b"t"


def mapping(items):
    """An OrderedDict of values that are written already."""
    return called(named("collections", "OrderedDict")) + b"(" + b"".join(text(k) + v for k, v in items.items()) + b"u"


def storage(key, count, kind="FloatStorage", more=b""):
    """A reference to a storage; the older format has one entry more."""
    return b"(" + text("storage") + named("torch", kind) + text(key) + text("cpu") + number(count) + more + b"tQ"


def tensor(reference, shape, strides, offset=0):
    """A view of a storage."""
    parts = reference, number(offset), row(shape), row(strides), b"\x89", mapping({})
    return called(named("torch._utils", "_rebuild_tensor_v2"), *parts)


def parameter(value):
    """A tensor that is trained."""
    return called(named("torch._utils", "_rebuild_parameter"), value, b"\x88", mapping({}))


def instance(module, name, attributes):
    """An object of a class."""
    return named(module, name) + b")\x81}(" + b"".join(text(k) + v for k, v in attributes.items()) + b"ub"


def layer(module, name, parameters=(), modules=(), **settings):
    """A module of PyTorch, as far as its parts matter."""
    parts = {"_parameters": mapping(dict(parameters)), "_buffers": mapping({}), "_modules": mapping(dict(modules))}
    return instance(module, name, parts | settings)


def arrays(tensors, more=b""):
    """Return the value of a pickle for arrays by name, each with a storage of its own, and the storages."""
    written, storages = {}, {}
    for key, (name, array) in enumerate(tensors.items()):
        array = np.asarray(array)
        strides = [stride // array.itemsize for stride in array.strides]
        reference = storage(str(key), array.size, KINDS[array.dtype.str[1:]], more)
        written[name] = tensor(reference, array.shape, strides)
        storages[str(key)] = array.tobytes("A")
    return mapping(written), storages


def zipped(body, storages, *, byteorder="little", folder="archive", compression=zipfile.ZIP_STORED, more=()):
    """Return the present format."""
    stream = BytesIO()
    with zipfile.ZipFile(stream, "w", compression) as archive:
        archive.writestr(f"{folder}/data.pkl", whole(body))
        if byteorder is not None:
            archive.writestr(f"{folder}/byteorder", byteorder)
        for key, content in storages.items():
            archive.writestr(f"{folder}/data/{key}", content)
        archive.writestr(f"{folder}/version", "3\n")
        for name, content in dict(more).items():
            archive.writestr(f"{folder}/{name}", content)
    return stream.getvalue()


def legacy(body, storages, counts, *, little=True, magic=MAGIC):
    """Return the format before PyTorch 1.6; `counts` are the numbers of values in the storages."""
    order = b"\x88" if little else b"\x89"
    system = whole(b"}(" + text("protocol_version") + number(1001) + text("little_endian") + order + b"u")
    keys = whole(b"](" + b"".join(map(text, storages)) + b"e")
    data = b"".join(pack("<q", counts[key]) + content for key, content in storages.items())
    return magic + whole(number(1001)) + system + whole(body) + keys + data
