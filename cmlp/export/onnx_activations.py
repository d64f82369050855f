"""The activations as ONNX operators.

The standard has all operators for float32 and float64, but ONNX Runtime has LeakyRelu, Elu, Softplus and Erf for
float32 only: in float64 they are composed of others. The absolute error is that of rounding; the relative error is
larger than that of `Network` where elu and softplus are near zero.
"""

from math import pi, sqrt

import numpy as np

from cmlp.export.onnx_graph import Graph

OPERATORS = {"sigmoid": "Sigmoid", "tanh": "Tanh", "relu": "Relu", "exponential": "Exp"}
FLOAT32_OPERATORS = {"leaky_relu": "LeakyRelu", "elu": "Elu", "softplus": "Softplus"}  # with the defaults 0.01 and 1
STEP, TERMS = 0.5, 13  # of the sum for the normal distribution: what it leaves out is below 1e-17


def activate(graph: Graph, activation: str, z: str) -> str:
    """Add an activation to a graph, and return the name of its output."""
    operators = OPERATORS | (FLOAT32_OPERATORS if graph.dtype == np.float32 else {})
    if activation == "identity":
        return z
    if activation in operators:
        return graph.add(operators[activation], z)
    if activation == "softmax":
        return graph.add("Softmax", z, axis=1)
    if activation == "gelu":
        return graph.add("Mul", z, _normal_cdf(graph, z))
    if activation == "silu":
        return graph.add("Mul", z, graph.add("Sigmoid", z))
    return {"leaky_relu": _leaky_relu, "elu": _elu, "softplus": _softplus}[activation](graph, z)


def _leaky_relu(graph: Graph, z: str) -> str:
    return graph.add("Max", z, graph.add("Mul", z, graph.constant("leak", 0.01)))


def _elu(graph: Graph, z: str) -> str:
    """Add ``max(z, 0) + exp(min(z, 0)) - 1``."""
    positive = graph.add("Relu", z)
    negative = graph.add("Exp", graph.add("Min", z, graph.constant("zero", 0.0)))
    return graph.add("Add", positive, graph.add("Sub", negative, graph.constant("one", 1.0)))


def _softplus(graph: Graph, z: str) -> str:
    """Add ``max(z, 0) + log(1 + exp(-|z|))``."""
    small = graph.add("Exp", graph.add("Neg", graph.add("Abs", z)))
    logarithm = graph.add("Log", graph.add("Add", small, graph.constant("one", 1.0)))
    return graph.add("Add", graph.add("Relu", z), logarithm)


def _normal_cdf(graph: Graph, z: str) -> str:
    """Add the cumulative distribution function of the normal distribution."""
    if graph.dtype == np.float64:
        return _normal_cdf_by_sum(graph, z)
    erf = graph.add("Erf", graph.add("Mul", z, graph.constant("root", sqrt(0.5))))
    return graph.add("Mul", graph.add("Add", erf, graph.constant("one", 1.0)), graph.constant("half", 0.5))


def _normal_cdf_by_sum(graph: Graph, z: str) -> str:
    """Add erfc(x) / 2 with ``x = -z / sqrt(2)``, without an error function.

    By the midpoint rule, erfc(x) is ``2 h x / pi * exp(-x**2) * sum(exp(-t**2) / (t**2 + x**2))`` over the TERMS
    numbers ``t = h / 2, 3 h / 2, ...``, plus ``2 / (1 + exp(2 pi x / h))`` [1]_.

    References
    ----------
    .. [1] D. Hunter, T. Regan, A note on the evaluation of the complementary error function, Mathematics of
       Computation 26, 1972.
    """
    t = STEP * (np.arange(TERMS) + 0.5)
    last = graph.constant("last_axis", [2], np.int64)
    square = graph.add("Mul", graph.add("Mul", z, z), graph.constant("half", 0.5))
    each = graph.add("Add", graph.add("Unsqueeze", square, last), graph.constant("t_squared", t**2))
    summands = graph.add("Div", graph.constant("exp_t_squared", np.exp(-(t**2))), each)
    total = graph.add("ReduceSum", summands, last, keepdims=0)
    x = graph.add("Mul", z, graph.constant("minus_h_by_pi", -sqrt(0.5) * STEP / pi))
    integral = graph.add("Mul", graph.add("Mul", x, total), graph.add("Exp", graph.add("Neg", square)))
    residue = graph.add("Sigmoid", graph.add("Mul", z, graph.constant("pole", sqrt(2) * pi / STEP)))
    return graph.add("Add", integral, residue)
