"""Every optimizer against its formula, step by step, and L-BFGS against the optimum."""

import numpy as np
import pytest
from scipy.optimize import minimize
from support import formulas

import cmlp
from cmlp import Network
from cmlp.training.optimizers import OPTIMIZERS

TYPES = pytest.mark.parametrize("dtype", ["float64", "float32"])
TOLERANCE = {"float64": 1e-12, "float32": 1e-4}
ACTIVATIONS = ["tanh", "softmax"]

SETTINGS = [
    ("sgd", cmlp.SGD(), {}),
    ("momentum", cmlp.Momentum(), {}),
    ("momentum", cmlp.Momentum(0.5), {"momentum": 0.5}),
    ("momentum", cmlp.Momentum(0), {"momentum": 0}),
    ("nesterov", cmlp.Nesterov(), {}),
    ("nesterov", cmlp.Nesterov(0.5), {"momentum": 0.5}),
    ("rmsprop", cmlp.RMSprop(), {}),
    ("rmsprop", cmlp.RMSprop(0.5, 1e-3), {"rho": 0.5, "epsilon": 1e-3}),
    ("adam", cmlp.Adam(), {}),
    ("adam", cmlp.Adam(0.5, 0.7, 1e-3), {"beta_1": 0.5, "beta_2": 0.7, "epsilon": 1e-3}),
    ("adam", cmlp.Adam(epsilon=1e-3, epsilon_hat=True), {"epsilon": 1e-3, "epsilon_hat": True}),
    ("adam", cmlp.Adam(0, 0, 1e-3), {"beta_1": 0, "beta_2": 0, "epsilon": 1e-3}),
    ("adamw", cmlp.AdamW(), {}),
    ("adamw", cmlp.AdamW(weight_decay=0.5), {"weight_decay": 0.5}),
    ("adamw", cmlp.AdamW(epsilon=1e-3, epsilon_hat=True), {"epsilon": 1e-3, "epsilon_hat": True}),
    ("nadam", cmlp.Nadam(), {}),
    ("nadam", cmlp.Nadam(0.5, 0.7, 1e-3, 0.1), {"beta_1": 0.5, "beta_2": 0.7, "epsilon": 1e-3, "momentum_decay": 0.1}),
]


def make_problem(dtype="float64", n=12):
    rng = np.random.default_rng(3)
    network = Network([5, 4, 3], activation=ACTIVATIONS, loss="cross_entropy", dtype=dtype)
    formulas.jitter(network, rng)
    labels = rng.integers(3, size=n)
    return network, rng.standard_normal((n, 5)), labels


def split(vector, network):
    arrays, begin = [], 0
    for array in [*network.weights, *network.biases]:
        arrays.append(vector[begin : begin + array.size].reshape(array.shape))
        begin += array.size
    return arrays[: len(network.weights)], arrays[len(network.weights) :]


def steps_by_formula(network, images, labels, step, etas):
    """Return the parameters after a step with each of some learning rates."""
    w = formulas.flat(*formulas.parameters(network))
    targets = np.eye(3)[:, labels]
    for eta in etas:
        w = step(
            w,
            formulas.flat(*formulas.gradient(*split(w, network), ACTIVATIONS, "cross_entropy", images.T, targets)),
            eta,
        )
    return w


@TYPES
@pytest.mark.parametrize(("name", "optimizer", "settings"), SETTINGS, ids=str)
def test_ten_steps(name, optimizer, settings, dtype):
    network, images, labels = make_problem(dtype)
    expected = steps_by_formula(network, images, labels, formulas.step_of(name, network, **settings), [0.05] * 10)
    network.train((images, labels), 10, 0.05, optimizer=optimizer)
    assert formulas.distance([formulas.flat(network.weights, network.biases)], [expected]) < TOLERANCE[dtype]


@pytest.mark.parametrize("name", formulas.OPTIMIZERS)
def test_names_stand_for_the_usual_settings(name):
    network, images, labels = make_problem()
    expected = steps_by_formula(network, images, labels, formulas.step_of(name, network), [0.05] * 10)
    network.train((images, labels), 10, 0.05, optimizer=name)
    assert formulas.distance([formulas.flat(network.weights, network.biases)], [expected]) < 1e-12


