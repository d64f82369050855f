"""L-BFGS leaves the weights of its last iteration behind, wherever it is stopped."""

import numpy as np
import pytest

import cmlp
from cmlp import LBFGS, ModelError, Network
from cmlp.training.lbfgs import minimise
from cmlp.training.options import Options

TRAIN = cmlp.load_digits()[0][:100]


def evaluate_until(last):
    """Train until that many blocks were computed; return the parameters, those of all iterations, and the outcome."""
    network = Network([64, 8, 10])
    engine, samples = network.engine, network._samples(TRAIN, "data", None)
    iterations, asked = [engine.parameters.copy()], 0

    def on_iteration(loss, parameters):
        engine.parameters[...] = parameters
        iterations.append(parameters.copy())
        return False

    def poll():
        nonlocal asked
        asked += 1
        return asked > last

    result = minimise(engine, engine.parameters.copy(), samples, Options(optimizer=LBFGS()), 6, on_iteration, poll)
    return engine.parameters, iterations, result


@pytest.mark.parametrize("last", range(6))
def test_stopped_after_some_evaluations(last):
    parameters, iterations, result = evaluate_until(last)
    assert result is None
    np.testing.assert_array_equal(parameters, iterations[-1])


def test_not_stopped():
    parameters, iterations, result = evaluate_until(1000)
    assert result.nit == 6 and len(iterations) == 7
    np.testing.assert_array_equal(parameters, iterations[-1])


class OnBatchEnd:
    def on_batch_end(self, event):
        pass


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"clip_norm": 1.0}, "lbfgs has no mini-batches and so no clip_norm, got 1.0"),
        ({"clip_value": 0.5}, "lbfgs has no mini-batches and so no clip_value, got 0.5"),
        ({"max_norm": 2.0}, "lbfgs has no mini-batches and so no max_norm, got 2.0"),
        ({"averaging": 0.9}, "lbfgs has no mini-batches and so no averaging, got 0.9"),
        ({"callbacks": OnBatchEnd()}, "lbfgs has no mini-batches and so no on_batch_end, got some"),
        (
            {"schedule": "cosine"},
            "lbfgs finds its step lengths itself and has no schedule, got "
            "Cosine(warm_up=0.0, lowest=0.0, warm_up_share=0.0)",
        ),
    ],
    ids=str,
)
def test_what_it_would_not_use_is_refused(settings, message):
    with pytest.raises(ModelError) as error:
        Network([64, 8, 10]).train(TRAIN, 2, 1.0, optimizer="lbfgs", **settings)
    assert str(error.value) == message


@pytest.mark.parametrize("hidden", [8, 32])
def test_a_step_into_overflow_is_followed_by_a_shorter_one(hidden):
    """The first long step of exponential layers gives an infinite loss."""
    train, test = cmlp.load_digits()
    network = cmlp.Network(
        [64, *[hidden] * 6, 10], activation=["exponential"] * 6 + ["softmax"], loss="cross_entropy",
        initializer="orthogonal", seed=0,
    )  # fmt: skip
    history = network.train(train, 200, 1.0, optimizer="lbfgs", progress=False)
    assert len(history) > 100 and np.isfinite(history.loss).all()
    assert network.test(test) > 90
