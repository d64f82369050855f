"""A random network and its data, and what NumPy says that it must answer."""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from doors.arrays import NUMBERS, draw, shapes_of_answers, shapes_of_images
from doors.rules import labels_of, targets_of
from support import formulas
from support.formulas import LABELLED, LOSSES

import cmlp

SIZES, ETA = (1, 2, 5, 5, 5, 37, 300), 0.1
KINDS = [
    {"sizes": [6, 5, 3]},
    {"sizes": [6, 4, 3], "activation": "relu", "loss": "cross_entropy", "dtype": "float32"},
    {"sizes": [6, 3], "loss": "cross_entropy"},
    {"sizes": [64, 7, 3], "dtype": "float32"},
    {"sizes": [1, 2, 3], "activation": "tanh"},
    {"sizes": [6, 3, 2], "activation": "tanh", "loss": "binary_cross_entropy"},
    {"sizes": [6, 4, 2], "activation": "gelu", "loss": "mean_squared_error", "dtype": "float32"},
    {"sizes": [6, 4, 1], "activation": ["silu", "softplus"], "loss": "poisson"},
]
LARGE = 1e6  # from which on rounding decides too much to be compared
WELL = {"dtypes": ["f8", "f8", "f4", "u1", "i4"]}


@dataclass
class Case:
    """A call that is to be tried.

    `rule` raises `Refused` or `Unsaid`, or returns what `verify` gets beside the result.
    """

    name: str
    network: Any
    given: list[Any]
    call: Callable[[], Any]
    rule: Callable[[], Any]
    verify: Callable[[Any, Any], None]
    may_change: bool = False  # even if it is refused: the steps before it were taken
    errors: tuple[type[Exception], ...] = field(default=(cmlp.CmlpError,))

    one_sentence = True  # whether every error is one

    def state(self):
        """Return what a refused call must not change."""
        network = self.network
        settings = sorted(network.settings.items())
        return network.engine.parameters.tobytes(), str(network.rng.bit_generator.state), network.scale, settings

    def __str__(self):
        return f"{self.name} of {self.network}: {'; '.join(each.description for each in self.given)}"


