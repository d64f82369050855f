"""Labels and the indices of sparse matrices are copied: who changes them while a network trains changes nothing."""

from threading import Event, Thread

import numpy as np
import pytest
from scipy.sparse import csr_matrix

import cmlp

HUGE = {np.dtype(np.intp): 2**60, np.dtype(np.int32): 2**31 - 1}


def data(sparse):
    rng = np.random.default_rng(0)
    images = np.where(rng.random((900, 50)) < 0.8, 0, rng.random((900, 50)))
    return (csr_matrix(images) if sparse else images), rng.integers(10, size=900)


def indices_of(images, labels):
    return [labels] if isinstance(images, np.ndarray) else [labels, images.indices, images.indptr]


def overwrite(arrays):
    for array in arrays:
        array[...] = HUGE[array.dtype]


def trained(given, optimizer="sgd", **settings):
    network = cmlp.Network((50, 20, 10), seed=1)
    network.train(given, 5, 0.1, mini_batch_size=100, optimizer=optimizer, **settings)
    return network.engine.parameters.tobytes()


class Overwriting:
    """A callback that changes the caller's arrays, or asks another thread to."""

    def __init__(self, change):
        self.change = change

    def on_batch_end(self, event):
        self.change()


@pytest.mark.parametrize("sparse", [False, True], ids=["dense", "sparse"])
def test_a_callback_changes_them(sparse):
    images, labels = data(sparse)
    callback = Overwriting(lambda: overwrite(indices_of(images, labels)))
    assert trained((images, labels), callbacks=callback) == trained(data(sparse))


@pytest.mark.parametrize("sparse", [False, True], ids=["dense", "sparse"])
@pytest.mark.parametrize("threads", [1, 2])
def test_another_thread_changes_them(sparse, threads):
    images, labels = data(sparse)
    began, ended = Event(), Event()

    def change():
        began.wait()
        while not ended.is_set():
            overwrite(indices_of(images, labels))

    other = Thread(target=change)
    other.start()
    try:
        found = trained((images, labels), callbacks=Overwriting(began.set), threads=threads)
    finally:
        began.set()
        ended.set()
        other.join()
    assert found == trained(data(sparse))


@pytest.mark.parametrize("sparse", [False, True], ids=["dense", "sparse"])
def test_validation_data_and_lbfgs(sparse):
    def run(change):
        images, labels = data(sparse)
        callback = (lambda event: overwrite(indices_of(images, labels))) if change else ()
        return trained((images, labels), "lbfgs", validation_data=(images, labels), callbacks=callback)

    assert run(True) == run(False)


def test_estimators():
    pytest.importorskip("sklearn")

    def run(change):
        images, labels = data(True)
        callback = (lambda event: overwrite(indices_of(images, labels))) if change else None
        model = cmlp.MLPClassifier((20,), max_iter=3, random_state=1, callbacks=callback, n_iter_no_change=9)
        with pytest.warns(match="converged"):
            model.fit(images, labels)
        return [array.tobytes() for array in model.coefs_]

    assert run(True) == run(False)
