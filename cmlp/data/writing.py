"""Write the four pickles of a data folder."""

import os
import pickle
from collections.abc import Callable
from functools import partial
from operator import methodcaller
from pathlib import Path
from typing import Any, BinaryIO

import numpy as np
from numpy.typing import NDArray

from cmlp.data.class_names import NAMES_FILE, encode_class_names
from cmlp.data.dataset import Dataset
from cmlp.data.loading import TEST_FILES, TRAINING_FILES
from cmlp.errors import DataError
from cmlp.utils.files import write_files

PROTOCOL = 4  # the newest that every Python since 3.4 reads
NAMES = (*TRAINING_FILES, *TEST_FILES, NAMES_FILE)
REMEDY = "choose another folder, or force the replacement"


def write_data(
    folder: str | os.PathLike[str],
    train: Dataset,
    test: Dataset | None,
    *,
    class_names: tuple[str, ...] | None = None,
    force: bool = False,
) -> None:
    """Write the four pickles that `load_training_data` and `load_test_data` read, and the class names if there are any.

    Parameters
    ----------
    folder : str or path
        The data folder; created if missing.
    train, test : Dataset
        The data. uint8 images are written unscaled, others scaled. Without test data, only those for training are
        written, and test data that are to be replaced are removed.
    class_names : tuple of str, optional
        The name of each class; by default those of the training data.
    force : bool
        Whether existing files are replaced; by default they are not.

    Raises
    ------
    DataError
        If a file exists and is not to be replaced; then nothing is written.
    OSError
        If a file cannot be written; existing files are unchanged unless the disk fails at the very end.
    """
    root = Path(folder)
    writers: dict[Path, Callable[[BinaryIO], object]] = {
        root / name: partial(_dump, array) for name, array in _contents(train, test).items()
    }
    check_free(root, force=force)
    for path in writers:
        path.parent.mkdir(parents=True, exist_ok=True)
    names = class_names or train.class_names
    if names is not None:
        writers[root / NAMES_FILE] = methodcaller("write", encode_class_names(names))
    write_files(writers)
    if test is None:
        for name in TEST_FILES:
            (root / name).unlink(missing_ok=True)  # of the data that were replaced
    if names is None:
        (root / NAMES_FILE).unlink(missing_ok=True)


def check_free(folder: Path, *, force: bool, remedy: str = REMEDY) -> None:
    """Refuse to replace one of the four pickles, or the class names.

    Parameters
    ----------
    folder : Path
        The data folder.
    force : bool
        Whether existing files may be replaced.
    remedy : str
        What the error message advises; by default another folder, or force.

    Raises
    ------
    DataError
        If a file exists and may not be replaced.
    """
    for name in NAMES:
        if not force and os.path.lexists(folder / name):
            raise DataError(f"{folder / name} already exists: {remedy}")


def _contents(train: Dataset, test: Dataset | None) -> dict[str, NDArray[Any]]:
    contents = dict(zip(TRAINING_FILES, (_images(train), _small(train)), strict=True))
    return contents if test is None else contents | dict(zip(TEST_FILES, (_images(test), _small(test)), strict=True))


def _images(dataset: Dataset) -> NDArray[Any]:
    """Return the images (n, pixels), or (n, height, width) where the pixels alone do not tell the shape."""
    height, width = dataset.picture_shape or (0, 0)
    return dataset.images if height == width else dataset.pictures()


def _small(dataset: Dataset) -> NDArray[Any]:
    """Return the labels in the smallest integer type that holds them."""
    return dataset.labels.astype(np.min_scalar_type(dataset.classes - 1))


def _dump(array: NDArray[Any], file: BinaryIO) -> None:
    pickle.dump(np.ascontiguousarray(array), file, PROTOCOL)