@pytest.mark.parametrize("name", formulas.OPTIMIZERS)
def test_a_learning_rate_that_changes(name):
    network, images, labels = make_problem()
    etas = [0.05 / (1 + step) for step in range(10)]
    expected = steps_by_formula(network, images, labels, formulas.step_of(name, network), etas)
    network.train((images, labels), 10, 0.05, optimizer=name, schedule=lambda step: 1 / (1 + step))
    assert formulas.distance([formulas.flat(network.weights, network.biases)], [expected]) < 1e-12


@pytest.mark.parametrize("name", formulas.OPTIMIZERS)
def test_steps_by_hand(name):
    """One weight and one image, gradient 1 whatever the weight: |a - y| with a far from y."""
    network = Network([1, 1], activation=["identity"], loss="mean_absolute_error", initializer="zeros")
    network.weights[0] = [[100.0]]
    data = (np.ones((1, 1)), np.zeros((1, 1)))
    network.train(data, 2, 0.1, optimizer=name)
    moved = {
        "sgd": 0.1 + 0.1,
        "momentum": 0.1 + 0.19,
        "nesterov": 0.19 + 0.271,
        "rmsprop": 0.1 / np.sqrt(0.01) + 0.1 / np.sqrt(0.0199),
        "adam": 0.1 + 0.1,
        "adamw": 100 - ((100 * 0.999 - 0.1) * 0.999 - 0.1),
        "nadam": None,
    }[name]
    if moved is not None:
        assert 100 - network.weights[0].item() == pytest.approx(moved, rel=1e-6)
    # Every method moves against the gradient, and about eta at most at first.
    assert 0.1 < 100 - network.weights[0].item() < 2


def test_every_training_begins_anew():
    network, images, labels = make_problem()
    twin, _, _ = make_problem()
    network.train((images, labels), 1, 0.05, optimizer="adam")
    network.train((images, labels), 1, 0.05, optimizer="adam")
    for _ in range(2):
        twin.train((images, labels), 1, 0.05, optimizer=cmlp.Adam())
    assert formulas.distance(network.weights, list(twin.weights)) == 0


def test_nothing_moves_without_a_gradient():
    """An optimizer that divides by a moment of 0 would give NaN."""
    for name in formulas.OPTIMIZERS:
        network = Network([2, 1], activation=["identity"], loss="mean_squared_error", initializer="zeros")
        network.train((np.zeros((3, 2)), np.zeros((3, 1))), 3, 0.1, optimizer=name)
        assert not network.weights[0].any() and not network.biases[0].any(), name


def softmax_regression():
    rng = np.random.default_rng(0)
    images = rng.standard_normal((60, 4))
    labels = np.argmax(images @ rng.standard_normal((4, 3)) + rng.standard_normal((60, 3)), axis=1)
    return images, labels


def optimum(images, labels, network, lmbda):
    """The lowest mean loss with Nielsen's penalty, and where it is, by the formulas."""
    targets, n = np.eye(3)[:, labels], len(images)

    def objective(vector):
        weights, biases = split(vector, network)
        loss = formulas.mean_loss(weights, biases, ["softmax"], "cross_entropy", images.T, targets)
        nabla_w, nabla_b = formulas.gradient(weights, biases, ["softmax"], "cross_entropy", images.T, targets)
        penalty = lmbda / (2 * n) * np.sum(weights[0] ** 2)
        return loss + penalty, formulas.flat([nabla_w[0] + lmbda / n * weights[0]], nabla_b)

    start = np.zeros(15)
    result = minimize(objective, start, jac=True, method="BFGS", options={"gtol": 1e-10, "maxiter": 1000})
    return result.fun, split(result.x, network)


