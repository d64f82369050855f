"""The formats of numpy.save and numpy.savez."""

import gzip
import io
import struct
import zipfile

import numpy as np
import pytest

from cmlp.data.formats import load
from cmlp.data.formats.npz import read_npy, read_npz

TYPES = ["u1", "i1", "<u2", ">u2", "<i4", ">i8", "<f2", ">f4", "<f8", ">f8"]


@pytest.mark.parametrize("dtype", TYPES)
@pytest.mark.parametrize("order", "CF")
@pytest.mark.parametrize("way", ["npy", "npy.gz", "npz", "npz, compressed"])
def test_every_type(tmp_path, dtype, order, way):
    array = np.asarray((np.random.default_rng(1).random((4, 3, 2)) * 100).astype(dtype), order=order)
    path = tmp_path / "file"
    with path.open("wb") as file:
        if way.startswith("npz"):
            (np.savez_compressed if way.endswith("compressed") else np.savez)(file, array=array)
        else:
            np.save(file, array)
    if way == "npy.gz":
        path.write_bytes(gzip.compress(path.read_bytes()))
    found = read_npz(path)["array"] if way.startswith("npz") else read_npy(path)
    np.testing.assert_array_equal(found, array)
    assert found.dtype == array.dtype and found.flags.aligned


def npy(header, content=b"", version=1):
    text = header.encode()
    length = struct.pack("<H" if version == 1 else "<I", len(text))
    return b"\x93NUMPY" + bytes([version, 0]) + length + text + content


@pytest.mark.parametrize(
    "header",
    [
        "{'descr': '|u1', 'fortran_order': False, 'shape': (2, 3), }",
        '{"shape": (2, 3), "fortran_order": False, "descr": "u1"}\n',
        "{'descr': '<u1', 'fortran_order': False, 'shape': (2L, 3L), }   \n",  # Python 2
        "{'descr':'|b1','fortran_order':False,'shape':(2,3)}",
    ],
)
@pytest.mark.parametrize("version", [1, 2, 3])
def test_headers_of_other_writers(tmp_path, header, version):
    (tmp_path / "file").write_bytes(npy(header, bytes([0, 1, 0, 1, 0, 1]), version))
    found = read_npy(tmp_path / "file")
    assert (found.shape, found.dtype, found.tolist()) == ((2, 3), np.uint8, [[0, 1, 0], [1, 0, 1]])


def test_floats_at_odd_places_are_aligned(tmp_path):
    header = "{'descr': '<f8', 'fortran_order': False, 'shape': (3,)}"
    (tmp_path / "file").write_bytes(npy(header + " " * (len(header) % 2 == 0), np.arange(3.0).tobytes()))
    found = read_npy(tmp_path / "file")
    assert found.flags.aligned and found.tolist() == [0, 1, 2]


def test_images_of_bytes_stay_on_the_disk(tmp_path, digits):
    np.save(tmp_path / "images.npy", digits[0].images)
    np.save(tmp_path / "labels.npy", digits[0].labels)
    train, _ = load(tmp_path / "images.npy")
    bases = [train.images]
    while bases[-1].base is not None and isinstance(bases[-1].base, np.ndarray):
        bases.append(bases[-1].base)
    assert isinstance(bases[-1], np.memmap)


U1 = "{'descr': '|u1', 'fortran_order': False, 'shape': (2, 3), }"
NUMBERS = "must be an array of numbers or strings, got"
COMPLAINTS = {
    "object array": (
        npy(U1.replace("|u1", "|O"), b"\x80\x04N."),
        NUMBERS + " one of Python objects: save it by astype(float) if these are numbers, and by astype(str) if they "
        "are words",
    ),
    "records": (
        npy(U1.replace("'|u1'", "[('a', '|u1')]")),
        NUMBERS + " the header {'descr': [('a', '|u1')], 'fortran_order': False, 'shape': (2, 3), }",
    ),
    "floats of a byte": (npy(U1.replace("|u1", "|f1")), f"{NUMBERS} f1"),
    "negative shape": (
        npy(U1.replace("2", "-2")),
        NUMBERS + " the header {'descr': '|u1', 'fortran_order': False, 'shape': (-2, 3), }",
    ),
    "no dimensions": (npy(U1.replace("2, 3", "")), "must have 1 to 8 dimensions, got 0"),
    "cut off": (npy(U1, b"12345"), "must hold 6 bytes of shape (2, 3) and dtype uint8, got 5"),
    "too long": (npy(U1, b"1234567"), "must hold 6 bytes of shape (2, 3) and dtype uint8, got 7"),
    "empty": (npy(U1.replace("2", "0")), "must not be empty, got shape (0, 3)"),
    "32 GiB": (
        npy(U1.replace("2, 3", "65536, 65536").replace("|u1", "<f8")),
        "must hold 34,359,738,368 bytes of shape (65536, 65536) and dtype float64, got 0",
    ),
    "long header": (
        b"\x93NUMPY\x02\x00" + struct.pack("<I", 2**32 - 1),
        "must have a header of at most 10,000 bytes, got 4,294,967,295",
    ),
    "later version": (npy(U1, version=4), "must be in the format of numpy.save, got b'\\x93NUMPY\\x04\\x00'"),
}


