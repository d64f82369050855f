import threading

import numpy as np
import pytest
import threadpoolctl

from cmlp import Network
from cmlp.core.blas_threads import blas_threads, single_blas_thread


@pytest.fixture
def two_threads():
    """SciPy's BLAS as somebody set it who wants two threads."""
    with threadpoolctl.threadpool_limits(2, user_api="blas"):
        if blas_threads() != 2:
            pytest.skip("this BLAS does not take two threads")
        yield


def test_one_inside_and_restored_outside(two_threads):
    with single_blas_thread():
        assert blas_threads() == 1
        with single_blas_thread():
            assert blas_threads() == 1
        assert blas_threads() == 1
    assert blas_threads() == 2


def test_restored_after_an_exception(two_threads):
    with pytest.raises(KeyError), single_blas_thread():
        raise KeyError
    assert blas_threads() == 2


def test_overlapping_contexts_restore_when_the_last_ends(two_threads):
    first, second = single_blas_thread(), single_blas_thread()
    first.__enter__()
    second.__enter__()
    first.__exit__(None, None, None)
    assert blas_threads() == 1
    second.__exit__(None, None, None)
    assert blas_threads() == 2


def test_somebody_else_raises_it_in_between(two_threads):
    with single_blas_thread():
        threadpoolctl.ThreadpoolController().limit(limits=2, user_api="blas")
        with single_blas_thread():
            assert blas_threads() == 1


def test_networks_leave_it_as_it_was(two_threads):
    network = Network([50, 20, 10])
    images, labels = np.random.default_rng(0).random((300, 50)), np.arange(300) % 10
    network.train(list(zip(images, labels, strict=True)), 1, 1.0)
    network(images)
    network.feedforward(images)
    network.gradient(images, labels)
    assert blas_threads() == 2


def test_same_bits_in_eight_threads_as_in_one():
    images, labels = np.random.default_rng(0).random((1000, 100)), np.arange(1000) % 10
    pairs = list(zip(images, labels, strict=True))

    def train(seed):
        network = Network([100, 30, 10], dtype="float32", seed=seed)
        network.train(pairs, 3, 3.0)
        return network.weights[0].tobytes()

    expected = [train(seed) for seed in range(8)]
    found = [None] * 8
    threads = [threading.Thread(target=lambda seed=seed: found.__setitem__(seed, train(seed))) for seed in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert found == expected
