"""How the weights begin: their variance, given ones, and the seed."""

import numpy as np
import pytest

from cmlp import ModelError, Network

FAN_IN, FAN_OUT = 300, 200
VARIANCES = {"glorot": 2 / (FAN_IN + FAN_OUT), "he": 2 / FAN_IN, "lecun": 1 / FAN_IN}


def first_weights(initializer, seed=0, dtype="float64"):
    network = Network([FAN_IN, FAN_OUT, 3], initializer=initializer, seed=seed, dtype=dtype)
    assert not any(b.any() for b in network.biases)
    return network.weights[0]


class TestDistributions:
    @pytest.mark.parametrize("dtype", ["float64", "float32"])
    @pytest.mark.parametrize("seed", range(3))
    @pytest.mark.parametrize("name", VARIANCES)
    def test_normal(self, name, seed, dtype):
        w = first_weights(f"{name}_normal", seed, dtype).astype(float)
        deviation = np.sqrt(VARIANCES[name])
        assert abs(w.mean()) < 4 * deviation / np.sqrt(w.size)
        assert abs(w.var() / VARIANCES[name] - 1) < 3 * np.sqrt(2 / w.size)
        kurtosis = np.mean(w**4) / VARIANCES[name] ** 2
        assert abs(kurtosis - 3) < 4 * np.sqrt(96 / w.size)

    @pytest.mark.parametrize("dtype", ["float64", "float32"])
    @pytest.mark.parametrize("seed", range(3))
    @pytest.mark.parametrize("name", VARIANCES)
    def test_uniform(self, name, seed, dtype):
        w = first_weights(f"{name}_uniform", seed, dtype).astype(float)
        limit = np.sqrt(3 * VARIANCES[name])
        assert abs(w.mean()) < 4 * limit / np.sqrt(3 * w.size)
        assert abs(w.var() / VARIANCES[name] - 1) < 3 * np.sqrt(0.8 / w.size)
        assert np.abs(w).max() <= limit * (1 + 1e-7)
        assert np.abs(w).max() > 0.999 * limit
        assert np.histogram(w, 10, (-limit, limit))[0] == pytest.approx(w.size / 10, rel=0.06)

    def test_each_layer_by_its_own_size(self):
        network = Network([400, 50, 400, 400], initializer="he_normal", seed=1)
        for w in network.weights:
            fan_out, fan_in = w.shape
            assert abs(w.var() * fan_in / 2 - 1) < 4 * np.sqrt(2 / (fan_in * fan_out))

    def test_seed(self):
        assert np.array_equal(first_weights("he_uniform", 1), first_weights("he_uniform", 1))
        assert not np.array_equal(first_weights("he_uniform", 1), first_weights("he_uniform", 2))
        rng = np.random.default_rng(1)
        assert np.array_equal(first_weights("he_uniform", rng), first_weights("he_uniform", 1))
        assert not np.array_equal(first_weights("he_uniform", rng), first_weights("he_uniform", 1))

    def test_no_two_weights_are_alike(self):
        assert len(np.unique(first_weights("glorot_normal"))) == FAN_IN * FAN_OUT

    def test_zeros(self):
        network = Network([4, 3, 2], initializer="zeros")
        assert not any(w.any() for w in network.weights)


W0, W1 = np.ones((3, 4)), np.ones((1, 3))


