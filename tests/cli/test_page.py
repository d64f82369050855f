"""``cmlp page``."""

import json

import numpy as np
import pytest

import cmlp


@pytest.fixture(scope="module")
def digits():
    """Return a network that was trained a little on the built-in digits, and their test data."""
    train, test = cmlp.load_digits()
    network = cmlp.Network([64, 16, 16, 10])
    network.train(train, 8, 3.0, mini_batch_size=10, progress=False)
    return network, test


@pytest.fixture
def model(tmp_path, digits):
    path = tmp_path / "digits.cmlp"
    digits[0].save(path)
    return path


@pytest.fixture
def source(tmp_path):
    train, test = cmlp.load_digits()
    path = tmp_path / "digits.npz"
    np.savez(path, x_train=train.images, y_train=train.labels, x_test=test.images, y_test=test.labels)
    return path


def test_page(run, model, source, tmp_path, digits):
    page = tmp_path / "page.html"
    status, out, err = run("page", model, "--data", source, "-o", page, "--title", "The digits")
    size = page.stat().st_size
    assert (status, err) == (0, "")
    assert out.splitlines() == [
        f"model     {model}: 64-16-16-10, sigmoid, quadratic loss, float64",
        f"data      {source}: 360 images",
        f"page      {page}: {size:,} bytes",
        f"open it   {page.as_uri()}",
    ]
    expected = tmp_path / "expected.html"
    digits[0].to_html(expected, digits[1], title="The digits")
    assert page.read_bytes() == expected.read_bytes()


def test_without_data(run, model):
    status, out, _ = run("page", model, "--json")
    page = model.with_suffix(".html")
    assert status == 0
    assert json.loads(out) == {
        "version": cmlp.__version__, "model": str(model), "page": str(page), "bytes": page.stat().st_size,
        "tested_images": 0,
    }  # fmt: skip


def test_all_images_where_none_are_for_the_test(run, model, tmp_path):
    train, _ = cmlp.load_digits()
    table = tmp_path / "digits.csv"
    np.savetxt(table, np.column_stack([train.labels, train.images]), "%d", ",")
    status, out, _ = run("page", model, "--data", table, "--json")
    assert status == 0
    assert json.loads(out)["tested_images"] == 1437


RULE = "--output replaces only a page that cmlp wrote: --force replaces any file"


def test_a_file_that_is_there_is_kept(run, model):
    page = model.with_suffix(".html")
    page.write_text("mine")
    status, out, err = run("page", model)
    assert (status, out, err) == (2, "", f"cmlp page: {page} already exists, and {RULE}\n")
    assert page.read_text() == "mine"
    assert run("page", model, "--force")[0] == 0
    assert page.read_text().startswith("<!DOCTYPE html>")


def test_the_network_is_never_replaced(run, model):
    before = model.read_bytes()
    status, _, err = run("page", model, "-o", model, "--force")
    assert (status, err) == (2, f"cmlp page: {model} is an input, and the output needs another name\n")
    assert model.read_bytes() == before


def test_data_of_another_size(run, model, tmp_path):
    table = tmp_path / "table.csv"
    table.write_text("label,a,b\n0,1,2\n1,3,4\n")
    status, out, err = run("page", model, "--data", table)
    assert (status, out) == (2, "")
    assert err.startswith("cmlp page: images of data must have the network's 64 pixels, got 2")
    assert not model.with_suffix(".html").exists()


def test_no_network(run, tmp_path, source):
    status, out, err = run("page", source)
    assert (status, out) == (2, "")
    assert err.startswith(f"cmlp page: {source} ")
    assert len(err.splitlines()) == 1
