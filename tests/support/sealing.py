"""Model files made by hand, from the description of the format and without cmlp: well sealed, whatever they say."""

import hashlib
import json

import numpy as np

MODEL = {
    "activations": ["relu", "softmax"],
    "class_names": ["zero", "\u00e9\U0001f600"],
    "dropouts": [0.25, 0.0],
    "dtype": "float32",
    "framing": {"box": 2, "centre": "mass", "dark": False, "height": 2, "width": 2},
    "loss": "cross_entropy",
    "scale": 0.5,
    "sizes": [4, 3, 2],
    "training": {"epochs": 2, "schedule": {"name": "constant"}},
}
TENSORS = {
    "weights.0": np.arange(12, dtype="<f4").reshape(3, 4),
    "weights.1": np.arange(6, dtype="<f4").reshape(2, 3),
    "biases.0": np.arange(3, dtype="<f4"),
    "biases.1": np.arange(2, dtype="<f4"),
}
NAMES = {"f4": "F32", "f8": "F64", "i8": "I64", "u1": "U8"}


def raw(header, data=b""):
    """Return a safetensors file: the length of the header in 8 bytes, the header, the numbers."""
    header = header if isinstance(header, bytes) else json.dumps(header).encode()
    return len(header).to_bytes(8, "little") + header + data


def dumped(value):
    return json.dumps(value, sort_keys=True, separators=(",", ":"))


def seal(text, tensors):
    """Return the SHA-256 of an entry's JSON without the seal, and of the arrays by name: type, shape and numbers."""
    parts = [text.encode()]
    for name in sorted(tensors):
        array = tensors[name]
        parts += [json.dumps([name, array.dtype.str, list(array.shape)]).encode(), array.tobytes()]
    return hashlib.sha256(b"".join(parts)).hexdigest()


def entry(description, tensors, kind='"cmlp-model"', version="1"):
    """Return the text in the metadata; the arguments are JSON, so that they can be more than Python would write."""
    text = '{{"description":{},"format":{},{}"version":{}}}'.format
    digest = seal(text(description, kind, "", version), tensors)
    return text(description, kind, f'"sha256":"{digest}",', version)


def header(tensors):
    """Return the header of the numbers of arrays, one after the other, and these numbers."""
    data, lines = b"", {}
    for name, array in tensors.items():
        begin, data = len(data), data + array.tobytes()
        lines[name] = {
            "dtype": NAMES[array.dtype.str[1:]],
            "shape": list(array.shape),
            "data_offsets": [begin, len(data)],
        }
    return lines, data


def sealed(description=MODEL, tensors=TENSORS, **fields):
    """Return a whole file; a description that is text is taken for JSON."""
    text = description if isinstance(description, str) else dumped(description)
    lines, data = header(tensors)
    return raw({"__metadata__": {"cmlp": entry(text, tensors, **fields)}} | lines, data)