class TestGivenWeights:
    @pytest.mark.parametrize("dtype", ["float64", "float32"])
    def test_are_copied(self, dtype):
        given = [np.arange(12.0).reshape(3, 4), [[1, 2, 3]]]
        network = Network([4, 3, 1], initializer=given, dtype=dtype)
        assert network.weights[0].dtype == dtype
        assert np.array_equal(network.weights[0], given[0]) and np.array_equal(network.weights[1], given[1])
        given[0][0, 0] = 99
        assert network.weights[0][0, 0] == 0

    def test_of_another_network(self):
        network = Network([4, 3, 1])
        twin = Network([4, 3, 1], initializer=network.weights, seed=5)
        assert np.array_equal(network.weights[0], twin.weights[0])

    def test_draw_nothing(self):
        network, twin = Network([2, 1], initializer=[[[1, 2]]], seed=1), Network([2, 1], initializer="zeros", seed=1)
        assert network.rng.bit_generator.state == twin.rng.bit_generator.state

    @pytest.mark.parametrize(
        ("given", "found"),
        [
            ([np.zeros((4, 3)), W1], "[0] must have shape (3, 4), got (4, 3)"),
            ([W0, np.zeros(3)], "[1] must have shape (1, 3), got (3,)"),
            ([W0], " must be 2 arrays, one per layer, got 1"),
            ([], " must be 2 arrays, one per layer, got 0"),
            (7, " must be a name, or an array for each layer, got 7"),
            ({0: 1, 1: 2}, " must be a name, or an array for each layer, got {0: 1, 1: 2}"),
            ([[[1, 2], [3]], W1], "[0] must be numbers of shape (3, 4), got a ragged list"),
            ([W0, ["a"]], "[1] must be numbers of shape (1, 3), got dtype <U1"),
            ([W0, W1.astype(str)], "[1] must be numbers of shape (1, 3), got dtype <U32"),
            ([W0 * 1j, W1], "[0] must be numbers of shape (3, 4), got dtype complex128"),
            ([W0, W1.astype(object)], "[1] must be an array of numbers, got one of objects"),
            ([W0, W1 * np.nan], "[1] must be finite in float32, got nan"),
            ([W0 - np.inf, W1], "[0] must be finite in float32, got -inf"),
            ([W0, W1 * 1e300], "[1] must be finite in float32, got inf"),
            ([np.ma.array(W0, mask=W0 > 0), W1], "[0] must have no masked values, got 12"),
        ],
    )
    def test_complaints(self, given, found):
        with pytest.raises(ModelError) as error:
            Network([4, 3, 1], initializer=given, dtype="float32")
        assert str(error.value).startswith(f"initializer{found}")

    def test_what_float32_cannot_hold_is_a_weight_in_float64(self):
        assert Network([4, 3, 1], initializer=[W0, W1 * 1e300]).weights[1].max() == 1e300

    def test_complaint_of_a_name(self):
        with pytest.raises(ModelError) as error:
            Network([4, 3, 1], initializer="xavier")
        assert str(error.value) == (
            'initializer must be one of "glorot_normal", "glorot_uniform", "he_normal", "he_uniform", '
            '"lecun_normal", "lecun_uniform", "orthogonal" or "zeros", got \'xavier\': did you mean "glorot_normal"?'
        )


@pytest.mark.parametrize(
    ("activation", "expected"),
    [
        ("sigmoid", "glorot_normal"),
        ("tanh", "glorot_normal"),
        ("identity", "glorot_normal"),
        ("relu", "he_normal"),
        ("silu", "he_normal"),
        (["tanh", "gelu", "softmax"], "he_normal"),
        ("softplus", "orthogonal"),
        (["exponential", "relu", "softmax"], "orthogonal"),
    ],
)
def test_what_fits_the_hidden_layers_is_the_default(activation, expected):
    sizes = [20, 15, 12, 5]
    given, default = (
        Network(sizes, activation=activation, loss="cross_entropy", **settings)
        for settings in ({"initializer": expected}, {})
    )
    assert np.array_equal(given.engine.parameters, default.engine.parameters)


@pytest.mark.parametrize("activation", ["sigmoid", "tanh", "relu", "exponential", "identity"])
def test_outputs_fit_the_loss_and_not_the_hidden_layers(activation):
    outputs = {"quadratic": "sigmoid", "cross_entropy": "softmax", "huber": "identity"}
    for loss, expected in outputs.items():
        assert Network([4, 3, 2], activation=activation, loss=loss).architecture.activations == (activation, expected)
