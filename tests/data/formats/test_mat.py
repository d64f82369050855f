"""MAT files of MATLAB: what scipy.io writes, and reads in the same way."""

import struct
import zlib

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.io import loadmat, savemat
from scipy.sparse import random as random_sparse

from cmlp.data.formats.mat import is_mat, read_mat
from cmlp.errors import DataError

RNG = np.random.default_rng(0)
ARRAYS = {
    "doubles": RNG.random((7, 5)),
    "bytes": np.arange(7, dtype=np.uint8)[:, None],
    "three": RNG.integers(-9, 9, (2, 3, 4)).astype(np.int16),
    "logical": np.array([[True, False]]),
    "single": RNG.random((3, 2)).astype(np.float32),
    "long": np.array([[2**40, -1]]),
}
OTHERS = {
    "text": "hello",
    "texts": np.array(["ab", "cd "]),
    "cell": np.array([np.arange(3), "x"], object),
    "record": {"a": np.arange(3), "b": {"c": 1.5}},
    "sparse": random_sparse(6, 5, 0.3, random_state=0, format="csc"),
    "complex": np.array([1 + 2j]),
    "empty": np.zeros((0, 3)),
}


@pytest.mark.parametrize("compressed", [False, True])
def test_what_scipy_writes(tmp_path, compressed):
    path = tmp_path / "file.mat"
    savemat(path, ARRAYS | OTHERS, do_compression=compressed)
    assert is_mat(path.read_bytes())
    found, expected = read_mat(path), loadmat(path)
    for name in ARRAYS:
        np.testing.assert_array_equal(found[name], expected[name])
    assert found["text"] == "hello" and found["texts"] == ["ab", "cd"]
    np.testing.assert_array_equal(found["cell"][0], [[0, 1, 2]])
    np.testing.assert_array_equal(found["record"]["a"], [[0, 1, 2]])
    assert found["cell"][1] == "x" and found["record"]["b"]["c"].tolist() == [[1.5]]
    np.testing.assert_array_equal(found["sparse"], OTHERS["sparse"].toarray())
    assert "complex" not in found and found["empty"].shape == (0, 3)


def test_version_4(tmp_path):
    path = tmp_path / "file.mat"
    savemat(path, {"X": ARRAYS["doubles"], "s": "text", "f": ARRAYS["single"]}, format="4")
    assert is_mat(path.read_bytes())
    found = read_mat(path)
    np.testing.assert_array_equal(found["X"], ARRAYS["doubles"])
    assert sorted(found) == ["X", "f"]


def test_the_other_byte_order(tmp_path):
    """Big-endian, as MATLAB wrote on older machines: a header, and one matrix of two doubles called x."""
    body = struct.pack(">4I", 6, 8, 6, 0) + struct.pack(">4I", 5, 8, 1, 2)
    body += struct.pack(">2H4s", 1, 1, b"x") + struct.pack(">2I2d", 9, 16, 1.5, -2)
    content = b"MATLAB 5.0 MAT-file".ljust(124) + b"\1\0MI" + struct.pack(">2I", 14, len(body)) + body
    path = tmp_path / "file.mat"
    path.write_bytes(content)
    assert read_mat(path)["x"].tolist() == [[1.5, -2.0]]


def element(kind, content):
    return struct.pack("<2I", kind, len(content)) + content + bytes(-len(content) % 8)


def matrix(kind, shape, *parts, name=b"x"):
    return element(
        14,
        element(6, struct.pack("<2I", kind, 0))
        + element(5, struct.pack(f"<{len(shape)}i", *shape))
        + element(1, name)
        + b"".join(parts),
    )


def nested(depth):
    inner = matrix(6, (1, 1), element(9, bytes(8)))
    for _ in range(depth):
        inner = matrix(1, (1, 1), inner, name=b"")
    return inner


HEADER = b"MATLAB 5.0 MAT-file".ljust(124) + b"\0\1IM"
HOSTILE = {
    "cells": (matrix(1, (2**31 - 1, 1)), "more than 1,000,000 cells"),
    "numbers": (matrix(6, (2**31 - 1, 2**31 - 1), element(9, bytes(8))), "has 1 values"),
    "negative": (matrix(6, (-1, 8), element(9, bytes(8))), "has the shape"),
    "sparse": (
        matrix(5, (2**31 - 1, 1), element(5, bytes(4)), element(5, bytes(8)), element(9, bytes(8))),
        "is too large",
    ),
    "rows of a sparse one": (
        matrix(5, (2, 1), element(5, struct.pack("<i", 9)), element(5, struct.pack("<2i", 0, 1)), element(9, bytes(8))),
        "outside of its rows",
    ),
    "structure": (matrix(2, (2**31 - 1, 1), element(5, struct.pack("<i", 8)), element(1, b"a".ljust(8))), "more than"),
    "text": (matrix(4, (2**31 - 1, 1), element(4, bytes(2))), "has 1 characters"),
    "nested": (nested(5000), "nested too deeply"),
    "bomb": (struct.pack("<2I", 15, 0), "is cut off"),
    "size": (struct.pack("<2I", 14, 2**32 - 1), "claims 4,294,967,295 bytes"),
}


@pytest.mark.parametrize(("body", "words"), HOSTILE.values(), ids=HOSTILE)
def test_hostile_files(tmp_path, body, words):
    path = tmp_path / "file.mat"
    path.write_bytes(HEADER + body)
    with pytest.raises(DataError, match="is a damaged MAT file of MATLAB") as caught:
        read_mat(path)
    assert words in str(caught.value) and "\n" not in str(caught.value)


def test_a_bomb(tmp_path, monkeypatch):
    monkeypatch.setattr("cmlp.data.formats.mat.size_limit", lambda size: 1 << 20)
    packed = zlib.compress(bytes(2 << 20))
    path = tmp_path / "file.mat"
    path.write_bytes(HEADER + struct.pack("<2I", 15, len(packed)) + packed)
    with pytest.raises(DataError, match="unfolds to too many bytes"):
        read_mat(path)


def test_mutated_files(tmp_path):
    path, valid = tmp_path / "file.mat", []
    for compressed in (False, True):
        savemat(path, ARRAYS | OTHERS, do_compression=compressed)
        valid.append(path.read_bytes())
    savemat(path, {"X": ARRAYS["doubles"]}, format="4")
    valid.append(path.read_bytes())

    @settings(max_examples=300, deadline=None)
    @given(data=st.data())
    def check(data):
        content = bytearray(data.draw(st.sampled_from(valid)))
        for _ in range(data.draw(st.integers(1, 5))):
            at = data.draw(st.integers(0, len(content)))
            content[at : at + data.draw(st.integers(0, 4))] = data.draw(st.binary(max_size=4))
        path.write_bytes(content)
        try:
            read_mat(path)
        except DataError as error:
            assert str(path) in str(error) and "\n" not in str(error)

    check()
