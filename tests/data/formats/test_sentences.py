"""Files that are no data, or half of them: what they are, and what to do."""

import bz2
import gzip
import io
import json
import lzma
import os
import pickle
import struct
import tarfile
import warnings
import zipfile
import zlib
from pathlib import Path

import numpy as np
import pytest
from support.peoples_files import NUMBERS, PIXELS, idx, lines, pixels, rows, write

from cmlp.data.formats import load

NETWORK = "which cmlp.Network.load reads if its layers are dense"
AGAIN = "download it again, and look at what the server sends"


def zip_of(*names):
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w") as archive:
        for name in names:
            archive.writestr(name, "{}")
    return stream.getvalue()


STRANGERS = {
    "Git LFS": (b"version https://git-lfs.github.com/spec/v1\noid sha256:0\nsize 47040164\n", '"git lfs pull"'),
    "HTML": (b"\n<!DOCTYPE html>\n<html><head><title>Sign in</title>", "a page of HTML"),
    "404": (b"404: Not Found", f"the error message of a server in the place of the file: {AGAIN}"),
    "Not Found": (b"Not Found\n", "the error message of a server"),
    "Moved Permanently": (b"Moved Permanently. Redirecting to /data", "the error message of a server"),
    "XML": (b'<?xml version="1.0"?>\n<Error><Code>AccessDenied</Code>', "a document of XML"),
    "PyTorch": (zip_of("archive/data.pkl", "archive/version", "archive/data/0"), f"a network of PyTorch, {NETWORK}"),
    "PyTorch, legacy": (b"\x80\x02\x8a\nl\xfc\x9cF\xf9 j\xa8P\x19.", f"a network of PyTorch, {NETWORK}"),
    "Keras": (zip_of("metadata.json", "config.json", "model.weights.h5"), f"a network of Keras, {NETWORK}"),
    "ONNX": (b"\x08\x08\x12\x07pytorch\x1a\x052.4.0", "a network of ONNX"),
    "xlsx": (zip_of("[Content_Types].xml", "xl/workbook.xml"), "a spreadsheet: save it as CSV there"),
    "ods": (zip_of("mimetype", "content.xml"), "a spreadsheet: save it as CSV there"),
    "xls": (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(40), "a spreadsheet: save it as CSV there"),
    "docx": (zip_of("word/document.xml"), "a document of Word"),
    "PDF": (b"%PDF-1.7", "a document of PDF"),
    "7z": (b"7z\xbc\xaf\x27\x1c", "a 7z archive: unpack it first"),
    "JSON": (json.dumps([[0, 1], [1, 0]]).encode(), "text in JSON: save its values"),
    "R": (b"RDX3\nX\n", "a file of R: write it as CSV there"),
    "R, compressed": (gzip.compress(b"RDX3\nX\n"), "a file of R: write it as CSV there"),
    "a program": (b"#!/usr/bin/env python\nimport numpy as np\nx = 1\n", "a program: cmlp check --script examines it"),
    "joblib, zlib": (zlib.compress(b"\x80\x04" + bytes(99)), "a file compressed with zlib: load it by joblib.load if"),
    "joblib, LZMA": (lzma.compress(b"\x80\x04", lzma.FORMAT_ALONE), "a file compressed with LZMA: load it by joblib"),
    "joblib, LZ4": (b"\x04\x22\x4d\x18\x40\x40\xc0" + bytes(9), "a file compressed with LZ4: load it by joblib"),
    "MATLAB, cut": (b"MATLAB 5.0 MAT-file, Platform: GLNXA64, Cr", "a MAT file of MATLAB that is cut off within its"),
    "SQLite": (b"SQLite format 3\0", "a database of SQLite: export its table as CSV"),
}


@pytest.mark.parametrize("name", ["file", "labels.pkl", "train.csv", "data.npz"])
@pytest.mark.parametrize(("content", "words"), STRANGERS.values(), ids=STRANGERS)
def test_strangers_under_any_name(tmp_path, complaint, content, words, name):
    path = write(tmp_path / name, content)
    sentence = complaint(path)
    assert sentence.startswith(f"{path} must hold images and labels, and looks like ") and words in sentence