class Reference:
    """A network, and cases of it.

    Parameters
    ----------
    rng : numpy.random.Generator
        Draws everything.
    """

    def __init__(self, rng):
        self.rng, self.n = rng, int(rng.choice(SIZES))
        kind = KINDS[rng.integers(len(KINDS))]
        self.network = cmlp.Network(**kind, seed=int(rng.integers(100)))
        self.features, self.outputs, self.loss = kind["sizes"][0], kind["sizes"][-1], self.network.architecture.loss
        if rng.random() < 0.3:  # as if it had been trained with integers
            self.network.settings = {"input": "uint8"}
        scale = self.network.scale
        self.scales = (scale, scale if self.network.settings else 1.0)
        self.weights, self.biases = formulas.parameters(self.network)

    # ------------------------------------------------------------------------------------------------- what is given

    def images(self, good):
        if good:
            contents = ("fractions",) if self.rng.random() < 0.7 else ("fractions", "bytes", "zeros")
            return draw(self.rng, [(self.n, self.features)], **WELL, contents=contents)
        return draw(self.rng, shapes_of_images(self.n, self.features))

    def answers(self, good):
        if not good:
            return draw(self.rng, shapes_of_answers(self.n, self.outputs))
        if self.loss in LABELLED:
            if self.rng.random() < 0.3:
                return draw(self.rng, [(self.n, self.outputs)], dtypes=NUMBERS, contents=("one-hot",), sparse=False)
            return draw(self.rng, [(self.n,), (self.n, 1)], dtypes=NUMBERS[1:], contents=("labels",), sparse=False)
        contents = ("answers",) if self.loss == "binary_cross_entropy" else ("fractions", "answers")
        shapes = [(self.n, self.outputs), (self.n, self.outputs, 1)]
        return draw(self.rng, shapes, dtypes=["f8", "f4", "i4", "u1"], contents=contents, sparse=False)

    def weights_or_none(self):
        if self.rng.random() < 0.5:
            return None
        if self.rng.random() < 0.5:
            return draw(self.rng, [(self.n,)], dtypes=NUMBERS, contents=("fractions", "answers", "ones"))
        return draw(self.rng, shapes_of_answers(self.n, self.outputs))

    def both(self):
        """Return images and answers, of which one is well-formed at least in half of the cases."""
        which = self.rng.integers(5)
        return self.images(which not in (0, 1)), self.answers(which not in (1, 2))

    def as_data(self, images, answers):
        """Return data of one of the forms that a network learns from, and whether NumPy can say what they mean."""
        by_rows = not _has_columns(images, answers)
        if all(each.is_array or each.is_sparse for each in (images, answers)) and (
            self.rng.random() < 0.7 or not by_rows
        ):
            return (images.value, answers.value)
        if not by_rows or not images.meaning.ndim or not answers.meaning.ndim:
            return None
        pairs = list(zip(images.value, answers.value, strict=False))
        images.meaning, answers.meaning = (
            np.asarray(list(each.meaning[: len(pairs)])) if each.meaning.dtype == "O" else each.meaning[: len(pairs)]
            for each in (images, answers)
        )
        return pairs

    # -------------------------------------------------------------------------------------------- what NumPy says

    def numbers_of(self, answers, n):
        """Return labels (n,) or targets (n, outputs), and targets as columns (outputs, n)."""
        if self.loss in LABELLED:
            labels = labels_of(answers, self.outputs, n)
            return labels, np.eye(self.outputs)[:, labels]
        targets = targets_of(answers, self.outputs, n, *self.network.architecture.target_range)
        return targets, targets.T

    def rounded(self, x):
        """Return images as columns in the type of the computation, in which subnormal numbers are 0."""
        single = x.T.astype(self.network.dtype)
        return np.where(np.abs(single) < np.finfo(single.dtype).tiny, 0, single).astype(float)

    def outputs_of(self, x, weights=None, biases=None):
        with np.errstate(all="ignore"):
            layers = formulas.feedforward(
                self.weights if weights is None else weights, self.biases if biases is None else biases,
                self.network.architecture.activations, self.rounded(x),
            )[1]  # fmt: skip
        return layers[1:]

    def mean_loss(self, x, columns, parameters=(None, None)):
        with np.errstate(all="ignore"):
            return np.mean(LOSSES[self.loss](self.outputs_of(x, *parameters)[-1], columns))

    def step(self, x, columns, importance=None):
        """Return the parameters after a step."""
        activations = self.network.architecture.activations
        with np.errstate(all="ignore"):
            nabla = formulas.gradient(
                self.weights, self.biases, activations, self.loss, self.rounded(x), columns, importance=importance
            )
        return [
            [p - ETA * g for p, g in zip(*part, strict=True)]
            for part in zip((self.weights, self.biases), nabla, strict=True)
        ]

    def tolerance(self, x):
        """Return how far results may be from those of NumPy, or infinity where they need not be compared."""
        largest = np.abs(x).max(initial=0)
        if not largest <= LARGE:
            return np.inf
        return 1000 * np.finfo(self.network.dtype).eps * (1 + largest)

    def compare(self, found, expected, x):
        """Compare arrays of the same shapes, as far as NumPy can say what they are."""
        tolerance = self.tolerance(x)
        for a, e in zip(found, expected, strict=True):
            assert np.shape(a) == np.shape(e), f"shape {np.shape(a)} instead of {np.shape(e)}"
            if not np.isfinite(e).all() or np.isinf(tolerance):
                return
            far = np.abs(np.asarray(a, float) - e).max(initial=0)
            assert far <= tolerance * max(1, np.abs(e).max(initial=0)), f"off by {far}"

    def compare_parameters(self, expected, x):
        self.compare(formulas.parameters(self.network)[0], expected[0], x)
        self.compare(formulas.parameters(self.network)[1], expected[1], x)

    # ----------------------------------------------------------------------------------------------- the doors


def _has_columns(*given):
    """Return whether one goes through something of them by other parts than rows, or not at all."""
    return any(each.is_sparse or hasattr(each.value, "iloc") or not hasattr(each.value, "__iter__") for each in given)
