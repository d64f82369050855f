"""One pickle of everything."""

import pickle

import numpy as np
import pytest

from cmlp.data.formats import load
from cmlp.data.formats.pickled import parts_of
from cmlp.errors import DataError

IMAGES, LABELS = np.arange(12).reshape(3, 4), np.array([0, 1, 2])


@pytest.mark.parametrize("value", [IMAGES, [], [1, 2], "text", 3, None, [IMAGES], {"array": IMAGES}])
def test_values_that_are_no_set(value):
    assert parts_of(value, "source") is None


def test_two_images_of_two_pixels_are_one_set():
    parts = parts_of(([[0, 1], [2, 3]], [0, 1]), "source")
    assert list(parts) == ["train"]
    assert parts["train"].names == ("images in source", "labels in source")


def test_names_of_the_parts():
    parts = parts_of([(IMAGES, LABELS)] * 3, "source")
    assert {part: found.names for part, found in parts.items()} == {
        "train": ("training images in source", "training labels in source"),
        "validation": ("validation images in source", "validation labels in source"),
        "test": ("test images in source", "test labels in source"),
    }


@pytest.mark.parametrize(
    ("value", "sentence"),
    [
        (
            (IMAGES, LABELS[:2]),
            "images in {path} and labels in {path} must have the same length, got 3 images and 2 labels",
        ),
        (
            ((IMAGES, LABELS), (IMAGES, LABELS + 1)),
            "test labels in {path} must be in 0..2, got 1..3: they seem to start at 1",
        ),
        (
            {"a": IMAGES, "b": LABELS},
            "{path} must hold images and labels by name, such as x_train and y_train, got a, b",
        ),
        ({}, "{path} must hold images and labels by name, such as x_train and y_train, got nothing"),
        ({"train": IMAGES, "test": IMAGES}, "train in {path} must be images with labels, got a ndarray"),
        ({"X": ["a"], "y": [0]}, "X in {path} must be numbers, got str at index 0"),
        (IMAGES, "{path} must hold images and labels, or be a file of images with a file of labels beside it"),
    ],
)
def test_complaints(tmp_path, complaint, value, sentence):
    path = tmp_path / "file.pkl"
    path.write_bytes(pickle.dumps(value))
    assert complaint(path) == sentence.format(path=path)


def test_images_without_labels_beside_them(tmp_path, complaint):
    path = tmp_path / "x_train.pkl"
    path.write_bytes(pickle.dumps(IMAGES))
    sentence = f"{path} holds images only, and there is no file of labels with a matching name beside it"
    assert complaint(path) == sentence
    (tmp_path / "y_test.pkl").write_bytes(pickle.dumps(LABELS))
    assert complaint(path) == sentence
    (tmp_path / "y_train.pkl").write_bytes(pickle.dumps(LABELS))
    assert len(load(path).train) == 3


def test_nothing_in_a_pickle_is_executed(tmp_path, complaint):
    path = tmp_path / "file.pkl"
    path.write_bytes(b"cos\nsystem\n(S'touch " + str(tmp_path / "touched").encode() + b"'\ntR.")
    assert complaint(path).startswith(f"{path}: the pickle")
    assert not (tmp_path / "touched").exists()


@pytest.mark.parametrize(
    ("content", "sentence"),
    [
        (([[1, 2, 3], [4, 5]], [0, 1]), "images in .* must all have the same shape"),
        (([[1, 2], [4, 5]], [[0], [1, 2]]), "labels in .* must all have the same shape"),
        ({"images": [[1, 2, 3], [4, 5]], "labels": [1, 2]}, "images in .* must all have the same shape"),
    ],
)
@pytest.mark.filterwarnings("ignore:.*not from 0")
def test_lists_of_several_lengths_are_refused(tmp_path, content, sentence):
    (tmp_path / "ragged.pkl").write_bytes(pickle.dumps(content))
    with pytest.raises(DataError, match=sentence):
        load(tmp_path / "ragged.pkl")
