"""IDX files: every type, and every way to be damaged."""

import gzip
from struct import pack

import numpy as np
import pytest

from cmlp.data.formats.idx import read_idx

TYPES = {8: "u1", 9: "i1", 11: ">i2", 12: ">i4", 13: ">f4", 14: ">f8"}


def idx(code, array):
    return pack(f">HBB{array.ndim}I", 0, code, array.ndim, *array.shape) + array.tobytes()


@pytest.mark.parametrize("code", TYPES)
@pytest.mark.parametrize("shape", [(5,), (2, 3), (2, 3, 4), (2, 3, 4, 1)])
@pytest.mark.parametrize("compress", [bytes, gzip.compress], ids=["plain", "gzip"])
def test_every_type(tmp_path, code, shape, compress):
    array = (np.random.default_rng(1).random(shape) * 100).astype(TYPES[code])
    (tmp_path / "file").write_bytes(compress(idx(code, array)))
    found = read_idx(tmp_path / "file")
    np.testing.assert_array_equal(found, array)
    assert found.dtype == array.dtype and found.flags.aligned


IMAGES = idx(8, np.arange(12, dtype="u1").reshape(3, 2, 2))
MAGIC = "must start with the magic number of an IDX file"
COMPLAINTS = {
    "wrong magic": (b"\0\0\x07\x03", f"{MAGIC}, got b'\\x00\\x00\\x07\\x03'"),
    "no dimensions": (b"\0\0\x08\x00", f"{MAGIC}, got b'\\x00\\x00\\x08\\x00'"),
    "header cut off": (IMAGES[:15], "must hold 3 dimensions, got 15 bytes"),
    "cut off": (IMAGES[:-1], "must hold 12 bytes of shape (3, 2, 2) and dtype uint8, got 11"),
    "too long": (IMAGES + b"\0", "must hold 12 bytes of shape (3, 2, 2) and dtype uint8, got 13"),
    "empty": (pack(">HBB2I", 0, 8, 2, 0, 2**32 - 1), "must not be empty, got shape (0, 4294967295)"),
    "overflow": (
        pack(">HBB3I", 0, 14, 3, *[2**31] * 3),
        f"must hold {8 * 2**93:,} bytes of shape (2147483648, 2147483648, 2147483648) and dtype >f8, got 0",
    ),
    "gzip cut off": (
        gzip.compress(IMAGES)[:-4],
        "is a damaged gzip file: Compressed file ended before the end-of-stream marker was reached",
    ),
}


@pytest.mark.parametrize(("content", "sentence"), COMPLAINTS.values(), ids=COMPLAINTS)
def test_complaints(tmp_path, complaint, content, sentence):
    path = tmp_path / "train-images"
    path.write_bytes(content)
    assert complaint(path, read_idx) == f"{path} {sentence}"
