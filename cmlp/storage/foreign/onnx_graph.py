"""The chain of layers in a graph of ONNX.

The graph is walked once, in the order of its operators. A value that depends on the inputs is followed by numbers:
behind each product with weights stand sample points, and what the next product gets for them tells which activation
lies between, from however many operators it is composed.
"""

from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from cmlp.errors import ModelError
from cmlp.storage.foreign import onnx_operators as operators
from cmlp.utils.text import escaped

POINTS = np.concatenate([np.linspace(-6, 6, 41), [-30, 30, 1e-3, -1e-3]])
WIDTH = 3  # sample columns: an activation is the same for all units
MOST_NUMBERS = 1 << 26  # of what operators make of constants
MOST_VALUES = 1 << 12  # of an operator at the sample points
TOLERANCE = 2e-6  # relative; constants in float32 have errors of 1e-7
LINEAR = ("Gemm", "MatMul")
LABELS = ("ArgMax", "Greater", "GreaterOrEqual")


@dataclass(eq=False)
class Product:
    """A product with weights (fan_out, fan_in), after another one or the inputs."""

    before: "Product | Inputs"
    activation: str  # of what lies before it
    weights: NDArray[Any]
    biases: NDArray[Any]
    name: str
    version: int = 0  # changes when biases are added
    is_used: bool = False  # by other operators than the one that adds its biases


@dataclass(eq=False)
class Inputs:
    """The inputs of the graph, times a scale, plus an offset; both are numbers or rows, one for each input."""

    scale: NDArray[Any]
    offset: NDArray[Any]


@dataclass(eq=False)
class Follower:
    """A value that follows from a product: its numbers at the sample points."""

    product: Product
    version: int
    values: NDArray[Any]


@dataclass
class Unread:
    """A value that cannot be followed, because of an operator, or because of what that gets."""

    operator: str
    why: str = ""


@dataclass
class Graph:
    """What is known of the values of a graph, by their names."""

    values: dict[str, Any] = field(default_factory=dict)
    labelled: set[int] = field(default_factory=set)  # ids of the products whose outputs become labels
    budget: int = MOST_NUMBERS
    answers_each: bool = False  # yes or no for each output, and not one label

    def add(self, kind: str, inputs: list[str], outputs: list[str], attributes: dict[str, Any], name: str) -> None:
        """Follow an operator."""
        given = [self.values.get(each) for each in inputs if each]
        try:
            found = self._result(kind, given, attributes, name)
        except (ValueError, IndexError, TypeError, KeyError) as error:
            found = Unread(kind, str(error) if isinstance(error, ModelError) else "")
        for output in outputs[:1]:
            self.values[output] = found
        for output in outputs[1:]:
            self.values[output] = Unread(kind)

    def _result(self, kind: str, given: list[Any], attributes: dict[str, Any], name: str) -> Any:
        unread = next((each for each in given if isinstance(each, Unread) or each is None), None)
        main = next((each for each in given if isinstance(each, Inputs | Follower)), None)
        if kind in LABELS and isinstance(main, Follower):
            self.labelled.add(id(main.product))
            self.answers_each = kind != "ArgMax"
            return Unread(kind)
        if kind in ("Flatten", "Reshape", "Squeeze") and isinstance(given[0], Inputs | Follower):
            return given[0]
        if unread is not None or kind == "Shape":
            return unread if isinstance(unread, Unread) else Unread(kind)
        if main is None:
            constant = operators.run(kind, given, attributes)
            self.budget -= constant.size
            if self.budget < 0:
                raise ModelError("its constants are much larger than its weights")
            return constant
        if kind in LINEAR:
            return _product(kind, given, attributes, name)
        if isinstance(main, Inputs):
            return _of_inputs(kind, given, main)
        return _follow(kind, given, attributes)


