"""Every complaint about a setting, word by word; those about data are with their subjects."""

import re

import numpy as np
import pytest

import cmlp
from cmlp import DataError, ModelError, Network

DATA = (np.arange(18.0).reshape(6, 3) / 18, np.arange(6) % 2)
ACTIVATIONS = '"identity", "sigmoid", "tanh", "relu", "leaky_relu", "elu", "gelu", "silu", "softplus" or "exponential"'
ALL_ACTIVATIONS = ACTIVATIONS.replace(" or ", ", ") + ' or "softmax"'
LOSSES = (
    '"quadratic", "mean_squared_error", "half_squared_error", "mean_absolute_error", "huber", "cross_entropy", '
    '"binary_cross_entropy", "poisson" or "summed_poisson"'
)
COUNT = "must be a positive integer below 2**31"
POSITIVE = "must be a positive number"
NOT_NEGATIVE = "must be at least 0"
SHARE = "must be in [0, 1)"


class Unknown:
    def __repr__(self):
        return "<unknown>"


def assert_complains(message, function, *arguments, kind=ModelError, **settings):
    with pytest.raises(kind) as error:
        function(*arguments, **settings)
    assert str(error.value) == message


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"loss": "mse"}, f"loss must be one of {LOSSES}, got 'mse': did you mean \"mean_squared_error\"?"),
        ({"loss": None}, f"loss must be one of {LOSSES}, got None"),
        ({"activation": "Relu"}, f"activation must be one of {ACTIVATIONS}, got 'Relu': did you mean \"relu\"?"),
        ({"activation": "softmax"}, f"activation must be one of {ACTIVATIONS}, got 'softmax'"),
        (
            {"activation": ["relu", "swish"]},
            f"activation must be one of {ALL_ACTIVATIONS}, got 'swish': did you mean \"silu\"?",
        ),
        ({"activation": ["relu", 7]}, f"activation must be one of {ALL_ACTIVATIONS}, got 7"),
        (
            {"activation": ["softmax", "softmax"]},
            "activation \"softmax\" is for the last layer only, got ['softmax', 'softmax']",
        ),
        (
            {"activation": ["relu"]},
            "activation must be a name, or 2 of them, one per layer, got ['relu']",
        ),
        ({"activation": 7}, "activation must be a name, or 2 of them, one per layer, got 7"),
        (
            {"activation": ["relu", "sigmoid"], "loss": "cross_entropy"},
            'loss "cross_entropy" needs the activation "softmax" in the last layer, got "sigmoid"',
        ),
        (
            {"activation": ["relu", "softmax"], "loss": "binary_cross_entropy"},
            'loss "binary_cross_entropy" needs the activation "sigmoid" in the last layer, got "softmax"',
        ),
        ({"dropout": 1.0}, f"dropout {SHARE}, got 1.0"),
        ({"dropout": -0.1}, f"dropout {SHARE}, got -0.1"),
        ({"dropout": True}, f"dropout {SHARE}, got True"),
        ({"dropout": "half"}, f"dropout {SHARE}, got 'half'"),
        ({"dropout": [float("nan")]}, f"dropout {SHARE}, got nan"),
        ({"dropout": [0.1, 0.2]}, "dropout must be a number, or 1 of them, one per hidden layer, got [0.1, 0.2]"),
        ({"dtype": "float16"}, "dtype must be float64 or float32, got 'float16'"),
        ({"dtype": int}, "dtype must be float64 or float32, got <class 'int'>"),
        ({"dtype": ">f8"}, "dtype must be float64 or float32, got '>f8'"),
        ({"sizes": [3]}, "sizes must be at least two positive integers, got [3]"),
        ({"sizes": None}, "sizes must be at least two positive integers, got None"),
        ({"sizes": [3, True]}, "sizes must be at least two positive integers below 2**31, got True"),
        ({"sizes": [3, -1]}, "sizes must be at least two positive integers below 2**31, got -1"),
        ({"sizes": [2**16, 2**15]}, "sizes must give fewer than 2**31 parameters, got (65536, 32768)"),
    ],
    ids=repr,
)
def test_of_networks(settings, message):
    assert_complains(message, Network, **{"sizes": [3, 4, 2]} | settings)


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"epochs": 0}, f"epochs {COUNT}, got 0"),
        ({"epochs": 2**31}, f"epochs {COUNT}, got 2147483648"),
        ({"epochs": 1.0}, f"epochs {COUNT}, got 1.0"),
        ({"eta": 0}, f"eta {POSITIVE}, got 0"),
        ({"eta": float("inf")}, f"eta {POSITIVE}, got inf"),
        ({"eta": True}, f"eta {POSITIVE}, got True"),
        ({"mini_batch_size": 0}, f"mini_batch_size {COUNT}, got 0"),
        ({"mini_batch_size": "all"}, f"mini_batch_size {COUNT}, got 'all'"),
        ({"threads": 0}, f"threads {COUNT}, got 0"),
        ({"lmbda": -1}, f"lmbda {NOT_NEGATIVE}, got -1"),
        ({"lmbda": float("inf")}, f"lmbda {NOT_NEGATIVE}, got inf"),
        ({"l1": "x"}, f"l1 {NOT_NEGATIVE}, got 'x'"),
        ({"max_norm": 0}, f"max_norm {POSITIVE}, got 0"),
        ({"clip_norm": -1.0}, f"clip_norm {POSITIVE}, got -1.0"),
        ({"clip_value": float("nan")}, f"clip_value {POSITIVE}, got nan"),
        ({"label_smoothing": 1}, f"label_smoothing {SHARE}, got 1"),
        ({"averaging": 1.5}, f"averaging {SHARE}, got 1.5"),
        ({"patience": 3}, "patience needs validation_data to watch, got none"),
        ({"monitor": "auc"}, 'monitor must be one of "loss" or "accuracy", got \'auc\''),
        ({"schedule": 0.1}, "schedule must be a name, a schedule or a function of the step, got 0.1"),
        (
            {"optimizer": "Adam"},
            'optimizer must be one of "sgd", "momentum", "nesterov", "rmsprop", "adam", "adamw", "nadam" or "lbfgs", '
            "got 'Adam': did you mean \"adam\"?",
        ),
        (
            {"optimizer": Unknown},
            f"optimizer must be a name or one of cmlp's optimizers such as cmlp.Adam(), got {Unknown!r}",
        ),
        (
            {"callbacks": Unknown()},
            "callbacks must be functions, or objects with on_epoch_end or on_batch_end, got <unknown>",
        ),
        ({"progress": "a"}, "progress must be True, False or \"curve\", got 'a'"),
        ({"progress": 3}, 'progress must be True, False or "curve", got 3'),
        ({"checkpoint": 3}, "checkpoint must be a str or a path, got 3"),
        ({"checkpoint": b"x"}, "checkpoint must be a str or a path, got b'x'"),
        ({"validation_data": 1.0}, "validation_data must be data or a fraction in (0, 1), got 1.0"),
    ],
    ids=repr,
)
def test_of_training(settings, message):
    network = Network([3, 2])
    before = network.weights[0].copy()
    assert_complains(message, network.train, **{"training_data": DATA, "epochs": 1, "eta": 0.1} | settings)
    assert np.array_equal(network.weights[0], before)


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"sample_weight": np.ones(5)}, "sample_weight must have shape (6,), got (5,)"),
        ({"sample_weight": [1, 1, 1, 1, 1, -1]}, "sample_weight must be non-negative numbers, got -1.0 at index 5"),
        (
            {"sample_weight": [1, np.nan, 1, 1, 1, 1]},
            "sample_weight must be non-negative numbers, got nan at index 1",
        ),
        ({"sample_weight": np.zeros(6)}, "sample_weight must not all be 0"),
        (
            {"class_weight": {0: 0, 1: 0}},
            "sample_weight and class_weight must not all be 0, and have a finite sum, in float64, got 0 to 0",
        ),
        (
            {"sample_weight": DATA[1], "class_weight": {1: 0}},
            "sample_weight and class_weight must not all be 0, and have a finite sum, in float64, got 0 to 0",
        ),
        (
            {"class_weight": "even"},
            "class_weight must be a dict of label and weight, or \"balanced\", got 'even'",
        ),
        ({"class_weight": [1, 2]}, 'class_weight must be a dict of label and weight, or "balanced", got [1, 2]'),
        ({"class_weight": {"cat": 2}}, "class_weight must have labels of 0..1 for keys, got 'cat'"),
        ({"class_weight": {-1: 2}}, "class_weight must have labels of 0..1 for keys, got -1"),
        ({"class_weight": {1: -2}}, "class_weight must be non-negative numbers, got -2 for label 1"),
        ({"class_weight": {1: "x"}}, "class_weight must be non-negative numbers, got 'x' for label 1"),
        ({"class_weight": {1: np.inf}}, "class_weight must be non-negative numbers, got inf for label 1"),
        ({"class_weight": {5: 3.0}}, "class_weight must have labels of 0..1 for keys, got 5"),
        ({"class_weight": {10**12: 2.0}}, "class_weight must have labels of 0..1 for keys, got 1000000000000"),
    ],
    ids=repr,
)
def test_of_weights(settings, message):
    assert_complains(message, Network([3, 2]).train, DATA, 1, 0.1, kind=DataError, **settings)


