"""What all commands share that read images and labels."""

import argparse
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from cmlp.cli.strangers import needing_data
from cmlp.errors import CmlpError, DataError
from cmlp.utils.text import counted

if TYPE_CHECKING:
    from cmlp.data import Dataset
    from cmlp.data.formats import Sets
    from cmlp.network import Network

A_FIFTH = 0.2
ANSWERS = {"yes": True, "no": False}

FORMATS = """\
SOURCE is a folder with the four files of MNIST, as IDX, pickle, .npy, CSV or
MAT files; a table or archive for training and test data each; a folder with a
subfolder of pictures per class; or one file: .npz, a pickle, CSV, ARFF, LIBSVM,
MAT, HDF5, Parquet, zip or tar. The content decides which format it is, not the
name."""


def add_table_options(add: Callable[..., Any]) -> None:
    """Add the options that say what the columns of a table are."""
    which = "the column of a table with the labels: its name, its number from 0, first or last (default: found out)"
    add("--label", metavar="COLUMN", help=which)
    add("--header", choices=list(ANSWERS), help="whether a table begins with the names of its columns")


def table_options(arguments: argparse.Namespace) -> dict[str, Any]:
    """Return what was said about the columns of a table, as `load` takes it."""
    return {"label": arguments.label, "header": None if arguments.header is None else ANSWERS[arguments.header]}


def refuse_options(options: Mapping[str, Any]) -> None:
    """Refuse what was said about the columns of a table, where there is none."""
    given = next((name for name, value in options.items() if value is not None), None)
    if given is not None:
        raise DataError(
            f"--{given} says what the columns of a table are, and the built-in digits are none: name a SOURCE"
        )


def counts(sets: "Sets") -> dict[str, Any]:
    """Return the numbers of images, pixels and classes."""
    return {
        "training_images": len(sets.train),
        "test_images": 0 if sets.test is None else len(sets.test),
        "pixels": sets.train.images.shape[1],
        "classes": sets.train.classes,
    }


def summary(sets: "Sets") -> str:
    """Return the numbers of images, pixels and classes as text."""
    n, (_, pixels), classes = len(sets.train), sets.train.images.shape, sets.train.classes
    images = counted(n, "image") if sets.test is None else two_sets(n, len(sets.test))
    return f"{images} of {counted(pixels, 'pixel')}, {counted(classes, 'class')}"


def load_sets(source: str | None, command: str, fraction: float | None = None, **options: Any) -> tuple["Sets", bool]:
    """Return training and test data, and whether the test data were split off the only set that there is.

    Parameters
    ----------
    source : str, optional
        Where the data are; by default they are the built-in digits. A folder with one file of test data must have both.
    command : str
        The command that needs them.
    fraction : float, optional
        The fraction to split off; by default `A_FIFTH`.
    **options
        As `table_options` returns them.

    Raises
    ------
    CmlpError
        If they cannot be read, or a fraction is given and the source has test data.
    """
    from cmlp.data import load_digits
    from cmlp.data.formats import Sets, split
    from cmlp.data.origin import Origin, checksum_of

    if source is None:
        refuse_options(options)
        sets = Sets(*load_digits())
    else:
        with needing_data(source, command):
            sets = _read(source, options)
    if sets.test is not None:
        if fraction is not None:
            found = f"{source or 'the built-in digits'} holds {counted(len(sets.test), 'test image')}"
            raise DataError(f"--test-fraction needs a source without test data: {found}")
        return Sets(sets.train._from_origin(Origin(checksum_of(sets.train.images))), sets.test), False
    part = A_FIFTH if fraction is None else fraction
    train, test = split(sets.train, part)
    return Sets(train._from_origin(Origin(checksum_of(sets.train.images), part)), test), True


def untrained(network: "Network", sets: "Sets", model: str) -> tuple["Sets", str | None]:
    """Split a source as the training of a network did, so that it is tested with images that it has not seen.

    Parameters
    ----------
    network : Network
    sets : Sets
        What the source holds.
    model : str
        Where the network is saved.

    Returns
    -------
    Sets
        With the test data that the training split off, if the source is the one that it split; otherwise as given.
    str or None
        A warning, if the network was trained on the images that it is to be tested with.
    """
    from cmlp.data.formats import split
    from cmlp.data.origin import Origin

    origin = Origin.read(network.settings)
    data = sets.train if sets.test is None else sets.test
    if origin is None or not origin.is_of(data.images):
        return sets, None
    if origin.test_fraction is not None and sets.test is None:
        return split(data, origin.test_fraction, origin.seed), None
    seen = "these are the images"
    if origin.test_fraction is not None:
        seen = f"{round((1 - origin.test_fraction) * len(data)):,} of these {counted(len(data), 'image')} are those"
    return sets, f"{seen} that {model} was trained on: the accuracy on others may be much lower"


def _read(source: str, options: Mapping[str, Any]) -> "Sets":
    from cmlp.data import load, load_test_data, load_training_data
    from cmlp.data.formats import Sets
    from cmlp.data.loading import DATA_FILES, TEST_FILES

    if not any(Path(source, file).exists() for file in DATA_FILES):
        return load(source, **options)
    train = load_training_data(source, classes=None)
    if not any(Path(source, file).exists() for file in TEST_FILES):
        return Sets(train, None)
    return Sets(train, load_test_data(source, classes=train.classes))


def check_digits_fit(network: "Network", digits: "Dataset", model: str, command: str) -> None:
    """Refuse to take the built-in digits for a network that was made for other data; the command names the model."""
    pixels, classes = digits.images.shape[1], digits.classes
    if (network.sizes[0], network.sizes[-1]) != (pixels, classes):
        kind = f"{model} takes {counted(network.sizes[0], 'pixel')} and has {counted(network.sizes[-1], 'output')}"
        found = f"the built-in digits have {counted(pixels, 'pixel')} and {counted(classes, 'class')}"
        raise CmlpError(f"{kind}, and {found}: name the data that it is for, {command.format(model)}")


def two_sets(train: int, test: int) -> str:
    """Return the numbers of training and test images as text."""
    return f"{train:,} training and {counted(test, 'test image')}"
