"""Operators of ONNX on arrays, as far as activations and the weights of layers are made of them."""

from collections.abc import Callable, Mapping
from math import prod
from typing import Any

import numpy as np
from numpy.typing import NDArray

Arrays = list[NDArray[Any]]
Attributes = Mapping[str, Any]
Operator = Callable[[Arrays, Attributes], NDArray[Any]]

LARGEST = 1 << 22  # numbers of a value


def run(name: str, inputs: Arrays, attributes: Attributes) -> NDArray[Any]:
    """Return what an operator makes of its inputs.

    Raises
    ------
    KeyError
        If it is not known here.
    ValueError
        If the inputs do not go together, or the result is too large.
    """
    operator = OPERATORS[name]
    shape = np.broadcast_shapes(*(each.shape for each in inputs)) if name in BROADCASTING else ()
    if prod(shape) > LARGEST:
        raise ValueError("a value is too large")
    with np.errstate(all="ignore"):
        return operator(inputs, attributes)


def _erf(values: NDArray[Any]) -> NDArray[Any]:
    from scipy.special import erf  # here, because most files need none

    return np.asarray(erf(values))


def sigmoid(z: NDArray[Any]) -> NDArray[Any]:
    """Return the logistic function, which overflows nowhere."""
    return np.asarray(np.exp(-np.logaddexp(0, -z)))


def softmax(z: NDArray[Any], axis: int = -1) -> NDArray[Any]:
    """Return exponentials that add up to one along an axis."""
    powers = np.exp(z - z.max(axis=axis, keepdims=True))
    return np.asarray(powers / powers.sum(axis=axis, keepdims=True))


def gelu(z: NDArray[Any]) -> NDArray[Any]:
    """Return the exact gelu."""
    return np.asarray(0.5 * z * (1 + _erf(z * np.sqrt(0.5))))


def _gelu(inputs: Arrays, attributes: Attributes) -> NDArray[Any]:
    z = inputs[0]
    if attributes.get("approximate", b"none") != b"tanh":
        return gelu(z)
    return np.asarray(0.5 * z * (1 + np.tanh(np.sqrt(2 / np.pi) * (z + 0.044715 * z**3))))


def _elu(inputs: Arrays, attributes: Attributes) -> NDArray[Any]:
    z = inputs[0]
    return np.where(z > 0, z, attributes.get("alpha", 1.0) * np.expm1(np.minimum(z, 0)))


def _leaky(inputs: Arrays, attributes: Attributes) -> NDArray[Any]:
    return np.where(inputs[0] > 0, inputs[0], attributes.get("alpha", 0.01) * inputs[0])


def _axes(inputs: Arrays, attributes: Attributes) -> tuple[int, ...] | None:
    """Return the axes that an input gives, or in older versions an attribute."""
    given = inputs[1].ravel().tolist() if len(inputs) > 1 else attributes.get("axes")
    return None if given is None else tuple(int(axis) for axis in given)


def _reduced(function: Callable[..., Any]) -> Operator:
    def reduce(inputs: Arrays, attributes: Attributes) -> NDArray[Any]:
        keep = bool(attributes.get("keepdims", 1))
        return np.asarray(function(inputs[0], axis=_axes(inputs, attributes), keepdims=keep))

    return reduce


def _unsqueeze(inputs: Arrays, attributes: Attributes) -> NDArray[Any]:
    axes = _axes(inputs, attributes) or ()
    if len(axes) + inputs[0].ndim > 8:
        raise ValueError("a value has too many axes")
    return np.expand_dims(inputs[0], axes)


def _reshape(inputs: Arrays, attributes: Attributes) -> NDArray[Any]:
    shape = [int(size) or inputs[0].shape[axis] for axis, size in enumerate(inputs[1].ravel().tolist())]
    return inputs[0].reshape(shape)


def _one(function: Callable[[NDArray[Any]], Any]) -> Operator:
    return lambda inputs, _: np.asarray(function(inputs[0]))


def _two(function: Callable[[NDArray[Any], NDArray[Any]], Any]) -> Operator:
    return lambda inputs, _: np.asarray(function(inputs[0], inputs[1]))


def _many(function: Any) -> Operator:
    return lambda inputs, _: np.asarray(function.reduce(np.broadcast_arrays(*inputs)))


ARITHMETIC: dict[str, Operator] = {
    "Add": _two(np.add),
    "Sub": _two(np.subtract),
    "Mul": _two(np.multiply),
    "Div": _two(np.divide),
    "Pow": _two(np.power),
    "Max": _many(np.maximum),
    "Min": _many(np.minimum),
    "Sum": _many(np.add),
}
BROADCASTING = set(ARITHMETIC)
PASSING: dict[str, Operator] = {  # which leave the numbers as they are
    "Identity": _one(np.asarray),
    "Cast": _one(np.asarray),
    "CastLike": _one(np.asarray),
    "Dropout": _one(np.asarray),
}
FORMS: dict[str, Operator] = {
    "Unsqueeze": _unsqueeze,
    "Squeeze": lambda inputs, attributes: np.squeeze(inputs[0], _axes(inputs, attributes)),
    "Reshape": _reshape,
    "Transpose": lambda inputs, attributes: np.transpose(inputs[0], attributes.get("perm")),
}
OPERATORS: dict[str, Operator] = ARITHMETIC | PASSING | FORMS | {
    "Relu": _one(lambda z: np.maximum(z, 0)),
    "Sigmoid": _one(sigmoid),
    "Tanh": _one(np.tanh),
    "Exp": _one(np.exp),
    "Log": _one(np.log),
    "Neg": _one(np.negative),
    "Abs": _one(np.abs),
    "Sqrt": _one(np.sqrt),
    "Reciprocal": _one(lambda z: 1 / z),
    "Erf": _one(_erf),
    "Softplus": _one(lambda z: np.logaddexp(0, z)),
    "Swish": _one(lambda z: z * sigmoid(z)),
    "LeakyRelu": _leaky,
    "Elu": _elu,
    "Gelu": _gelu,
    "Softmax": lambda inputs, attributes: softmax(inputs[0], int(attributes.get("axis", -1))),
    "ReduceSum": _reduced(np.sum),
    "ReduceMax": _reduced(np.max),
}  # fmt: skip

# The activations here, by their names, with which values are compared.
FORMULAS: dict[str, Callable[[NDArray[Any]], NDArray[Any]]] = {
    "identity": np.asarray,
    "sigmoid": sigmoid,
    "tanh": np.tanh,
    "relu": lambda z: np.maximum(z, 0),
    "leaky_relu": lambda z: np.where(z > 0, z, 0.01 * z),
    "elu": lambda z: np.where(z > 0, z, np.expm1(np.minimum(z, 0))),
    "gelu": gelu,
    "silu": lambda z: z * sigmoid(z),
    "softplus": lambda z: np.asarray(np.logaddexp(0, z)),
    "exponential": np.exp,
    "softmax": softmax,
}
