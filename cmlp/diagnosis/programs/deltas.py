"""Formulas of backpropagation, right and wrong, that people write: the error of each unit, layer by layer.

The right ones follow from the chain rule (Rumelhart, Hinton and Williams, 1986): delta of the output layer is the slope
of the loss by the weighted sums z, and that of a hidden layer (delta of the next @ W^T) * f'(z).
"""

from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

from cmlp.diagnosis.programs.activations import FUNCTIONS, sigmoid, softmax

Array = NDArray[np.floating]

WORDS = {
    "error": "it is a - y, without the derivative of the activation",
    "mse": "it is (a - y) * f'(z)",
    "diagonal": "it is (a - y) * a * (1 - a), and softmax's derivative has more than this diagonal",
    "of_a": "the derivative is taken at a = f(z) instead of z",
    "at_z": "the formula of the derivative in terms of a is given z",
    "no_jacobian": "it is -y / a, without the derivative of the softmax",
    "no_jacobian_diagonal": "it is -y * (1 - a), as if softmax's derivative were a diagonal",
    "bce_no_f": "it is (a - y) / (a * (1 - a)), without the derivative of the activation",
    "square": "it is (a - y)**2, which has no sign",
    "sign": "it is the sign of a - y only",
    "outputs": "it is made of the outputs alone, without the targets",
    "f_alone": "it is the derivative of the activation alone, without the error",
    "none": "the derivative of the activation is missing",
    "error_passed_on": "the error of the outputs is passed down instead of their delta",
    "not_transposed": "the matrix of the next layer is not transposed",
    "of_next": "the derivative is that of the next layer",
    "of_below": "the derivative is taken of the layer below",
    "unweighted": "it is the derivative of the activation alone, and what comes from the next layer is lost",
    "only_sums": "what comes from the next layer is one sum, without its weights",
    "twice": "the derivative of the activation is taken twice",
    "activation": "it is multiplied by the activation instead of its derivative",
    "softmax_twice": "softmax is applied twice, in the network and in its loss",
    "softmax_of_sigmoid": "softmax is applied to the outputs of a sigmoid",
    "softmax_of_relu": "softmax is applied to the outputs of a ReLU",
    "softmax_of_tanh": "softmax is applied to the outputs of a tanh",
    "nll_of_probabilities": "the loss is minus the output of the right class, and takes probabilities for logarithms",
    "nll_of_logits": "the loss is minus the output of the right class, and takes sums for logarithms of probabilities",
}
RIGHT = {("mse", act) for act in FUNCTIONS} | {
    ("error", "sigmoid"),
    ("error", "softmax"),
    ("error", "log_softmax"),
    ("error", "identity"),
    ("softmax_ce", "identity"),
    ("softmax_mse", "identity"),
    ("sigmoid_ce", "identity"),
}


def through_softmax(a: Array, slope: Array) -> Array:
    """Return a slope by the outputs of a softmax as one by its inputs."""
    total = (slope * a).sum(axis=1, keepdims=True)
    return np.asarray(a * (slope - total))


def output_deltas(act: str, z: Array, a: Array, y: Array) -> Iterator[tuple[str, Array]]:
    """Yield the names and values of formulas for the output layer, with outputs a and targets y."""
    with np.errstate(all="ignore"):
        f = FUNCTIONS[act][1](z, a)
        if act == "softmax":
            yield from _of_softmax(a, y)
        elif act == "log_softmax":
            yield "error", np.exp(a) - y
            yield "nll_of_logits", -y
        elif act == "identity":
            yield from _of_sums(a, y)
        else:
            yield "mse", (a - y) * f
            yield "error", a - y
        yield "of_a", (a - y) * FUNCTIONS[act][1](a, FUNCTIONS[act][0](a))
        yield "at_z", (a - y) * FUNCTIONS[act][1](z, z)
        if act == "sigmoid":
            yield "bce_no_f", (a - y) / (a * (1 - a))
        if act in ("sigmoid", "tanh", "relu"):
            yield f"softmax_of_{act}", (softmax(a) - y) * f
        yield "square", (a - y) ** 2
        yield "sign", np.sign(a - y)
        yield "twice", (a - y) * f * f
        yield "f_alone", f
        yield "outputs", a
        for other in ("sigmoid", "tanh", "relu"):
            if other != act:
                yield f"derivative of {other}", (a - y) * FUNCTIONS[other][1](z, a)
        yield "sigmoid' of z", (a - y) * FUNCTIONS["sigmoid"][1](z, sigmoid(z))


