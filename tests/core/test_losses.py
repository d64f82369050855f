"""Every loss with every activation that its outputs may have: value and derivative against the formulas."""

import numpy as np
import pytest
from support import formulas

from cmlp import Network

TYPES = pytest.mark.parametrize("dtype", ["float64", "float32"])
TOLERANCE = {"float64": 1e-12, "float32": 1e-5}
SMALLEST = {"float64": 1e-300, "float32": 1e-37}


def make_network(loss, activation, dtype="float64", outputs=5):
    """A network whose weighted inputs of the outputs are its pixels."""
    return Network([outputs, outputs], activation=[activation], loss=loss, initializer=[np.eye(outputs)], dtype=dtype)


@TYPES
@pytest.mark.parametrize("n", [1, 2, 33])
@pytest.mark.parametrize(("loss", "activation"), formulas.PAIRS)
def test_value_and_derivative(loss, activation, n, dtype):
    rng = np.random.default_rng(n)
    images = (2 * rng.standard_normal((n, 5))).astype(dtype)
    given, targets = formulas.random_targets(loss, 5, n, rng)
    network = make_network(loss, activation, dtype)
    weights, biases = formulas.parameters(network)
    z = images.T.astype(float)
    expected = formulas.mean_loss(weights, biases, [activation], loss, z, targets)
    assert network.loss(images, given) == pytest.approx(expected, rel=TOLERANCE[dtype])
    nabla = formulas.gradient(weights, biases, [activation], loss, z, targets)
    for part, expected_part in zip(network.gradient(images, given), nabla, strict=True):
        assert formulas.distance(part, expected_part) < TOLERANCE[dtype]


@pytest.mark.parametrize(
    ("loss", "expected"),
    [
        ("quadratic", 4.0 + 1.0),
        ("mean_squared_error", (0.25 + 9.0) / 2),
        ("half_squared_error", (0.25 + 9.0) / 2),
        ("mean_absolute_error", (0.5 + 3.0) / 2),
        ("huber", (0.125 + 2.5) / 2),
        ("poisson", (2.5 - 2 * np.log(2.5) + 2.0 - 5 * np.log(2.0)) / 2),
    ],
)
def test_by_hand(loss, expected):
    network = make_network(loss, "identity", outputs=2)
    if loss == "quadratic":
        assert network.loss([2.0, 2.0], 1) == expected  # (2 - 0)**2 + (2 - 1)**2
    else:
        assert network.loss([2.5, 2.0], [2.0, 5.0]) == pytest.approx(expected, rel=1e-15)


def test_cross_entropies_by_hand():
    # Two equal outputs have the probability 1/2 each, whatever the label.
    assert make_network("cross_entropy", "softmax", outputs=2).loss([3.0, 3.0], 0) == pytest.approx(np.log(2))
    network = make_network("binary_cross_entropy", "sigmoid", outputs=2)
    assert network.loss([0.0, 0.0], [1.0, 0.0]) == pytest.approx(2 * np.log(2))
    # A target between yes and no is allowed: z = 0 is then right for 1/2, and the loss is smallest there.
    assert not network.gradient([0.0, 0.0], [0.5, 0.5])[1][0].any()


@TYPES
def test_cross_entropy_is_exact_where_softmax_has_rounded(dtype):
    network = make_network("cross_entropy", "softmax", dtype, outputs=3)
    z = np.array([1e4, -1e4, 0], dtype)
    for label, loss in enumerate([0, 2e4, 1e4]):
        assert network.loss(z, label) == loss
        assert network.gradient(z, label)[1][0].tolist() == (np.eye(3)[0] - np.eye(3)[label]).tolist()


@TYPES
def test_binary_cross_entropy_is_exact_where_sigmoid_has_rounded(dtype):
    network = make_network("binary_cross_entropy", "sigmoid", dtype, outputs=2)
    z = np.array([1e4, -1e4], dtype)
    assert network.loss(z, [1, 0]) == 0
    assert network.loss(z, [0, 0]) == network.loss(z, [1, 1]) == 1e4
    assert network.loss(z, [0.5, 0]) == 5e3
    assert network.gradient(z, [1, 0])[1][0].tolist() == [0, 0]
    assert network.gradient(z, [0, 1])[1][0].tolist() == [1, -1]


@TYPES
@pytest.mark.parametrize("z", [30, 80])
def test_small_losses_keep_their_digits(z, dtype):
    """-log(softmax) of a nearly certain output is exp(-z), far below the rounding error of 1."""
    network = make_network("cross_entropy", "softmax", dtype, outputs=2)
    expected = np.log1p(np.exp(-float(z)))
    assert network.loss(np.array([z, 0], dtype), 0) == pytest.approx(expected, rel=1e-12, abs=1e-14)
    network = make_network("binary_cross_entropy", "sigmoid", dtype, outputs=1)
    assert network.loss(np.array([z], dtype), [1]) == pytest.approx(expected, rel=1e-12)
    assert network.gradient(np.array([-z], dtype), [0])[1][0].item() == pytest.approx(np.exp(-z), rel=1e-6)


@TYPES
def test_poisson_where_nothing_is_expected(dtype):
    network = make_network("poisson", "exponential", dtype, outputs=1)
    z = np.array([-1e4], dtype)  # exp(z) is 0
    assert network.loss(z, [0]) == 0
    assert network.loss(z, [2]) == 2e4
    assert network.gradient(z, [2])[1][0].item() == -2
    unfused = make_network("poisson", "relu", dtype, outputs=1)
    assert unfused.loss(z, [0]) == 0
    assert not unfused.gradient(z, [0])[1][0].any()
    assert unfused.loss(z, [1]) == np.inf


@pytest.mark.parametrize("loss", ["mean_absolute_error", "huber"])
def test_kinks(loss):
    network = make_network(loss, "identity", outputs=4)
    errors = np.array([0.0, 1.0, -1.0, 1e-300])
    expected = {"mean_absolute_error": [0, 1, -1, 1], "huber": [0, 1, -1, 1e-300]}[loss]
    assert network.gradient(errors, np.zeros(4))[1][0].tolist() == [part / 4 for part in expected]


@pytest.mark.parametrize("loss", formulas.LOSSES)
def test_a_loss_that_is_no_number_is_not_hidden(loss):
    activation = formulas.outputs_of(loss)[0]
    network = make_network(loss, activation)
    network.biases[0][0] = np.nan
    given, _ = formulas.random_targets(loss, 5, 1, np.random.default_rng(0))
    assert np.isnan(network.loss(np.zeros((1, 5)), given))


def test_float32_images_and_targets_sum_in_double_precision():
    """The loss of 100,000 images that weigh the same is as exact as that of one."""
    network = make_network("mean_squared_error", "identity", "float32", outputs=1)
    images = np.full((100_000, 1), 0.1, np.float32)
    assert network.loss(images, np.zeros((100_000, 1))) == pytest.approx(float(np.float32(0.1)) ** 2, rel=1e-12)