@pytest.mark.skipif(os.name != "posix", reason="links need rights elsewhere")
def test_a_dangling_link(tmp_path, complaint):
    (tmp_path / "train.csv").symlink_to(tmp_path / "gone.csv")
    sentence = f"{tmp_path / 'train.csv'} is a link to {tmp_path / 'gone.csv'}, which does not exist"
    assert complaint(tmp_path / "train.csv") == complaint(tmp_path) == sentence


@pytest.mark.parametrize(
    ("content", "found"),
    [
        ("label,a,b\n", "a header only: label,a,b"),
        ("\ufeffclass,a\r\n", "a header only: class,a"),
        ("target\n\n", "a header only: target"),
        ('# digits\n"Index";"sepal length (cm)"', 'a header only: "Index";"sepal length (cm)"'),
        ("sep=;\na;b\n", "a header only: a;b"),
        ("\n\n \n", "blank lines and comments only"),
        ("# nothing\n", "blank lines and comments only"),
        ("\ufeff", "blank lines and comments only"),
    ],
)
def test_tables_without_rows(tmp_path, complaint, content, found):
    path = write(tmp_path / "a.csv", content)
    assert complaint(path) == f"{path} must hold rows of numbers, got {found}"


def test_a_bunch_of_scikit_learn(tmp_path, complaint):
    for name in ("sklearn.utils._bunch", "sklearn.utils", "sklearn.datasets.base"):
        path = write(tmp_path / "a.pkl", f"c{name}\nBunch\n.")
        sentence = complaint(path)
        assert "it holds a data set of scikit-learn, a Bunch" in sentence
        assert sentence.endswith("X, y = bunch.data, bunch.target, and save both by numpy.savez(path, X, y)")


@pytest.mark.parametrize("encoding", ["utf-32", "utf-32-le", "utf-32-be", "utf-16", "utf-16-be"])
def test_wide_texts(tmp_path, encoding):
    train, _ = load(write(tmp_path / "a.csv", "a,größe,label\n1,2,0\n3,4,1\n5,6,0\n".encode(encoding)))
    assert train.images.tolist() == [[1, 2], [3, 4], [5, 6]] and train.feature_names == ("a", "größe")


@pytest.mark.parametrize("table", [",feat,feat,target\n,a,b,y\n0,1,2,0\n", "feat,feat,target\na,b,y\n1,2,0\n3,4,1\n"])
def test_two_lines_of_names(tmp_path, complaint, table):
    """As pandas writes columns of two levels."""
    path = write(tmp_path / "a.csv", table)
    rule = "must hold numbers, and looks like a second line of names, as of two levels of columns in pandas"
    assert complaint(path) == f"line 2 of {path} {rule}: leave one line of names"


def test_lines_of_delimiters_below_a_table(tmp_path):
    """As Excel leaves them."""
    path = write(tmp_path / "a.csv", "\ufeffa;b;label\r\n1,5;2;0\r\n3;4,5;1\r\n;;\r\n;;\r\n\r\n")
    assert load(path).train.images.tolist() == [[1.5, 2], [3, 4.5]]


def test_a_nominal_column_that_declares_words_and_holds_numbers(tmp_path, complaint):
    text = "@relation x\n@attribute a numeric\n@attribute class {0,one}\n@data\n0,0\n1,2\n"
    assert complaint(write(tmp_path / "a.arff", text)).endswith("declares in column class, got 2")


def test_arrays_of_objects(tmp_path, complaint):
    np.savez(tmp_path / "a.npz", X=np.eye(3), y=np.array(["a", "b", "a"], object))
    sentence = complaint(tmp_path / "a.npz")
    assert "y in" in sentence and "got one of Python objects: save it by astype(float) if these are numbers" in sentence


