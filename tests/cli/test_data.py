"""The commands that show, convert and fetch data."""

import json
import sys

import numpy as np
import pytest

import cmlp
from cmlp.data import load_test_data, load_training_data
from cmlp.data.fetching import ORIGINS, Origin
from cmlp.data.loading import DATA_FILES


@pytest.fixture
def archive(tmp_path):
    """Return an archive with the digits, in two sets."""
    train, test = cmlp.load_digits()
    path = tmp_path / "digits.npz"
    np.savez(path, x_train=train.images, y_train=train.labels, x_test=test.images, y_test=test.labels)
    return path


@pytest.fixture
def table(tmp_path):
    """Return a table with the training digits."""
    train, _ = cmlp.load_digits()
    path = tmp_path / "digits.csv"
    np.savetxt(path, np.column_stack([train.labels, train.images]), "%d", ",")
    return path


# ------------------------------------------------------------------------------------------------- cmlp convert


def test_convert(tmp_path, run, archive):
    data = tmp_path / "data"
    assert run("convert", archive, data) == (
        0,
        f"read      {archive}: 1,437 training and 360 test images of 64 pixels, 10 classes\nwritten   {data}\n",
        "",
    )
    for found, expected in zip((load_training_data(data), load_test_data(data)), cmlp.load_digits(), strict=True):
        np.testing.assert_array_equal(found.images, expected.images)
        np.testing.assert_array_equal(found.labels, expected.labels)
        assert found.images.dtype == np.uint8
    assert run("convert", data, tmp_path / "again")[0] == 0
    for file in DATA_FILES:
        assert (data / file).read_bytes() == (tmp_path / "again" / file).read_bytes()


def test_convert_and_split(tmp_path, run, table):
    data = tmp_path / "data"
    assert run("convert", table, data) == (
        2,
        "",
        f"cmlp convert: {table} holds 1,437 images and no test data: "
        "--test-fraction 0.2 splits off a fifth of them as test data\n",
    )
    assert not data.exists()
    status, out, _ = run("convert", table, data, "--test-fraction", "0.2", "--json")
    assert status == 0
    assert json.loads(out) == {
        "source": str(table), "folder": str(data),
        "training_images": 1150, "test_images": 287, "pixels": 64, "classes": 10
    }  # fmt: skip
    assert (len(load_training_data(data)), len(load_test_data(data))) == (1150, 287)
    labels = load_test_data(data).labels
    assert run("convert", table, data, "--test-fraction", "0.2", "--seed", "1", "--force")[0] == 0
    assert not np.array_equal(load_test_data(data).labels, labels)


def test_convert_does_not_split_what_is_split(tmp_path, run, archive):
    sentence = f"--test-fraction needs a source without test data: {archive} holds 360 test images"
    arguments = ("convert", archive, tmp_path / "data", "--test-fraction", "0.2")
    assert run(*arguments) == (2, "", f"cmlp convert: {sentence}\n")


def test_convert_replaces_nothing_unless_forced(tmp_path, run, archive):
    data = tmp_path / "data"
    (data / "test").mkdir(parents=True)
    (data / "test" / "test_labels.pkl").write_text("precious")
    found = f"{data / 'test' / 'test_labels.pkl'} already exists: --force replaces it"
    assert run("convert", archive, data) == (2, "", f"cmlp convert: {found}\n")
    assert not (data / "images.pkl").exists()
    assert run("convert", archive, data, "--force")[0] == 0
    assert len(load_test_data(data)) == 360


@pytest.mark.parametrize("part", ["0", "1", "-0.1", "x", "nan"])
def test_convert_refuses_other_parts(tmp_path, run, table, part):
    status, _, err = run("convert", table, tmp_path / "data", f"--test-fraction={part}")
    assert status == 2
    assert f"must be a number between 0 and 1, got {part!r}" in err


