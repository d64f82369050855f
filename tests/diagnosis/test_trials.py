"""What trials of a repair prove."""

from copy import deepcopy

import numpy as np
import pytest
from support.training_faults import FAULTS, RNG, with_weights

import cmlp
from cmlp.diagnosis.training import examine_training
from cmlp.diagnosis.trials import Trials, beyond_luck


def test_networks_too_large_to_be_tried_are_left_alone():
    net = with_weights(lambda shape: np.zeros(shape), (4, 2500, 2500, 2))
    data = cmlp.Dataset(RNG(0).random((100, 4)), RNG(0).integers(2, size=100))
    assert not Trials(net, data).possible
    assert examine_training(net, None, data, None) == []


def test_what_convinces(digits):
    trials = Trials(cmlp.Network(digits.sizes), digits.train)
    assert trials.constant == pytest.approx(10, abs=5)
    assert trials.convincing(20, 60)
    assert not trials.convincing(45, 70)  # more than half of what can be learned
    assert not trials.convincing(12, 21)  # too little
    assert not trials.convincing(60, 20)


@pytest.mark.parametrize(("reached", "code"), [(90.0, "hardly-trained"), (60.0, "stuck")])
def test_further_training_has_to_get_where_a_new_network_gets(digits, monkeypatch, reached, code):
    net, history, train = FAULTS["10 N(0, 1)"][1](digits)
    monkeypatch.setattr(Trials, "continued", (deepcopy(net), reached))
    (finding,) = examine_training(net, history, train, digits.test)
    assert finding.code == code


def test_the_second_eta_is_tried_where_the_first_is_too_small(digits):
    (finding,) = examine_training(cmlp.Network((64, 16, 16, 16, 16, 10)), None, digits.train, digits.test)
    assert finding.repair == "network.train(train, 26, 3.0, mini_batch_size=10)"


def test_what_is_beyond_luck():
    assert beyond_luck(10, 90, 2000, 10.0) == 10.0
    assert beyond_luck(40, 60, 50, 10.0) == pytest.approx(40.0)


def test_rows_that_are_sorted_are_all_tried():
    """Where a large network sees only some of them."""
    labels = np.repeat(np.arange(10), 1250)
    images = np.zeros((12_500, 784), np.uint8)
    trials = Trials(cmlp.Network((784, 1150, 10)), cmlp.Dataset(images, labels))
    assert len(trials.fitted) == trials.visits < 9_000
    assert np.bincount(trials.fitted.labels).min() > 0.8 * len(trials.fitted) / 10
