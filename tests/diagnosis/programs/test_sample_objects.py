"""Samples that are objects of somebody's own class."""

import numpy as np
import pytest

import cmlp
from cmlp.diagnosis.programs.sample_objects import sample_objects
from cmlp.diagnosis.programs.samples import Samples

TRAIN, TEST = cmlp.load_digits()


class Sample:
    def __init__(self, pixels, digit):
        self.__pixels, self.__digit, self.name = pixels, int(digit), "a digit"

    def pixels(self):
        return self.__pixels

    def digit(self):
        return self.__digit


class Slotted:
    __slots__ = ("label", "x")

    def __init__(self, x, label):
        self.x, self.label = x, label


class Net:
    """A perceptron with one step for each sample, in the style of Java."""

    def __init__(self, sign=-1):
        self.weights, self.sign = np.zeros((64, 10)), sign

    def forward(self, pixels):
        e = np.exp(pixels @ self.weights)
        return e / e.sum()

    def train(self, samples, epochs=2, eta=0.1):
        for _ in range(epochs):
            for sample in samples:
                delta = self.forward(sample.pixels()) - np.eye(10)[sample.digit()]
                self.weights += self.sign * eta * np.outer(sample.pixels(), delta)


def digits(data, kind=Sample):
    return [kind(image / 16, label) for image, label in zip(data.images, data.labels, strict=True)]


@pytest.mark.parametrize("kind", [Sample, Slotted])
def test_they_are_read_and_made(kind):
    given = digits(TRAIN, kind)
    samples = Samples(given, "train")
    np.testing.assert_allclose(samples.x, TRAIN.images / 16)
    np.testing.assert_array_equal(samples.y, TRAIN.labels)
    made = samples.make(samples.x[5:7] * 2, samples.y[5:7])
    assert [type(sample) for sample in made] == [kind, kind]
    pair = sample_objects(given).pair
    np.testing.assert_allclose(pair(made[1])[0], TRAIN.images[6] / 8)
    assert pair(made[1])[1] == TRAIN.labels[6]
    np.testing.assert_allclose(pair(given[5])[0], TRAIN.images[5] / 16)


@pytest.mark.parametrize(("sign", "codes"), [(-1, set()), (1, {"uphill"})])
def test_a_network_that_takes_them(sign, codes):
    report = cmlp.check(digits(TRAIN), digits(TEST), network=Net(sign), epochs=2, eta=0.1, progress=False)
    assert {finding.code for finding in report.problems} == codes


class Two:
    def __init__(self):
        self.one, self.other, self.label = np.zeros(5), np.zeros(5), 1


@pytest.mark.parametrize("items", [[], [Two()], [Sample(np.zeros(5), 1), Two()], [object()], [(np.zeros(5), 1)]])
def test_what_is_no_sample(items):
    assert sample_objects(items) is None
