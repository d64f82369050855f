"""Rows and slices of a source are what copies of their images would be."""

from types import SimpleNamespace

import numpy as np
import pytest
from scipy.sparse import csr_matrix

import cmlp
from cmlp.core.data_source import DataSource
from cmlp.core.engine import Engine
from cmlp.core.state import OptimizerState
from cmlp.model.samples import AS_THEY_ARE, Form, as_rows, as_samples

N, FEATURES = 300, 40
KINDS = {
    "dense": lambda images: images,
    "float32": lambda images: images.astype(np.float32),
    "bytes": lambda images: (images * 255).astype(np.uint8),
    "sparse": lambda images: np.where(images < 0.8, 0, images),
    "csr": lambda images: csr_matrix(np.where(images < 0.8, 0, images)),
}
SOURCES = pytest.mark.parametrize("kind", KINDS.values(), ids=KINDS)


def parts(kind):
    rng = np.random.default_rng(0)
    return kind(rng.random((N, FEATURES))), rng.integers(5, size=N), rng.random((N, 5)), rng.random(N)


def source(images, *answers, rows=None):
    images = as_rows(images, FEATURES, AS_THEY_ARE) if hasattr(images, "tocsr") else images
    return DataSource(images, 0.5, *answers, rows=rows)


def engine(dtype=np.float64):
    made = Engine((FEATURES, 90, 5), ("tanh", "sigmoid"), "quadratic", (0.0, 0.0), np.dtype(dtype))
    made.parameters[...] = np.random.default_rng(1).normal(size=made.parameters.size)
    return made


def options(mini_batch_size):
    zeros = dict.fromkeys(("l1", "l2", "clip_norm", "clip_value", "max_norm", "averaging"), 0.0)
    return SimpleNamespace(mini_batch_size=mini_batch_size, shared_penalties=False, **zeros)


def same(found, expected):
    return all(np.array_equal(a, b) for a, b in zip(found, expected, strict=True))


@SOURCES
@pytest.mark.parametrize("labelled", [True, False], ids=["labels", "targets"])
def test_rows_are_a_copy_of_them(kind, labelled):
    images, labels, targets, weights = parts(kind)
    rows = np.random.default_rng(2).permutation(N)[:77]
    answers = (labels[rows], None) if labelled else (None, targets[rows])
    chosen = source(images, *answers, weights[rows], rows=rows)
    copied = source(images[rows], *answers, weights[rows])
    for made in (engine(), engine(np.float32)):
        assert chosen.n == 77
        assert same(made.evaluate(chosen), made.evaluate(copied))
        assert same(made.gradient(chosen), made.gradient(copied))
        assert same(made.activations(chosen), made.activations(copied))
        assert same(made.gradient(chosen, 5, 60), made.gradient(copied, 5, 60))
    assert trained(chosen) == trained(copied)


@SOURCES
@pytest.mark.parametrize("labelled", [True, False], ids=["labels", "targets"])
def test_a_slice_is_a_copy_of_it(kind, labelled):
    images, labels, targets, weights = parts(kind)
    answers = (labels, None) if labelled else (None, targets)
    whole = source(images, *answers, weights)
    for begin, end in ((0, 1), (0, 300), (17, 120), (299, 300)):
        taken = [None if part is None else part[begin:end] for part in answers]
        copied = source(images[begin:end], *taken, weights[begin:end])
        for made in (engine(), engine(np.float32)):
            loss, weight, nabla = made.gradient(whole, begin, end)
            expected_loss, expected_weight, expected = made.gradient(copied)
            assert weight == expected_weight
            assert np.isclose(loss, expected_loss, rtol=1e-5)
            assert np.allclose(nabla, expected, rtol=1e-4, atol=1e-5)


def trained(given, calls=((0, 77),), made=None):
    made = made or engine()
    state = OptimizerState("momentum", {"momentum": 0.9}, made.parameters.size, made.dtype)
    order = np.random.default_rng(3).permutation(given.n)
    for begin, end in calls:
        made.train(given, order, begin, end, np.full(8, 0.1), state, options(10))
    return made.parameters.tobytes()


@SOURCES
def test_buffers_serve_one_call_after_the_other(kind):
    images, labels, _, _ = parts(kind)
    images, labels = images[:77], labels[:77]
    expected = trained(source(images, labels))
    again = source(images, labels)
    assert trained(again, [(begin, min(begin + 10, 77)) for begin in range(0, 77, 10)]) == expected
    assert trained(again) == expected, "for another network of the same shape"
    made = engine(np.float32)
    assert trained(again, made=made) == trained(source(images, labels), made=engine(np.float32)), "of another type"


@SOURCES
def test_subsets_of_samples(kind):
    images, labels, _, _ = parts(kind)
    samples = as_samples((images, labels), Form(FEATURES, 5, False), None, "data")
    rows, later = np.arange(0, N, 3), np.array([5, 1, 1, 70])
    subset = samples.subset(rows)
    assert subset.images is samples.images
    assert len(subset) == len(rows)
    for found in (subset.subset(later), subset.take(later), samples.take(rows[later]), samples.take(rows).take(later)):
        assert np.array_equal(found.labels, labels[rows[later]])
        assert same(engine().evaluate(found.source()), engine().evaluate(samples.take(rows[later]).source()))


def test_a_fraction_to_validate_with_is_no_copy():
    images, labels, _, _ = parts(KINDS["float32"])
    network = cmlp.Network((FEATURES, 5), seed=1)
    kept = []
    network.train(
        (images, labels), 2, 0.1, validation_data=0.2, callbacks=lambda event: kept.append(network._loops[-1])
    )
    training, validation = kept[0].samples, kept[0].measurements.validation
    assert np.shares_memory(training.images, images)
    assert np.shares_memory(validation.images, images)
    assert sorted([*training.rows, *validation.rows]) == list(range(N))
