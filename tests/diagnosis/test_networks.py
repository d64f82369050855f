"""Networks that are bad for reasons of their own, and networks of other kinds, of which nothing can be told."""

import numpy as np
import pytest

import cmlp
from cmlp import Dataset, Network, check
from cmlp.diagnosis.training import examine_training

RELU = {"activation": "relu", "loss": "cross_entropy"}


@pytest.fixture(scope="module")
def digits():
    return cmlp.load_digits()


def trained(data, epochs=20, eta=0.005, hidden=(30,), settings=None, **architecture):
    network = Network((data.images.shape[1], *hidden, data.classes), **(RELU | architecture))
    settings = {"mini_batch_size": 20, "optimizer": "adam", "progress": False} | (settings or {})
    return network, network.train(data, epochs, eta, **settings)


def changed(data, images=None, labels=None):
    images, labels = data.images if images is None else images, data.labels if labels is None else labels
    return Dataset(images, labels, scale=data.scale, classes=data.classes)


def finding_of(network, history, train, test):
    (finding,) = examine_training(network, history, train, test)
    return finding


def test_outputs_that_stand_for_other_labels(digits):
    train, test = digits
    network, history = trained(changed(train, labels=(train.labels + 3) % 10))
    finding = finding_of(network, history, train, test)
    assert (finding.code, finding.where) == ("outputs-renamed", "network")
    assert finding.before < 5 and finding.after > 90


@pytest.mark.parametrize(
    ("code", "change"),
    [
        ("inverted", lambda p: 16 - p),
        ("transposed", lambda p: p.transpose(0, 2, 1)),
        ("rotated-180", lambda p: p[:, ::-1, ::-1]),
    ],
)
def test_networks_that_learned_from_other_pictures(digits, code, change):
    train, test = digits
    network, history = trained(changed(train, np.ascontiguousarray(change(train.pictures()))))
    finding = finding_of(network, history, train, test)
    assert (finding.code, finding.where) == (code, "network")
    assert finding.before < 50 < 85 < finding.after
    assert "smaller steps" not in finding.verdict


def test_a_class_that_is_never_answered(digits):
    train, test = digits
    network, history = trained(train[train.labels != 4])
    finding = finding_of(network, history, train, test)
    assert finding.code == "class-never-answered"
    assert finding.verdict == "The network never answers 4, as if it had not been trained with such images."
    assert finding.before < 92 < finding.after


@pytest.mark.parametrize(
    ("name", "settings"), [("lmbda", {"lmbda": 800.0}), ("l1", {"l1": 300.0}), ("max_norm", {"max_norm": 0.01})]
)
def test_settings_are_read_before_small_steps_are_blamed(digits, name, settings):
    train, test = digits
    network, history = trained(train, settings=settings)
    assert network.test(test) < 55
    finding = finding_of(network, history, train, test)
    assert finding.code == "too-much-regularisation"
    assert finding.measured.startswith(f"{name} is {settings[name]:g}; ") and finding.after > 80


def test_too_much_dropout(digits):
    train, test = digits
    network, history = trained(train, epochs=6, dropout=0.97)
    finding = finding_of(network, history, train, test)
    assert finding.code == "too-much-regularisation" and "dropout" in finding.verdict
    assert "dropout" not in finding.repair


@pytest.mark.parametrize("settings", [{"lmbda": 0.5}, {"label_smoothing": 0.1}, {"l1": 0.1}, {"max_norm": 3.0}])
def test_as_much_as_is_good_is_not_accused(digits, settings):
    train, test = digits
    network, history = trained(train, settings=settings)
    assert examine_training(network, history, train, test) == []


def test_what_is_known_by_heart(digits):
    """Labels of which a third are wrong can only be learned one by one."""
    rng = np.random.default_rng(0)
    centres = rng.normal(size=(3, 40))
    y = np.arange(900) % 3
    x = centres[y] + 3.5 * rng.normal(size=(900, 40))
    train, test = Dataset(x[:150], y[:150]), Dataset(x[150:], y[150:])
    network, history = trained(train, epochs=150, hidden=(60,))
    assert network.test(train) == 100 and network.test(test) < 80
    finding = finding_of(network, history, train, test)
    assert (finding.code, finding.severity.name) == ("overfitting", "WARNING")
    assert "by heart" in finding.verdict and "dropout=0.3" in finding.measured


