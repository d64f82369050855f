"""Read the four pickles of a data folder, and the digits that come with cmlp."""

import os
from pathlib import Path

from cmlp.data.class_names import read_class_names
from cmlp.data.dataset import Dataset
from cmlp.data.formats.labels import Words, as_words, number_words
from cmlp.data.formats.layout import is_number
from cmlp.data.pickles import read_pickle
from cmlp.errors import DataError
from cmlp.utils.text import listed

# Relative to the data folder: first the images, then the labels.
TRAINING_FILES = ("images.pkl", "labels.pkl")
TEST_FILES = ("test/test_images.pkl", "test/test_labels.pkl")
DATA_FILES = TRAINING_FILES + TEST_FILES


def load_training_data(folder: str | os.PathLike[str] = "data", *, classes: int | None = 10) -> Dataset:
    """Read ``images.pkl`` and ``labels.pkl`` in a folder, with the names in ``class_names.txt`` if there are any.

    Parameters
    ----------
    folder : str or path, default "data"
        The data folder.
    classes : int or None, default 10
        Number of classes; None infers it from the labels.

    Returns
    -------
    Dataset
        The training data.

    Raises
    ------
    DataError
        If a file is missing, is not a pickle of plain data, or is invalid as a `Dataset`; the message names the file.
    OSError
        If a file exists but cannot be read.

    Examples
    --------
    >>> from pathlib import Path
    >>> cmlp.load_training_data(Path(cmlp.__file__).parent / "data" / "digits")
    Dataset(1,437 images of 64 pixels, uint8 x 1/16, 10 classes)
    """
    return _load(Path(folder), TRAINING_FILES, classes)


def load_test_data(folder: str | os.PathLike[str] = "data", *, classes: int | None = 10) -> Dataset:
    """Read ``test/test_images.pkl`` and ``test/test_labels.pkl`` in a folder.

    Parameters
    ----------
    folder : str or path, default "data"
        The data folder.
    classes : int or None, default 10
        Number of classes; None infers it from the labels.

    Returns
    -------
    Dataset
        The test data.

    Raises
    ------
    DataError, OSError
        As by `load_training_data`.

    Examples
    --------
    >>> from pathlib import Path
    >>> cmlp.load_test_data(Path(cmlp.__file__).parent / "data" / "digits")
    Dataset(360 images of 64 pixels, uint8 x 1/16, 10 classes)
    """
    return _load(Path(folder), TEST_FILES, classes)


def load_digits() -> tuple[Dataset, Dataset]:
    """Load the handwritten digits that come with cmlp: 1,437 training and 360 test images of 8x8 pixels.

    Returns
    -------
    train : Dataset
        The training data: 64 pixels per image, 10 classes.
    test : Dataset
        The test data, of the same kind.

    Notes
    -----
    The digits are from E. Alpaydin and C. Kaynak, Optical Recognition of Handwritten Digits, UCI Machine Learning
    Repository, 1998, https://doi.org/10.24432/C50P49, licence CC BY 4.0.

    Examples
    --------
    >>> train, test = cmlp.load_digits()
    >>> train
    Dataset(1,437 images of 64 pixels, uint8 x 1/16, 10 classes)
    """
    folder = Path(__file__).with_name("digits")
    return load_training_data(folder), load_test_data(folder)


def _load(folder: Path, files: tuple[str, str], classes: int | None) -> Dataset:
    if folder.is_file():
        raise DataError(f"{folder} must be a folder with {listed(DATA_FILES)}, got a file")
    images, labels = (_read(folder, file) for file in files)
    names = (f"images in {folder / files[0]}", f"labels in {folder / files[1]}")
    words = as_words(labels)
    if isinstance(words, Words) and all(map(is_number, words.names)):  # digits as text
        [labels], _ = number_words([words], [names[1]])
    called = read_class_names(folder)
    if called is not None and classes not in (None, len(called)):
        called = None
    return Dataset(images, labels, classes=classes, class_names=called, names=names)


def _read(folder: Path, file: str) -> object:
    try:
        return read_pickle(folder / file)
    except FileNotFoundError as error:
        states = [f"{name} ({'found' if (folder / name).exists() else 'missing'})" for name in DATA_FILES]
        raise DataError(f"{folder / file} is missing: the folder must hold {listed(states)}") from error
