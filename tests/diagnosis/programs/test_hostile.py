"""Networks that raise, print, recurse, never return or do harm: an answer in bounded time, and nothing is changed."""

import copy
import random
import signal
import sys
import threading
import time
from pathlib import Path

import numpy as np
import pytest

import cmlp

TRAIN, TEST = cmlp.load_digits()
PAIRS = list(zip(TRAIN.images / 16, TRAIN.labels, strict=True))
TESTED = list(zip(TEST.images / 16, TEST.labels, strict=True))
SECONDS = 6.0
PATIENCE = 45.0  # seconds on the clock, on a busy machine


class Sound:
    """A network of one layer with softmax, trained by single samples."""

    def __init__(self):
        self.w = np.zeros((10, 64))
        self.b = np.zeros(10)
        self.eta = 0.1

    def forward(self, x):
        e = np.exp(self.w @ x + self.b - np.max(self.w @ x + self.b))
        return e / e.sum()

    def step(self, x, label):
        delta = self.forward(x) - np.eye(10)[label]
        self.w -= self.eta * np.outer(delta, x)
        self.b -= self.eta * delta

    def train(self, data, epochs=1):
        for _ in range(epochs):
            for x, label in data:
                self.step(x, label)

    def test(self, data):
        return np.mean([self.forward(x).argmax() == label for x, label in data])


class Raises(Sound):
    def train(self, data, epochs=1):
        raise RuntimeError("out of luck")


class RaisesInForward(Sound):
    def forward(self, x):
        raise KeyError("layer")


class Prints(Sound):
    def step(self, x, label):
        print("step", label)
        print("warning", file=sys.stderr)
        super().step(x, label)


class Recurses(Sound):
    def train(self, data, epochs=1):
        return self.train(data, epochs)


class NeverReturns(Sound):
    def train(self, data, epochs=1):
        while True:
            try:
                for x, label in data:
                    self.step(x, label)
            except Exception:
                continue


class Sleeps(Sound):
    def train(self, data, epochs=1):
        time.sleep(3600)


class ForwardNeverReturns(Sound):
    def forward(self, x):
        while True:
            pass


class ChangesArguments(Sound):
    def step(self, x, label):
        super().step(x, label)
        x[...] = 0

    def train(self, data, epochs=1):
        data.sort(key=lambda pair: pair[1])
        super().train(data, epochs)
        data.clear()


class ReturnsNothing(Sound):
    def forward(self, x):
        return None


class Asks(Sound):
    def train(self, data, epochs=1):
        if input("Continue? ") == "y":
            super().train(data, epochs)


class Exits(Sound):
    def train(self, data, epochs=1):
        sys.exit(3)


class Slotted:
    __slots__ = ("b", "eta", "w")
    __init__, forward, step, train, test = Sound.__init__, Sound.forward, Sound.step, Sound.train, Sound.test


class Locked(Sound):
    def __init__(self):
        super().__init__()
        self.lock = threading.Lock()

    def step(self, x, label):
        with self.lock:
            super().step(x, label)


class WithFile(Sound):
    def __init__(self):
        super().__init__()
        WithFile.opened = self.log = Path(__file__).open()  # noqa: SIM115

    def train(self, data, epochs=1):
        self.log.readline()
        super().train(data, epochs)


class Seeds(Sound):
    def train(self, data, epochs=1):
        np.random.seed(0)  # noqa: NPY002
        random.seed(0)
        np.seterr(all="raise")
        random.shuffle(data)
        super().train(data, epochs)


class Threads(Sound):
    def train(self, data, epochs=1):
        thread = threading.Thread(target=Sound.train, args=(self, data, epochs))
        thread.start()
        thread.join()


class NotEqual(Sound):
    def __eq__(self, other):
        raise TypeError("no")

    __hash__ = None

    def __getattr__(self, name):
        raise AttributeError(name)


class Properties(Sound):
    @property
    def accuracy(self):
        raise OSError("no disk")


HARMLESS = [Sound, Prints, Slotted, Locked, WithFile, Seeds, Threads, NotEqual, Properties]
HARMFUL = [Raises, RaisesInForward, Recurses, NeverReturns, Sleeps, ForwardNeverReturns, ReturnsNothing, Asks, Exits]


def state():
    numbers = np.random.get_state()[1].copy()  # noqa: NPY002
    handler = signal.getsignal(signal.SIGALRM)
    return numbers.tolist(), random.getstate(), np.geterr(), sys.stdout, sys.stdin, handler, sys.gettrace()


