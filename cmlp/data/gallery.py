"""What a notebook shows of a data set: pictures of each class, or the first rows of a table."""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from cmlp.data.pixels import scaled
from cmlp.notebook.cards import LONGEST, bar, card, cut, safe, table
from cmlp.notebook.names import ELLIPSIS, short_names, titled
from cmlp.notebook.pictures import SIDE, strip
from cmlp.utils.text import counted

if TYPE_CHECKING:
    from cmlp.data.dataset import Dataset

SMALLEST_SIDE = 5  # of a picture; fewer numbers are most often no pixels, whatever their count
MOST_CLASSES = 20
MOST_EXAMPLES, FEWEST_EXAMPLES = 12, 3  # of each class
MOST_PIXELS = 100_000  # of all pictures together
MOST_ROWS, MOST_COLUMNS = 5, 8  # of a table
LONGEST_NAME = 18


def gallery(dataset: "Dataset", title: str, about: Sequence[str]) -> str:
    """Return a data set as a notebook shows it.

    Parameters
    ----------
    dataset : Dataset
        Of any size: only what is shown is read, and the labels.
    title : str
        What it is called.
    about : sequence of str
        What is said of it in words.

    Returns
    -------
    str
        HTML.
    """
    shape = dataset.picture_shape
    pictured = shape is not None and min(shape) >= SMALLEST_SIDE
    counts = np.bincount(dataset.labels, minlength=dataset.classes)
    rows = _classes(dataset, counts, _examples(dataset) if pictured else None)
    head = ["class", "images" if pictured else "rows", *(["examples"] if pictured else [""])]
    more = dataset.classes - MOST_CLASSES
    notes = f"<p class='cmlp-remark'>and {counted(more, 'more class')}</p>" if more > 0 else ""
    content = ("" if pictured else _first_rows(dataset)) + table(head, rows, left=(0, 2)) + notes
    return card(title, about, content)


def _name(dataset: "Dataset", label: int) -> str:
    return str(label) if dataset.class_names is None else dataset.class_names[label]


def _names(dataset: "Dataset") -> list[str]:
    """Return the names of all classes as HTML, the long ones shortened."""
    names = [cut(_name(dataset, label), LONGEST) for label in range(dataset.classes)]
    return [titled(*pair) for pair in zip(names, short_names(names, LONGEST_NAME), strict=True)]


def _classes(dataset: "Dataset", counts: NDArray[np.intp], examples: dict[int, str] | None) -> list[list[str]]:
    """Return a row for each class: its name, the number of its images, and examples or a bar for that number."""
    largest = max(int(counts.max()), 1)
    names = _names(dataset)
    return [
        [names[label], f"{count:,}", bar(count / largest) if examples is None else examples[label]]
        for label, count in enumerate(counts[:MOST_CLASSES].tolist())
    ]


def _examples(dataset: "Dataset") -> dict[int, str]:
    """Return pictures of each class, from all over the data, all drawn with the same black and white."""
    classes = min(dataset.classes, MOST_CLASSES)
    height, width = (min(side, SIDE) for side in dataset.pictures().shape[1:])
    most = min(MOST_EXAMPLES, max(FEWEST_EXAMPLES, MOST_PIXELS // (classes * height * width)))
    chosen = {}
    for label in range(classes):
        members = np.flatnonzero(dataset.labels == label)
        places = np.unique(np.arange(most) * len(members) // most)
        chosen[label] = scaled(dataset.pictures()[members[places] if len(members) else members], dataset.scale)
    drawn = [pictures for pictures in chosen.values() if len(pictures)]
    limits = min((float(p.min()) for p in drawn), default=0.0), max((float(p.max()) for p in drawn), default=1.0)
    if limits[0] >= 0 and limits[1] <= 1:
        limits = 0.0, 1.0
    described = {label: f"examples of class {safe(_name(dataset, label), 40)}" for label in chosen}
    return {label: strip(p, limits, described[label]) if len(p) else "" for label, p in chosen.items()}


def _first_rows(dataset: "Dataset") -> str:
    """Return the first rows of a table, and the label of each."""
    shown: NDArray[Any] = scaled(dataset.images[:MOST_ROWS, :MOST_COLUMNS], dataset.scale)
    is_cut = dataset.images.shape[1] > MOST_COLUMNS
    names = [f"column {column}" for column in range(shown.shape[1])]
    classes = _names(dataset)
    rows = [
        [classes[label], *(f"{value:.4g}" for value in values), *([""] * is_cut)]
        for values, label in zip(shown.tolist(), dataset.labels[:MOST_ROWS].tolist(), strict=True)
    ]
    return table(["label", *names, *([ELLIPSIS] * is_cut)], rows)
