"""Settings that a script keeps together are varied like any others, and named as the script writes them."""

import argparse
import ast
from types import SimpleNamespace

import pytest

from cmlp.diagnosis.report import Finding, Severity
from cmlp.diagnosis.scripts.face import check_script
from cmlp.diagnosis.scripts.options import in_words, option_of, set_within, settings_within

SCRIPT = """\
import argparse
import numpy as np
import cmlp

parser = argparse.ArgumentParser()
parser.add_argument("--learning-rate", type=float, default={rate})
parser.add_argument("--epochs", type=int, default=20)
args = parser.parse_args()
train, test = cmlp.load_digits()
X_train, y_train, X_test, y_test = train.images / 16, train.labels, test.images / 16, test.labels
W, b = np.random.default_rng(0).normal(size=(64, 10)), np.zeros(10)

def forward(X):
    e = np.exp(X @ W + b)
    return e / e.sum(axis=1, keepdims=True)

for epoch in range(args.epochs):
    for k in range(0, len(X_train), 32):
        error = (forward(X_train[k:k + 32]) - np.eye(10)[y_train[k:k + 32]]) / 32
        W -= args.learning_rate * X_train[k:k + 32].T @ error
        b -= args.learning_rate * error.sum(axis=0)
print((forward(X_test).argmax(axis=1) == y_test).mean())
"""


@pytest.mark.parametrize(("rate", "right"), [(0.5, []), (1e-6, ["eta-too-small"])])
def test_a_script_with_arguments(rate, right, tmp_path):
    path = tmp_path / "training.py"
    path.write_text(SCRIPT.format(rate=rate))
    report = check_script(path).report
    assert [finding.code for finding in report.problems] == right
    for finding in report.problems:
        assert finding.verdict == "args.learning_rate = 1e-06 is too small."
        assert finding.repair.startswith("--learning-rate ")


def test_settings_are_found_where_they_are_kept_together():
    args = argparse.Namespace(lr=0.1, epochs=3, name="net", verbose=True)
    assert settings_within({"args": args, "X": [1]}) == {"lr": 0.1, "epochs": 3}
    assert settings_within({"config": {"lr": 0.1, "batch_size": 8}}) == {"lr": 0.1, "batch_size": 8}
    assert settings_within({"hp": SimpleNamespace(alpha=0.3)}) == {"alpha": 0.3}


@pytest.mark.parametrize(
    "variables",
    [
        {"args": argparse.Namespace(lr=0.1), "eta": 0.2},
        {"one": argparse.Namespace(lr=0.1), "other": {"lr": 0.2}},
        {"weights": {"lr": [0.1, 0.2]}},
        {"table": {1: 0.1}},
    ],
)
def test_what_is_ambiguous_or_no_setting_is_left_alone(variables):
    assert settings_within(variables) == {}


def test_others_stay_as_they_are():
    args = argparse.Namespace(lr=0.1, epochs=3)
    variables = {"args": args}
    set_within(variables, {"lr": 5.0})
    assert (args.lr, variables["args"].lr, variables["args"].epochs) == (0.1, 5.0, 3)


def test_options_with_lines_or_dashes():
    tree = ast.parse('add("--batch-size"); add("--num_epochs"); add("--lr", default=0.1)')
    assert [option_of(name, tree) for name in ("batch_size", "num_epochs", "lr", "eta")] == [
        "--batch-size", "--num_epochs", "--lr", "",
    ]  # fmt: skip


def test_findings_in_the_words_of_a_dict():
    finding = Finding("eta-too-small", Severity.ERROR, "training", "lr = 0.1 is too small.", "by lr: 0.1: 9", "lr = 1")
    made = in_words(finding, {"config": {"lr": 0.1}}, ast.parse(""))
    assert made.verdict == "config['lr'] = 0.1 is too small."
    assert made.measured == "by config['lr']: 0.1: 9"
    assert made.repair == "config['lr'] = 1"
