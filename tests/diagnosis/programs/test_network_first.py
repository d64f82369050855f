"""Functions that take the data first, as those of a well-known course, with sound and broken ones of that style."""

import inspect

import numpy as np
import pytest

import cmlp
from cmlp.diagnosis.programs.frameworks import framework_of
from cmlp.diagnosis.programs.network_first import network_first

TRAIN, TEST = cmlp.load_digits()
DATA = (TRAIN.images.T / 16, np.eye(10)[TRAIN.labels].T)
TESTED = (TEST.images.T / 16, np.eye(10)[TEST.labels].T)


def initialize(n_h=20):
    rng = np.random.default_rng(3)
    weights = {"W1": rng.normal(size=(n_h, 64)) / 8, "W2": rng.normal(size=(10, n_h)) / 4}
    return weights | {"b1": np.zeros((n_h, 1)), "b2": np.zeros((10, 1))}


def forward(X, parameters):
    A1 = np.tanh(parameters["W1"] @ X + parameters["b1"])
    e = np.exp(parameters["W2"] @ A1 + parameters["b2"])
    return e / e.sum(axis=0), {"A1": A1}


def backward(X, Y, parameters):
    A2, cache = forward(X, parameters)
    dZ2 = (A2 - Y) / X.shape[1]
    dZ1 = parameters["W2"].T @ dZ2 * (1 - cache["A1"] ** 2)
    pairs = {"W2": dZ2 @ cache["A1"].T, "W1": dZ1 @ X.T}
    return pairs | {"b2": dZ2.sum(axis=1, keepdims=True), "b1": dZ1.sum(axis=1, keepdims=True)}


def model(X, Y, parameters, num_iterations=300, learning_rate=1.0):
    for _ in range(num_iterations):
        grads = backward(X, Y, parameters)
        parameters = {name: parameters[name] - learning_rate * grads[name] for name in parameters}
    return parameters


def uphill(X, Y, parameters, num_iterations=300, learning_rate=1.0):
    return model(X, Y, parameters, num_iterations, -learning_rate)


def from_nothing(X, Y, num_iterations=300, learning_rate=1.0):
    return model(X, Y, initialize(), num_iterations, learning_rate)


@pytest.mark.parametrize(("fit", "right"), [(model, []), (from_nothing, []), (uphill, ["uphill"])])
def test_functions_that_take_data_first(fit, right):
    report = cmlp.check(
        DATA, TESTED, network=initialize(), fit=fit, forward=forward, num_iterations=300, learning_rate=1.0,
        progress=False,
    )  # fmt: skip
    assert [finding.code for finding in report] == right
    assert report.accuracy is not None


@pytest.mark.parametrize(
    ("function", "kind", "order"),
    [
        (lambda X, parameters: (X, parameters), "forward", ["parameters", "X"]),
        (lambda x, y, theta, lr=0.1: (x, theta), "step", ["theta", "x", "y", "lr"]),
        (lambda X, y, epochs=3: (X, y), "fit", ["network", "X", "y", "epochs"]),
        (lambda data, something: (data, something), "score", ["something", "data"]),
        (lambda net, X: (X, net), "forward", ["net", "X"]),
        (lambda p, x, y: (x, p), "step", ["p", "x", "y"]),
        (lambda X, y: (X, y), "forward", ["X", "y"]),
    ],
)
def test_the_order_of_arguments(function, kind, order):
    made = network_first(function, kind, {})
    assert list(inspect.signature(made).parameters) == order


def test_a_reordered_function_gets_each_argument():
    made = network_first(lambda X, y, parameters, rate=2: (X, y, parameters, rate), "step", {})
    assert made("net", "images", "labels", rate=3) == made("net", X="images", y="labels", rate=3)
    assert made("net", "images", "labels") == ("images", "labels", "net", 2)


def test_keras_on_pytorch_is_keras():
    """Its layers are modules of PyTorch there."""
    module = type("Module", (), {"__module__": "torch.nn.modules.module", "parameters": lambda self: iter(())})
    keras = type("Model", (module,), {"__module__": "keras.src.models.model", "predict": lambda self, x: x})
    assert framework_of(keras()).name == "keras"
    assert framework_of(module()).name == "torch"