def _of_softmax(a: Array, y: Array) -> Iterator[tuple[str, Array]]:
    e = a - y
    yield "error", e
    yield "mse", through_softmax(a, e)
    yield "diagonal", e * a * (1 - a)
    yield "no_jacobian", -y / a
    yield "no_jacobian_diagonal", -y * (1 - a)
    yield "softmax_twice", through_softmax(a, softmax(a) - y)
    yield "nll_of_probabilities", through_softmax(a, -y)


def _of_sums(a: Array, y: Array) -> Iterator[tuple[str, Array]]:
    s, sig = softmax(a), sigmoid(a)
    yield "error", a - y
    yield "softmax_ce", s - y
    yield "softmax_mse", through_softmax(s, s - y)
    yield "sigmoid_ce", sig - y
    yield "nll_of_logits", -y
    yield "softmax_twice", through_softmax(s, softmax(s) - y)
    yield "diagonal", (s - y) * s * (1 - s)


def hidden_right(act: str, z: Array, a: Array, above: Array, matrix: Array) -> Array:
    """Return delta of a hidden layer, by the chain rule."""
    return (above @ matrix.T) * FUNCTIONS[act][1](z, a)


class Layer:
    """A hidden layer and the one above it, as formulas need them."""

    def __init__(
        self, act: str, z: Array, a: Array, below: Array, matrix: Array, next_act: str, next_z: Array, next_a: Array
    ) -> None:
        self.act, self.z, self.a, self.below, self.matrix = act, z, a, below, matrix
        self.next_act, self.next_z, self.next_a = next_act, next_z, next_a


def hidden_deltas(
    layer: Layer, above: Array, error: Array | None, updated: Array | None
) -> Iterator[tuple[str, Array]]:
    """Yield the names and values of formulas for a hidden layer, from the delta above it.

    `error` is that of the outputs where the layer above is the output layer; `updated` its matrix after the step.
    """
    act, z, a, matrix = layer.act, layer.z, layer.a, layer.matrix
    with np.errstate(all="ignore"):
        back, f = above @ matrix.T, FUNCTIONS[act][1](z, a)
        yield "right", back * f
        if act != "identity":
            yield "none", back
            yield "of_a", back * FUNCTIONS[act][1](a, FUNCTIONS[act][0](a))
            yield "at_z", back * FUNCTIONS[act][1](z, z)
            yield "twice", back * f * f
            yield "activation", back * a
        if error is not None:
            yield "error_passed_on", (error @ matrix.T) * f
        if matrix.shape[0] == matrix.shape[1]:
            yield "not_transposed", (above @ matrix) * f
            yield "of_next", back * FUNCTIONS[layer.next_act][1](layer.next_z, layer.next_a)
        if updated is not None:
            yield "updated", (above @ updated.T) * f
        yield "unweighted", np.ones_like(back) * f
        yield "only_sums", above.sum(axis=1, keepdims=True) * f
        if layer.below.shape == f.shape:
            yield "of_below", back * FUNCTIONS[act][1](layer.below, layer.below)
        for other in ("sigmoid", "tanh", "relu"):
            if other != act:
                yield f"derivative of {other}", back * FUNCTIONS[other][1](z, a)
        yield "sigmoid' of z", back * FUNCTIONS["sigmoid"][1](z, sigmoid(z))
        yield "tanh' of z", back * FUNCTIONS["tanh"][1](z, np.tanh(z))


def words(formula: str) -> str:
    """Return what a formula is, as a clause."""
    if formula.startswith("derivative of "):
        return f"its derivative is that of {formula[14:]}, written for its own activation"
    if formula in ("sigmoid' of z", "tanh' of z"):
        return f"its derivative is that of {formula.split(chr(39))[0]}"
    return WORDS.get(formula, formula)
