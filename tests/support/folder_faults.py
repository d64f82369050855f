"""Data folders that the loader refuses, and what their repair says."""

import pickle
from functools import partial

import numpy as np

from cmlp.data.loading import DATA_FILES

NAMES = ("train_images", "train_labels", "test_images", "test_labels")
WORDS = np.array(["zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine"])


def write(folder, arrays):
    """Write a data folder; a value that is bytes is a file's content, and None is no file."""
    (folder / "test").mkdir(parents=True)
    for file, name in zip(DATA_FILES, NAMES, strict=True):
        value = arrays[name]
        if value is not None:
            (folder / file).write_bytes(value if isinstance(value, bytes) else pickle.dumps(value))
    return folder


def changed(arrays, **changes):
    """Return the arrays with each named one replaced by what its function makes of it."""
    return arrays | {name: change(arrays[name]) for name, change in changes.items()}


def both(part, change):
    return {f"{name}_{part}": change for name in ("train", "test")}


def crossed(arrays, first, second):
    return arrays | {first: arrays[second], second: arrays[first]}


def with_value(array, index, value):
    array = array.copy()
    array[index] = value
    return array


def floats_with(array, index, value):
    return with_value(array.astype(np.float32), index, value)


def standardised(images):
    with np.errstate(invalid="ignore"):
        return ((images - images.mean(0)) / images.std(0)).astype(np.float32)


def ragged(images):
    return [image.reshape(8, 8)[: 7 if i == 5 else 8] for i, image in enumerate(images)]


def header_and_pixels(images):
    return np.concatenate([np.zeros(16, np.uint8), images.ravel()])


def one_hot(labels):
    return np.eye(10)[labels]


