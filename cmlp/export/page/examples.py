"""Choose test images for the page, wrong predictions first."""

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from cmlp.core.engine import Engine
from cmlp.data.pixels import value_range
from cmlp.model.architecture import Architecture
from cmlp.model.evaluation import decide
from cmlp.model.samples import Samples

MOST = 200
SLACK = 1e-3  # beyond white, for what was rounded
MOST_BYTES = 400_000  # of all of them: base64 makes 4 of 3, and the page is to be mailed


@dataclass(frozen=True)
class Examples:
    """Test images of a page.

    Attributes
    ----------
    images : ndarray (n, features)
        uint8, or the type of the network.
    scale : float
        The factor for uint8 pixels.
    expected : ndarray (n,) of intp, or (n, outputs) of float64
        Labels or targets.
    total : int
        Number of tested images.
    wrong : int or None
        Number of wrong predictions; None where the network predicts numbers.
    """

    images: NDArray[Any]
    scale: float
    expected: NDArray[Any]
    total: int
    wrong: int | None

    @property
    def are_pixels(self) -> bool:
        """Whether all values are in [0, 1], as those of pixels are."""
        low, high = value_range(self.images, self.scale)
        return low >= 0 and high <= 1 + SLACK


def choose_examples(samples: Samples, architecture: Architecture, engine: Engine) -> Examples:
    """Choose up to 200 test images: the wrong predictions or largest errors first, at most half of all.

    Parameters
    ----------
    samples : Samples
        The test data.
    architecture : Architecture
        That of the network.
    engine : Engine
        Computes the outputs.

    Returns
    -------
    examples : Examples

    Raises
    ------
    DataError
        If an output is not a number.
    """
    answers = decide(engine.outputs(samples.source()), architecture, engine)
    expected: NDArray[Any] | None = samples.labels if architecture.classifies else samples.targets
    assert expected is not None
    counted = answers.dtype.kind in "bi"  # labels, or yes and no; numbers are never right, only near
    errors = _errors(answers, expected)
    rows = _worst_first(errors, _room(samples, engine), counted)
    return Examples(
        _dense(samples.take(rows), architecture),
        samples.scale,
        expected[rows],
        len(samples),
        int(np.count_nonzero(errors)) if counted else None,
    )


def _errors(answers: NDArray[Any], expected: NDArray[Any]) -> NDArray[np.float64]:
    """Return the error of each prediction; 0 is right."""
    wrong: NDArray[Any]
    if answers.dtype.kind == "i":
        wrong = (answers != expected)[:, np.newaxis]
    elif answers.dtype.kind == "b":
        wrong = answers != (expected > 0.5)
    else:
        wrong = (answers - expected) ** 2
    errors: NDArray[np.float64] = wrong.sum(axis=1, dtype=np.float64)
    return errors


def _room(samples: Samples, engine: Engine) -> int:
    itemsize = 1 if samples.pixels.dtype == np.uint8 else engine.dtype.itemsize
    return max(1, min(MOST, MOST_BYTES // (engine.sizes[0] * itemsize)))


def _worst_first(errors: NDArray[np.float64], room: int, counted: bool) -> NDArray[np.intp]:
    if counted:
        wrong, right = np.flatnonzero(errors), np.flatnonzero(errors == 0)
    else:
        by_error = np.argsort(-errors, kind="stable")
        wrong, right = by_error[: room // 2], by_error[room // 2 :]
    shown = min(len(wrong), max(room // 2, room - len(right)))
    return np.concatenate([_spread(wrong, shown), _spread(right, room - shown)])


def _spread(rows: NDArray[np.intp], most: int) -> NDArray[np.intp]:
    """Return at most so many rows, evenly spaced."""
    count = min(len(rows), most)
    return rows[np.arange(count) * len(rows) // max(count, 1)]


def _dense(samples: Samples, architecture: Architecture) -> NDArray[Any]:
    if isinstance(samples.images, tuple):
        values, columns, begins = samples.images
        images = np.zeros((len(samples), architecture.sizes[0]), values.dtype)
        images[np.repeat(np.arange(len(samples)), np.diff(begins)), columns] = values
    else:
        images = samples.images
    return images if images.dtype == np.uint8 else images.astype(architecture.dtype)