def test_class_weights_that_are_none():
    networks = [Network([3, 2]) for _ in range(2)]
    for network, class_weight in zip(networks, (None, {}), strict=True):
        network.train(DATA, 2, 0.1, class_weight=class_weight)
    assert len({network.weights[0].tobytes() for network in networks}) == 1


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"class_weight": "balanced"}, "class_weight needs labels, and these samples have targets"),
        ({"label_smoothing": 0.1}, "label_smoothing needs labels, and these samples have targets"),
    ],
)
def test_of_labels_where_there_are_none(settings, message):
    network = Network([3, 1], loss="mean_squared_error")
    assert_complains(message, network.train, (DATA[0], np.zeros(6)), 1, 0.1, kind=DataError, **settings)


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: cmlp.Momentum(1.1), "momentum must be in [0, 1], got 1.1"),
        (lambda: cmlp.Nesterov(-0.1), "momentum must be in [0, 1], got -0.1"),
        (lambda: cmlp.RMSprop(rho=1.0), f"rho {SHARE}, got 1.0"),
        (lambda: cmlp.RMSprop(epsilon=0), f"epsilon {POSITIVE}, got 0"),
        (lambda: cmlp.Adam(beta_1="x"), f"beta_1 {SHARE}, got 'x'"),
        (lambda: cmlp.Adam(beta_2=1), f"beta_2 {SHARE}, got 1"),
        (lambda: cmlp.Adam(epsilon=-1e-8), f"epsilon {POSITIVE}, got -1e-08"),
        (lambda: cmlp.Adam(epsilon_hat=1), "epsilon_hat must be True or False, got 1"),
        (lambda: cmlp.AdamW(weight_decay=-1), f"weight_decay {NOT_NEGATIVE}, got -1"),
        (lambda: cmlp.AdamW(weight_decay=True), f"weight_decay {NOT_NEGATIVE}, got True"),
        (lambda: cmlp.Nadam(momentum_decay=-1), f"momentum_decay {NOT_NEGATIVE}, got -1"),
        (lambda: cmlp.LBFGS(max_evaluations=0), f"max_evaluations {COUNT}, got 0"),
        (lambda: cmlp.LBFGS(max_evaluations=1.5), f"max_evaluations {COUNT}, got 1.5"),
        (lambda: cmlp.LBFGS(tolerance=-1), f"tolerance {NOT_NEGATIVE}, got -1"),
    ],
)
def test_of_optimizers(make, message):
    assert_complains(message, make)