class TestLBFGS:
    @TYPES
    def test_reaches_the_optimum_of_a_convex_problem(self, dtype):
        images, labels = softmax_regression()
        network = Network([4, 3], activation=["softmax"], loss="cross_entropy", initializer="zeros", dtype=dtype)
        loss, (weights, biases) = optimum(images, labels, network, lmbda=0.5)
        history = network.train((images, labels), 200, 1.0, optimizer=cmlp.LBFGS(tolerance=1e-9), lmbda=0.5)
        assert history.loss[-1] == pytest.approx(loss, abs=1e-8)
        assert formulas.distance([*network.weights, *network.biases], weights + biases) < 1e-4
        assert all(after <= before for before, after in zip(history.loss, history.loss[1:], strict=False))

    def test_ignores_eta_and_the_mini_batches(self):
        images, labels = softmax_regression()
        ends = []
        for eta, size in ((1.0, 10), (1e-9, 60)):
            network = Network([4, 3], activation=["softmax"], loss="cross_entropy")
            network.train((images, labels), 20, eta, optimizer="lbfgs", mini_batch_size=size)
            ends.append(network.weights[0].tobytes())
        assert ends[0] == ends[1]

    def test_more_samples_than_a_block(self):
        rng = np.random.default_rng(1)
        images = rng.standard_normal((9000, 4))
        targets = images @ np.array([[1.0], [-2.0], [3.0], [0.5]]) + 7
        network = Network([4, 1], activation=["identity"], loss="mean_squared_error")
        history = network.train((images, targets), 100, 1.0, optimizer="lbfgs")
        assert history.loss[-1] < 1e-8
        assert network.weights[0][0].tolist() == pytest.approx([1, -2, 3, 0.5], abs=1e-3)
        assert network.biases[0].item() == pytest.approx(7, abs=1e-3)

    def test_weights_of_samples_and_both_penalties(self):
        """A sample of weight 2 counts like the same sample twice."""
        images, labels = softmax_regression()
        weights = np.ones(60)
        weights[:10] = 2
        once = Network([4, 3], activation=["softmax"], loss="cross_entropy", seed=1)
        once.train((images, labels), 100, 1.0, optimizer=cmlp.LBFGS(tolerance=1e-9), sample_weight=weights, lmbda=6.0)
        twice = Network([4, 3], activation=["softmax"], loss="cross_entropy", seed=1)
        double = np.concatenate([np.arange(60), np.arange(10)])
        data = images[double], labels[double]
        twice.train(data, 100, 1.0, optimizer=cmlp.LBFGS(tolerance=1e-9), lmbda=7.0)  # both divided by how many
        assert formulas.distance(once.weights, list(twice.weights)) < 1e-4
        sparse = Network([4, 3], activation=["softmax"], loss="cross_entropy", seed=1)
        sparse.train((images, labels), 100, 1.0, optimizer="lbfgs", l1=6.0)
        assert np.count_nonzero(np.abs(sparse.weights[0]) < 1e-3) > np.count_nonzero(np.abs(once.weights[0]) < 1e-3)

    @pytest.mark.parametrize(
        ("callback", "iterations"),
        [(lambda event: event.epoch == 3, 3), (lambda event: event.network.stop(), 1)],
        ids=["by returning True", "by stop"],
    )
    def test_ends_where_it_is_told_to(self, callback, iterations):
        images, labels = softmax_regression()
        network = Network([4, 3], activation=["softmax"], loss="cross_entropy")
        assert len(network.train((images, labels), 50, 1.0, optimizer="lbfgs", callbacks=callback)) == iterations

    def test_evaluations_are_limited(self):
        images, labels = softmax_regression()
        network = Network([4, 3], activation=["softmax"], loss="cross_entropy")
        history = network.train((images, labels), 50, 1.0, optimizer=cmlp.LBFGS(max_evaluations=5))
        assert 1 <= len(history) <= 5

    def test_early_stopping_restores_the_best(self):
        images, labels = softmax_regression()
        network = Network([4, 50, 3], activation=["tanh", "softmax"], loss="cross_entropy")
        history = network.train(
            (images[:30], labels[:30]), 300, 1.0, optimizer="lbfgs", validation_data=(images[30:], labels[30:]),
            patience=5,
        )  # fmt: skip
        assert len(history) < 300
        assert network.loss(images[30:], labels[30:]) == pytest.approx(min(history.validation_loss), rel=1e-12)


def test_no_optimizer_is_forgotten():
    assert set(OPTIMIZERS) == {*formulas.OPTIMIZERS, "lbfgs"}
