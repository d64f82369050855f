"""Scripts that call something that trains: where they are stopped, and what is in hand there."""

import numpy as np
import pytest
from support.children import environment
from support.stand_in import DATA, Scripts

from cmlp.diagnosis.scripts.hook import is_one_sample, trains
from cmlp.diagnosis.scripts.retraining import give_back
from cmlp.diagnosis.scripts.source import never_called, prepared, without_magic

NET = '''
class Net:
    """Says so if it is trained in earnest."""
    def __init__(self):
        self.w = np.zeros((12, 3))
    def forward(self, x):
        return x @ self.w
    def train(self, X, y, epochs, eta=0.5):
        for epoch in range(epochs):
            self.w += eta * X.T @ (y - self.forward(X)) / len(X)
net, Y = Net(), np.eye(3)[y_train]
'''


@pytest.fixture
def caught(tmp_path, monkeypatch):
    monkeypatch.setenv("PYTHONPATH", environment()["PYTHONPATH"])
    return Scripts(tmp_path)


def test_a_method(caught):
    text = NET + "net.train(X_train, Y, 25)\nraise ValueError('went on')\n"
    line, facts, notes, report = caught(text)
    number = (DATA + text).split("\n").index("net.train(X_train, Y, 25)") + 1
    assert line == f"script.py:{number}: net.train(X, y, epochs=25, eta=0.5): stopped there, and examined"
    assert facts["train"] == [[120, 12], [120, 3]] and facts["test"] == [[30, 12], [30]]
    assert facts["settings"] == {"epochs": 25, "eta": 0.5} and "parameters" not in facts
    assert 10 <= facts["seconds"] <= 20
    assert notes == [] and report.ok


def test_a_function_that_takes_the_network_last_and_returns_a_new_one(caught):
    line, facts, _, _ = caught("""
        def forward(params, X):
            return X @ params["w"]
        def fit(X, y, params, n_iter=9, lr=0.5, verbose=False, test_data=None):
            for i in range(n_iter):
                params = {"w": params["w"] + lr * X.T @ (y - forward(params, X)) / len(X)}
            return params
        held_out = (X_test[:9], y_test[:9])
        model = fit(X_train, np.eye(3)[y_train], {"w": np.zeros((12, 3))}, lr=0.1, test_data=held_out)
    """)
    assert "fit(X, y, params, n_iter=9, lr=0.1, test_data): stopped there" in line
    assert facts["network"] == {"params": {"w": [12, 3]}} and facts["test"] == [[9, 12], [9]]
    assert facts["parameters"] == ["network", "X", "y", "n_iter", "lr"] and facts["untouched"]
    assert facts["before"] < 50 < 90 < facts["after"]


def test_a_trainer_that_holds_the_network(caught):
    _, facts, _, _ = caught("""
        class Model:
            def __init__(self):
                self.w = np.zeros((12, 3))
            def forward(self, X):
                return X @ self.w
        class Trainer:
            def __init__(self, model, rate):
                self.model, self.rate = model, rate
            def fit(self, X, y, epochs, shuffle=True):
                for epoch in range(epochs):
                    self.model.w += self.rate * X.T @ (np.eye(3)[y] - self.model.forward(X)) / len(X)
        Trainer(Model(), 0.1).fit(X_train, y_train, epochs=20, shuffle=False)
    """)
    assert facts["network"] == "Trainer" and facts["settings"] == {"epochs": 20}
    assert facts["before"] < 50 < 95 < facts["after"]


def test_a_network_from_another_folder(caught, tmp_path_factory):
    folder = tmp_path_factory.mktemp("elsewhere")
    (folder / "net_of_mine.py").write_text("import numpy as np\n" + NET.partition("net, Y")[0])
    text = f"import sys\nsys.path.insert(0, {str(folder)!r})\nfrom net_of_mine import Net\n"
    line, facts, _, _ = caught(text + "net, Y = Net(), np.eye(3)[y_train]\nnet.train(X_train, Y, 25)\n")
    assert "net.train(X, y, epochs=25, eta=0.5): stopped there" in line
    assert facts["network"] == "Net"


def test_several_arrays_that_are_passed_one_by_one():
    network = {"W1": np.zeros((2, 3)), "b1": np.zeros(2)}
    give_back(network, (np.ones((2, 3)), np.ones(2), [0.5, 0.4]))
    assert network["W1"].all() and network["b1"].all()
    give_back(network, (np.zeros(5), np.zeros(4)))  # of other shapes: something else
    assert network["W1"].all()


def test_a_network_that_holds_its_data_keeps_few_of_them(caught):
    line, facts, _, _ = caught("""
        class Net:
            def __init__(self, inputs, labels):
                self.inputs, self.labels, self.w = inputs, labels, np.zeros((12, 3))
            def train(self, epochs):
                assert len(self.inputs) == len(self.labels) in (60, 120)
                for epoch in range(epochs):
                    self.w += 0.1 * self.inputs.T @ (self.labels - self.inputs @ self.w) / len(self.inputs)
        Net(X_train, np.eye(3)[y_train]).train(7)
    """)
    assert "train(epochs=7): stopped there" in line
    assert facts["train"] == [[120, 12], [120, 3]]
    assert facts["parameters"] == ["network", "images", "labels", "epochs"]


