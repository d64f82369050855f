"""Faults that other programs of this folder do not have, each in the smallest program that shows it."""

from types import SimpleNamespace

import numpy as np
import pytest

import cmlp
from cmlp.diagnosis.programs.samples import Samples
from cmlp.diagnosis.programs.step_faults import _by_differences
from cmlp.diagnosis.programs.subject import Subject
from cmlp.diagnosis.report import Severity

TRAIN, TEST = cmlp.load_digits()
X, Y, TESTED = TRAIN.images / 16, TRAIN.labels, (TEST.images / 16, TEST.labels)


class Net:
    """tanh and softmax, mini-batches of 20; `rate` of the hidden units are dropped."""

    def __init__(self, weights=None, rate=0.0, decay=0.0):
        rng = np.random.default_rng(0)
        self.w = rng.normal(size=(64, 20)) * 0.12 if weights is None else np.full((64, 20), weights)
        self.v = rng.normal(size=(20, 10)) * 0.2 if weights is None else np.full((20, 10), weights)
        self.b, self.c = np.zeros(20), np.zeros(10)
        self.rate, self.decay, self.rng = rate, decay, np.random.default_rng(1)

    def forward(self, x):
        self.h = np.tanh(x @ self.w + self.b)
        e = np.exp(self.h @ self.v + self.c)
        return e / e.sum(axis=1, keepdims=True)

    def update(self, x, y, eta):
        out, mask = self.dropped(x)
        delta = (out - np.eye(10)[y]) / len(x)
        before = self.delta_below(delta) * mask * (1 - self.h**2)
        for array, gradient in ((self.v, (self.h * mask).T @ delta), (self.w, x.T @ before)):
            array -= eta * (gradient + self.decay / len(x) * array)
        self.c -= eta * delta.sum(axis=0)
        self.b -= eta * before.sum(axis=0)

    def delta_below(self, delta):
        return delta @ self.v.T

    def dropped(self, x):
        self.forward(x)
        mask = (self.rng.random(self.h.shape) >= self.rate) / (1 - self.rate)
        e = np.exp((self.h * mask) @ self.v + self.c)
        return e / e.sum(axis=1, keepdims=True), mask

    def train(self, batches, epochs=15, eta=0.5):
        for _ in range(epochs):
            for x, y in batches:
                self.update(x, y, eta)


class Decaying(Net):
    def train(self, batches, epochs=15, eta=0.5):
        for _ in range(epochs):
            for x, y in batches:
                self.update(x, y, eta)
                eta *= 0.8


class Wrong(Net):
    def delta_below(self, delta):
        return delta[:, ::-1] @ self.v.T


def batches():
    return [(X[k : k + 20], Y[k : k + 20]) for k in range(0, len(X) - 19, 20)]


def codes(train, network, **settings):
    report = cmlp.check(train, TESTED, network=network, **settings, progress=False)
    return report, {finding.code for finding in report}


@pytest.mark.parametrize("rate", [0.0, 0.2])
@pytest.mark.parametrize(("kind", "expected"), [(Net, set()), (Wrong, {"hidden-delta", "wrong-gradient"})])
def test_dropout_hides_no_formula(kind, expected, rate):
    _, found = codes(batches(), kind(rate=rate), eta=0.5)
    assert bool(found & expected) == bool(expected)
    assert found <= expected


def test_a_generator_is_empty_after_an_epoch():
    report, found = codes((batch for batch in batches()), Net(), epochs=15, eta=0.01)
    assert "later-epochs-empty" in found
    assert any(finding.repair == "batches = list(batches)" for finding in report)
    assert "later-epochs-empty" not in codes(batches(), Net(), epochs=15, eta=0.5)[1]


def test_a_rate_that_decays_with_every_mini_batch():
    assert "learning-rate-decays" in codes(batches(), Decaying(), epochs=15, eta=0.5)[1]