TRAIN, TEST = "training data", "test data"
IN_FILES = r".*images\.pkl holds an array of shape \(.*\), and .*labels\.pkl one of \(.*\)"
CUT = (
    r"without the {} {}, neighbours have equal labels by \d+% of what is possible beyond chance, "
    r"at both ends of the rest; \d+% show that it belongs together"
)
KEEP = "train_images, train_labels = train_images[keep], train_labels[keep]"
# name: (code, where, verdict, measured, repair, what spoils the arrays)
REPAIRED = {
    "labels from 1": (
        *("labels-from-one", TRAIN, "The labels of the training data begin at 1 and not at 0."),
        *(r"they lie in 1\.\.10", "train_labels = train_labels - 1"),
        partial(changed, **both("labels", lambda y: y + 1)),
    ),
    "test labels from 1": (
        *("labels-from-one", TEST, "The labels of the test data begin at 1 and not at 0."),
        *(r"they lie in 1\.\.10", "test_labels = test_labels - 1"),
        partial(changed, test_labels=lambda y: y + 1),
    ),
    "NaN": (
        *("non-finite-images", TRAIN, "2 of 1,437 images of the training data have pixels that are not finite."),
        r"the first is nan in image 3; they were left out",
        f"keep = np.isfinite(train_images).reshape(len(train_images), -1).all(1); {KEEP}",
        partial(changed, train_images=lambda x: floats_with(x, ([3, 50], 5), np.nan)),
    ),
    "infinity": (
        *("non-finite-images", TEST, "1 of 360 images of the test data have pixels that are not finite."),
        *(r"the first is -inf in image 7; they were left out", None),
        partial(changed, test_images=lambda x: floats_with(x, (7, 0), -np.inf)),
    ),
    "divided by a deviation of 0": (
        *("non-finite-pixels", TRAIN),
        "4 of 64 pixels of the training data are not finite in most images, as after a division by 0.",
        "the first is pixel 0, in 100% of the images",
        "train_images = np.nan_to_num(train_images, posinf=0, neginf=0)",
        partial(changed, **both("images", standardised)),
    ),
    "labels missing at the end": (
        *("counts-differ", TRAIN, "The training data have 1,437 images and 1,434 labels."),
        *(CUT.format("last", 3), "train_images, train_labels = train_images[:1434], train_labels[:1434]"),
        partial(changed, train_labels=lambda y: y[:-3]),
    ),
    "images missing at the beginning": (
        *("counts-differ", TEST, "The test data have 358 images and 360 labels."),
        *(CUT.format("first", 2), "test_images, test_labels = test_images[-358:], test_labels[-358:]"),
        partial(changed, test_images=lambda x: x[2:]),
    ),
    "images and labels swapped": (
        *("files-swapped", TRAIN, "Images and labels of the training data are in each other's file."),
        *(IN_FILES, "train_images, train_labels = train_labels, train_images"),
        partial(crossed, first="train_images", second="train_labels"),
    ),
    "one-hot labels and images swapped": (
        *("files-swapped", TEST, "Images and labels of the test data are in each other's file."),
        *(IN_FILES, "test_images, test_labels = test_labels, test_images"),
        lambda a: crossed(changed(a, test_labels=one_hot), "test_images", "test_labels"),
    ),
    "images of training and test data swapped": (
        *("sets-swapped", "both sets", "The images of training and test data are in each other's file."),
        "360 images for 1,437 labels in training, 1,437 for 360 in test data",
        "train_images, test_images = test_images, train_images",
        partial(crossed, first="train_images", second="test_images"),
    ),
    "labels of training and test data swapped": (
        *("sets-swapped", "both sets", "The labels of training and test data are in each other's file."),
        "1,437 images for 360 labels in training, 360 for 1,437 in test data",
        "train_labels, test_labels = test_labels, train_labels",
        partial(crossed, first="train_labels", second="test_labels"),
    ),
    "strings": (
        *("labels-not-integers", TRAIN, "The labels of the training data are strings and no integers."),
        *(r"dtype <U\d+, all of them whole numbers", "train_labels = train_labels.astype(np.float64).astype(np.intp)"),
        partial(changed, **both("labels", lambda y: y.astype(str))),
    ),
    "bytes": (
        *("labels-not-integers", TEST, "The labels of the test data are bytes and no integers."),
        *(r"dtype \|S1, all of them whole numbers", None),
        partial(changed, test_labels=lambda y: [str(label).encode() for label in y]),
    ),
    "floats": (
        *("labels-not-integers", TRAIN, "The labels of the training data are floats and no integers."),
        *("dtype float64, all of them whole numbers", None),
        partial(changed, train_labels=lambda y: y.astype(float)),
    ),
    "floats with NaN": (
        *("labels-not-finite", TRAIN, "1 of 1,437 labels of the training data are not finite."),
        *(
            "the first is nan at index 5; their rows were left out",
            f"keep = np.isfinite(train_labels.astype(np.float64)).reshape(-1); {KEEP}",
        ),
        partial(changed, train_labels=lambda y: floats_with(y, 5, np.nan)),
    ),
    "words": (
        *("labels-are-words", TRAIN, "The labels of the training data are words and no integers."),
        r"10 different ones, numbered from 'eight' \(0\) to 'zero' \(9\)",
        "words = np.unique(np.concatenate([train_labels, test_labels])); "
        "train_labels, test_labels = np.searchsorted(words, train_labels), np.searchsorted(words, test_labels)",
        partial(changed, **both("labels", lambda y: WORDS[y])),
    ),
    "words in bytes": (
        *("labels-are-words", TEST, "The labels of the test data are words and no integers."),
        *("10 different ones, .*", None),
        partial(changed, **both("labels", lambda y: WORDS[y].astype("S5"))),
    ),
    "a label of 255": (
        *("labels-out-of-range", TRAIN, "1 of 1,437 labels of the training data are of no class."),
        r"255 at index 9, where others lie in 0\.\.9; left out",
        f"keep = ((train_labels >= 0) & (train_labels <= 9)).reshape(-1); {KEEP}",
        partial(changed, train_labels=lambda y: with_value(y, 9, 255)),
    ),
    "a label of -1": (
        *("labels-out-of-range", TRAIN, "1 of 1,437 labels of the training data are of no class."),
        *(r"-1 at index 3, where others lie in 0\.\.9; left out", None),
        partial(changed, train_labels=lambda y: with_value(y, 3, -1)),
    ),
    "an image of another shape": (
        *("ragged-images", TRAIN, "1 of 1,437 images of the training data have another shape than the others."),
        *(r"\(8, 8\) in most, \(7, 8\) in another; they were left out", None),
        partial(changed, train_images=ragged),
    ),
    "images in columns": (
        *("images-in-columns", TRAIN, "The images of the training data stand in columns."),
        *(r"shape \(64, 1437\) for 1,437 labels", "train_images = np.moveaxis(train_images, -1, 0)"),
        partial(changed, **both("images", lambda x: x.T)),
    ),
    "pictures along the last axis": (
        *("images-in-columns", TEST, "The images of the test data stand in columns."),
        *(r"shape \(8, 8, 360\) for 360 labels", None),
        partial(changed, test_images=lambda x: np.moveaxis(x.reshape(-1, 8, 8), 0, -1)),
    ),
    "one-hot labels in columns": (
        *("labels-in-columns", TRAIN, "The one-hot labels of the training data stand in columns."),
        *(r"shape \(10, 1437\) for 1,437 images", "train_labels = train_labels.T"),
        partial(changed, train_labels=lambda y: one_hot(y).T),
    ),
    "one long row": (
        *("images-in-one-row", TRAIN, "The images of the training data are one long row of pixels."),
        *("91,968 values for 1,437 labels", "train_images = train_images.reshape(1437, 64)"),
        partial(changed, train_images=np.ravel),
    ),
    "one long row after a header": (
        *("images-in-one-row", TRAIN, "The images of the training data are one long row of pixels after a header."),
        *("91,984 values for 1,437 labels", "train_images = train_images[16:].reshape(1437, 64)"),
        partial(changed, train_images=header_and_pixels),
    ),
    "pixels as strings": (
        *("string-pixels", TEST, "The pixels of the test data are strings of digits."),
        *(r"dtype <U\d", "test_images = test_images.astype(np.float64)"),
        partial(changed, test_images=lambda x: x.astype(str)),
    ),
}