def attributes(network):
    names = vars(network) if hasattr(network, "__dict__") else network.__slots__
    return {name: copy.deepcopy(getattr(network, name)) for name in names if name not in ("lock", "log")}


def same(one, other):
    return all(np.array_equal(one[name], other[name]) for name in one) and one.keys() == other.keys()


def checked(kind, **keywords):
    network = kind()
    data, tested = list(PAIRS), list(TESTED)
    images = [image.copy() for image, _ in data[:50]]
    before, own = state(), attributes(network)
    start = time.monotonic()
    report = cmlp.check(data, tested, network=network, epochs=2, seconds=SECONDS, progress=False, **keywords)
    assert time.monotonic() - start < PATIENCE
    assert state() == before
    assert same(own, attributes(network))
    assert len(data) == len(PAIRS)
    assert all(np.array_equal(image, given) for image, (given, _) in zip(images, data, strict=False))
    return report


@pytest.mark.parametrize("kind", HARMLESS, ids=lambda kind: kind.__name__)
def test_odd_networks_that_learn_are_not_accused(kind, capfd):
    report = checked(kind)
    if kind is WithFile:
        WithFile.opened.close()
    assert [finding.code for finding in report.problems] == [], str(report)
    assert report.accuracy > 85
    assert capfd.readouterr() == ("", "")


@pytest.mark.parametrize("kind", HARMFUL, ids=lambda kind: kind.__name__)
def test_networks_that_cannot_be_trained_give_a_finding_or_a_note(kind, capfd):
    report = checked(kind)
    assert report.findings or report.notes
    assert not report.ok or report.accuracy is None
    assert capfd.readouterr() == ("", "")


def test_training_that_changes_its_images_is_accused_of_it_and_the_images_stay():
    report = checked(ChangesArguments)
    assert [finding.code for finding in report.problems] == ["forward-changes-images"]


def test_in_another_thread_it_is_bounded_as_well():
    reports = []
    thread = threading.Thread(
        target=lambda: reports.append(cmlp.check(PAIRS, TESTED, NeverReturns(), epochs=1, seconds=3))
    )
    thread.start()
    thread.join(PATIENCE)
    assert not thread.is_alive()
    assert reports


def test_a_generator_is_read_once_and_not_needed_again():
    report = cmlp.check(iter(PAIRS), iter(TESTED), network=Sound(), epochs=2, seconds=SECONDS, progress=False)
    assert report.accuracy > 85


def test_of_a_class_an_object_is_made_or_asked_for():
    class Sized(Sound):
        def __init__(self, classes):
            super().__init__()

    report = cmlp.check(PAIRS, TESTED, network=Sound, epochs=2, seconds=SECONDS, progress=False)
    assert report.accuracy > 85
    with pytest.raises(cmlp.ModelError, match=r"got the class Sized: pass Sized\(\.\.\.\)$"):
        cmlp.check(PAIRS, TESTED, network=Sized, progress=False)


def test_an_interruption_gives_what_is_known():
    class Interrupted(Sound):
        def train(self, data, epochs=1):
            raise KeyboardInterrupt

    report = cmlp.check(PAIRS, TESTED, network=Interrupted(), epochs=2, seconds=SECONDS, progress=False)
    assert any("interrupted" in note for note in report.notes)


@pytest.mark.parametrize("network", [3, "network", object(), [], {}, lambda: None, np.zeros(3), print, Ellipsis])
def test_what_is_no_network_gives_a_note(network):
    report = cmlp.check(PAIRS[:100], TESTED[:50], network=network, epochs=1, seconds=SECONDS, progress=False)
    assert any("forward=" in note for note in report.notes)
    assert not report.ok


@pytest.mark.parametrize(
    ("train", "test"),
    [
        ([], None),
        ([1, 2, 3], None),
        ([(1, 2, 3)], None),
        ("images", None),
        (np.zeros((3, 4)), None),
        (PAIRS, [(np.zeros(3), 1)]),
        ((np.zeros((5, 4)), [1, 2]), None),
    ],
)
def test_data_that_are_none_are_refused_in_one_sentence(train, test):
    with pytest.raises(cmlp.DataError) as caught:
        cmlp.check(train, test, network=Sound())
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(
    "keywords", [{"seconds": 0}, {"seconds": "long"}, {"fit": 3}, {"forward": "predict"}, {"progress": 2}]
)
def test_wrong_arguments_are_refused(keywords):
    with pytest.raises(cmlp.ModelError):
        cmlp.check(PAIRS, TESTED, network=Sound(), **keywords)
