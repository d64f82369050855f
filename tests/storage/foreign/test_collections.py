"""Weights as people keep them in pickles, npz and MAT files, against the network written out in NumPy."""

import gzip
import pickle
from io import BytesIO

import numpy as np
import pytest
from scipy.io import savemat
from support import formulas

from cmlp import ModelError, Network

RNG = np.random.default_rng(3)
X = RNG.standard_normal((7, 6))
W1, W2 = RNG.standard_normal((5, 6)), RNG.standard_normal((3, 5))
B1, B2 = RNG.standard_normal((5, 1)), RNG.standard_normal((3, 1))
EXPECTED = formulas.sigmoid(W2 @ formulas.sigmoid(W1 @ X.T + B1) + B2).T
BIASLESS = formulas.sigmoid(W2 @ formulas.sigmoid(W1 @ X.T)).T
THETAS = {"Theta1": np.hstack([B1, W1]), "Theta2": np.hstack([B2, W2])}
SAID = {"activation": "sigmoid", "loss": "quadratic"}


class Net:
    """A class that no reader knows."""

    def __init__(self):
        self.num_layers, self.weights, self.biases = 3, [W1, W2], [B1, B2]


def npz(*arrays, **named):
    stream = BytesIO()
    np.savez(stream, *arrays, **named)
    return stream.getvalue()


def mat(variables, **how):
    stream = BytesIO()
    savemat(stream, variables, **how)
    return stream.getvalue()


@pytest.fixture
def load(tmp_path):
    def read(content, **said):
        content = content if isinstance(content, bytes) else pickle.dumps(content)
        (tmp_path / "weights").write_bytes(content)
        return Network.load(tmp_path / "weights", **said)

    return read


WORKSPACE = THETAS | {"X": X, "y": np.ones((7, 1)), "Theta1_grad": 0 * W1, "initial_Theta1": 2 * THETAS["Theta1"],
                      "initial_Theta2": 2 * THETAS["Theta2"], "nn_params": np.ones(53), "lambda": 1.0}  # fmt: skip
IN_SIGMOID = {
    "a workspace of the course": mat(WORKSPACE),
    "with gradients": {**THETAS, "Theta1_grad": W1, "Theta2_grad": W2},
    "the film's": ([W1, W2], [B1, B2]),
    "as a list": [[W1, W2], [B1, B2]],
    "as lists of numbers": ([W1.tolist(), W2.tolist()], [B1.ravel().tolist(), B2.ravel().tolist()]),
    "of Python 2": pickle.dumps(([W1, W2], [B1, B2]), protocol=0),
    "compressed": gzip.compress(pickle.dumps(([W1, W2], [B1, B2]))),
    "two pickles": pickle.dumps([W1, W2]) + pickle.dumps([B1, B2]),
    "a dict of lists": {"sizes": [6, 5, 3], "weights": [W1, W2], "biases": [B1, B2], "eta": 3.0},
    "the course's": mat(THETAS),
    "the course's, compressed": mat(THETAS, do_compression=True),
    "the course's, version 4": mat(THETAS, format="4"),
    "the course's workspace": mat(THETAS | {"X": X, "y": np.ones((7, 1)), "lambda": 1.0, "nn_params": np.ones((9, 1))}),
    "the course's in npz": npz(**THETAS),
}
IN_OTHERS = {
    "W1, b1": {"W1": W1, "b1": B1, "W2": W2, "b2": B2},
    "W1, b1 by columns": {"W1": W1.T, "b1": B1.ravel(), "W2": W2.T, "b2": B2.ravel()},
    "in another order": {"b2": B2.T, "W2": W2.T, "W1": W1.T, "b1": B1.T},
    "hidden and output": {"w_h": W1, "b_h": B1, "w_o": W2, "b_o": B2},
    "pairs": [(W1, B1.ravel()), (W2, B2.ravel())],
    "in turn": [W1.T, B1.ravel(), W2.T, B2.ravel()],
    "dicts": [{"W": W1, "b": B1}, {"W": W2, "b": B2}],
    "a dict of dicts": {"layer1": {"weights": W1, "bias": B1}, "layer2": {"weights": W2, "bias": B2}},
    "of Flax": {
        "params": {"Dense_0": {"kernel": W1.T, "bias": B1.ravel()}, "Dense_1": {"kernel": W2.T, "bias": B2.ravel()}}
    },
    "a state_dict in NumPy": {"fc1.weight": W1, "fc1.bias": B1.ravel(), "fc2.weight": W2, "fc2.bias": B2.ravel()},
    "npz in turn": npz(W1.T, B1.ravel(), W2.T, B2.ravel()),
    "npz by names": npz(weights_0=W1, biases_0=B1, weights_1=W2, biases_1=B2),
    "of scikit-learn's": npz(coefs_0=W1.T, coefs_1=W2.T, intercepts_0=B1.ravel(), intercepts_1=B2.ravel()),
    "MATLAB by names": mat({"W1": W1, "b1": B1, "W2": W2, "b2": B2}),
}  # fmt: skip


