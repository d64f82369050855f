"""Networks of any shape, with any images, have the same bits with any number of threads."""

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from scipy.sparse import csr_matrix

import cmlp
from cmlp.core.simd import choose_simd_path, simd_path_names

THREADS = (2, 3, 8)
QUIET = {"deadline": None, "suppress_health_check": list(HealthCheck), "derandomize": True, "database": None}


@pytest.fixture(autouse=True)
def best_path_afterwards():
    yield
    choose_simd_path(simd_path_names()[0])


def sizes():
    """Layers around the widths of all vectors, and some that are wide enough for tiles."""
    width = st.one_of(st.integers(1, 20), st.integers(1, 70), st.sampled_from([64, 127, 128, 129, 200]))
    return st.tuples(st.integers(1, 150), st.lists(width, min_size=0, max_size=3), st.integers(1, 12))


@st.composite
def trainings(draw):
    """What can make a difference to who computes which number."""
    features, hidden, outputs = draw(sizes())
    rng = np.random.default_rng(draw(st.integers(0, 99)))
    n = draw(st.integers(60, 500))
    images = np.where(
        rng.random((n, features)) < draw(st.sampled_from([0.0, 0.3, 0.8, 0.97])), 0, rng.random((n, features))
    )
    kind = draw(st.sampled_from(["uint8", "float32", "float64", "sparse"]))
    images = csr_matrix(images) if kind == "sparse" else (images * (255 if kind == "uint8" else 1)).astype(kind)
    return {
        "sizes": (features, *hidden, outputs),
        "data": (images, rng.integers(outputs, size=n)),
        "path": draw(st.sampled_from(simd_path_names())),
        "dtype": draw(st.sampled_from(["float32", "float64"])),
        "dropout": draw(st.sampled_from([0.0, 0.2])),
        "settings": {
            "mini_batch_size": draw(st.one_of(st.integers(64, 500), st.integers(1, 64))),
            "optimizer": draw(st.sampled_from(["sgd", "adam", "nesterov"])),
            "lmbda": draw(st.sampled_from([0.0, 0.1])),
            "max_norm": draw(st.sampled_from([None, None, 2.0])),
        },
    }


def outcome(training, threads):
    """Return the bits of the parameters after two epochs, of the losses, and of the outputs."""
    choose_simd_path(training["path"])
    network = cmlp.Network(
        training["sizes"], activation="relu", loss="cross_entropy", dtype=training["dtype"],
        dropout=training["dropout"], seed=1,
    )  # fmt: skip
    history = network.train(training["data"], 2, 0.05, threads=threads, **training["settings"])
    outputs = network(training["data"][0], threads=threads)
    return network.engine.parameters.tobytes(), history.loss, outputs.tobytes()


def check(training):
    expected = outcome(training, 1)
    for threads in THREADS:
        assert outcome(training, threads) == expected, f"{threads} threads"


@settings(max_examples=100, **QUIET)
@given(trainings())
def test_some_networks(training):
    check(training)


@pytest.mark.exhaustive
@settings(max_examples=2000, **QUIET)
@given(trainings())
def test_many_networks(training):
    check(training)
