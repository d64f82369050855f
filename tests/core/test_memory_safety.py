"""What kernels would follow out of their memory is refused before they see it."""

from types import SimpleNamespace

import numpy as np
import pytest

from cmlp.core.data_source import DataSource
from cmlp.core.engine import Engine
from cmlp.core.state import OptimizerState

FLOAT64, FLOAT32 = np.dtype(np.float64), np.dtype(np.float32)
IMAGES = np.random.default_rng(0).random((6, 4))
LABELS = np.array([0, 1, 2, 0, 1, 2])
TARGETS = np.zeros((6, 3))
ORDER = np.arange(6)


def options(mini_batch_size):
    """Return options as the core reads them; those of Python would refuse some."""
    zeros = dict.fromkeys(("l1", "l2", "clip_norm", "clip_value", "max_norm", "averaging"), 0)
    return SimpleNamespace(mini_batch_size=mini_batch_size, shared_penalties=False, **zeros)


def csr(values=(1.0, 2.0, 3.0), columns=(0, 3, 1), begins=(0, 2, 3)):
    return np.array(values), np.array(columns, np.int32), np.array(begins, np.int32)


def swapped(array):
    return array.astype(array.dtype.newbyteorder("S"))


def misaligned(array):
    memory = np.empty(array.nbytes + 1, np.uint8)[1:]
    copy = memory.view(array.dtype).reshape(array.shape)
    copy[...] = array
    return copy


WRONG = {
    "a list": ([[0.0] * 4] * 6, {}, TypeError),
    "nothing": (None, {}, TypeError),
    "integers": (IMAGES.astype(np.int64), {}, TypeError),
    "half floats": (IMAGES.astype(np.float16), {}, TypeError),
    "three axes": (IMAGES[:, :, None], {}, ValueError),
    "other byte order": (swapped(IMAGES), {}, ValueError),
    "misaligned": (misaligned(IMAGES), {}, ValueError),
    "pixels apart": (np.asfortranarray(IMAGES), {}, ValueError),
    "small labels": (IMAGES, {"labels": LABELS.astype(np.int32)}, TypeError),
    "float labels": (IMAGES, {"labels": LABELS.astype(float)}, TypeError),
    "few labels": (IMAGES, {"labels": LABELS[:5]}, ValueError),
    "negative labels": (IMAGES, {"labels": LABELS - 1}, ValueError),
    "float rows": (IMAGES, {"rows": ORDER.astype(float)}, TypeError),
    "negative rows": (IMAGES, {"rows": ORDER - 1}, ValueError),
    "rows beyond": (IMAGES, {"rows": ORDER + 1}, ValueError),
    "as many labels as images, and fewer rows": (IMAGES, {"rows": ORDER[:3], "labels": LABELS}, ValueError),
    "labels in a table": (IMAGES, {"labels": LABELS[:, None]}, ValueError),
    "labels and targets": (IMAGES, {"labels": LABELS, "targets": TARGETS}, ValueError),
    "integer targets": (IMAGES, {"targets": TARGETS.astype(np.intp)}, TypeError),
    "float32 targets": (IMAGES, {"targets": TARGETS.astype(np.float32)}, TypeError),
    "few targets": (IMAGES, {"targets": TARGETS[:5]}, ValueError),
    "targets in a row": (IMAGES, {"targets": TARGETS[:, 0].copy()}, ValueError),
    "targets by columns": (IMAGES, {"targets": np.asfortranarray(TARGETS)}, ValueError),
    "swapped targets": (IMAGES, {"targets": swapped(TARGETS + 1)}, ValueError),
    "few weights": (IMAGES, {"weights": np.ones(5)}, ValueError),
    "float32 weights": (IMAGES, {"weights": np.ones(6, np.float32)}, TypeError),
    "every second weight": (IMAGES, {"weights": np.ones(12)[::2]}, ValueError),
    "two parts": (csr()[:2], {}, ValueError),
    "a part is missing": ((*csr()[:2], None), {}, TypeError),
    "long columns": ((csr()[0], csr()[1].astype(np.int64), csr()[2]), {}, TypeError),
    "long begins": ((*csr()[:2], csr()[2].astype(np.int64)), {}, TypeError),
    "no begins": (csr(begins=()), {}, ValueError),
    "begins before": (csr(begins=(-1, 2, 3)), {}, ValueError),
    "begins beyond": (csr(begins=(0, 2, 4)), {}, ValueError),
    "begins beyond the columns": (csr(columns=(0, 1)), {}, ValueError),
    "begins beyond the values": (csr(values=(1.0, 1.0)), {}, ValueError),
    "descending begins": (csr(begins=(0, 3, 2)), {}, ValueError),
    "begins far away in between": (csr(begins=(0, 2**30, 3)), {}, ValueError),
    "negative column": (csr(columns=(-1, 0, 0)), {}, ValueError),
    "descending columns": (csr(columns=(3, 0, 0)), {}, ValueError),
}