@pytest.mark.parametrize(("content", "sentence"), COMPLAINTS.values(), ids=COMPLAINTS)
@pytest.mark.parametrize("way", ["npy", "npy.gz", "npz"])
def test_complaints(tmp_path, complaint, way, content, sentence):
    path = tmp_path / "file"
    if way == "npz":
        with zipfile.ZipFile(path, "w") as archive:
            archive.writestr("x.npy", content)
        assert complaint(path, lambda path: read_npz(path)["x"]) == f"x in {path} {sentence}"
    else:
        path.write_bytes(gzip.compress(content) if way == "npy.gz" else content)
        assert complaint(path, read_npy) == f"{path} {sentence}"


def archive_of(compression=zipfile.ZIP_DEFLATED, **arrays):
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w", compression) as archive:
        for name, array in arrays.items():
            with archive.open(f"{name}.npy", "w") as member:
                np.lib.format.write_array(member, np.asarray(array))
    return stream.getvalue()


def test_an_array_that_is_not_needed_is_not_read(tmp_path):
    with (tmp_path / "file.npz").open("wb") as file:
        np.savez(file, images=np.eye(2), labels=[0, 1], names=np.array(["a", None], object))
    assert len(load(tmp_path / "file.npz").train) == 2


def test_zip_files_that_are_no_archives(tmp_path, complaint):
    path = tmp_path / "file"
    path.write_bytes(b"PK\x03\x04" + bytes(100))
    assert complaint(path) == f"{path} is a damaged zip file: File is not a zip file"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("README.txt", "")
    assert complaint(path) == f"{path}/README.txt is empty"


@pytest.mark.parametrize("compression", [zipfile.ZIP_BZIP2, zipfile.ZIP_LZMA])
def test_other_compressions_are_refused(tmp_path, complaint, compression):
    path = tmp_path / "file"
    path.write_bytes(archive_of(compression, x=[[1]], y=[0]))
    assert complaint(path) == f"x in {path} must be stored or deflated, as numpy.savez does"


def test_a_wrong_checksum(tmp_path, complaint):
    path = tmp_path / "file"
    content = archive_of(zipfile.ZIP_STORED, x=np.full((4, 4), 7, np.uint8), y=[0, 1, 2, 3])
    path.write_bytes(content.replace(bytes([7]) * 16, bytes([7]) * 15 + b"\x08"))
    assert complaint(path) == f"x in {path} is damaged: Bad CRC-32 for file 'x.npy'"


def test_names_that_are_not_understood(tmp_path, complaint):
    path = tmp_path / "file"
    path.write_bytes(archive_of(a=[[1]], b=[0]))
    sentence = "must hold images and labels by name, such as x_train and y_train, got a, b"
    assert complaint(path) == f"{path} {sentence}"


def test_complaints_name_array_and_file(tmp_path, complaint):
    path = tmp_path / "file"
    path.write_bytes(archive_of(x_train=[[1, 2], [3, 4]], y_train=[0, 1, 2]))
    found = "got 2 images and 3 labels"
    assert complaint(path) == f"x_train in {path} and y_train in {path} must have the same length, {found}"
    path.write_bytes(archive_of(x_train=[[1, 2]], y_train=[0], x_test=[[1, 2, 3]], y_test=[0]))
    assert complaint(path) == f"x_train in {path} and x_test in {path} must have the same number of pixels, got 2 and 3"
    path.write_bytes(archive_of(x_train=[[1, 2]], y_train=[0], x_val=[[1, 2, 3]], y_val=[0]))
    assert complaint(path) == f"x_train in {path} and x_val in {path} must be arrays of one shape to be joined"
