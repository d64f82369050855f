"""Scripts in the styles of courses and books: what they train is found, however it is packed."""

import textwrap

import numpy as np
import pytest
from support.children import environment
from support.stand_in import DATA, Scripts

from cmlp.diagnosis.scripts.face import check_script
from cmlp.errors import DataError

COURSE = """
    def initialize(dims):
        parameters = {}
        for l in range(1, len(dims)):
            parameters["W" + str(l)] = np.random.randn(dims[l], dims[l - 1]) / np.sqrt(dims[l - 1])
            parameters["b" + str(l)] = np.zeros((dims[l], 1))
        return parameters

    def L_model_forward(X, parameters):
        caches, A = [], X
        for l in (1, 2):
            Z = parameters["W" + str(l)] @ A + parameters["b" + str(l)]
            caches.append(((A, parameters["W" + str(l)]), Z))
            A = 1 / (1 + np.exp(-Z))
        return A, caches

    def L_model_backward(AL, Y, caches):
        grads, dZ = {}, (AL - Y) / Y.shape[1]
        for l in (2, 1):
            (A, W), _ = caches[l - 1]
            grads["dW" + str(l)], grads["db" + str(l)] = dZ @ A.T, dZ.sum(axis=1, keepdims=True)
            dZ = W.T @ dZ * A * (1 - A)
        return grads

    def update(parameters, grads, learning_rate):
        return {name: value - learning_rate * grads["d" + name] for name, value in parameters.items()}

    def L_layer_model(X, Y, layers_dims, learning_rate=0.5, num_iterations=300):
        parameters = initialize(layers_dims)
        for i in range(num_iterations):
            AL, caches = L_model_forward(X, parameters)
            grads = L_model_backward(AL, Y, caches)
            parameters = update(parameters, grads, learning_rate)
        return parameters

    train_x, train_Y = X_train.T, np.eye(3)[y_train].T
    parameters = L_layer_model(train_x, train_Y, [12, 6, 3], learning_rate=2.0)
"""
MAIN = """
    import sys
    class Net:
        def __init__(self):
            self.W = np.zeros((12, 3))
        def forward(self, X):
            return X @ self.W
        def nudge(self, X, y, lr):
            self.W -= lr * X.T @ (self.forward(X) - np.eye(3)[y]) / len(X)
    def main(epochs=40):
        if epochs < 1:
            return 2
        net = Net()
        for epoch in range(epochs):
            for i in range(0, len(X_train), 10):
                net.nudge(X_train[i:i + 10], y_train[i:i + 10], 0.05)
        return 0
    if __name__ == "__main__":
        sys.exit(main())
"""
MADE = "targets = np.zeros(3) + 0.01"
RECORDS = """
    class NeuralNetwork:
        def __init__(self):
            self.who = np.random.normal(0.0, 0.3, (3, 12))
            self.lr = 0.1
        def train(self, inputs_list, targets_list):
            inputs, targets = np.array(inputs_list, ndmin=2).T, np.array(targets_list, ndmin=2).T
            outputs = self.query(inputs_list)
            self.who += self.lr * (targets - outputs) * outputs * (1 - outputs) @ inputs.T
        def query(self, inputs_list):
            return 1 / (1 + np.exp(-self.who @ np.array(inputs_list, ndmin=2).T))
    n = NeuralNetwork()
    records = [f"{label}," + ",".join(map(str, image)) for image, label in zip(X_train, y_train)]
    BEFORE
    for e in range(3):
        for record in records:
            values = record.split(",")
            INSIDE
            targets[int(values[0])] = 0.99
            n.train(np.asarray(values[1:], dtype=float), targets)
"""


@pytest.fixture
def caught(tmp_path, monkeypatch):
    monkeypatch.setenv("PYTHONPATH", environment()["PYTHONPATH"])
    return Scripts(tmp_path)


def test_a_function_of_any_name_that_makes_its_parameters(caught):
    line, facts, notes, _ = caught(COURSE)
    assert "L_layer_model(X, Y, layers_dims, learning_rate=2, num_iterations=300): stopped in its loop" in line
    assert facts["network"]["parameters"] == {"W1": [6, 12], "b1": [6, 1], "W2": [3, 6], "b2": [3, 1]}
    assert facts["train"] == [[12, 120], [3, 120]]
    assert facts["settings"] == {"num_iterations": 300, "learning_rate": 2.0}
    assert facts["after"] > 95 and notes == []


def test_an_update_that_is_lost_in_a_function(caught):
    lost = COURSE.replace("parameters = update(", "updated = update(")
    _, facts, _, _ = caught(lost)
    assert facts["before"] == facts["after"]


def test_a_main_that_returns_early_and_ends_the_script(caught):
    line, facts, _, _ = caught(MAIN)
    assert "for epoch in range(epochs) (which trains net.W)" in line
    assert facts["network"] == "Net" and facts["settings"] == {"epochs": 40}


def test_a_main_that_returns_before_it_trains(caught):
    with pytest.raises(DataError, match=r"the script ends itself with sys.exit\(2\) before it trains"):
        caught(MAIN.replace("epochs=40", "epochs=0"), seconds=10)


def test_targets_of_records_are_labels(tmp_path, monkeypatch):
    text = RECORDS.replace("BEFORE", "pass").replace("INSIDE", MADE)
    report = _real(tmp_path, monkeypatch, text)
    assert report.ok and not report.problems


def test_targets_that_pile_up_are_no_fault_of_the_data(tmp_path, monkeypatch):
    report = _real(tmp_path, monkeypatch, RECORDS.replace("BEFORE", MADE).replace("INSIDE", "pass"))
    (finding,) = report.problems
    assert finding.code == "wrong-targets" and "targets is made once, before the loop" in finding.verdict
    number = (DATA + textwrap.dedent(RECORDS)).split("\n").index("        targets[int(values[0])] = 0.99") + 1
    assert finding.repair == f"targets = np.zeros(3) + 0.01  # in the loop, before line {number}"
    assert finding.before < 60 < 90 < finding.after


