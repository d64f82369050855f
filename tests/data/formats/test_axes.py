"""Arrays whose samples lie along another axis than the first: the labels tell which, or nothing does."""

import pickle
import warnings

import numpy as np
import pytest
from scipy.io import savemat

from cmlp.data.formats import load

RANDOM = np.random.default_rng(0)
PICTURES = RANDOM.integers(0, 256, (20, 6, 5)).astype(np.uint8)
LABELS = np.arange(20) % 4
SHAPES = {
    "(n, h, w)": PICTURES,
    "(n, 1, h, w)": PICTURES[:, None],
    "(n, h, w, 1)": PICTURES[..., None],
    "(h, w, n)": np.moveaxis(PICTURES, 0, -1),
    "(h, w, 1, n)": np.moveaxis(PICTURES, 0, -1)[:, :, None],
    "(1, h, w, n)": np.moveaxis(PICTURES, 0, -1)[None],
    "(n, pixels)": PICTURES.reshape(20, 30),
    "(pixels, n)": PICTURES.reshape(20, 30).T,
}
HOT = np.eye(4)[LABELS]
LABELLED = {"(n,)": LABELS, "(n, 1)": LABELS[:, None], "(1, n)": LABELS[None], "one-hot": HOT, "in columns": HOT.T}


def npz(path, images, labels):
    np.savez(path, X_train=images, y_train=labels)
    return path


def in_turn(path, images, labels):
    np.savez(path, images, labels)
    return path


def mat(path, images, labels):
    savemat(path, {"X": images, "y": labels})
    return path


def pickled(path, images, labels):
    path.write_bytes(pickle.dumps((images, labels)))
    return path


def two_files(path, images, labels):
    path.mkdir()
    np.save(path / "X.npy", images)
    np.save(path / "y.npy", labels)
    return path


@pytest.mark.parametrize("images", SHAPES.values(), ids=SHAPES)
@pytest.mark.parametrize("save", [npz, mat, pickled, two_files])
def test_the_labels_tell(tmp_path, save, images):
    train, _ = load(save(tmp_path / "a.npz", images, LABELS))
    np.testing.assert_array_equal(train.images, PICTURES.reshape(20, 30))
    assert train.labels.tolist() == LABELS.tolist()


@pytest.mark.parametrize("labels", LABELLED.values(), ids=LABELLED)
@pytest.mark.parametrize("shape", ["(n, pixels)", "(pixels, n)", "(h, w, n)"])
def test_labels_of_any_shape(tmp_path, shape, labels):
    train, _ = load(npz(tmp_path / "a.npz", SHAPES[shape], labels))
    np.testing.assert_array_equal(train.images, PICTURES.reshape(20, 30))
    assert train.labels.tolist() == LABELS.tolist()


@pytest.mark.parametrize("shape", ["(n, h, w)", "(n, 1, h, w)", "(h, w, n)", "(pixels, n)"])
def test_arrays_without_names(tmp_path, shape):
    train, _ = load(in_turn(tmp_path / "a.npz", SHAPES[shape], LABELS))
    np.testing.assert_array_equal(train.images, PICTURES.reshape(20, 30))


@pytest.mark.parametrize("save", [npz, mat, pickled, two_files])
def test_two_axes_that_fit(tmp_path, complaint, save):
    sentence = complaint(save(tmp_path / "a.npz", np.ones((20, 6, 20)), LABELS))
    assert "got the shape (20, 6, 20), of which two have 20: save them by numpy.savez as rows" in sentence


def test_as_many_rows_as_columns(tmp_path, complaint):
    """NumPy's tables have samples in rows, and those of MATLAB in either."""
    table = RANDOM.random((20, 20))
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        train, _ = load(npz(tmp_path / "a.npz", table, LABELS))
    np.testing.assert_array_equal(train.images, table)
    assert "got the shape (20, 20), of which two have 20" in complaint(mat(tmp_path / "a.mat", table, LABELS))


def test_one_sample(tmp_path):
    train, _ = load(npz(tmp_path / "a.npz", np.ones((1, 3, 1)), np.array([0])))
    assert train.images.shape == (1, 3)
