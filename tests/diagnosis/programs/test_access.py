"""Objects that raise, or answer, whatever they are asked for."""

import functools

import numpy as np
import pytest

import cmlp
from cmlp.diagnosis.programs.access import attribute, has_attribute, unwrapped
from cmlp.diagnosis.programs.copies import Copier

TRAIN, TEST = cmlp.load_digits()
DATA, TESTED = (TRAIN.images / 16, TRAIN.labels), (TEST.images / 16, TEST.labels)


class Parameters(dict):
    __getattr__ = dict.__getitem__


class Sound:
    def __init__(self):
        self.w = np.zeros((64, 10))

    def forward(self, x):
        e = np.exp(x @ self.w)
        return e / e.sum(axis=1, keepdims=True)

    def train(self, x, y, epochs=100, eta=0.5):
        for _ in range(epochs):
            self.w -= eta * x.T @ (self.forward(x) - np.eye(10)[y]) / len(x)


class AnswersToAll(Sound):
    def __getattr__(self, name):
        return lambda *arguments, **keywords: 42


class Raising(Sound):
    def __getattr__(self, name):
        return self.__dict__[name]

    def refused(self, *arguments):
        raise OSError

    __eq__ = __len__ = __bool__ = __iter__ = __getitem__ = __array__ = __repr__ = __dir__ = refused
    __hash__ = None
    shape = optimizer = param_groups = accuracy = property(refused)


class Unclassed(Sound):
    @property
    def __class__(self):
        raise OSError


def forward(parameters, x):
    return x @ parameters.w


def fit(parameters, x, y, epochs):
    for _ in range(epochs):
        parameters.w[...] -= x.T @ (forward(parameters, x) - np.eye(10)[y]) / len(x) * 0.1


def check(network, **keywords):
    return cmlp.check(DATA, TESTED, network=network, epochs=100, seconds=8, progress=False, **keywords)


def test_attributes_are_asked_for_without_harm():
    raising, all_of_them = Raising(), AnswersToAll()
    assert attribute(raising, "missing", 3) == 3
    assert attribute(raising, "optimizer") is None
    assert attribute(raising, "w") is raising.w
    assert not has_attribute(all_of_them, "__code__")
    assert has_attribute(all_of_them, "anything")
    assert unwrapped(all_of_them) is all_of_them
    assert unwrapped(functools.wraps(fit)(lambda: None)) is fit


def test_copies_of_what_cannot_be_asked_how_it_is_copied_share_nothing():
    given = Parameters(w=np.zeros(3), part=Parameters(b=np.zeros(2)))
    made = Copier().copied(given)
    assert type(made) is Parameters
    assert type(made.part) is Parameters
    made.w[:], made.part.b[:] = 1, 1
    assert not given.w.any()
    assert not given.part.b.any()
    another = AnswersToAll()
    assert Copier().copied(another).w is not another.w


def test_a_dict_with_attributes_is_examined():
    parameters = Parameters(w=np.zeros((64, 10)))
    report = check(parameters, fit=fit, forward=forward)
    assert not report.problems
    assert report.accuracy > 85
    assert not parameters.w.any()


@pytest.mark.parametrize("kind", [AnswersToAll, Raising])
def test_a_sound_network_that_raises_or_answers_is_not_accused(kind):
    network = kind()
    report = check(network)
    assert not report.problems
    assert report.accuracy > 85
    assert not network.w.any()


def test_an_object_without_a_class_is_refused_in_one_sentence():
    with pytest.raises(cmlp.ModelError, match="must be an object with a class, got Unclassed"):
        check(Unclassed())
