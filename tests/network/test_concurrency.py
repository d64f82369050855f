"""Networks in threads, forks and processes: the same bits as alone, no hang, and the caller's BLAS threads untouched.

tests/model/test_threads.py has the threads that share one mini-batch, tests/core/test_blas_threads.py the count of BLAS
threads. Two things are not tested. How many predictions per second many callers get is a timing, which decides no test.
And another BLAS than that of SciPy's wheels is up to the system: `cmlp info` shows it, and the tests run with any.
"""

import multiprocessing
import os
import subprocess
import sys
import threading
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager

import numpy as np
import pytest
import threadpoolctl
from support.children import PATIENCE, environment

import cmlp
from cmlp import Network
from cmlp.core.blas_threads import blas_threads

SHAPES = [(64, 30, 10), (784, 100, 10), (300, 300, 10), (784, 16, 16, 10)]  # two BLAS threads change bits of the second
METHODS = multiprocessing.get_all_start_methods()


def trained(number):
    """Return all bits of a training; they depend on the number alone."""
    sizes = SHAPES[number % len(SHAPES)]
    rng = np.random.default_rng(number)
    data = rng.random((600, sizes[0]), np.float32), rng.integers(sizes[-1], size=600)
    network = Network(sizes, activation="relu", loss="cross_entropy", dtype="float32", seed=number)
    history = network.train(data, 2, 0.05, mini_batch_size=125, optimizer="adam", progress=False)
    return [array.tobytes() for array in (*network.weights, *network.biases)], history.loss


@contextmanager
def two_blas_threads():
    """Be somebody who wants two."""
    with threadpoolctl.threadpool_limits(2, user_api="blas"):
        if blas_threads() != 2:
            pytest.skip("this BLAS does not take two threads")
        yield
        assert blas_threads() == 2


@pytest.fixture(scope="module")
def alone():
    """The bits of trainings with one BLAS thread, one after another."""
    with threadpoolctl.threadpool_limits(1, user_api="blas"):
        return [trained(number) for number in range(16)]


@pytest.mark.parametrize("times", [1, pytest.param(200, marks=pytest.mark.exhaustive)])
def test_eight_threads_train_as_one_after_another(alone, times):
    with two_blas_threads(), ThreadPoolExecutor(8) as pool:
        for _ in range(times):
            assert list(pool.map(trained, range(16))) == alone


def test_a_limit_of_two_that_another_thread_holds(alone):
    """threadpoolctl does nothing here in any thread but the one that set it first; what counts is what is read back."""
    held, done = threading.Event(), threading.Event()

    def hold():
        with two_blas_threads():
            held.set()
            done.wait(PATIENCE)

    holder = threading.Thread(target=hold)
    holder.start()
    try:
        assert held.wait(PATIENCE)
        with ThreadPoolExecutor(2) as pool:
            assert list(pool.map(trained, range(4))) == alone[:4]
    finally:
        done.set()
        holder.join()


def test_a_limit_of_two_that_is_set_in_between():
    """By a callback: no product runs meanwhile, and the next ones run with one thread again."""
    network = Network([784, 100, 10], seed=1)
    data = np.random.default_rng(1).random((500, 784)), np.arange(500) % 10
    with threadpoolctl.threadpool_limits(1, user_api="blas"):
        network.train(data, 3, 1.0, progress=False)
    disturbed = Network([784, 100, 10], seed=1)
    limits = []

    def disturb(event):
        limits.append(threadpoolctl.threadpool_limits(2, user_api="blas"))

    try:
        disturbed.train(data, 3, 1.0, progress=False, callbacks=disturb)
    finally:
        for limit in reversed(limits):
            limit.restore_original_limits()
    np.testing.assert_array_equal(disturbed.weights[0], network.weights[0])


