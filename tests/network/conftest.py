"""Networks that several tests use."""

import pytest
from support.networks import jitter_biases

from cmlp import Network


@pytest.fixture
def net():
    network = Network([6, 5, 4])
    jitter_biases(network)
    return network
