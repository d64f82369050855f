"""Scripts that train at their top level: a stand-in for the check trains what was made of them, and measures it."""

import numpy as np
import pytest
from support.children import environment
from support.stand_in import DATA, Scripts

from cmlp.diagnosis.scripts.data import Samples
from cmlp.diagnosis.scripts.fit import as_function
from cmlp.diagnosis.scripts.follow import follower


@pytest.fixture
def caught(tmp_path, monkeypatch):
    monkeypatch.setenv("PYTHONPATH", environment()["PYTHONPATH"])
    return Scripts(tmp_path)


FULL_BATCH = """
X, Y = X_train.T, np.eye(3)[y_train].T
m = X.shape[1]
W1, b1 = np.random.randn(8, 12) * 0.3, np.zeros((8, 1))
W2, b2 = np.random.randn(3, 8) * 0.3, np.zeros((3, 1))
lr = 1.0
for i in range(200):
    A1 = np.tanh(W1 @ X + b1)
    A2 = 1 / (1 + np.exp(-(W2 @ A1 + b2)))
    dZ2 = A2 - Y
    dZ1 = W2.T @ dZ2 * (1 - A1**2)
    W2 -= lr * dZ2 @ A1.T / m
    b2 -= lr * dZ2.mean(axis=1, keepdims=True)
    W1 -= lr * dZ1 @ X.T / m
    right = np.mean(A2.argmax(axis=0) == y_train)  # these follow where the loop gets other samples
"""


def test_a_loop_without_any_function(caught):
    line, facts, notes, _ = caught(FULL_BATCH)
    number = (DATA + FULL_BATCH).split("\n").index("for i in range(200):") + 1
    said = "(which trains W1, W2 and b2): stopped there, and examined"
    assert line == f"script.py:{number}: for i in range(200) {said}"
    assert facts["network"] == {
        "W1": [8, 12],
        "b1": [8, 1],
        "W2": [3, 8],
        "b2": [3, 1],
    }  # b1 never moves: a fault to see
    assert facts["train"] == [[12, 120], [3, 120]] and facts["test"] == [[30, 12], [30]]
    assert facts["settings"] == {"lr": 1.0, "epochs": 200}
    assert facts["before"] < 80 < 95 < facts["after"] and facts["untouched"]
    assert any("taken from the loop itself" in note for note in notes)


def test_the_loop_is_a_function_of_its_settings(caught):
    _, slow, _, _ = caught(FULL_BATCH.replace("lr = 1.0", "lr = 0.0"))
    assert slow["settings"]["lr"] == 0.0 and slow["after"] == slow["before"]


def test_mini_batches_with_a_function_that_runs_the_network(caught):
    line, facts, notes, _ = caught("""
        Y_train = np.eye(3)[y_train]
        params = {"W": np.zeros((12, 3)), "b": np.zeros(3)}
        epochs, batch_size, learning_rate = 6, 8, 0.1
        def forward(x, p):
            e = np.exp(x @ p["W"] + p["b"])
            return e / e.sum(axis=1, keepdims=True)
        batches = len(X_train) // batch_size
        for epoch in range(epochs):
            order = np.random.permutation(len(X_train))
            for k in range(batches):
                rows = order[k * batch_size:(k + 1) * batch_size]
                error = forward(X_train[rows], params) - Y_train[rows]
                params["W"] -= learning_rate * X_train[rows].T @ error
                params["b"] -= learning_rate * error.sum(axis=0)
    """)
    assert "for epoch in range(epochs) (which trains params.W and params.b)" in line
    assert facts["network"] == {"params": {"W": [12, 3], "b": [3]}}
    assert facts["settings"] == {"epochs": 6, "batch_size": 8, "learning_rate": 0.1}
    assert facts["parameters"] == ["network", "images", "labels", "epochs", "batch_size", "learning_rate"]
    assert facts["before"] < 50 < 95 < facts["after"] and notes == []


def test_one_sample_at_a_time(caught):
    _, facts, _, _ = caught("""
        targets = np.eye(3)[y_train]
        w = np.random.randn(3, 12) * 0.1
        eta = 0.05
        for epoch in range(4):
            for i in range(len(X_train)):
                x, t = X_train[i], targets[i]
                output = 1 / (1 + np.exp(-w @ x))
                delta = output - t
                w = w - eta * np.outer(delta, x)
    """)
    assert facts["network"] == {"w": [3, 12]} and facts["settings"] == {"eta": 0.05, "epochs": 4}
    assert facts["after"] > 95