@pytest.mark.parametrize("threads", [30, pytest.param(300, marks=pytest.mark.exhaustive)])
def test_many_threads_predict_with_one_network(threads):
    network = Network([200, 100, 10], dtype="float32", seed=1)
    images = np.random.default_rng(0).random((threads, 50, 200), np.float32)
    expected = [network(batch) for batch in images]
    found, barrier = [None] * threads, threading.Barrier(threads)

    def predict(number):
        barrier.wait(PATIENCE)
        for _ in range(5):
            found[number] = network(images[number])
            if (found[number] != expected[number]).any():
                break

    callers = [threading.Thread(target=predict, args=[number]) for number in range(threads)]
    for caller in callers:
        caller.start()
    for caller in callers:
        caller.join()
    np.testing.assert_array_equal(found, expected)


FORKS = """
import os, signal, sys, threading, warnings
import numpy as np
import cmlp

warnings.simplefilter("ignore", DeprecationWarning)  # that forks and threads do not mix is the question
data = np.random.default_rng(0).random((500, 784)), np.arange(500) % 10


def bits(threads):
    network = cmlp.Network([784, 512, 10], seed=1)
    network.train(data, 1, 0.1, mini_batch_size=500, threads=threads, progress=False)
    return network.weights[0].tobytes() + network.weights[1].tobytes()


def busy():
    while not over.is_set():
        bits(1)


expected, over = bits(1), threading.Event()
background = threading.Thread(target=busy)
background.start()
for _ in range(int(sys.argv[1])):
    child = os.fork()
    if not child:
        signal.alarm(60)
        os._exit(0 if bits(2) == expected else 1)
    _, status = os.waitpid(child, 0)
    assert status == 0, status
over.set()
background.join()
assert bits(2) == expected
"""


@pytest.mark.skipif(not hasattr(os, "fork"), reason="this system has no fork")
@pytest.mark.parametrize("forks", [50, pytest.param(1000, marks=pytest.mark.exhaustive)])
def test_forks_during_a_training(forks, tmp_path):
    """Each child trains for itself; one that takes a minute is ended by its alarm, and counts as hanging.

    OpenBLAS hangs in ``fork`` while a product of this size runs with two threads.
    """
    program = [sys.executable, "-c", FORKS, str(forks)]
    threads = {name: value for name, value in environment().items() if name != "OPENBLAS_NUM_THREADS"}
    run = subprocess.run(program, env=threads, cwd=tmp_path, capture_output=True, text=True, timeout=PATIENCE)
    assert (run.returncode, run.stderr) == (0, "")


DIGITS = cmlp.load_digits()[0][:300]
TRAINING = (DIGITS, 4, 1.0)


def losses():
    """Return those of a training here; that of an epoch depends on all bits of the one before."""
    return Network([64, 20, 10], seed=1).train(*TRAINING, progress=False).loss


@pytest.mark.parametrize("method", METHODS)
@pytest.mark.filterwarnings("ignore:This process .* is multi-threaded:DeprecationWarning")
def test_processes(method):
    network = Network([64, 20, 10], seed=1)
    with multiprocessing.get_context(method).Pool(1) as pool:
        history = pool.apply_async(network.train, TRAINING, {"progress": False}).get(PATIENCE)
        outputs = pool.apply_async(network, [DIGITS.images]).get(PATIENCE)
    assert history.loss == losses()
    np.testing.assert_array_equal(outputs, network(DIGITS.images))


def test_workers_of_joblib():
    joblib = pytest.importorskip("joblib", reason="joblib comes with scikit-learn")
    network = Network([64, 20, 10], seed=1)
    with joblib.parallel_config("loky", n_jobs=2):
        tasks = [joblib.delayed(network.train)(*TRAINING, progress=False) for _ in range(4)]
        histories = joblib.Parallel(timeout=PATIENCE)(tasks)
    from joblib.externals.loky import get_reusable_executor

    get_reusable_executor().shutdown(wait=True)
    assert [history.loss for history in histories] == [losses()] * 4