def test_equal_weights_are_named_by_a_trial():
    assert "equal-weights" in codes(batches(), Net(weights=0.1), epochs=15, eta=0.5)[1]


def test_a_penalty_divided_by_the_samples_is_not_accused():
    """With six samples, as in the step that is examined, it is three times as large as in training."""
    assert "weight-decay-too-large" not in codes(batches(), Net(decay=0.01), epochs=2, eta=0.01)[1]
    assert "weight-decay-too-large" in codes(batches(), Net(decay=4.0), epochs=15, eta=0.5)[1]


class Restored(Net):
    def train(self, batches, epochs=15, eta=0.5):
        first = self.w.copy(), self.v.copy(), self.b.copy(), self.c.copy()
        super().train(batches, epochs, eta)
        self.w, self.v, self.b, self.c = first


def test_a_training_that_restores_what_it_began_with():
    """It is stopped before its end where it takes long, so that the end is looked at with fewer samples."""
    assert "nothing-moves" in codes(batches() * 20, Restored(), epochs=100, eta=0.5)[1]


def train_records(net, records, epochs=5, eta=0.03):
    """Each record is a label and pixels of 0..16; the network takes vectors of both."""
    for _ in range(epochs):
        for record in records:
            net.update(np.asarray(record[1:])[None] / 16, np.array([int(record[0])]), eta)


@pytest.mark.parametrize(("kind", "expected"), [(Net, set()), (Wrong, {"hidden-delta", "wrong-gradient"})])
def test_records_with_a_function_that_takes_them_apart(kind, expected):
    records = np.column_stack([Y, TRAIN.images])
    tested = np.column_stack([TEST.labels, TEST.images])
    report = cmlp.check(
        records, tested, network=kind(), fit=train_records, forward=lambda net, x: net.forward(np.asarray(x) / 16),
        epochs=5, eta=0.03, progress=False,
    )  # fmt: skip
    found = {finding.code for finding in report}
    assert bool(found & expected) == bool(expected)
    assert found <= expected


def train_penalised(net, batches, epochs=15, eta=0.5, lam=0.0):
    net.decay = lam
    net.train(batches, epochs, eta)


def test_a_penalty_among_the_settings():
    _, found = codes(batches(), Net(), fit=train_penalised, epochs=15, eta=0.5, lam=8.0)
    assert "weight-decay-too-large" in found


class Value:
    def __init__(self, data):
        self.data = data


def test_outputs_in_an_object():
    class Wrapping(Net):
        def __call__(self, x):
            return Value(super().forward(x))

        forward = None

        def dropped(self, x):
            return Net.forward(self, x), 1.0

    report, found = codes(batches(), Wrapping(), epochs=15, eta=0.5)
    assert not found
    assert report.accuracy > 85


def unusable(net, some, other, third):
    raise AssertionError


def test_a_step_that_cannot_be_called_is_not_used():
    report, found = codes(batches(), Wrong(), step=unusable, epochs=15, eta=0.5)
    assert found & {"hidden-delta", "wrong-gradient"}
    assert any("step=" in note for note in report.notes)


class Pixels(Net):
    """Takes images and labels, and shuffles them in mini-batches."""

    def train(self, images, labels, epochs=15, eta=0.5, batch_size=20):
        for _ in range(epochs):
            order = self.rng.permutation(len(images))
            for k in range(0, len(images) - batch_size + 1, batch_size):
                self.batch(images, labels, order[k : k + batch_size], eta)

    def batch(self, images, labels, pick, eta):
        self.update(images[pick], labels[pick], eta)


class Ending(Pixels):
    def train(self, images, labels, epochs=15, eta=0.5, batch_size=20):
        for _ in range(epochs):
            order = self.rng.permutation(len(images))
            for k in range(0, len(images) - batch_size + 1, batch_size):
                self.batch(images, labels, order[k : k + batch_size], eta)
                return


