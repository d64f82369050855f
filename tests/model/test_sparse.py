"""Sparse matrices whose indices lead out of their memory are refused, and no matrix is changed."""

import threading

import numpy as np
import pytest
from scipy import sparse

import cmlp
from cmlp import DataError, Network
from cmlp.model.sparse import own_csr

X = np.random.default_rng(0).random((40, 6)) * (np.random.default_rng(1).random((40, 6)) < 0.6)
Y = np.arange(40) % 3


def broken(kind, part, value, dtype=float):
    matrix = getattr(sparse, f"{kind}_matrix")((X * 9).astype(dtype))
    getattr(matrix, part)[3] = value
    return matrix


BROKEN = {
    f"{kind} {part} {value} {dtype.__name__}": (kind, part, value, dtype)
    for kind, parts in {"csr": ("indices", "indptr"), "csc": ("indices", "indptr"), "coo": ("row", "col")}.items()
    for part in parts
    for value in (10**8, -(10**8))
    for dtype in (float, int)
}


@pytest.mark.parametrize("case", BROKEN.values(), ids=BROKEN)
def test_indices_out_of_the_matrix(case):
    network = Network([6, 5, 3])
    for call in (network, network.predict, lambda matrix: network.train((matrix, Y), 1, 0.1)):
        with pytest.raises(DataError, match=r"^a sparse matrix must be well-formed, got one in which"):
            call(broken(*case))
    for early_stopping in (False, True):
        with pytest.raises(ValueError, match=r"^a sparse matrix must be well-formed, got one in which"):
            cmlp.MLPClassifier((5,), early_stopping=early_stopping).fit(broken(*case), Y)


def unsorted(dtype):
    """Columns that descend, and one of them twice."""
    columns, begins = np.tile([4, 1, 1], 40), np.arange(0, 123, 3)
    return sparse.csr_matrix((np.tile(np.array([7, 200, 100], dtype), 40), columns, begins), shape=(40, 6))


@pytest.mark.parametrize("dtype", [np.uint8, np.int64, np.float32, np.float64])
def test_columns_that_are_there_twice_are_summed_and_the_matrix_is_left_alone(dtype):
    matrix = unsorted(dtype)
    before = [array.copy() for array in (matrix.data, matrix.indices, matrix.indptr)]
    own = own_csr(matrix, 6)
    np.testing.assert_array_equal(own.toarray()[0], [0, 300, 0, 0, 7, 0])
    network = Network([6, 5, 3])
    network.train((matrix, Y), 1, 1e-12)
    np.testing.assert_array_equal(network(matrix), network(unsorted(dtype)))
    for array, kept in zip((matrix.data, matrix.indices, matrix.indptr), before, strict=True):
        np.testing.assert_array_equal(array, kept)


def test_threads_that_share_an_unsorted_matrix():
    matrix, bits = unsorted(np.int64), []

    def train():
        network = Network([6, 5, 3], seed=2)
        network.train((matrix, Y), 20, 0.1)
        bits.append(network.engine.parameters.tobytes())

    threads = [threading.Thread(target=train) for _ in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(bits) == 6 and len(set(bits)) == 1


def test_bools_are_those_of_a_dense_array():
    given, networks = X > 0.3, [Network([6, 5, 3], seed=1) for _ in range(2)]
    for network, images in zip(networks, (given, sparse.csr_matrix(given)), strict=True):
        network.train((images, Y), 3, 1.0)
    assert networks[0].scale == networks[1].scale == 1.0
    np.testing.assert_allclose(networks[0].engine.parameters, networks[1].engine.parameters, rtol=1e-12)


def test_a_matrix_that_changes_its_width():
    class Wider(sparse.csr_matrix):
        def tocsr(self, copy=False):
            return sparse.csr_matrix((40, 10_000))

    network = Network([6, 5, 3])
    before = str(network.rng.bit_generator.state), dict(network.settings)
    with pytest.raises(DataError, match=r"of shape \(40, 10000\)$"):
        network.train((Wider(X), Y), 1, 0.1, validation_data=0.2)
    assert (str(network.rng.bit_generator.state), network.settings) == before
