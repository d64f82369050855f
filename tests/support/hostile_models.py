"""Hostile and damaged model files: ``python -m support.hostile_models read FOLDER GROUP [NAME ...]``."""

import json
import sys

import numpy as np
from safetensors.numpy import save

from cmlp.storage import read_model
from support.children import read_corpus
from support.sealing import MODEL, TENSORS, dumped, entry, header, raw, sealed

INFO = {"dtype": "F32", "shape": [2], "data_offsets": [0, 8]}
NOT_ONE = "is not a safetensors file, or is damaged: "
UNKNOWN = "is no file of a network that is known here"
FOREIGN = "is a safetensors file, but not one that cmlp wrote"
OTHER_HEADER = "is damaged: its header is not one that cmlp writes"
UNSEALED = "is damaged: its content does not match its checksum"


def layouts():
    """Headers that say what is not so."""
    yield "nothing", b"", "is empty"
    yield "7 bytes", bytes(7), UNKNOWN
    yield "a header of no length", bytes(8), UNKNOWN
    for length in (1, 3, 2**31, 2**32, 2**63, 2**64 - 8, 2**64 - 1):
        yield f"a header of {length} bytes", length.to_bytes(8, "little") + b"{}", NOT_ONE
    yield "a header that is an array", raw([]), UNKNOWN
    yield "a header that is a number", raw(b"12"), UNKNOWN
    yield "a header that is not UTF-8", raw(b'{"\xff":1}'), NOT_ONE
    yield "a header of UTF-16", raw('{"a":1}'.encode("utf-16")), UNKNOWN
    yield "a second value in the header", raw(b"{}{}"), NOT_ONE
    yield "no metadata", raw({"a": INFO}, bytes(8)), FOREIGN
    yield "empty metadata", raw({"__metadata__": {}, "a": INFO}, bytes(8)), FOREIGN
    yield "metadata that are null", raw({"__metadata__": None, "a": INFO}, bytes(8)), FOREIGN
    yield "metadata that are a list", raw({"__metadata__": ["cmlp"], "a": INFO}, bytes(8)), NOT_ONE
    yield "metadata that are no texts", raw({"__metadata__": {"cmlp": {}}, "a": INFO}, bytes(8)), NOT_ONE
    yield "foreign metadata", save({"a": np.zeros(2)}, {"format": "pt"}), FOREIGN
    data = bytes(8)
    infos = {
        "negative dimension": INFO | {"shape": [-2]},
        "boolean dimension": INFO | {"shape": [True]},
        "fractional dimension": INFO | {"shape": [2.0]},
        "dimension of a text": INFO | {"shape": ["2"]},
        "huge dimension": INFO | {"shape": [2**63]},
        "overflowing product": INFO | {"shape": [2**32, 2**32, 2]},
        "product of 2**64 bytes": INFO | {"shape": [2**62]},
        "product of 2**64 times nothing": INFO | {"shape": [2**32, 2**32, 0], "data_offsets": [0, 0]},
        "too few bytes": INFO | {"data_offsets": [0, 4]},
        "bytes past the end": INFO | {"data_offsets": [0, 16], "shape": [4]},
        "bytes from behind": INFO | {"data_offsets": [8, 0]},
        "negative offset": INFO | {"data_offsets": [-8, 0]},
        "three offsets": INFO | {"data_offsets": [0, 4, 8]},
        "a hole before it": INFO | {"data_offsets": [4, 8], "shape": [1]},
        "an unknown type": INFO | {"dtype": "F33"},
        "a type that NumPy has not": INFO | {"dtype": "BF16", "shape": [4]},
        "a million dimensions": INFO | {"shape": [1] * 10**6},
        "65 dimensions": INFO | {"shape": [2] + [1] * 64},
    }
    for name, info in infos.items():
        yield name, raw({"a": info}, data), NOT_ONE
    yield "a field too few", raw({"a": {"dtype": "F32", "shape": [2]}}, data), NOT_ONE
    yield "an overlap", raw({"a": INFO, "b": INFO | {"data_offsets": [4, 12]}}, bytes(12)), NOT_ONE
    yield "a hole", raw({"a": INFO, "b": INFO | {"data_offsets": [12, 20]}}, bytes(20)), NOT_ONE
    yield "the same bytes twice", raw({"a": INFO, "b": INFO}, data), NOT_ONE
    yield "bytes too many", raw({"a": INFO}, bytes(9)), NOT_ONE
    yield "NaN in the header", raw(b'{"a":{"dtype":"F32","shape":[NaN],"data_offsets":[0,8]}}', data), NOT_ONE
    info = json.dumps(INFO)
    yield "a name twice", raw(f'{{"a":{info},"a":{info}}}'.encode(), data), ""
    nothing = '{"dtype":"F32","shape":[0],"data_offsets":[0,0]}'
    yield "a name twice, without numbers", raw(f'{{"a":{nothing},"a":{nothing}}}'.encode()), ""


