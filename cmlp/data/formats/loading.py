"""Load images and labels from any file or folder."""

import os
from pathlib import Path
from typing import Any

import numpy as np

from cmlp.data.formats.alignment import aligned, classes_of
from cmlp.data.formats.archives import renamed, unpacked
from cmlp.data.formats.columns import Label
from cmlp.data.formats.detection import ARCHIVE, detect_format
from cmlp.data.formats.files import Options, read_file
from cmlp.data.formats.folders import read_folder
from cmlp.data.formats.sets import Parts, Sets, check_parts, name_words
from cmlp.data.reading import read_start
from cmlp.errors import DataError
from cmlp.utils.warn import Reworded

ARCHIVES = 2  # that may lie within each other


def load(
    source: str | os.PathLike[str],
    *,
    classes: int | None = None,
    label: Label | None = None,
    header: bool | None = None,
) -> Sets:
    """Load images and labels in any common format, which is detected from the content.

    ====================  =====================================================================================
    Four files            images and labels, and the same for the test: IDX, ``.npy``, pickles, tables or MAT in a
                          folder, with the names of MNIST, ``X_train y_train X_test y_test`` or the like; a file
                          ``class_names.txt`` beside them names the classes
    Two files             a file of images, its file of labels beside it
    ``.npz``              with the names of keras, medmnist, ``images labels``, ``X y`` or the like, or without names
    Pickle                ``(X, y)``, ``((X, y), (X, y))``, three pairs as in Nielsen's ``mnist.pkl.gz``, a list
                          of (image, label), a dict of arrays, or several of these dumped one after the other
    CSV                   an image per line, with its label in a column called ``label``, first or last, as a number
                          or a word, or in one-hot columns; any delimiter, with a header or without
    ARFF, LIBSVM          tables of Weka and OpenML, and of LIBSVM
    MAT                   of MATLAB, versions 4 to 7
    HDF5, Parquet         also Feather, Arrow and MATLAB 7.3 (needs ``cmlp[formats]``)
    Pictures              PNG, JPEG, BMP, GIF, WebP, TIFF or PPM files, in a folder for each class (needs
                          ``cmlp[images]``)
    Archives              zip or tar of any of these
    ====================  =====================================================================================

    All but pictures, HDF5 and Parquet may be compressed with gzip, bzip2 or xz. Validation data become part of the
    training data. Nothing in a file is executed. Reading most formats takes at most twice the memory of the content
    plus 64 MiB; an uncompressed ``.npy`` file of uint8 values is memory-mapped. What could mean two things, and what
    is left out, is said by a warning. Classes whose labels are words, or do not start at 0, are numbered in order, and
    their `class_names` are what the source calls them.

    Parameters
    ----------
    source : str or path
        The file or the folder.
    classes : int, optional
        Number of classes; by default inferred from the training labels.
    label : str, int or sequence of these, optional
        Which column of a table holds the labels: its name, its number from 0 (-1 is the last), "first" or "last";
        several columns for one-hot labels. By default this is found out.
    header : bool, optional
        Whether the first line of a CSV file names the columns; by default this is found out.

    Returns
    -------
    Sets
        Training and test data; `test` is None if the source holds a single set.

    Raises
    ------
    DataError
        If the source is in no known format, is damaged, or is invalid as a `Dataset`; the message says what the file is
        where it is something else.
    CmlpError
        If a library of an extra is missing.
    OSError
        If it cannot be read.

    Examples
    --------
    >>> train, test = load("mnist.npz")  # doctest: +SKIP
    >>> train, _ = load("flowers.csv", label="species")  # doctest: +SKIP
    """
    return check_parts(read_parts(source, label=label, header=header), classes)


def load_for(
    source: str | os.PathLike[str],
    class_names: tuple[str, ...] | None,
    classes: int,
    *,
    label: Label | None = None,
    header: bool | None = None,
) -> Sets:
    """Load images and labels, the classes numbered as those of a network; the rest is as for `load`."""
    parts = read_parts(source, label=label, header=header)
    if class_names is not None:
        parts = {part: classes_of(each, class_names) for part, each in parts.items()}
    return check_parts(parts, classes)


def read_parts(source: str | os.PathLike[str], *, label: Label | None = None, header: bool | None = None) -> Parts:
    """Read what a source holds, before it is checked; parameters and errors are those of `load`."""
    path = Path(source)
    if path.is_symlink() and not path.exists():
        raise DataError(f"{path} is a link to {path.readlink()}, which does not exist")
    return name_words(aligned(_read(path, Options(label, header), ARCHIVES)))


def _read(path: Path, options: Options, archives: int) -> Parts:
    """Read a file, an archive or a folder; archives may lie within each other this often."""
    if path.is_dir():
        return read_folder(path, options, lambda inner: _read(inner, options, archives))
    start = read_start(path)
    if start and detect_format(path, start) is ARCHIVE:
        if not archives:
            raise DataError(f"{path} must not hold archives within archives within archives: unpack it first")
        return _read_archive(path, start, options, archives)
    return read_file(path, options)


def _read_archive(path: Path, start: bytes, options: Options, archives: int) -> Parts:
    """Read what an archive holds; its files are gone afterwards, so that nothing stays in them."""
    with unpacked(path, start) as (folder, inner), Reworded(lambda text: renamed(text, folder, path)):
        parts = _read(inner, options, archives - 1)
        return {
            part: each._replace(
                images=_in_memory(each.images),
                labels=_in_memory(each.labels),
                names=(renamed(each.names[0], folder, path), renamed(each.names[1], folder, path)),
            )
            for part, each in parts.items()
        }


def _in_memory(values: Any) -> Any:
    return np.array(values) if isinstance(values, np.memmap) else values
