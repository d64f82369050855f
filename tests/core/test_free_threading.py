"""Many threads train, predict, and ask for BLAS's number of threads, with the GIL and without."""

import os
import sys
import sysconfig
import threading
import warnings

import numpy as np
import pytest
import threadpoolctl

from cmlp import Network
from cmlp.core.blas_threads import blas_threads, single_blas_thread
from cmlp.core.data_source import DataSource
from cmlp.core.engine import Engine
from cmlp.core.state import OptimizerState, RunningLoss

THREADS = 6
GENERATOR = np.random.default_rng(0)
IMAGES, LABELS = GENERATOR.random((64, 30)), np.arange(64) % 10


@pytest.fixture
def two_threads():
    """SciPy's BLAS as somebody set it who wants two threads."""
    with threadpoolctl.threadpool_limits(2, user_api="blas"):
        if blas_threads() != 2:
            pytest.skip("this BLAS does not take two threads")
        yield


def together(work, *arguments):
    """Do a work in threads that begin at one moment; return what it gave in each."""
    start, results = threading.Barrier(THREADS), [None] * THREADS

    def begin(index):
        start.wait()
        try:
            results[index] = work(index, *arguments)
        except BaseException as error:
            results[index] = error

    threads = [threading.Thread(target=begin, args=(index,)) for index in range(THREADS)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    for result in results:
        if isinstance(result, BaseException):
            raise result
    return results


@pytest.mark.skipif(not sysconfig.get_config_var("Py_GIL_DISABLED"), reason="this Python has a GIL")
def test_importing_cmlp_does_not_bring_the_gil_back():
    assert not sys._is_gil_enabled()


def test_inside_there_is_always_one_thread(two_threads):
    def enter_and_leave(index):
        wrong = 0
        for _ in range(3000):
            with single_blas_thread():
                wrong += blas_threads() != 1
        return wrong

    assert together(enter_and_leave) == [0] * THREADS
    assert blas_threads() == 2


def test_gradients_predictions_and_trainings_are_those_of_one_thread(two_threads):
    def work(index):
        network = Network([30, 16, 10], seed=index)
        found = []
        for _ in range(20):
            network.train(list(zip(IMAGES, LABELS, strict=True)), 1, 1.0, progress=False)
            gradient = network.gradient(IMAGES, LABELS)
            found += [np.concatenate([part.ravel() for parts in gradient for part in parts]), network(IMAGES[:5])]
            assert blas_threads() in (1, 2)  # 1 while another thread is inside
        return b"".join(array.tobytes() for array in found)

    assert together(work) == [work(index) for index in range(THREADS)]
    assert blas_threads() == 2


class _Options:
    mini_batch_size = 16
    l1 = l2 = clip_norm = clip_value = max_norm = averaging = 0
    shared_penalties = False


def test_threads_that_share_images_and_a_network_do_not_share_memory_to_work_in():
    """With an eta of 0 the parameters stay, and so the loss of each call is known."""
    kind = (30, 16, 10), ("sigmoid", "sigmoid"), "quadratic", (0, 0), np.dtype(np.float64)
    engine, source = Engine(*kind), DataSource(IMAGES, 1.0, LABELS.astype(np.intp))
    engine.parameters[:] = GENERATOR.normal(size=engine.parameters.size)
    order, etas = np.arange(64, dtype=np.intp), np.zeros(4)

    def losses(index):
        state = OptimizerState("sgd", {}, engine.parameters.size, np.float64)
        run = lambda: engine.train(source, order, 0, 64, etas, state, _Options(), running=RunningLoss())[0]  # noqa: E731
        return {run() for _ in range(300)}

    assert together(losses) == [losses(0)] * THREADS


@pytest.mark.skipif(not hasattr(os, "fork"), reason="there is no fork")
def test_a_child_that_was_forked_in_between_predicts():
    """The lock of the number of threads is never a copy that somebody else had locked."""
    network, ended = Network([30, 16, 10], seed=0), threading.Event()

    def enter_and_leave():
        while not ended.is_set():
            with single_blas_thread():
                pass

    threads = [threading.Thread(target=enter_and_leave) for _ in range(2)]
    for thread in threads:
        thread.start()
    try:
        for _ in range(10):
            with warnings.catch_warnings():
                warnings.simplefilter("ignore", DeprecationWarning)  # of forking beside threads
                child = os.fork()
            if child == 0:
                network(IMAGES)
                os._exit(7)
            assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 7
    finally:
        ended.set()
        for thread in threads:
            thread.join()