def floods():
    """Headers and entries that are long, deep, or both."""
    many = {f"weights.{n}": {"dtype": "F32", "shape": [0], "data_offsets": [0, 0]} for n in range(100_000)}
    yield "100,000 arrays", raw(many), FOREIGN
    text = entry(dumped(MODEL), {name: np.zeros(0, "<f4") for name in many})
    yield "100,000 arrays, sealed", raw({"__metadata__": {"cmlp": text}} | many), "its arrays must be"
    yield "100,000 metadata", raw({"__metadata__": {str(n): "" for n in range(100_000)}}), FOREIGN
    yield "a header of 10 MB of spaces", raw(b"{" + b" " * 10**7 + b"}"), FOREIGN
    digits = json.dumps({"a": INFO})[:-2].encode() + b',"more":' + b"9" * 10_000 + b"}}"
    yield "an integer of 10,000 digits", raw(digits, bytes(8)), ""
    deep = json.dumps({"a": INFO})[:-2].encode() + b',"more":' + b"[" * 10_000 + b"]" * 10_000 + b"}}"
    yield "10,000 lists in the header", raw(deep, bytes(8)), NOT_ONE
    for depth in (20, 500, *range(950, 1000, 7), 100_000):
        nests = {"lists": "[" * depth + "]" * depth, "objects": '{"a":' * depth + "0" + "}" * depth}
        for kind, nest in nests.items():
            for field in ("description", "kind", "version"):
                yield f"{depth} {kind} in {field}", sealed(**{field: nest}), OTHER_HEADER
            for field in ("training", "sizes", "class_names"):
                description = dumped(MODEL | {field: None}).replace(f'"{field}":null', f'"{field}":{nest}')
                yield f"{depth} {kind} in {field}", sealed(description), OTHER_HEADER
    yield "a million sizes", sealed(MODEL | {"sizes": [1] * 10**6}), ""
    layers = 10**5
    long = {"sizes": [1] * (layers + 1), "activations": ["relu"] * layers, "dropouts": [0.0] * layers}
    yield (
        "a hundred thousand layers",
        sealed(MODEL | long | {"loss": "quadratic", "class_names": None}),
        "its arrays must be",
    )
    yield "a million activations", sealed(MODEL | {"activations": ["relu"] * 10**6}), "does not hold a network"
    yield "a million names", sealed(MODEL | {"class_names": ["a"] * 10**6}), "class_names"
    yield "a long dtype", sealed(MODEL | {"dtype": "f" * 10**6}), "dtype must be"
    yield "a long loss", sealed(MODEL | {"loss": "f" * 10**6}), "loss must be"
    yield "a long format", sealed(kind=f'"{"f" * 10**6}"'), "must be a file of the format"
    yield "a long version", sealed(version="9" * 4000), "newer"


def seals():
    """Files that are not what was sealed, or sealed by none."""
    text, lines, data = entry(dumped(MODEL), TENSORS), *header(TENSORS)

    def file(text, lines=lines, data=data):
        return raw({"__metadata__": {"cmlp": text}} | lines, data)

    yield "another number", file(text, data=data[:-1] + b"\x01"), UNSEALED
    yield "another scale", file(text.replace('"scale":0.5', '"scale":0.25')), UNSEALED
    yield "another name", file(text, {name + "0": info for name, info in lines.items()}), UNSEALED
    swapped = lines | {"biases.0": lines["biases.1"], "biases.1": lines["biases.0"]}
    yield "other names", file(text, swapped), UNSEALED
    yield "another shape", file(text, lines | {"weights.0": lines["weights.0"] | {"shape": [4, 3]}}), UNSEALED
    yield "another type", file(text, lines | {"weights.0": lines["weights.0"] | {"dtype": "I32"}}), UNSEALED
    yield "no seal", file(text.replace(text[text.index('"sha256"') : text.index('"version"')], "")), OTHER_HEADER
    yield (
        "a seal that is null",
        file(text.replace(text[text.index('"sha256":') + 9 : text.index(',"version"')], "null")),
        UNSEALED,
    )
    yield "spaces", file(text.replace(",", ", ")), OTHER_HEADER
    yield (
        "another order",
        file(json.dumps(dict(reversed(json.loads(text).items())), separators=(",", ":"))),
        OTHER_HEADER,
    )
    yield "a key twice", file(text.replace('"scale":0.5', '"scale":0.5,"scale":0.5')), OTHER_HEADER
    yield "NaN", file(text.replace('"scale":0.5', '"scale":NaN')), OTHER_HEADER
    yield "no JSON", file("cmlp"), OTHER_HEADER
    yield "a list", file("[]"), OTHER_HEADER
    yield "a text", file('"cmlp"'), OTHER_HEADER
    yield "an entry without fields", file("{}"), OTHER_HEADER
    for version in ("2", "1000000", "9" * 40):
        yield f"version {version}", sealed(version=version), "was written by a newer cmlp"
    for version in ("0", "-1", "true", "false", "1.0", "1e+300", '"1"', "null", "[1]", "{}"):
        yield f"version {version}", sealed(version=version), "version"
    for kind in ('"cmlp-checkpoint"', '"CMLP-MODEL"', '""', "1", "null", "[]", '{"a":1}'):
        yield f"format {kind}", sealed(kind=kind), "must be a file of the format"
    for description in ("[]", "1", "null", '"x"', "true"):
        yield f"description {description}", sealed(description), "description"