# Other kinds


@pytest.mark.parametrize("loss", ["binary_cross_entropy", "mean_squared_error", "huber", "poisson", "quadratic"])
@pytest.mark.parametrize("outputs", [1, 2, 10])
@pytest.mark.parametrize("activation", ["relu", "exponential"])
def test_any_network_gets_a_report(digits, loss, outputs, activation):
    train, test = (data[data.labels < 2] for data in digits)
    network = Network((64, 8, outputs), loss=loss, activation=activation)
    for w in network.weights:
        w *= 300  # so that exponentials overflow
    report = check(train, test, network, progress=False)
    assert report.accuracy is None or 0 <= report.accuracy <= 100


def test_outputs_that_overflow(digits):
    train, test = digits
    network = Network((64, 8, 10), activation="relu", loss="cross_entropy")
    for w in network.weights:
        w *= 1e200
    (finding,) = examine_training(network, None, train, test)
    assert finding.code == "overflow" and finding.repair


# Networks of which too little is known to accuse them, and too much to call anything sound


def test_a_network_that_knows_much_less_than_it_could_is_not_called_sound(digits):
    train, test = digits
    few, history = trained(train[:40], epochs=60, eta=0.01)
    assert test.labels.size and few.test(test) < 85
    large = Network((64, 3000, 3000, 10))
    report = check(train, test, large)
    assert not report.ok and report.problems == ()
    assert "where a small one has" in report.unknown[0]
    (finding,) = check(train, test, few, history).problems
    assert finding.code == "behind-reference" and finding.after > 95


def test_a_large_network_that_was_not_trained_is_not_told_that_its_size_is_wrong(digits):
    train, test = digits
    finding = finding_of(Network((64, 600, 10)), None, train, test)
    assert finding.code == "hardly-trained" and finding.after > 80


def test_what_is_not_looked_at_is_said(digits):
    train, test = digits
    report = check(train, test, Network((64, 5, 1), loss="mean_squared_error"))
    assert "how it was trained was not looked at" in report.notes[0]
    assert check(train, claimed_accuracy=9.8).notes == ("Without test=, claimed_accuracy says nothing.",)
    assert check(train, test, history=cmlp.History([0.1])).notes == ("Without network=, history says nothing.",)
    for wrong in ("9", np.nan, -1, True):
        with pytest.raises(cmlp.ModelError, match="claimed_accuracy must be"):
            check(train, test, claimed_accuracy=wrong)


def test_one_row_whose_outputs_overflow_ends_no_check(digits):
    train, test = digits
    images = test.images / 16
    images[3, 20] = 3e38
    network = Network((64, 16, 10), activation="relu", loss="cross_entropy")
    network.train(train, 3, 50.0, mini_batch_size=10, progress=False)
    assert not check(train, Dataset(images, test.labels), network).ok


def test_the_line_of_a_remedy_has_the_remedy(digits):
    from cmlp.diagnosis.case import Case
    from cmlp.diagnosis.regularisation import REMEDIES, _line

    train, test = digits
    lines = [_line(Case(Network((64, 8, 10)), None, train, test), remedy, 1.0) for remedy in REMEDIES]
    for line, network, settings in zip(lines, (0.3, 0.0, 0.0), (0.0, 5.0, 0.5), strict=True):
        names = {"cmlp": cmlp, "train": train}
        exec(line, names)
        assert names["network"].architecture.dropouts[0] == network
        assert names["network"].settings["lmbda"] == settings


def test_the_line_that_lets_a_network_learn_is_what_was_measured(digits):
    train, test = digits
    network, history = trained(train, epochs=6, dropout=0.97)
    finding = finding_of(network, history, train, test)
    names = {"cmlp": cmlp, "train": train}
    exec(finding.repair, names)
    assert finding.after == pytest.approx(names["network"].test(test), abs=4)


def test_a_network_that_is_too_narrow_gets_the_line_of_another(digits):
    train, test = digits
    network, history = trained(train, hidden=(1, 1), epochs=2)
    finding = finding_of(network, history, train, test)
    assert finding.code == "sizes-hardly-learn" and "(64, 32, 10)" in finding.repair
    names = {"cmlp": cmlp, "train": train}
    exec(finding.repair, names)
    assert 90 < finding.after == pytest.approx(names["network"].test(test), abs=4)
