"""The same seed gives the same bits, whatever is asked for; another seed gives others."""

import pytest

import cmlp
from cmlp import ModelError, Network
from cmlp.training.optimizers import OPTIMIZERS


@pytest.fixture(scope="module")
def digits():
    return cmlp.load_digits()


def bits(train, optimizer, seed=1, dtype="float64", dropout=0.0, stop_early=False, **settings):
    """Everything that comes of a training, but the seconds."""
    network = Network(
        [64, 16, 12, 10], activation="relu", loss="cross_entropy", dtype=dtype, dropout=dropout, seed=seed
    )
    eta = 0.05 if optimizer in ("sgd", "momentum", "nesterov") else 0.005
    if stop_early:
        settings |= {"validation_data": 0.2, "patience": 1}
    history = network.train(train, 3, eta, mini_batch_size=30, optimizer=optimizer, **settings)
    parameters = [array.tobytes() for array in (*network.weights, *network.biases)]
    return parameters, history.loss, history.validation_loss, network.rng.bit_generator.state


@pytest.mark.parametrize("dtype", ["float64", "float32"])
@pytest.mark.parametrize("stop_early", [False, True], ids=["to the end", "stopping early"])
@pytest.mark.parametrize("dropout", [0.0, 0.3])
@pytest.mark.parametrize("optimizer", OPTIMIZERS)
def test_same_seed_same_bits(optimizer, dropout, stop_early, dtype, digits):
    train = digits[0][:600]
    if optimizer == "lbfgs" and dropout:
        with pytest.raises(ModelError, match=r"^lbfgs has no mini-batches and so no dropout, got some$"):
            bits(train, optimizer, dropout=dropout)
        return
    settings = {"dtype": dtype, "dropout": dropout, "stop_early": stop_early}
    first = bits(train, optimizer, **settings)
    assert bits(train, optimizer, **settings) == first
    other = bits(train, optimizer, seed=2, **settings)
    assert not set(first[0]) & set(other[0])
    assert first[1] != other[1]


SETTINGS = {
    "penalties": {"lmbda": 1.0, "l1": 0.1},
    "limits": {"clip_norm": 0.1, "clip_value": 0.05, "max_norm": 1.0},
    "averaging": {"averaging": 0.9},
    "smoothing": {"label_smoothing": 0.1},
    "weights": {"class_weight": "balanced"},
    "schedule": {"schedule": "one_cycle"},
    "adaptive": {"schedule": cmlp.Adaptive(0.1, 1, 10.0)},
}


@pytest.mark.parametrize("settings", SETTINGS.values(), ids=SETTINGS)
def test_of_every_setting(settings, digits):
    train = digits[0][:600]
    plain = bits(train, "adam", dropout=0.3)
    first = bits(train, "adam", dropout=0.3, **settings)
    assert bits(train, "adam", dropout=0.3, **settings) == first
    assert first[0] != plain[0], "the setting does something"


@pytest.mark.parametrize("settings", [{}, {"dropout": 0.3}], ids=str)
def test_measuring_does_not_disturb(settings, digits):
    train, test = digits[0][:600], digits[1]
    plain = bits(train, "adam", **settings)
    watched = bits(train, "adam", **settings, test_data=test, training_accuracy=True, callbacks=lambda event: None)
    assert watched == plain


def test_one_epoch_after_the_other_is_not_the_same_as_both():
    """A second training goes on with the weights and the generator, but its optimizer begins anew."""
    train, _ = cmlp.load_digits()
    networks = [Network([64, 10], seed=1) for _ in range(2)]
    networks[0].train(train, 2, 0.1)
    for _ in range(2):
        networks[1].train(train, 1, 0.1)
    assert networks[0].weights[0].tobytes() == networks[1].weights[0].tobytes(), "sgd has no memory"