LAYERS = """
class Layer:
    def __init__(self, n, m):
        self.weights, self.biases = np.random.randn(n, m) * 0.3, np.zeros((1, m))
    def forward(self, inputs):
        self.inputs, self.output = inputs, inputs @ self.weights + self.biases
class Softmax:
    def forward(self, inputs):
        e = np.exp(inputs - inputs.max(axis=1, keepdims=True))
        self.output = e / e.sum(axis=1, keepdims=True)
class SGD:
    def __init__(self, layers, rate):
        self.layers, self.rate = layers, rate
    def update(self, delta):
        for layer in reversed(self.layers):
            delta, below = delta, delta @ layer.weights.T
            layer.weights -= self.rate * layer.inputs.T @ delta
            layer.biases -= self.rate * delta.sum(axis=0)
            delta = below
first, dense, end = Layer(12, 5), Layer(5, 3), Softmax()
optimizer = SGD([first, dense], 0.2)
for epoch in range(50):
    first.forward(X_train)
    dense.forward(first.output)
    end.forward(dense.output)
    optimizer.update((end.output - np.eye(3)[y_train]) / len(X_train))
"""


def test_an_optimizer_that_holds_the_layers_moves_those_that_it_is_given(caught):
    _, facts, _, _ = caught(LAYERS)
    assert facts["network"] == {"first": "Layer", "dense": "Layer"} and facts["settings"] == {"epochs": 50}
    assert facts["before"] < 80 < 95 < facts["after"]


def test_a_function_that_makes_its_network_inside(caught):
    line, facts, _, _ = caught("""
        def init():
            return np.zeros((3, 12)), np.zeros((3, 1))
        def predict(W, b, X):
            return 1 / (1 + np.exp(-(W @ X + b)))
        def gradient_descent(X, Y, alpha, iterations):
            W, b = init()
            for i in range(iterations):
                A = predict(W, b, X)
                dZ = A - np.eye(3)[Y].T
                W, b = W - alpha * dZ @ X.T / 120, b - alpha * dZ.mean(axis=1, keepdims=True)
            return W, b
        W, b = gradient_descent(X_train.T, y_train, 0.5, 80)
    """)
    assert "gradient_descent(X, Y, alpha=0.5, iterations=80): stopped in its loop in line " in line
    assert facts["network"] == {"W": [3, 12], "b": [3, 1]} and facts["settings"] == {"iterations": 80, "alpha": 0.5}
    assert facts["after"] > 95


def test_a_script_in_a_function_called_main(caught):
    line, facts, _, _ = caught("""
        class Net:
            def __init__(self):
                self.w = np.zeros((12, 3))
            def forward(self, x):
                return x @ self.w
            def train(self, X, y, eta=0.1):
                self.w += eta * X.T @ (y - self.forward(X)) / len(X)
        def main(rounds=30):
            net = Net()
            targets = np.eye(3)[y_train]
            n_epochs = rounds
            for epoch in range(n_epochs):
                net.train(X_train, targets)
        if __name__ == "__main__":
            main()
    """)
    assert "for epoch in range(n_epochs) (which trains net): stopped there" in line
    assert facts["network"] == "Net" and facts["settings"] == {"n_epochs": 30}
    assert facts["train"] == [[120, 12], [120, 3]]


def test_samples_that_only_the_calls_know(caught):
    line, facts, notes, _ = caught("""
        class Net:
            def __init__(self):
                self.w = np.zeros((3, 12))
            def train(self, inputs_list, targets_list):
                x, t = np.array(inputs_list), np.array(targets_list)
                self.w += 0.1 * np.outer(t - self.w @ x, x)
        records = [",".join(map(str, [label, *row])) for row, label in zip(X_train, y_train)]
        n = Net()
        epochs = 3
        for e in range(epochs):
            for record in records:
                values = record.split(",")
                targets = np.zeros(3) + 0.01
                targets[int(values[0])] = 0.99
                n.train(np.asarray(values[1:], dtype=float), targets)
    """)
    assert "for e in range(epochs) (which trains n.w)" in line
    assert facts["train"] == [120] and facts["settings"] == {"epochs": 3} and facts["network"] == "Net"
    assert notes == ["The loop was repeated by calls of train, with the 120 samples that it was seen to use."]