def test_quotes_within_words_stay(tmp_path):
    """As pandas reads them."""
    table = 'a,label\n1,\'yes\'\n2,"no ""way"""\n3,"it\'s"\n4,O\'\n'
    train, _ = load(write(tmp_path / "a.csv", table))
    assert set(train.class_names) == {"yes", 'no "way"', "it's", "O'"}


def test_images_without_labels(tmp_path, complaint, digits):
    images = digits[0].images[:200]
    tables = (("X_train.csv", pixels(images)), ("digits.csv", pixels(images)), ("a.csv", [PIXELS, *pixels(images)]))
    for name, table in tables:
        sentence = complaint(write(tmp_path / name, lines(table)))
        assert "looks like pictures of 8x8 pixels alone: put the labels into a file beside it" in sentence


@pytest.mark.filterwarnings("ignore::UserWarning")
def test_what_is_said_about_the_columns(tmp_path, digits):
    images, labels = digits[0].images[:100], digits[0].labels[:100]
    path = write(tmp_path / "digits.csv", lines(rows(images, labels)))
    for label in ("first", 0, -65):
        np.testing.assert_array_equal(load(path, label=label).train.images, images)
    write(path, lines([["what", *NUMBERS], *rows(images, labels)]))
    np.testing.assert_array_equal(load(path, label="what").train.labels, labels)
    hot = [
        [*row, *("1" if n == label else "0" for n in range(10))]
        for row, label in zip(pixels(images), labels, strict=True)
    ]
    np.testing.assert_array_equal(load(write(path, lines(hot)), label=range(64, 74)).train.labels, labels)
    write(path, lines([[str(n) for n in range(65)], *rows(images, labels)]))
    assert len(load(path, header=False, label=0, classes=10).train) == 101


@pytest.mark.parametrize(
    ("keywords", "words"),
    [
        ({"label": "c"}, "must have a column called c, got a, b"),
        ({"label": 2}, "must have a column 2, got 2 columns"),
        ({"label": 0.5}, "label must be the name of a column, its number, or several of these, got 0.5"),
        ({"label": True}, "label must be the name of a column or its number, got True"),
        ({"label": []}, "label must be the name of a column"),
        ({"header": "yes"}, "header must be True or False, got 'yes'"),
    ],
)
def test_what_is_wrongly_said(tmp_path, complaint, keywords, words):
    path = write(tmp_path / "table.csv", "a,b\n0,1\n1,0\n")
    assert words in complaint(path, lambda path: load(path, **keywords))


def test_tables_are_told_from_other_formats(tmp_path, complaint):
    np.save(tmp_path / "x.npy", np.eye(3))
    sentence = complaint(tmp_path / "x.npy", lambda path: load(path, label="last"))
    assert sentence == f"{tmp_path / 'x.npy'} must be a table where its columns are told, got the format npy"


def test_unused_files_are_said(tmp_path, digits):
    images, labels = digits[0].images[:60], digits[0].labels[:60]
    for name in ("digits_train.csv", "digits_test.csv", "other.csv"):
        write(tmp_path / name, lines(rows(images, labels)))
    (tmp_path / "README.md").write_text("Digits.")
    with pytest.warns(UserWarning, match=r"digits_test\.csv and digits_train\.csv were read, and not other\.csv"):
        load(tmp_path)


def test_names_that_differ_in_numbers_belong_together(tmp_path, digits, complaint):
    images, labels = digits[0].images[:60], digits[0].labels[:60]
    write(tmp_path / "mnist_train_100.csv", lines(rows(images, labels)))
    write(tmp_path / "mnist_test_10.csv", lines(rows(images[:30], labels[:30])))
    train, test = load(tmp_path)
    assert (len(train), len(test)) == (60, 30)
    (tmp_path / "mnist_test_10.csv").rename(tmp_path / "other_test.csv")
    assert "must hold training and test data of one name, got mnist_train_100.csv and other_test.csv" in complaint(
        tmp_path
    )


