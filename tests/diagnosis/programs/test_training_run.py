"""The training as it was given, with as many samples as its time allows."""

import numpy as np
import pytest

import cmlp
from cmlp.diagnosis.programs.examination import Examination
from cmlp.diagnosis.programs.samples import Samples
from cmlp.diagnosis.programs.subject import Subject
from cmlp.diagnosis.programs.training_run import _eta_for

TRAIN, _ = cmlp.load_digits()
X, Y = TRAIN.images / 16, TRAIN.labels


def gradients(network, x, y):
    outputs = np.exp(x @ network["W"] + network["b"])
    errors = outputs / outputs.sum(axis=1, keepdims=True) - np.eye(10)[y]
    return x.T @ errors, errors.sum(axis=0)


def forward(network, x):
    return x @ network["W"] + network["b"]


def by_a_known_number(network, x, y, epochs, eta):
    """Divide by the number of samples of another array, as many scripts do that have held some out."""
    for _ in range(epochs):
        for name, gradient in zip("Wb", gradients(network, x, y), strict=True):
            network[name] -= eta * gradient / 1500


def by_their_number(network, x, y, epochs, eta):
    for _ in range(epochs):
        for name, gradient in zip("Wb", gradients(network, x, y), strict=True):
            network[name] -= eta * gradient / len(x)


def examination(fit, **settings):
    network = {"W": np.zeros((64, 10)), "b": np.zeros(10)}
    samples = Samples((X, Y), "train")
    subject = Subject(network, samples, {"fit": fit, "forward": forward}, settings)
    subject.explore()
    return Examination(subject, samples, None, 30, lambda _: None)


@pytest.mark.parametrize(("fit", "grows"), [(by_a_known_number, True), (by_their_number, False)])
def test_the_learning_rate_for_a_few_of_the_samples(fit, grows):
    case = examination(fit, epochs=1000, eta=0.5)
    few = case.usable[:500]
    assert _eta_for(case, few) == (0.5 * len(case.usable) / 500 if grows else None)
    assert _eta_for(case, case.usable) is None


def test_epochs_of_mini_batches_keep_their_learning_rate():
    case = examination(by_a_known_number, epochs=10, eta=0.5)
    assert _eta_for(case, case.usable[:500]) is None
