"""Hostile and damaged files of weights: ``python -m support.hostile_weights read FOLDER GROUP [NAME ...]``."""

import io
import json
import os
import struct
import sys
import zipfile
from pathlib import Path

import numpy as np

from cmlp.storage import read_model
from support.children import read_corpus
from support.make_foreign import FILE
from support.pickle_attacks import attacks
from support.pickle_parts import called, integer, named, text, whole
from support.torch_files import arrays, instance, layer, legacy, mapping, number, storage, tensor, zipped

WEIGHTS = {"0.weight": np.ones((2, 3), "f4"), "0.bias": np.ones(2, "f4")}
LARGE = 1 << 40


def read(path):
    """Read a file as `Network.load` does."""
    read_model(Path(path))


def state(weight, storages=None, **how):
    """A file whose one layer has these weights."""
    return zipped(mapping({"0.weight": weight}), {"0": bytes(24)} if storages is None else storages, **how)


def tensors():
    """Tensors that reach beyond their storages, or that are much larger than these."""
    whole_ = storage("0", 6)
    reaching, impossible = "reaches beyond its storage", "impossible shape, stride or offset"
    yield "an offset past the end", state(tensor(whole_, (2, 3), (3, 1), 1)), reaching
    yield "an offset of 2**40", state(tensor(whole_, (2, 3), (3, 1), LARGE)), reaching
    yield "an offset of -1", state(tensor(whole_, (2, 3), (3, 1), -1)), impossible
    yield "a negative stride", state(tensor(whole_, (2, 3), (3, -1), 2)), impossible
    yield "a stride past the end", state(tensor(whole_, (2, 3), (4, 1))), reaching
    yield "a stride of 2**62", state(tensor(whole_, (2, 3), (2**62, 1))), impossible
    yield "a stride that overflows", state(tensor(whole_, (2**40, 3), (2**40, 1))), reaching
    yield "a negative size", state(tensor(whole_, (-2, 3), (3, 1))), impossible
    yield "a size of 2**62", state(tensor(whole_, (2**62, 3), (0, 0))), impossible
    yield "strides of 0", state(tensor(whole_, (2**30, 2**30), (0, 0))), "much more memory than the file"
    many = {f"{k}.weight": tensor(whole_, (2**12, 2**12), (0, 0)) for k in range(1000)}
    yield "a thousand times 64 MiB", zipped(mapping(many), {"0": bytes(24)}), "expands to more than"
    yield "one stride too few", state(tensor(whole_, (2, 3), (3,))), "another number of strides"
    yield "nine axes", state(tensor(whole_, (1,) * 9, (1,) * 9)), "another number of strides"
    yield (
        "a float for an offset",
        state(called(named("torch._utils", "_rebuild_tensor_v2"), whole_, b"G" + bytes(8))),
        "",
    )
    yield "no storage", state(called(named("torch._utils", "_rebuild_tensor_v2"), b"N" * 7)), ""
    yield "a storage of 2**40 numbers", state(tensor(storage("0", LARGE), (2, 3), (3, 1))), "must have"
    yield "a storage of 2**60 numbers", state(tensor(storage("0", 2**60), (2, 3), (3, 1))), "no storage of PyTorch"
    yield "a storage of -6 numbers", state(tensor(storage("0", -6), (2, 3), (3, 1))), "no storage of PyTorch"
    yield "a storage that is too short", state(tensor(whole_, (2, 3), (3, 1)), {"0": bytes(20)}), "must have 24 bytes"
    yield "a storage that is missing", state(tensor(whole_, (2, 3), (3, 1)), {}), "has no"
    yield "a storage elsewhere", state(tensor(storage("../../../etc/passwd", 6), (2, 3), (3, 1))), "has no"
    two = {"0.weight": tensor(whole_, (2, 3), (3, 1)), "1.weight": tensor(storage("0", 3), (1, 2), (2, 1))}
    yield "a storage of two lengths", zipped(mapping(two), {"0": bytes(24)}), "described twice"
    yield "an unknown storage", state(tensor(storage("0", 6, "ComplexFloatStorage"), (2, 3), (3, 1))), ""
    yield "an identity that is a number", zipped(number(1) + b"Q", {}), "refers to what is no storage"
    yield "NaN", state(tensor(whole_, (2, 3), (3, 1)), {"0": b"\xff" * 24}), "must be finite"
    yield "an empty tensor", state(tensor(whole_, (0, 3), (LARGE, 1), 5)), "all must be weights"