class Forgetting(Pixels):
    def train(self, images, labels, epochs=15, eta=0.5, batch_size=20):
        for _ in range(epochs):
            order, start = self.rng.permutation(len(images)), [a.copy() for a in (self.w, self.v, self.b, self.c)]
            for k in range(0, len(images) - batch_size + 1, batch_size):
                self.w, self.v, self.b, self.c = (a.copy() for a in start)
                self.batch(images, labels, order[k : k + batch_size], eta)


@pytest.mark.parametrize(
    ("kind", "expected"), [(Pixels, None), (Ending, "epoch-sees-few"), (Forgetting, "samples-unequal")]
)
def test_mini_batches_that_do_not_count(kind, expected):
    _, found = codes((X, Y), kind(), epochs=15, eta=0.5, batch_size=20)
    assert found <= {expected, "epoch-sees-few" if expected else None}
    assert expected in found or not expected


class Scoring:
    """Run by a method of an unusual name; another one takes arrays only."""

    def __init__(self):
        self.w = np.zeros((64, 10))

    def scores(self, x):
        return x @ self.w

    def predict(self, x):
        return self.scores(x.reshape(len(x), -1)).argmax(axis=1)  # a list has no attribute of this name

    def train(self, x, y, epochs=20, eta=0.5):
        for _ in range(epochs):
            e = np.exp(self.scores(x))
            self.w -= eta * x.T @ (e / e.sum(axis=1, keepdims=True) - np.eye(10)[y]) / len(x)


def test_the_weights_of_a_network_that_runs_are_its_own():
    subject = Subject(Scoring(), Samples((X, Y), "train"), {}, {"epochs": 20})
    subject.explore()
    assert subject.runs.name == "scores"
    assert not np.any(subject.values(subject.instance())[0])


class Moded(Net):
    """Begins in the mode of training, as modules do that `train` and `eval` switch; `stays` never leaves it."""

    training, stays = True, False

    def forward(self, x):
        return self.dropped(x)[0] if self.training else super().forward(x)

    def dropped(self, x):
        mode, self.training = self.training, False
        made = super().dropped(x)
        self.training = mode
        return made

    def train(self, batches, sweeps=15, eta=0.5):
        self.training = True
        super().train(batches, sweeps, eta)
        self.training = self.stays


class StaysInTraining(Moded):
    stays = True


@pytest.mark.parametrize(("kind", "codes"), [(Moded, set()), (StaysInTraining, {"forward-not-repeatable"})])
def test_dropout_that_training_switches_off_at_its_end(kind, codes):
    batches = [(X[k : k + 20], Y[k : k + 20]) for k in range(0, len(X), 20)]
    report = cmlp.check(batches, TESTED, network=kind(rate=0.4), sweeps=15, eta=0.5, progress=False)
    assert {finding.code for finding in report.problems} == codes
    assert report.accuracy > 85


@pytest.mark.parametrize(
    ("cosines", "severity"),
    [
        ({"w": 0.99, "b": 0.98}, None),
        ({"w": 0.88, "b": 0.95}, Severity.NOTE),  # as of a committee whose members have losses of their own
        ({"w": 0.99, "b": 0.5}, Severity.ERROR),
    ],
)
def test_steps_that_are_nearly_along_the_slope_are_no_error(cosines, severity):
    found = []
    case = SimpleNamespace(
        facts={"loss": "cross-entropy"},
        subject=SimpleNamespace(blocks=[SimpleNamespace(name=name) for name in cosines]),
        beside=lambda _: "",
        found=lambda code, severity, *_: found.append((code, severity)),
    )
    _by_differences(case, SimpleNamespace(cosines=cosines, adaptive=False))
    assert found == ([] if severity is None else [("wrong-gradient", severity)])


def test_label_vectors_must_name_a_class():
    y = np.zeros((len(Y), 10))
    y[:, Y] = 1
    (finding,) = cmlp.check((X, y), (X[:100], y[:100]), network=Net(), progress=False)
    assert finding.code == "one-hot-labels"
    assert "1,437" in finding.measured
