"""What several tests do with a network."""

import numpy as np


def random_batch(sizes, n, seed=1):
    rng = np.random.default_rng(seed)
    return rng.random((n, sizes[0])), rng.integers(sizes[-1], size=n)


def jitter_biases(network, seed=2):
    rng = np.random.default_rng(seed)
    for b in network.biases:
        b[...] = rng.normal(size=b.shape)


def assert_close(actual, expected, tolerance):
    """Relative to the largest value of each array: single entries may cancel to nearly nothing."""
    assert len(actual) == len(expected)
    for a, e in zip(actual, expected, strict=True):
        assert a.shape == e.shape
        assert np.abs(a - e).max() <= tolerance * np.abs(e).max()