def test_a_zip_that_is_used_up_stays_one(caught):
    _, facts, _, _ = caught("""
        pairs = zip(X_train, np.eye(3)[y_train])
        W = np.zeros((3, 12))
        for epoch in range(5):
            for x, t in pairs:
                W -= 0.1 * np.outer(W @ x - t, x)
    """)
    assert facts["train"] == [120] and facts["parameters"] == ["network", "training_data", "epochs"]


def test_findings_find_the_lines_of_the_loop():
    import ast

    (loop,) = ast.parse("\n\nfor k in range(3):\n    if k:\n        continue\n    break\n").body
    function = as_function(loop, "their.py")
    assert (function.__code__.co_filename, function.__code__.co_firstlineno) == ("their.py", 3)
    assert {line for _, _, line in function.__code__.co_lines() if line} == {3, 4, 5, 6}


def test_lists_of_arrays_in_a_while_loop(caught):
    _, facts, _, _ = caught("""
        weights = [np.random.randn(6, 12) * 0.3, np.random.randn(3, 6) * 0.3]
        biases = [np.zeros(6), np.zeros(3)]
        epoch, max_epochs, rate = 0, 8, 0.3
        while epoch < max_epochs:
            for i in np.random.permutation(len(X_train)):
                acts = [X_train[i]]
                for w, b in zip(weights, biases):
                    acts.append(1 / (1 + np.exp(-w @ acts[-1] - b)))
                delta = acts[-1] - np.eye(3)[y_train[i]]
                for k in (1, 0):
                    gw, gb = np.outer(delta, acts[k]), delta
                    delta = weights[k].T @ delta * acts[k] * (1 - acts[k])
                    weights[k] -= rate * gw
                    biases[k] -= rate * gb
            epoch += 1
    """)
    assert facts["network"] == {"weights": [[6, 12], [3, 6]], "biases": [[6], [3]]}
    assert facts["settings"] == {"max_epochs": 8, "rate": 0.3}
    assert facts["before"] < 80 < 95 < facts["after"]


def test_what_belongs_to_the_samples_follows_them():
    labels = np.arange(9) % 3
    samples = Samples(("X", "Y"), (np.arange(36.0).reshape(4, 9), np.eye(3)[:, labels]), 9)
    data = [samples.value[0][:, 5:], samples.value[1][:, 5:]]
    for value, other in (
        (labels, labels[5:]),
        (np.eye(3)[labels] * 0.98 + 0.01, np.eye(3)[labels[5:]] * 0.98 + 0.01),
        (samples.value[0].T.copy(), data[0].T),
    ):
        assert np.array_equal(follower(value, data, samples, 4), other)
    assert follower(np.arange(9.0) ** 2, data, samples, 4).shape == (4,)
    assert follower(np.zeros(5), data, samples, 4) is None and follower(9, data, samples, 4) is None


def test_an_object_that_holds_its_data(caught):
    _, facts, _, _ = caught("""
        class Net:
            def __init__(self, x, y):
                self.input, self.y = x, y
                self.weights = np.zeros((12, 3))
            def feedforward(self):
                self.output = self.input @ self.weights
            def backprop(self):
                self.weights += 0.001 * self.input.T @ (self.y - self.output)
        nn = Net(X_train, np.eye(3)[y_train])
        for i in range(30):
            nn.feedforward()
            nn.backprop()
    """)
    assert facts["train"] == [[120, 12], [120, 3]] and facts["network"] == "Net"
    assert facts["before"] < 50 < 95 < facts["after"]


def test_a_loop_whose_data_nobody_finds_is_watched_to_its_end(caught):
    line, facts, notes, report = caught("""
        mystery = [np.exp(900.0 + np.arange(3.0)) for _ in range(2)]
        W = np.ones((3, 3))
        for turn in range(6):
            W = W * mystery[turn % 2] - mystery[0]
    """)
    assert line is None and facts is None
    (finding,) = report.problems
    assert finding.code == "non-finite-weights" and "W" in finding.verdict
    assert "script.py:14: W * mystery[turn % 2] - mystery[0] (invalid value" in finding.measured
    assert "name them X_train and y_train" in notes[0]


def test_loops_that_train_nothing_are_let_pass(caught):
    line, _, notes, report = caught("""
        scaled, losses = X_train.copy(), np.zeros(5)
        for i in range(5):
            losses[i] = i
        for i in range(12):
            X_train[:, i] -= X_train[:, i].mean()
        for lap in range(3):
            W = np.zeros((12, 3))
    """)
    assert line is None and report.unknown == ("the script ended without training",)
    assert notes[0].endswith("cmlp.check((X_train, y_train), (X_test, y_test), network=network, fit=fit).")
