"""Which axes of images and labels count the samples."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from cmlp.diagnosis.programs.forms import plain_of


def are_images_and_labels(images: Any, labels: Any) -> bool:
    """Whether two things are images and labels, rather than two pairs."""
    try:
        table, answers = np.asarray(plain_of(images)), np.asarray(plain_of(labels))
    except Exception:
        return False
    if table.dtype == object or table.ndim < 2 or answers.ndim == 0:
        return False
    return number_of_samples(table.shape, answers.shape) is not None or answers.ndim == 1


def number_of_samples(images: tuple[int, ...], labels: tuple[int, ...]) -> int | None:
    """Return the number of samples of images and labels of these shapes; None where they have none in common."""
    if len(images) < 2 or not labels:
        return None
    counts = (labels[0], labels[-1])
    found = [n for n in (images[0], images[-1]) if n in counts]
    return min(found, key=lambda n: n == 1, default=None)  # 1 may be a colour, or the length of labels in columns


def square_columns(table: NDArray[Any], answers: NDArray[Any]) -> bool:
    """Whether a square table has samples in columns, as its labels have."""
    n = table.shape[0]
    return table.shape == (n, n) and answers.ndim == 2 and answers.shape[1] == n != answers.shape[0]