class TestLossesThatAreNotFinite:
    @pytest.mark.parametrize("optimizer", ["sgd", "momentum", "adam"])
    def test_in_a_mini_batch(self, optimizer):
        network = Network([1, 1], activation=["exponential"], loss="poisson", initializer=[[[1.0]]])
        images = np.array([[0.0], [0.0], [2000.0]])  # exp(2000) is infinite
        order = np.random.default_rng(0).permutation(3)  # as the network will shuffle them
        place = int(np.flatnonzero(order == 2)[0])
        before = network.weights[0].copy()
        with pytest.raises(ModelError) as error:
            network.train((images, np.ones((3, 1))), 2, 0.5, mini_batch_size=1, optimizer=optimizer)
        assert str(error.value) == (
            f"training stopped in epoch 1, mini-batch {place + 1} of 3, because the loss is not finite; "
            "the last finite weights are kept, and scaling the images to [0, 1] may help: the largest value is 2000"
        )
        assert np.array_equal(network.weights[0], before), "pixels of 0 move the biases only"

    @pytest.mark.parametrize(
        ("pixel", "remedy"),
        [
            (1.0, "a smaller eta than 1e+08 may help"),
            (17.0, "scaling the images to [0, 1] may help: the largest value is 17"),
            (-np.inf, "no image may hold an inf or nan"),
            (np.nan, "no image may hold an inf or nan"),
        ],
    )
    def test_the_likely_cause(self, pixel, remedy):
        network = Network([1, 2], activation=["identity"])
        images = np.ones((8, 1))
        data = cmlp.Dataset(images, np.arange(8) % 2)
        images[3] = pixel  # behind the back of the Dataset, which has checked them
        with pytest.raises(ModelError, match=f"the last finite weights are kept, and {re.escape(remedy)}$"):
            network.train(data, 100, 1e8, mini_batch_size=8)

    def test_in_lbfgs(self):
        network = Network([3, 2], loss="cross_entropy")
        network.weights[0][0, 0] = np.nan
        before = network.weights[0].copy()
        message = "training by lbfgs stopped, because the loss is not finite; the weights are those before it"
        assert_complains(message, network.train, DATA, 5, 0.1, optimizer="lbfgs")
        assert np.array_equal(network.weights[0], before, equal_nan=True)

    def test_of_gradients(self):
        network = Network([3, 2])
        network.biases[0][0] = np.inf
        network.weights[0][0, 0] = -np.inf
        assert_complains("the loss must be finite to have a gradient, got nan", network.gradient, *DATA)
        assert_complains("the loss must be finite to have a gradient, got nan", network.gradient_step, DATA, 0.1)