def test_labels_of_test_data_stand_where_those_of_the_training_data_do(tmp_path, digits):
    """Even where the test data alone would say something else."""
    images, labels = digits[0].images[:100], digits[0].labels[:100]
    write(tmp_path / "train.csv", lines(rows(images, labels, last=True)))
    write(tmp_path / "test.csv", lines(rows(np.full((4, 64), 7), labels[:4], last=True)))
    _, test = load(tmp_path)
    assert test.labels.tolist() == labels[:4].tolist()


def test_words_mean_the_same_in_both_sets(tmp_path):
    write(tmp_path / "train.csv", "size,kind\n1,dog\n2,cat\n3,eel\n4,cat\n")
    write(tmp_path / "test.csv", "size,kind\n3,eel\n1,dog\n")
    train, test = load(tmp_path)
    assert train.class_names == test.class_names == ("cat", "dog", "eel")
    assert (train.labels.tolist(), test.labels.tolist()) == ([1, 0, 2, 0], [2, 1])


@pytest.mark.parametrize(
    ("labels", "called"),
    [
        ([1, 26, 2] * 9 + list(range(1, 27)), [str(n) for n in range(1, 27)]),
        ([-1, 1] * 9, ["-1", "1"]),
        ([3, 8, 5] * 9, ["3", "5", "8"]),
    ],
)
def test_labels_that_begin_elsewhere(tmp_path, labels, called):
    np.savez(tmp_path / "a.npz", X=np.random.default_rng(0).random((len(labels), 5)), y=labels)
    with pytest.warns(UserWarning, match="and not from 0: their classes were numbered in this order"):
        train, _ = load(tmp_path / "a.npz")
    assert [train.class_names[label] for label in train.labels] == [str(label) for label in labels]
    assert list(train.class_names) == called


def test_letters_of_emnist(tmp_path):
    images = np.random.default_rng(0).integers(0, 256, (52, 4, 4))
    write(tmp_path / "emnist-letters-train-images-idx3-ubyte", idx(images))
    write(tmp_path / "emnist-letters-train-labels-idx1-ubyte", idx(np.arange(52) % 26 + 1))
    with pytest.warns(UserWarning, match="are 1 to 26 and not from 0"):
        train, _ = load(tmp_path)
    assert "".join(train.class_names) == "ABCDEFGHIJKLMNOPQRSTUVWXYZ" and train.labels[:3].tolist() == [0, 1, 2]


def test_several_sets_in_a_folder_are_told_apart_by_naming_one(tmp_path, complaint):
    for kind in ("digits", "letters"):
        for part in ("train", "test"):
            write(tmp_path / f"emnist-{kind}-{part}-images-idx3-ubyte", idx(np.ones((6, 2, 2))))
            write(tmp_path / f"emnist-{kind}-{part}-labels-idx1-ubyte", idx(np.arange(6)))
    assert "got emnist digits, emnist letters: name the training images of one of them" in complaint(tmp_path)
    train, test = load(tmp_path / "emnist-digits-train-images-idx3-ubyte")
    assert len(train) == len(test) == 6


def test_test_data_of_libsvm_may_lack_the_last_features(tmp_path):
    write(tmp_path / "toy", "+1 1:0.5 3:1\n-1 2:1\n" * 5)
    write(tmp_path / "toy.t", bz2.compress(b"-1 1:1\n"))
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        train, test = load(tmp_path)
    assert train.images[:2].tolist() == [[0.5, 0, 1], [0, 1, 0]] and test.images.tolist() == [[1, 0, 0]]
    assert test.labels.tolist() == [0] and test.class_names == ("-1", "1")


@pytest.mark.filterwarnings("ignore::UserWarning")
def test_columns_that_number_the_rows_are_no_features(tmp_path):
    """As in UCI's tables without a header: numbers from 1, and numbers of patients."""
    rng = np.random.default_rng(0)
    cells = rng.integers(1, 11, (60, 9)).tolist()
    for name, first in (("counted", range(1, 61)), ("patients", rng.permutation(10**6)[:60] + 10**6)):
        rows = [[str(n), *map(str, row), str(2 + 2 * (n % 2))] for n, row in zip(first, cells, strict=True)]
        train, _ = load(write(tmp_path / name, lines(rows)))
        assert train.images.tolist() == cells and train.class_names == ("2", "4")