def _product(kind: str, given: list[Any], attributes: dict[str, Any], name: str) -> Any:
    value, weights, *rest = given
    if not isinstance(value, Inputs | Follower) or not isinstance(weights, np.ndarray) or weights.ndim != 2:
        raise ModelError("weights must be constant, and behind the values")
    is_gemm = kind == "Gemm"
    if is_gemm and attributes.get("transA"):
        raise ModelError("it transposes the values")
    weights = weights if is_gemm and attributes.get("transB") else weights.T
    if is_gemm:
        weights = weights * weights.dtype.type(attributes.get("alpha", 1.0))
    biases = np.zeros(len(weights), weights.dtype)
    if rest:
        biases = biases + np.broadcast_to(rest[0], (1, len(weights)))[0] * weights.dtype.type(
            attributes.get("beta", 1.0)
        )
    if isinstance(value, Inputs):
        product = Product(value, "identity", weights, biases, name)
    else:
        product = Product(value.product, activation_of(value), weights, biases, name)
        value.product.is_used = True
    return Follower(product, 0, _points(len(weights)))


def _points(width: int) -> NDArray[Any]:
    """Return sample points (n, width) of which the columns differ."""
    rows = np.random.default_rng(0)
    return np.stack([rows.permutation(POINTS) for _ in range(min(width, WIDTH))], axis=1)


def _of_inputs(kind: str, given: list[Any], main: Inputs) -> Any:
    """Follow the scaling of inputs."""
    if kind in operators.PASSING:
        return main
    value, other = given
    if kind not in ("Add", "Sub", "Mul", "Div") or not isinstance(other if value is main else value, np.ndarray):
        return Unread(kind)
    number = np.asarray(other if value is main else value, np.float64).ravel()
    if kind == "Mul":
        return Inputs(main.scale * number, main.offset * number)
    if kind == "Add":
        return Inputs(main.scale, main.offset + number)
    if value is not main:
        return Unread(kind)
    return (
        Inputs(main.scale, main.offset - number) if kind == "Sub" else Inputs(main.scale / number, main.offset / number)
    )


def _follow(kind: str, given: list[Any], attributes: dict[str, Any]) -> Any:
    """Follow an operator at the sample points; the first sum with a row of constants adds the biases."""
    followers = [each for each in given if isinstance(each, Follower)]
    product = followers[0].product
    if any(isinstance(each, Inputs) or (isinstance(each, Follower) and each.product is not product) for each in given):
        return Unread(kind, "a layer gets the values of two others")
    if any(each.version != product.version for each in followers):
        return Unread(kind, "values are used with and without biases")
    [value, *others] = given if isinstance(given[0], Follower) else given[::-1]
    is_sum = kind == "Add" or (kind == "Sub" and isinstance(given[0], Follower))
    if is_sum and len(others) == 1 and isinstance(others[0], np.ndarray) and not product.is_used:
        row = np.broadcast_to(others[0], (1, len(product.weights)))[0]
        product.biases = product.biases + (row if kind == "Add" else -row)
        product.version += 1
        return Follower(product, product.version, value.values)
    product.is_used = True
    values = [each.values if isinstance(each, Follower) else np.asarray(each) for each in given]
    doubles = [each.astype(np.float64) if each.dtype.kind == "f" else each for each in values]
    result = operators.run(kind, doubles, attributes)
    if result.size > MOST_VALUES:
        return Unread(kind, "an activation must be the same for all units")
    return Follower(product, product.version, result)


def activation_of(follower: Follower) -> str:
    """Return the activation between a product and a value."""
    if follower.version != follower.product.version:
        raise ModelError("values are used with and without biases")
    z = _points(len(follower.product.weights))
    if follower.values.shape == z.shape:
        for name, formula in operators.FORMULAS.items():
            expected = formula(z)
            if (np.abs(follower.values - expected) <= TOLERANCE * np.maximum(1, np.abs(expected))).all():
                return name
    known = ", ".join(operators.FORMULAS)
    raise ModelError(f"the activations {known} are read, and another follows {escaped(follower.product.name)}")