def archives():
    """Zip files and older files that are damaged, or unfold to very much."""
    body, storages = arrays(WEIGHTS)
    content = zipped(body, storages)
    bomb = {key: bytes(2**28) if key == "0" else part for key, part in storages.items()}
    yield "a bomb", zipped(body, bomb, compression=zipfile.ZIP_DEFLATED), "its size allows fewer"
    large, large_storages = arrays({"0.weight": np.zeros((2**13, 2**13), "f4")})
    yield (
        "a bomb as announced",
        zipped(large, large_storages, compression=zipfile.ZIP_DEFLATED),
        "its size allows fewer",
    )
    yield "a bomb of a pickle", zipped(b"(" * 10**8, {}, compression=zipfile.ZIP_DEFLATED), "its size allows fewer"
    yield "bzip2", zipped(body, storages, compression=zipfile.ZIP_BZIP2), "compressed in a way that is not read"
    yield "a byte order of its own", zipped(body, storages, byteorder="x" * 100), "its size allows fewer"
    for cut in (30, len(content) // 2, len(content) - 1):
        yield f"cut off after {cut}", content[:cut], "damaged zip file"
    for at in range(40, len(content), 97):
        yield f"another byte at {at}", content[:at] + bytes([content[at] ^ 0x55]) + content[at + 1 :], None
    body, storages = arrays(WEIGHTS, more=b"N")
    counts = {"0": 6, "1": 2}
    old = legacy(body, storages, counts)
    for cut in (16, 40, len(old) // 2, len(old) - 1):
        yield f"an older file cut off after {cut}", old[:cut], ""
    yield "lengths that are wrong", legacy(body, storages, {"0": 2**62, "1": 2}), "not as long as its tensors need"
    yield "storages that nobody knows", legacy(body, storages | {"9": b""}, counts | {"9": 0}), "not as long"
    yield "no storages", legacy(body, {}, counts), "missing"
    inner = legacy(storage("5", 6, more=b"N"), {"5": bytes(24)}, {"5": 6})
    for _ in range(30):
        nested = called(named("torch.storage", "_load_from_bytes"), b"B" + struct.pack("<I", len(inner)) + inner)
        inner = legacy(nested, {}, {})
    yield "files within files", whole(mapping({"0.weight": tensor(nested, (2, 3), (3, 1))}), 3), ""
    program = {"constants.pkl": b"\x80\x02).", "code/x.py": b"import os"}
    yield "a program", zipped(body, storages, more=program), "it is a program of TorchScript"


def objects():
    """Objects that run code where they are unpickled, that hold themselves, or that are very many."""
    for name, content, _ in attacks():
        yield f"{name}, plain", content, ""
        body = content[2:-1] if content[:2] == b"\x80\x02" else None
        if body is not None:
            yield f"{name}, in torch.save", zipped(mapping({"0.weight": body}), {}), ""
    depth = 10**5
    yield "lists in lists", zipped(b"(l" * depth, {}), ""
    nest = layer("torch.nn.modules.container", "Sequential")
    for _ in range(60):
        nest = layer("torch.nn.modules.container", "Sequential", modules={"0": nest})
    yield "modules in modules", zipped(nest, {}), "nested at most 32 times"
    own = (
        named("torch.nn.modules.container", "Sequential")
        + b")\x81q\x01}("
        + text("_modules")
        + b"}"
        + text("0")
        + b"h\x01s"
    )
    yield "a module that holds itself", zipped(own + text("_parameters") + b"}ub", {}), "nested at most"
    wide = {str(k): layer("torch.nn.modules.activation", "ReLU") for k in range(20_000)}
    yield "very many modules", zipped(layer("torch.nn.modules.container", "Sequential", modules=wide), {}), ""
    shared = b"]q\x00(" + b"h\x00" * 2 + b"e"
    yield "a list that holds itself", zipped(shared, {}), "contains itself"
    growing = b"]q\x00" + b"".join(b"](h%ch%ceq%c" % (k, k, k + 1) for k in range(60))
    yield "lists that hold each twice", zipped(growing + b"\x85", {}), ""
    yield "an integer of 65 bytes", zipped(b"\x8a\x41" + bytes(65), {}), "at most 64 are read"
    yield "a class as a number", zipped(b"K\x01)\x81", {}), "of what is no class"
    yield "a state of nothing", zipped(b"N}b", {}), "sets the state"
    yield "an object", whole(instance("__main__", "Net", {"weights": b"]"})), "of the class Net"
    yield "an object of os", whole(instance("os", "_wrap_close", {})), "of the class os._wrap_close"
    yield "a parameter of a module that is a text", zipped(
        layer("torch.nn.modules.linear", "Linear", {"weight": text("x")}), {}
    ), "must be plain tensors"  # fmt: skip
    yield "modules that are a number", zipped(instance("a", "B", {"_modules": integer(3)}), {}), ""


def _keras(config=None, weights=None, **how):
    with zipfile.ZipFile(io.BytesIO(zipfile.ZipFile(FILE).read("sequential.keras"))) as archive:
        parts = {name: archive.read(name) for name in archive.namelist()}
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w", **how) as archive:
        archive.writestr("config.json", parts["config.json"] if config is None else config)
        archive.writestr("model.weights.h5", parts["model.weights.h5"] if weights is None else weights)
    return stream.getvalue()


def keras():
    """Configurations that are none, name functions, or are very deep; and damaged HDF5."""
    dense = {"class_name": "Dense", "config": {"name": "d", "units": 5, "activation": "relu"}}

    def sequential(*layers):
        return json.dumps({"class_name": "Sequential", "config": {"layers": layers}}).encode()

    yield "no JSON", _keras(b"{"), "is not JSON"
    yield "deep JSON", _keras(b"[" * 10**6), "is not JSON"
    yield "a list", _keras(b"[]"), "a Sequential or a functional model is read"
    yield "no layers", _keras(sequential()), "must have Dense layers"
    yield "layers that are texts", _keras(sequential("Dense")), "does not describe each layer"
    function = {
        "class_name": "Lambda",
        "config": {"name": "x", "function": {"class_name": "__lambda__", "config": "code"}},
    }
    yield "a program", _keras(sequential(function, dense)), "got the layer x, Lambda"
    for activation in ("os.system", {"class_name": "function", "config": "system", "module": "os"}, ["relu"], 3):
        other = {"class_name": "Dense", "config": dense["config"] | {"activation": activation}}
        yield f"the activation {activation}", _keras(sequential(other)), "the activations"
    for units in (-1, 0, 2**70, "5", True, None, 1.5):
        other = {"class_name": "Dense", "config": dense["config"] | {"units": units}}
        yield f"{units} units", _keras(sequential(other)), ""
    yield "a bomb", _keras(b" " * 10**9, compression=zipfile.ZIP_DEFLATED), "its size allows fewer"
    yield "no HDF5", _keras(weights=b"hello"), "damaged file of HDF5"
    yield "too many layers", _keras(sequential(*[dense] * 1000)), "must have a matrix"
    for name in ("relu.weights.h5", "sequential.h5"):
        content = zipfile.ZipFile(FILE).read(name)
        for at in (*range(8, 200, 5), *range(200, 6000, 201)):
            yield f"{name}, another byte at {at}", content[:at] + b"\xff" + content[at + 1 :], None
        for at in range(8, 3000, 200):
            yield f"{name}, zeros at {at}", content[:at] + bytes(8) + content[at + 8 :], None
        for cut in (9, 100, 1000, len(content) // 2):
            yield f"{name} cut off after {cut}", content[:cut], ""


def warm_up():
    """Import what is imported late, before anything is watched: a hostile file must import nothing."""
    with zipfile.ZipFile(FILE) as archive:
        for name in ("state.pt", "sequential.keras", "sequential.h5", "state.pkl"):
            Path("warm").write_bytes(archive.read(name))
            read("warm")
    Path("warm").unlink()
    "".encode("cp437")


GROUPS = {f.__name__: f for f in (tensors, archives, objects, keras)}

if __name__ == "__main__":
    os.chdir(sys.argv[2])
    warm_up()
    read_corpus({"read": read}, GROUPS, *sys.argv[1:])