def anything():
    """Yield values of all JSON's types."""
    yield from (None, True, False, 0, -1, 1, 2**31, 2**63, 10**400, -(10**400), 0.5, -0.5, 1e308, 5e-324)
    yield from ("", "x", "\ud800", "\n", "\0", {}, {"a": 1}, [], [None], [[]], [{}], [1], ["x"], [10**400])
    yield from ([True, True, True], [0, 0, 0], [4, 3, 2.0], [4, 3, "2"])


def wrong_values():
    """Return for every field of a model what it cannot be."""
    sizes = [[4, 3], [3, 4, 2], [4, 3, 2, 1], [4, 3, -2], [4, True, 2], [4, 2**31, 2], [2**30] * 3]
    activations = [["relu"], ["softmax", "relu"], ["softmax"] * 2, ["relu", "Softmax"], ["relu", None], "relu"]
    dropouts = [[0.5], [0.5, 0.5], [1.0, 0.0], [1.5, 0.0], [-0.1, 0.0], [0.1, False], [True, 0.0], ["a", 0]]
    dropouts += [[0.5, 0, 0], [10**400, 0], [0.5, 5e-324]]
    dtypes = ["float16", "float64", "<f4", "f4", "O", "complex64", "float32 ", "Float32", ["float32"], "i4,O"]
    names = [["a", "a"], ["a"], ["a", "b", "c"], ["a", 1], ["a", None], ["a", ""], ["a", "\n"], ["a", "\x1b[2J"]]
    return {
        "sizes": [*anything(), *sizes],
        "activations": [*anything(), *activations],
        "loss": [*anything(), "Cross_entropy", "binary_cross_entropy", ["cross_entropy"], 'a"'],
        "dropouts": [*anything(), *dropouts],
        "dtype": [*anything(), *dtypes],
        "scale": [value for value in anything() if type(value) not in (int, float) or not 0 < value < 10**309],
        "class_names": [*[value for value in anything() if value is not None], *names, "ab", {"a": 1, "b": 2}],
        "framing": [*[value for value in anything() if value is not None], *wrong_framings()],
        "training": [value for value in anything() if not isinstance(value, dict)],
    }


def wrong_framings():
    fine = MODEL["framing"]
    for name in fine:
        yield {key: value for key, value in fine.items() if key != name}
        for value in (None, -1, 0.5, "x", [], {}, 10**400, "\ud800", *([] if name == "dark" else [True])):
            yield fine | {name: value}
    yield fine | {"more": 1}
    yield fine | {"height": 0}
    yield fine | {"height": 3}


def descriptions():
    """Well sealed descriptions of what is no network."""
    for name, values in wrong_values().items():
        for n, value in enumerate(values):
            if dumped(value) != dumped(MODEL[name]):
                yield f"{name} {n}: {str(value)[:60]!r}", sealed(MODEL | {name: value}), "does not hold a network"
        less = {key: value for key, value in MODEL.items() if key != name}
        yield f"no {name}", sealed(less), "must describe a network by 9 fields"
        yield f"{name} in capitals", sealed(less | {name.upper(): MODEL[name]}), "must describe a network by 9 fields"
    yield "a field more", sealed(MODEL | {"more": 1}), "must describe a network by 9 fields"


def arrays():
    """Well sealed arrays that are not those of the network."""
    for name, array in TENSORS.items():
        others = {
            "doubles": array.astype("<f8"),
            "integers": array.astype("<i8"),
            "bytes": array.astype("u1"),
            "transposed": array.T.copy(),
            "flat": array.ravel(),
            "deeper": array[np.newaxis],
            "shorter": array[:-1],
            "empty": array[:0],
            "a number": array.ravel()[0],
        }
        for kind, other in others.items():
            if (other.shape, other.dtype) != (array.shape, array.dtype):
                yield f"{name}, {kind}", sealed(tensors=TENSORS | {name: other}), "does not hold a network"
        missing = {key: value for key, value in TENSORS.items() if key != name}
        yield f"no {name}", sealed(tensors=missing), "does not hold a network"
        for other in (f"{name}0", name.upper(), "", "\n", "..", "\ud83d\ude00", name[:-1] + "\u0661"):
            yield f"{name} called {other!r}", sealed(tensors=missing | {other: array}), "does not hold a network"
    yield "an array more", sealed(tensors=TENSORS | {"weights.2": TENSORS["weights.1"]}), "does not hold a network"
    yield "no arrays", sealed(tensors={}), "does not hold a network"


GROUPS = {f.__name__: f for f in (layouts, floods, seals, descriptions, arrays)}

if __name__ == "__main__":
    read_corpus({"read": read_model}, GROUPS, *sys.argv[1:])