def test_convert_refuses_what_is_no_data(tmp_path, run):
    (tmp_path / "file").write_bytes(b"\x7fELF")
    status, out, err = run("convert", tmp_path / "file", tmp_path / "data")
    assert (status, out) == (2, "")
    assert err.startswith(f"cmlp convert: {tmp_path / 'file'} must be in a known format")
    nowhere = tmp_path / "nowhere"
    assert run("convert", nowhere, tmp_path / "data") == (
        2,
        "",
        f"cmlp convert: {nowhere}: No such file or directory\n",
    )


# ---------------------------------------------------------------------------------------------------- cmlp show


@pytest.fixture
def matplotlib():
    pytest.importorskip("matplotlib", reason="matplotlib, of the extra cmlp[plot], is not installed")


def test_show_the_digits(tmp_path, run, matplotlib, monkeypatch):
    monkeypatch.chdir(tmp_path)
    data = "built-in digits: 1,437 training and 360 test images of 64 pixels, 10 classes"
    assert run("show") == (0, f"data      {data}\npicture   picture.png\n", "")
    assert (tmp_path / "picture.png").read_bytes().startswith(b"\x89PNG")
    assert [path.name for path in tmp_path.iterdir()] == ["picture.png"]


@pytest.mark.parametrize(("suffix", "start"), [("png", b"\x89PNG"), ("pdf", b"%PDF"), ("SVG", b"<?xml")])
def test_show_any_source_in_any_format(tmp_path, run, matplotlib, table, suffix, start):
    output = tmp_path / f"picture.{suffix}"
    status, out, err = run("show", table, "-o", output, "--json")
    assert (status, err) == (0, "")
    assert json.loads(out) == {
        "source": str(table), "picture": str(output),
        "training_images": 1437, "test_images": 0, "pixels": 64, "classes": 10
    }  # fmt: skip
    assert output.read_bytes().startswith(start)


def test_show_a_name_that_the_font_has_not(tmp_path, run, matplotlib, archive):
    folder = tmp_path / "\u6570\u5b57"
    assert run("convert", archive, folder)[0] == 0
    status, _, err = run("show", folder, "--output", tmp_path / "picture.png")
    assert (status, err) == (0, "")


@pytest.mark.parametrize("name", ["picture", "picture.doc", ".png"])
def test_show_refuses_other_formats(tmp_path, run, matplotlib, name):
    status, out, err = run("show", "-o", tmp_path / name)
    assert (status, out) == (2, "")
    assert err.startswith(f"cmlp show: {tmp_path / name} must end in .")
    assert not list(tmp_path.iterdir())


def test_show_without_matplotlib(tmp_path, run, monkeypatch):
    monkeypatch.setitem(sys.modules, "matplotlib.backend_bases", None)
    assert run("show", "-o", tmp_path / "picture.png") == (
        2, "", 'cmlp show: cmlp show needs matplotlib: pip install "cmlp[plot]"\n'
    )  # fmt: skip


# --------------------------------------------------------------------------------------------------- cmlp fetch


def test_fetch_says_why_it_failed(tmp_path, run, monkeypatch):
    pytest.importorskip("pooch", reason="pooch, of the extra cmlp[fetch], is not installed")
    monkeypatch.setitem(ORIGINS, "fashion", Origin(("http://127.0.0.1:9/",), ORIGINS["fashion"].files))
    assert run("fetch", "fashion", tmp_path / "data", "--timeout", "0.5", "--quiet") == (
        2,
        "",
        "cmlp fetch: train-images-idx3-ubyte.gz could not be downloaded from 127.0.0.1:9 (no or incomplete answer)\n",
    )
    assert not list(tmp_path.iterdir())


def test_fetch_without_pooch(tmp_path, run, monkeypatch):
    monkeypatch.setitem(sys.modules, "pooch", None)
    sentence = 'cmlp fetch: cmlp fetch needs pooch: pip install "cmlp[fetch]"\n'
    assert run("fetch", "mnist", tmp_path / "data") == (2, "", sentence)


def test_fetch_knows_two_names(tmp_path, run):
    status, _, err = run("fetch", "cifar", tmp_path / "data")
    assert status == 2 and err.count("\n") == 1 and "cifar" in err