def test_an_estimator(caught):
    pytest.importorskip("sklearn")
    line, facts, _, _ = caught(
        """
        from sklearn.preprocessing import StandardScaler
        from sklearn.linear_model import SGDClassifier
        scaled = StandardScaler().fit(X_train).transform(X_train)
        model = SGDClassifier()
        model.fit(scaled, y_train)
    """,
        seconds=60,
    )
    assert "model.fit(X, y" in line and facts["network"] == "SGDClassifier"
    assert facts["train"] == [[120, 12], [120]]


@pytest.mark.parametrize(
    "swallows",
    [
        "try:\n    net.train(X_train, Y, 25)\nexcept:\n    pass\n",
        "try:\n    net.train(X_train, Y, 25)\nfinally:\n    while True: pass\n",
        "while True:\n    try:\n        net.train(X_train, Y, 25)\n    except BaseException:\n        pass\n",
        "import threading\nt = threading.Thread(target=lambda: net.train(X_train, Y, 25))\nt.start(); t.join()\n",
    ],
)
def test_no_script_can_go_on(caught, swallows):
    line, facts, _, _ = caught(NET + swallows)
    assert "net.train(X, y, epochs=25, eta=0.5): stopped there" in line and facts["settings"]["epochs"] == 25


def test_test_data_that_a_function_loads(caught):
    hides = "X_hidden, y_hidden = X_test, y_test\ndel X_test, y_test\n"
    loads = "def load_test_data():\n    return X_hidden[:7], y_hidden[:7]\n"
    _, facts, _, _ = caught(hides + loads + NET + "net.train(X_train, Y, 2)\n")
    assert facts["test"] == [[7, 12], [7]]
    hangs = "def get_test_set():\n    while True: pass\n"
    _, facts, _, _ = caught(hides + hangs + NET + "net.train(X_train, Y, 2)\n")
    assert facts["test"] == "NoneType"


def test_a_function_that_scores_and_is_never_called(caught):
    scores = "def accuracy(net, X, y):\n    return (net.forward(X).argmax(1) == y).mean()\n"
    line = (DATA + scores).split("\n").index(scores.split("\n")[0]) + 1
    _, _, _, report = caught(scores + NET + "net.train(X_train, Y, 2)\n")
    (finding,) = report.findings
    assert (finding.code, finding.severity.name, finding.where) == ("never-scored", "NOTE", "scoring")
    assert f"accuracy is defined in line {line} and called nowhere" in finding.verdict
    _, _, _, report = caught(scores + NET + "net.train(X_train, Y, 2)\nprint(accuracy(net, X_test, y_test))\n")
    assert report.findings == ()


def test_a_notebook_exported_as_a_script(caught):
    line, facts, _, _ = caught(
        "# In[1]:\n%matplotlib inline\n!pip install numpy\nget_ipython().run_line_magic('matplotlib', 'inline')\n"
        "for q in [1]:\n    !ls\n" + NET + "get_ipython().system('ls')\nnet.train(X_train, Y, 3)\n"
    )
    assert "net.train(X, y, epochs=3, eta=0.5)" in line and facts["network"] == "Net"


# Parts


def test_magic_is_no_python_and_python_no_magic():
    assert without_magic("x = 1\n  %time y\n!ls") == "x = 1\n  pass  # %time y\npass  # !ls"
    assert without_magic("a = (b\n     % c)") == "a = (b\n     % c)"


@pytest.mark.parametrize(
    "name",
    [
        "train",
        "fit",
        "SGD",
        "trainieren",
        "entraîner",
        "entrenar",
        "treinar",
        "lerne",
        "train_model",
        "gradient_descent",
    ],
)
def test_names_that_train(name):
    assert trains(name)


@pytest.mark.parametrize(
    "name",
    ["train_test_split", "load_train", "train_step", "fit_batch", "predict", "test", "learn_one", "plot_training"],
)
def test_names_that_do_not(name):
    assert not trains(name)


def test_one_sample_is_none_of_the_training_set():
    assert is_one_sample({"x": np.zeros(784), "y": np.zeros(10)}) and is_one_sample({"x": np.zeros((784, 1)), "y": 3})
    assert not is_one_sample({"x": np.zeros((50, 784)), "y": np.zeros(50)}) and not is_one_sample({"data": [1, 2]})


def test_what_is_called_anywhere_is_not_never_called():
    import ast

    text = "def test(): pass\ndef score(): pass\ndef evaluate(): pass\nscore()\nrun(callback=evaluate)\n"
    assert never_called(ast.parse(text)) == [("test", 1)]


def test_a_function_without_data_is_written_out_and_does_the_same():
    import ast

    text = "def main(n=3):\n    global total\n    for i in range(n):\n        total += i\n    return total\n"
    text += "total = 1\nx = main(4)\n"
    tree, loops = prepared(ast.parse(text))
    assert len(loops) == 1 and loops[0].lineno == 3

    class Watch:
        begin = turn = end = staticmethod(lambda number: None)

    variables = {"__cmlp_loops__": Watch}
    exec(compile(tree, "script", "exec"), variables)
    assert variables["x"] == 7 and variables["n"] == 4