@pytest.mark.parametrize(("images", "answers", "error"), WRONG.values(), ids=WRONG)
def test_a_source_refuses(images, answers, error):
    with pytest.raises(error):
        DataSource(images, 1.0, **answers)


def engine(loss="quadratic", dtype=FLOAT64, sizes=(4, 5, 3), last="sigmoid"):
    made = Engine(sizes, ("sigmoid",) * (len(sizes) - 2) + (last,), loss, (0.0,) * (len(sizes) - 1), dtype)
    made.parameters[...] = np.random.default_rng(1).normal(size=made.parameters.size)
    return made


UNFIT = {
    "few features": DataSource(IMAGES[:, :3], 1.0, LABELS),
    "many features": DataSource(np.ones((6, 5)), 1.0, LABELS),
    "a column too many": DataSource(csr(columns=(0, 4, 1)), 1.0, LABELS[:2]),
    "a row with more than all columns": DataSource(csr((1.0,) * 5, (0, 0, 1, 2, 3), (0, 5)), 1.0, LABELS[:1]),
    "a label too large": DataSource(IMAGES, 1.0, LABELS + 1),
    "the largest label": DataSource(IMAGES, 1.0, LABELS + (2**63 - 3)),
    "few targets": DataSource(IMAGES, 1.0, targets=np.zeros((6, 2))),
    "many targets": DataSource(IMAGES, 1.0, targets=np.zeros((6, 4))),
    "no source": None,
}