# ------------------------------------------------------------------------------------------------------ archives


def tar_of(members):
    stream = io.BytesIO()
    with tarfile.open(fileobj=stream, mode="w") as archive:
        for name, content in members:
            info = tarfile.TarInfo(name)
            if isinstance(content, str):
                info.type, info.linkname = tarfile.SYMTYPE, content
            else:
                info.size = len(content)
            archive.addfile(info, io.BytesIO(content) if isinstance(content, bytes) else None)
    return stream.getvalue()


def test_members_outside_of_an_archive_are_left_out(tmp_path):
    table = b"label,a\n0,1\n1,2\n"
    members = [
        ("../outside.csv", table),
        ("/tmp/cmlp-outside.csv", table),
        ("link", "/etc/passwd"),
        ("a/train.csv", table),
    ]
    path = write(tmp_path / "file.tar", tar_of(members))
    assert len(load(path).train) == 2
    assert sorted(tmp_path.iterdir()) == [path] and not Path("/tmp/cmlp-outside.csv").exists()


def test_complaints_about_members_name_the_archive(tmp_path, complaint):
    path = write(tmp_path / "file.zip", zip_of("train.csv"))
    assert complaint(path).startswith(f"{path}/train.csv must hold images and labels, and looks like text in JSON")
    path = write(tmp_path / "file.tar", tar_of([("a", b"label,x\n0,1\n5.5,2\n")]))
    assert complaint(path).startswith(f"labels in {path}/a must be whole numbers")


def test_warnings_about_members_name_the_archive(tmp_path, digits):
    table = lines(rows(digits[0].images[:60], digits[0].labels[:60])).encode()
    inner = io.BytesIO()
    with zipfile.ZipFile(inner, "w") as archive:
        for name in (
            "data/train.csv",
            "data/test.csv",
            "data/notes.csv",
            "__MACOSX/data/._train.csv",
            "data/.DS_Store",
        ):
            archive.writestr(name, table)
    path = tmp_path / "outer.zip"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("all/inner.zip", inner.getvalue())
    with pytest.warns(UserWarning) as said:
        load(path)
    sentence = f"of {path}/all/inner.zip/data, test.csv and train.csv were read, and not notes.csv"
    assert [str(each.message) for each in said] == [sentence]
    assert said[0].filename == __file__


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (tar_of([("a", b"")]), "is empty"),
        (tar_of([]), "must be in a known format"),
        (tar_of([("a.tar", tar_of([("b.tar", tar_of([("c", b"0,1\n")]))]))]), "archives within archives"),
        (tar_of([("a", b"0,1\n"), ("a/b", b"0,1\n")]), "two files of one name"),
    ],
)
def test_archives_that_are_refused(tmp_path, complaint, content, words):
    assert words in complaint(write(tmp_path / "file.tar", content))


def test_an_archive_that_unfolds_to_too_much(tmp_path, complaint, monkeypatch):
    monkeypatch.setattr("cmlp.data.formats.archives.size_limit", lambda size: 1000)
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("a.csv", b"0,1\n" * 1000)
    path = write(tmp_path / "file.zip", stream.getvalue())
    assert "must unfold to at most 1,000 bytes" in complaint(path)
    assert "must unfold to at most 1,000 bytes" in complaint(write(path, tar_of([("a", b"0,1\n" * 1000)])))


def test_pickles_of_other_libraries_say_how_to_bring_them(tmp_path, complaint):
    pandas = pytest.importorskip("pandas")
    path = tmp_path / "file.pkl"
    path.write_bytes(pickle.dumps(pandas.DataFrame({"a": [1]})))
    assert "save it by to_csv" in complaint(path)


def test_idx_headers_that_lie(tmp_path, complaint):
    path = write(tmp_path / "train-images-idx3-ubyte", struct.pack(">HBB3I", 0, 8, 3, 10**6, 28, 28))
    assert "must hold 784,000,000 bytes" in complaint(path)
