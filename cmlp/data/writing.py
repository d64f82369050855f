"""The four pickles of a data folder, written."""

import os
import pickle
from functools import partial
from pathlib import Path
from typing import Any, BinaryIO

import numpy as np
from numpy.typing import NDArray

from cmlp.data.dataset import Dataset
from cmlp.data.loading import TEST_FILES, TRAINING_FILES
from cmlp.errors import DataError
from cmlp.files import write_files

PROTOCOL = 4  # the newest that every Python since 3.4 reads


def write_data(folder: str | os.PathLike[str], train: Dataset, test: Dataset, *, force: bool = False) -> None:
    """Write the four pickles that `load_training_data` and `load_test_data` read.

    Parameters
    ----------
    folder : str or path
        The data folder; it is made if it is not there.
    train, test : Dataset
        The data; images of bytes are written as they are, others scaled.
    force : bool
        Whether files that are there are replaced.

    Raises
    ------
    DataError
        If a file is there and is not to be replaced; nothing is written then.
    OSError
        If a file cannot be written; those that were there are as they were, unless the disk fails at the end.
    """
    root = Path(folder)
    files = {root / name: array for name, array in _contents(train, test).items()}
    check_free(root, force=force)
    (root / TEST_FILES[0]).parent.mkdir(parents=True, exist_ok=True)
    write_files({path: partial(_dump, array) for path, array in files.items()})


def check_free(folder: Path, *, force: bool) -> None:
    """Refuse to replace one of the four pickles."""
    for name in (*TRAINING_FILES, *TEST_FILES):
        if not force and os.path.lexists(folder / name):
            raise DataError(f"{folder / name} is there already, and is only replaced by force")


def _contents(train: Dataset, test: Dataset) -> dict[str, NDArray[Any]]:
    arrays = (train.images, _small(train), test.images, _small(test))
    return dict(zip((*TRAINING_FILES, *TEST_FILES), arrays, strict=True))


def _small(dataset: Dataset) -> NDArray[Any]:
    """Return the labels in as few bytes as their classes need."""
    return dataset.labels.astype(np.min_scalar_type(dataset.classes - 1))


def _dump(array: NDArray[Any], file: BinaryIO) -> None:
    pickle.dump(np.ascontiguousarray(array), file, PROTOCOL)