def train(given, source, **changes):
    state = OptimizerState("adam", {"beta_1": 0.9, "beta_2": 0.999}, given.parameters.size, given.dtype)
    arguments = {"order": ORDER[: source.n] if source else ORDER, "begin": 0, "end": source.n if source else 6}
    arguments |= {"etas": np.ones(-(-len(arguments["order"]) // 2)), "state": state, "options": options(2)} | changes
    return given.train(source, **arguments)


CALLS = {
    "outputs": lambda given, source: given.outputs(source),
    "evaluate": lambda given, source: given.evaluate(source),
    "activations": lambda given, source: given.activations(source),
    "gradient": lambda given, source: given.gradient(source),
    "train": train,
}


@pytest.mark.parametrize("call", CALLS.values(), ids=CALLS)
@pytest.mark.parametrize("source", UNFIT.values(), ids=UNFIT)
def test_an_engine_refuses_what_does_not_fit(source, call):
    given = engine()
    before = given.parameters.copy()
    with pytest.raises((TypeError, ValueError)):
        call(given, source)
    assert np.array_equal(given.parameters, before)


@pytest.mark.parametrize("call", [CALLS[name] for name in ("evaluate", "gradient", "train")])
def test_an_engine_refuses_to_guess_the_answers(call):
    with pytest.raises(ValueError, match=r"^there must be labels or targets, got neither$"):
        call(engine(), DataSource(IMAGES, 1.0))


@pytest.mark.parametrize("images", [IMAGES[:0], csr((), (), (0,))], ids=["dense", "sparse"])
@pytest.mark.parametrize("sizes", [(4, 5, 3), (4, 300, 3)], ids=str)
def test_no_images_have_no_outputs_and_no_gradient(images, sizes):
    given = engine(sizes=sizes)
    assert given.outputs(DataSource(images, 1.0)).shape == (0, 3)
    assert [layer.shape for layer in given.activations(DataSource(images, 1.0))] == [(0, sizes[1]), (0, 3)]
    with pytest.raises(ValueError, match=r"^there must be 1 to 2\*\*31 - 1 images, got 0$"):
        given.gradient(DataSource(images, 1.0, LABELS[:0]))
    state = OptimizerState("sgd", {}, given.parameters.size, FLOAT64)
    source = DataSource(images, 1.0, LABELS[:0])
    assert given.train(source, ORDER[:0], 0, 0, np.ones(0), state, options(2)) == (0, 0, 0)


CHANGES = {
    "negative order": {"order": ORDER - 1},
    "order beyond": {"order": ORDER + 1},
    "order of another type": {"order": ORDER.astype(np.int32)},
    "floats as order": {"order": ORDER.astype(float)},
    "every second of an order": {"order": np.arange(12)[::2]},
    "no order": {"order": None},
    "begin before": {"begin": -1},
    "end beyond": {"end": 7},
    "end before begin": {"begin": 4, "end": 2},
    "few etas": {"etas": np.ones(2)},
    "float32 etas": {"etas": np.ones(3, np.float32)},
    "no etas": {"etas": None},
    "no images in a mini-source": {"options": options(0)},
    "negative mini-source": {"options": options(-1)},
    "a state of few parameters": {"state": OptimizerState("adam", {}, 3, FLOAT64)},
    "a state of another type": {"state": OptimizerState("adam", {}, 43, FLOAT32)},
    "no state": {"state": None},
    "a short average": {"average": np.zeros(3)},
    "a float32 average": {"average": np.zeros(43, np.float32)},
    "every second of an average": {"average": np.zeros(86)[::2]},
}


@pytest.mark.parametrize("changes", CHANGES.values(), ids=CHANGES)
def test_training_refuses(changes):
    given = engine()
    before = given.parameters.copy()
    assert len(before) == 43
    with pytest.raises((TypeError, ValueError)):
        train(given, DataSource(IMAGES, 1.0, LABELS), **changes)
    assert np.array_equal(given.parameters, before)


@pytest.mark.parametrize("limits", [(-1, 3), (0, 7), (4, 3), (3, 3)], ids=str)
def test_a_gradient_refuses_images_that_are_not_there(limits):
    with pytest.raises(ValueError, match=r"^(begin and end must lie in 0\.\.6|there must be 1)"):
        engine().gradient(DataSource(IMAGES, 1.0, LABELS), *limits)


def test_fewer_threads_than_one_are_one():
    outcomes = {train(engine(), DataSource(IMAGES, 1.0, LABELS), threads=threads) for threads in (-5, 0, 1)}
    assert len(outcomes) == 1


NETWORKS = {
    "one size": ((4,), (), "quadratic", (), FLOAT64),
    "no units": ((4, 0), ("sigmoid",), "quadratic", (0.0,), FLOAT64),
    "too many parameters": ((2**16, 2**16), ("sigmoid",), "quadratic", (0.0,), FLOAT64),
    "few activations": ((4, 3, 2), ("sigmoid",), "quadratic", (0.0, 0.0), FLOAT64),
    "few dropouts": ((4, 3, 2), ("sigmoid",) * 2, "quadratic", (0.0,), FLOAT64),
    "integers": ((4, 3), ("sigmoid",), "quadratic", (0.0,), np.dtype(np.int64)),
    "cross-entropy of sigmoids": ((4, 3), ("sigmoid",), "cross_entropy", (0.0,), FLOAT64),
    "binary cross-entropy of numbers": ((4, 3), ("identity",), "binary_cross_entropy", (0.0,), FLOAT64),
}


@pytest.mark.parametrize("arguments", NETWORKS.values(), ids=NETWORKS)
def test_no_engine_of(arguments):
    with pytest.raises((TypeError, ValueError)):
        Engine(*arguments)


@pytest.mark.parametrize("dtype", [FLOAT32, FLOAT64], ids=str)
def test_a_source_serves_networks_of_both_types_and_keeps_the_order(dtype):
    """How images come to the first layer depends on the call, and not on the calls before."""
    images = np.random.default_rng(2).random((40, 4)).astype(dtype)
    source = DataSource(images, 1.0, np.arange(40) % 3)
    both = [engine(dtype=np.dtype(name)).outputs(source) for name in ("float32", "float64")]
    assert np.allclose(*both, atol=1e-6)
    given = engine(dtype=dtype)
    given.outputs(source)
    fresh = engine(dtype=dtype)
    order = np.arange(40)[::-1].copy()
    for network, data in ((given, source), (fresh, DataSource(images, 1.0, np.arange(40) % 3))):
        train(network, data, order=order, etas=np.ones(20))
    assert np.array_equal(given.parameters, fresh.parameters)


def test_vectors_of_a_state_cannot_be_taken_from_it():
    state = OptimizerState("adam", {}, 5, FLOAT64)
    state.vectors["m"] = None
    state.vectors.clear()
    assert [len(vector) for vector in state.vectors.values()] == [5, 5]