def _real(folder, monkeypatch, text):
    monkeypatch.setenv("PYTHONPATH", environment()["PYTHONPATH"])
    script = folder / "script.py"
    script.write_text(DATA + textwrap.dedent(text))
    return check_script(script, seconds=30).report


def test_advice_is_a_call_in_the_names_of_the_script(tmp_path, monkeypatch):
    report = _real(
        tmp_path,
        monkeypatch,
        """
        class Thing:
            def __init__(self):
                self.W = np.zeros((12, 3))
            def weigh(self, X, y):
                return X @ self.W
            def train(self, X, y, epochs, lr):
                for _ in range(epochs):
                    self.W -= lr * X.T @ (self.weigh(X, y) - np.eye(3)[y]) / len(X)
        thing = Thing()
        thing.train(X_train, y_train, 5, lr=0.1)
        """,
    )
    call = "cmlp.check((X_train, y_train), (X_test, y_test), network=thing, forward=forward, epochs=5, lr=0.1)"
    assert any(
        note.endswith(f"write a function forward(thing, images) that returns its outputs, and call {call}.")
        for note in report.notes
    )


LOADER = """
    import torch
    from torch.utils.data import DataLoader, TensorDataset
    made = TensorDataset(torch.tensor(X_train).float(), torch.tensor(y_train))
    train_loader = DataLoader(made, batch_size=10, shuffle=True)
    model = torch.nn.Sequential(torch.nn.Linear(12, 8), torch.nn.Sequential(torch.nn.ReLU(), torch.nn.Linear(8, 3)))
    criterion = torch.nn.CrossEntropyLoss()
    optimizer = torch.optim.SGD(model.parameters(), lr=0.2)
    for epoch in range(4):
        for images, labels in train_loader:
            optimizer.zero_grad()
            loss = criterion(model(images), labels)
            loss.backward()
            optimizer.step()
"""


def test_loaders_modules_and_optimizers_of_pytorch(caught):
    pytest.importorskip("torch")
    line, facts, _, _ = caught(LOADER)
    assert "which trains model[0].weight, model[0].bias, model[1][1].weight and model[1][1].bias" in line
    assert facts["network"] == "Sequential" and facts["settings"] == {"epochs": 4, "lr": 0.2}
    assert facts["parameters"] == ["network", "training_data", "lr", "epochs"]


@pytest.mark.parametrize("lost", ["            optimizer.step()\n", "model.parameters(), lr=0.2"])
def test_a_module_that_no_step_reaches(caught, lost):
    pytest.importorskip("torch")
    other = "torch.nn.Linear(12, 3).parameters(), lr=0.2" if "lr" in lost else ""
    line, facts, _, _ = caught(LOADER.replace(lost, other))
    assert "which trains model)" in line and facts["network"] == "Sequential"


def test_a_loader_of_ones_own(caught):
    line, facts, _, _ = caught("""
        class Batches:
            def __init__(self, x, y, batch_size):
                self.x, self.y, self.batch_size = x, y, batch_size
            def __iter__(self):
                for k in range(0, len(self.x), self.batch_size):
                    yield self.x[k:k + self.batch_size], self.y[k:k + self.batch_size]
        train_loader = Batches(X_train, y_train, 10)
        W = np.zeros((12, 3))
        for epoch in range(5):
            for x, y in train_loader:
                out = x @ W
                W -= 0.02 * x.T @ (out - np.eye(3)[y]) / len(x)
    """)
    assert "which trains W" in line and facts["train"] == [12] and facts["settings"] == {"epochs": 5}
    assert np.isfinite(facts["seconds"])


NOTEBOOK = """
    # In[1]:
    from IPython.display import clear_output, display as show
    get_ipython().run_line_magic('matplotlib', 'inline')
    %config InlineBackend.figure_format = 'retina'
    !pip install tqdm
    display(X_train[:2])
    # In[2]:
    W = np.zeros((12, 3))
    get_ipython().run_cell_magic('time', '', {cell!r})
"""
CELL = """for epoch in range(50):
    W -= 0.02 * X_train.T @ (X_train @ W - np.eye(3)[y_train]) / len(X_train)
    clear_output(wait=True)
"""


def test_a_cell_that_is_timed(caught):
    line, facts, _, _ = caught(NOTEBOOK.format(cell=CELL))
    assert "for epoch in range(50) (which trains W)" in line and facts["settings"] == {"epochs": 50}


def test_mini_batches_of_a_fixed_size_are_no_fault(tmp_path, monkeypatch):
    report = _real(
        tmp_path,
        monkeypatch,
        """
        W, b = np.zeros((12, 3)), np.zeros(3)
        for epoch in range(20):
            for i in range(0, len(X_train), 20):
                x, t = X_train[i:i + 20], np.eye(3)[y_train[i:i + 20]]
                out = 1 / (1 + np.exp(-(x @ W + b)))
                delta = (out - t) * out * (1 - out)
                W -= 0.5 * x.T @ delta / 20
                b -= 0.5 * delta.mean(axis=0)
        """,
    )
    assert report.ok and not report.problems and report.accuracy > 95


def test_a_function_that_scores_and_is_never_called(tmp_path, monkeypatch):
    text = MAIN + "\n    def percent_right(net):\n        return np.mean(net.forward(X_test).argmax(1) == y_test)\n"
    report = _real(tmp_path, monkeypatch, text.replace("sys.exit(main())", "main()"))
    assert [f.verdict for f in report if f.code == "never-scored" and "percent_right is defined" in f.verdict]
