"""The recipes for TensorBoard, MLflow and Optuna, with these libraries where they are, and with stand-ins anywhere."""

import re
import sys
from contextlib import contextmanager
from types import SimpleNamespace
from typing import ClassVar

import pytest
from support.documents import ROOT

import cmlp

PAGE = (ROOT / "docs" / "notebook.md").read_text()
DEFINED = re.findall(r"^```python\n(def to_.*?)^```$", PAGE, re.MULTILINE | re.DOTALL)
USED = {re.search(r"import (\w+)", text)[1]: text for text in re.findall(r"^```py\n(.*?)^```$", PAGE, re.M | re.DOTALL)}


def run_python(text, names):
    """Execute a block of the page."""
    exec(compile(text, "notebook.md", "exec"), names)


@pytest.fixture
def names(tmp_path, monkeypatch):
    """Return what the page has defined before its recipes."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("MLFLOW_TRACKING_URI", (tmp_path / "runs").as_uri())
    monkeypatch.setenv("MLFLOW_ALLOW_FILE_STORE", "true")
    train, test = cmlp.load_digits()
    defined = {"cmlp": cmlp, "train": train, "test": test}
    for text in DEFINED:
        run_python(text, defined)
    return defined


def history_of(names):
    """Return the accuracies of the same training without a recipe."""
    net = cmlp.Network([64, 16, 10])
    return net.train(names["train"], 10, 3.0, mini_batch_size=10, test_data=names["test"])


def test_the_page_has_three():
    assert len(DEFINED) == 3
    assert list(USED) == ["SummaryWriter", "mlflow", "optuna"]


class Writer:
    """Keeps what TensorBoard would."""

    scalars: ClassVar = []

    def __init__(self, folder):
        self.folder = folder

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.scalars.append("closed")

    def add_scalar(self, name, value, step):
        self.scalars.append((name, value, step))


def test_tensorboard(names, monkeypatch):
    monkeypatch.setitem(sys.modules, "tensorboardX", SimpleNamespace(SummaryWriter=Writer))
    monkeypatch.setattr(Writer, "scalars", [])
    run_python(USED["SummaryWriter"], names)
    *scalars, end = Writer.scalars
    assert end == "closed"
    expected = history_of(names)
    for name in ("loss", "test_accuracy"):
        assert [(v, s) for n, v, s in scalars if n == name] == list(zip(expected[name], range(1, 11), strict=True))
    assert len(scalars) == 3 * 10


@pytest.mark.filterwarnings("ignore")
def test_tensorboard_itself(names, tmp_path):
    pytest.importorskip("tensorboardX", reason="tensorboardX is not installed")
    run_python(USED["SummaryWriter"], names)
    (file,) = (tmp_path / "runs" / "first").iterdir()
    content = file.read_bytes()
    assert content.count(b"test_accuracy") >= 10 and content.count(b"seconds") >= 10


def test_mlflow(names, monkeypatch):
    metrics, parameters = [], {}

    @contextmanager
    def start_run():
        yield

    stand_in = SimpleNamespace(
        start_run=start_run,
        log_metrics=lambda values, step: metrics.append((step, values)),
        log_params=parameters.update,
    )
    monkeypatch.setitem(sys.modules, "mlflow", stand_in)
    run_python(USED["mlflow"], names)
    expected = history_of(names)
    assert [step for step, _ in metrics] == list(range(1, 11))
    assert [values["test_accuracy"] for _, values in metrics] == expected.test_accuracy
    assert parameters["eta"] == 3.0 and parameters["optimizer"]["name"] == "sgd"


@pytest.mark.filterwarnings("ignore")
def test_mlflow_itself(names):
    mlflow = pytest.importorskip("mlflow", reason="MLflow is not installed")
    run_python(USED["mlflow"], names)
    run = mlflow.last_active_run()
    assert run.data.params["mini_batch_size"] == "10"
    assert run.data.metrics["test_accuracy"] == pytest.approx(history_of(names).test_accuracy[-1])
    history = mlflow.MlflowClient().get_metric_history(run.info.run_id, "loss")
    assert [entry.step for entry in history] == list(range(1, 11))


class Trial:
    """One of Optuna, which is pruned if it is below 90 % after two epochs."""

    def __init__(self, number):
        self.number, self.reported = number, {}

    def suggest_float(self, name, low, high, *, log):
        assert log
        return low if self.number == 0 else 3.0

    def suggest_int(self, name, low, high):
        return (low + high) // 2

    def report(self, value, step):
        self.reported[step] = value

    def should_prune(self):
        return max(self.reported) >= 2 and self.reported[max(self.reported)] < 90


class Pruned(Exception):
    """A trial that was ended."""


def test_optuna(names, monkeypatch):
    trials, values = [], {}

    def optimize(objective, n_trials):
        for number in range(2):
            trials.append(Trial(number))
            try:
                values[number] = objective(trials[-1])
            except Pruned:
                values[number] = None

    stand_in = SimpleNamespace(
        TrialPruned=Pruned,
        pruners=SimpleNamespace(MedianPruner=lambda n_startup_trials: None),
        create_study=lambda direction, pruner: SimpleNamespace(optimize=optimize),
    )
    monkeypatch.setitem(sys.modules, "optuna", stand_in)
    run_python(USED["optuna"], names)
    slow, quick = trials
    assert values[0] is None and list(slow.reported) == [1, 2], "it is ended as soon as it is behind"
    assert values[1] == quick.reported[10] > 90 and len(quick.reported) == 10


@pytest.mark.filterwarnings("ignore")
def test_optuna_itself(names):
    optuna = pytest.importorskip("optuna", reason="Optuna is not installed")
    optuna.logging.set_verbosity(optuna.logging.ERROR)
    run_python(USED["optuna"], names)
    trials = names["study"].trials
    states = {trial.state.name for trial in trials}
    assert len(trials) == 8 and states <= {"COMPLETE", "PRUNED"} and "COMPLETE" in states
    assert names["study"].best_value > 80
    assert all(len(trial.intermediate_values) == 10 for trial in trials if trial.state.name == "COMPLETE")
