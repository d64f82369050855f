"""The four pickles of a data folder, and the digits that come with cmlp."""

import os
from pathlib import Path

from cmlp.data.class_names import read_class_names
from cmlp.data.dataset import Dataset
from cmlp.data.pickles import read_pickle
from cmlp.errors import DataError

# Relative to the data folder: first the images, then the labels.
TRAINING_FILES = ("images.pkl", "labels.pkl")
TEST_FILES = ("test/test_images.pkl", "test/test_labels.pkl")
DATA_FILES = TRAINING_FILES + TEST_FILES


def load_training_data(folder: str | os.PathLike[str] = "data", *, classes: int | None = 10) -> Dataset:
    """Read folder/images.pkl and folder/labels.pkl, and what the labels are called in folder/class_names.txt, if any.

    Parameters
    ----------
    folder : str or path
        The data folder.
    classes : int or None
        Number of classes; None infers it from the labels.

    Returns
    -------
    Dataset
        n images of shape (pixels,) with their labels.

    Raises
    ------
    DataError
        If a file is missing or is no pickle of arrays, lists and numbers, or if its content breaks a rule of
        `Dataset`; the sentence names the file.
    OSError
        If a file is there but cannot be read.
    """
    return _load(Path(folder), TRAINING_FILES, classes)


def load_test_data(folder: str | os.PathLike[str] = "data", *, classes: int | None = 10) -> Dataset:
    """Read folder/test/test_images.pkl and folder/test/test_labels.pkl, as `load_training_data` does."""
    return _load(Path(folder), TEST_FILES, classes)


def load_digits() -> tuple[Dataset, Dataset]:
    """Return 1,437 training and 360 test images of handwritten digits, 8x8 pixels, that come with cmlp.

    Returns
    -------
    (train, test) : Datasets of 64 pixels per image and 10 classes
        From E. Alpaydin and C. Kaynak, Optical Recognition of Handwritten Digits, UCI Machine Learning
        Repository, 1998, https://doi.org/10.24432/C50P49, licence CC BY 4.0.
    """
    folder = Path(__file__).with_name("digits")
    return load_training_data(folder), load_test_data(folder)


def _load(folder: Path, files: tuple[str, str], classes: int | None) -> Dataset:
    if folder.is_file():
        raise DataError(f"{folder} must be a folder with {_listed(DATA_FILES)}, got a file")
    images, labels = (_read(folder, file) for file in files)
    names = (f"images in {folder / files[0]}", f"labels in {folder / files[1]}")
    called = read_class_names(folder)
    if called is not None and classes not in (None, len(called)):
        called = None
    return Dataset(images, labels, classes=classes, class_names=called, names=names)


def _read(folder: Path, file: str) -> object:
    try:
        return read_pickle(folder / file)
    except FileNotFoundError as error:
        states = [f"{name} ({'found' if (folder / name).exists() else 'missing'})" for name in DATA_FILES]
        raise DataError(f"{folder / file} is missing: the folder must hold {_listed(states)}") from error


def _listed(items: tuple[str, ...] | list[str]) -> str:
    return f"{', '.join(items[:-1])} and {items[-1]}"
