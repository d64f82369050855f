"""Tables of text."""

import gzip
import warnings

import numpy as np
import pytest

from cmlp.data import Dataset
from cmlp.data.formats import csv, lines, load, tables
from cmlp.data.formats.columns import labelled

SAY = 'say which column holds the labels, as label="last" does'


@pytest.fixture
def read(tmp_path):
    """Return a function that loads a table and returns its images, as they were given, and labels."""

    def call(text):
        path = tmp_path / "table"
        path.write_bytes(text if isinstance(text, bytes) else text.encode())
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # that say which column was taken
            part = labelled(*csv.read_csv(path))
        return part.images.tolist(), part.labels.tolist(), part.images.dtype

    return call


@pytest.mark.parametrize(
    ("text", "images", "labels", "dtype"),
    [
        ("label,a,b\n0,10,255\n1,0,9\n", [[10, 255], [0, 9]], [0, 1], "uint8"),
        ("a,Label,b\n10,0,255\n0,1,9", [[10, 255], [0, 9]], [0, 1], "uint8"),
        ("0;10;255\r\n\r\n1;0;9\r\n", [[10, 255], [0, 9]], [0, 1], "uint8"),
        (b"\xef\xbb\xbflabel\ta\tb\n0\t10\t256\n1\t0\t-9\n", [[10, 256], [0, -9]], [0, 1], "int32"),
        ("  0  10 255 \n 1 0   9\n", [[10, 255], [0, 9]], [0, 1], "uint8"),
        ('"0","0.5","1e-1"\n"1","0","0"\n', [[0.5, np.float32(0.1)], [0, 0]], [0, 1], "float32"),
        (",label,a\n0,7,200\n1,3,100\n", [[200], [100]], [7, 3], "uint8"),
        ("id,digit,a\n0,7,200\n1,3,100\n", [[200], [100]], [7, 3], "uint8"),
        ("0,1,2\n0,200,1\n0,100,0\n", [[0, 200], [0, 100]], [1, 0], "uint8"),  # columns called 0, 1, 2
        ("0,9,0\n1,9,1\n2,9,1\n", [[9, 0], [9, 1], [9, 1]], [0, 1, 2], "uint8"),
        ("0,9,0\n1,9,0\n2,9,2\n", [[9, 0], [9, 0], [9, 2]], [0, 1, 2], "uint8"),
        ("200,9,0\n100,9,3\n", [[200, 9], [100, 9]], [0, 3], "uint8"),
        ("0,5000000000,1\n1,0,1\n", [[5e9, 1], [0, 1]], [0, 1], "float32"),
        ("0.0,0.5,9.5\n1.0,0.5,9.5\n", [[0.5, 9.5], [0.5, 9.5]], [0, 1], "float32"),
    ],
)
def test_tables(read, text, images, labels, dtype):
    assert read(text) == (images, labels, np.dtype(dtype))


def test_lines_of_a_compressed_table_may_lie_across_blocks(tmp_path, monkeypatch, digits, same):
    monkeypatch.setattr(lines.read_blocks, "__defaults__", (7,))
    monkeypatch.setattr(tables, "BATCH_LINES", 10)
    rows = np.column_stack([digits[0].images, digits[0].labels])[:95]
    text = "\n".join(" ".join(map(str, row)) for row in rows.tolist())
    (tmp_path / "table").write_bytes(gzip.compress(text.encode()))
    same(load(tmp_path / "table", classes=10).train, digits[0][:95])


def test_images_are_contiguous(tmp_path):
    (tmp_path / "table").write_text("label,a,b\n0,1,2\n1,3,4\n")
    assert load(tmp_path / "table").train.images.flags.c_contiguous


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("label,a,b\n0,1,2\n1,2\n", "line 3 of {path} must have 3 columns, got 2"),
        ("label,a,b\n\n0,1,2\n1,2,3,4\n", "line 4 of {path} must have 3 columns, got 4"),
        ("label,a,b\n0,1,2\n1,2,x\n", "line 3 of {path} must hold numbers, got 'x' in column 3"),
        (
            "0,1,2\n1,,3\n",
            "line 2 of {path} must hold numbers, got '' in column 2: "
            "fill missing values first, or leave their rows out",
        ),
        (
            'label,a,b\n0,1,2\n1,2,"1,234"\n',
            "line 3 of {path} must hold numbers, got '1,234' in column 3: "
            "write numbers without commas between thousands",
        ),
        (
            "label;a\n0;1,234\n1;2,500\n",
            "{path} must not have commas in its numbers that may be of thousands or of decimals: "
            "1,234 is one or a thousand times as much: write it without the comma, or with a point",
        ),
        ("label,a,b\n0,1,0x10\n", "line 2 of {path} must hold numbers, got '0x10' in column 3"),
        ("label,a\n", "{path} must hold rows of numbers, got a header only"),
        ("label\n0\n", "{path} must have columns of pixels beside the labels, got label"),
        ("\n\n", "{path} must hold a table, got an empty file"),
        (
            "pixel0,pixel1\n0,1\n",
            f"{{path}} must have one column called label, class, digit, target or y, got pixel0, pixel1: {SAY}",
        ),
        (
            "label,class,a\n0,1,2\n",
            f"{{path}} must have one column of labels, and label and class may be it: {SAY}",
        ),
        (
            "1,1,0\n0,1,1\n",
            f"{{path}} must have a header that names the label column: "
            f"both its first and its last column could be it; or {SAY}",
        ),
        (
            "0.5,1,2\n0.1,1,2\n",
            f"{{path}} must have a header that names the label column: "
            f"neither its first nor its last column could be it; or {SAY}",
        ),
        (
            "0,9,1\n0,9,2\n1,9,3\n1,9,5\n",
            f"{{path}} must have a header that names the label column: "
            f"both its first and its last column could be it; or {SAY}",
        ),
        ("label,a\n0.5,3\n0,1\n", "labels in {path} must be whole numbers or one-hot rows, got 0.5 at index 0"),
        ("label,a\n0,1e99\n1,1\n", "images in {path} must be finite, got inf in image 0, pixel 0"),
        ('label,a\n0,"1\n1,1\n', "lines 2 to 3 of {path} must be rows of numbers"),
    ],
)  # fmt: skip
def test_complaints(tmp_path, complaint, text, sentence):
    path = tmp_path / "table"
    path.write_text(text)

    def read(path):
        part = labelled(*csv.read_csv(path))
        return Dataset(part.images, part.labels, names=(f"images in {path}", f"labels in {path}"))

    assert complaint(path, read) == sentence.format(path=path)


def test_a_long_line(tmp_path, complaint):
    path = tmp_path / "table"
    path.write_bytes(b"0,1\n1," + b"1" * (lines.MAX_LINE + 10))
    assert complaint(path) == f"line 2 of {path} must have at most 1,048,576 bytes"


def test_text_is_no_table(tmp_path, complaint):
    path = tmp_path / "table"
    path.write_text("Once upon a time, there was a digit.\n")
    assert complaint(path) == f"{path} must hold images and labels, and looks like a text of words"