@pytest.mark.parametrize("content", IN_SIGMOID.values(), ids=IN_SIGMOID)
def test_weights_that_go_with_sigmoid(load, content):
    with pytest.warns(
        UserWarning, match="does not say its activations: sigmoid-sigmoid with the loss quadratic is taken"
    ):
        network = load(content)
    assert network.sizes == (6, 5, 3)
    np.testing.assert_allclose(network(X), EXPECTED, atol=1e-12)


@pytest.mark.parametrize("content", IN_OTHERS.values(), ids=IN_OTHERS)
def test_weights_by_name(load, content):
    np.testing.assert_allclose(load(content, **SAID)(X), EXPECTED, atol=1e-12)
    with pytest.warns(UserWarning, match="relu-softmax with the loss cross_entropy is taken"):
        load(content)


@pytest.mark.parametrize("content", [{"wih": W1, "who": W2}, [W1, W2], npz(W1, W2)], ids=["wih", "list", "npz"])
def test_weights_alone(load, content):
    np.testing.assert_allclose(load(content, **SAID)(X), BIASLESS, atol=1e-12)


def test_types(load):
    assert load({"W1": W1.astype("f4"), "b1": B1.astype("f4")}, **SAID).dtype == np.float32
    assert load({"W1": W1.astype("f4"), "b1": B1}, **SAID).dtype == np.float64
    assert load({"W1": W1.astype("f2"), "b1": B1.astype("f2")}, **SAID).dtype == np.float32


def test_ten_outputs_of_matlab_are_the_digits_from_1(load):
    thetas = {"Theta1": RNG.standard_normal((5, 65)), "Theta2": RNG.standard_normal((10, 6))}
    with pytest.warns(UserWarning) as warned:
        network = load(mat(thetas))
    assert network.class_names == (*"123456789", "0")
    assert "stand for the labels 1 to 10" in str(warned[-1].message) and "column by column" in str(warned[-1].message)


SQUARE = RNG.standard_normal((4, 4))
REFUSED = {
    "square weights": ({"W": SQUARE, "b": np.zeros(4)}, "nothing says whether the rows or the columns"),
    "a column more": (
        {"W1": THETAS["Theta1"], "W2": THETAS["Theta2"]},
        "a column more than the layer before",
    ),
    "no biases for the weights": ({"W1": W1, "b2": B2}, "each bias must have a weight, got b2"),
    "other arrays": ({"W1": W1, "b1": B1, "mean": X}, r"must be weights or biases, .*, got mean \(7, 6\)"),
    "no chain": ({"W1": W1, "b1": B1, "W2": W2[:, :4], "b2": B2}, "each layer must have as many inputs"),
    "infinite": ({"W1": W1, "b1": B1 * np.inf}, "all numbers must be finite, got NaN or infinity in b1"),
    "three axes": ({"W1": np.zeros((2, 3, 4)), "b1": B1}, r"got W1 \(2, 3, 4\)"),
    "images and labels": ((X, np.arange(7)), "it looks like data in the format pickle, which cmlp.load reads"),
    "images and labels by name": (npz(images=X, labels=np.arange(7)), "in the format npz, which cmlp.load reads"),
    "no arrays": ({"a": 1}, "got no arrays"),
    "an object": (
        Net(),
        r'of the class .*Net, .*: pickle \{"weights": net.weights, "biases": net.biases\}',
    ),
    "an object in a dict": ({"net": Net()}, "it holds an object of the class"),
    "deep lists": ([[[[[[[[[[[["deep"]]]]]]]]]]]], "at most 8 levels deep"),
    "a long integer": ({"W": [[10**30]]}, "must be finite, got an integer of more than 64 bits"),
}


@pytest.mark.parametrize(("content", "sentence"), REFUSED.values(), ids=REFUSED)
def test_what_is_refused(load, tmp_path, content, sentence):
    with pytest.raises(ModelError, match=sentence) as refused:
        load(content)
    assert str(refused.value).startswith(f"{tmp_path / 'weights'} does not hold the weights of a network: ")


def test_estimators_are_refused_with_the_way(load, tmp_path):
    neural_network = pytest.importorskip("sklearn.neural_network", reason="scikit-learn is not installed")
    joblib = pytest.importorskip("joblib")
    model = neural_network.MLPClassifier((3,), max_iter=1000, tol=1).fit(X, np.arange(7) % 2)
    way = r"it is an MLPClassifier of scikit-learn: cmlp.MLPClassifier.from_sklearn\(joblib.load\(path\)\) takes"
    with pytest.raises(ModelError, match=way):
        load(model)
    for compress in (0, 3):
        joblib.dump(model, tmp_path / "weights", compress=compress)
        with pytest.raises(ModelError, match=way):
            load((tmp_path / "weights").read_bytes())
    pandas = pytest.importorskip("pandas", reason="pandas is not installed")
    with pytest.raises(ModelError, match=r"it is a DataFrame of pandas: save its numbers, to_numpy\(\)"):
        load(pandas.DataFrame(X))


def test_copies_beside_the_weights_are_named(load):
    best = {f"best_{name}": array + 1 for name, array in THETAS.items()}
    with pytest.warns(
        UserWarning, match="holds best_Theta1 and best_Theta2 beside Theta1 and Theta2, and the latter alone"
    ):
        network = load(mat(THETAS | best), **SAID)
    np.testing.assert_allclose(network(X), EXPECTED)
