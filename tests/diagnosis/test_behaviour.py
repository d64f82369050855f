"""What a network does with all images alike."""

import numpy as np
import pytest
from support.training_faults import UNITS, with_weights

from cmlp.diagnosis.behaviour import ALL_OFF, ALL_ON, AT_SHARES, Behaviour, landmarks


def test_landmarks_of_unequal_classes():
    found = landmarks(np.array([0.5, 0.3, 0.2]), "quadratic")
    assert {name: round(cost, 9) for name, (_, cost) in found.items()} == {ALL_OFF: 1.0, AT_SHARES: 0.62, ALL_ON: 2.0}


def test_the_landmark_of_cross_entropy():
    assert landmarks(np.full(10, 0.1), "cross_entropy")[AT_SHARES][1] == pytest.approx(np.log(10))
    assert landmarks(np.array([0.5, 0.5, 0.0]), "cross_entropy")[AT_SHARES][1] == pytest.approx(np.log(2))


@pytest.mark.parametrize(
    ("bias", "landmark"), [(-30.0, ALL_OFF), (30.0, ALL_ON), (np.log(1 / 9), AT_SHARES), (0.0, None)]
)
def test_outputs_at_a_landmark(digits, bias, landmark):
    net = with_weights(np.zeros, (64, 10), lambda shape: np.full(shape, bias))
    behaviour = Behaviour(net, digits.train)
    assert behaviour.landmark == landmark
    assert behaviour.constant == [1.0]
    assert behaviour.units == UNITS + "100%"
    assert behaviour.answer.startswith("the network answers 0 for 100% of the images, its loss is ")
