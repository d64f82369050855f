"""What is added to the loss, what limits gradients and weights, and what samples weigh, against the formulas."""

import numpy as np
import pytest
from support import formulas

import cmlp
from cmlp import Network

ACTIVATIONS = ["tanh", "softmax"]
LOSS = "cross_entropy"
N = 20
TYPES = pytest.mark.parametrize("dtype", ["float64", "float32"])
TOLERANCE = {"float64": 1e-12, "float32": 1e-5}


def make_problem(dtype="float64", scale=0.5):
    rng = np.random.default_rng(7)
    network = Network([5, 4, 3], activation=ACTIVATIONS, loss=LOSS, dtype=dtype)
    formulas.jitter(network, rng, scale)
    return network, rng.standard_normal((N, 5)), rng.integers(3, size=N)


def gradient(network, images, labels, **settings):
    weights, biases = formulas.parameters(network)
    targets = np.eye(3)[:, labels]
    return formulas.gradient(weights, biases, ACTIVATIONS, LOSS, images.T, targets, **settings)


def stepped(network, nabla, eta):
    weights, biases = formulas.parameters(network)
    return [w - eta * nabla_w for w, nabla_w in zip(weights + biases, nabla[0] + nabla[1], strict=True)]


def assert_parameters(network, expected, tolerance=1e-12):
    assert formulas.distance([*network.weights, *network.biases], expected) < tolerance


class TestPenalties:
    @TYPES
    def test_l2_as_in_nielsen(self, dtype):
        network, images, labels = make_problem(dtype)
        weights, biases = formulas.parameters(network)
        nabla_w, nabla_b = gradient(network, images, labels)
        nabla_w = [nabla + 3.0 / N * w for nabla, w in zip(nabla_w, weights, strict=True)]
        expected = stepped(network, (nabla_w, nabla_b), 0.5)
        loss = formulas.mean_loss(weights, biases, ACTIVATIONS, LOSS, images.T, np.eye(3)[:, labels])
        penalty = 3.0 / (2 * N) * sum(np.sum(w**2) for w in weights)
        history = network.train((images, labels), 1, 0.5, lmbda=3.0)
        assert_parameters(network, expected, TOLERANCE[dtype])
        assert history.loss == [pytest.approx(loss + penalty, rel=TOLERANCE[dtype])]

    @TYPES
    def test_l1(self, dtype):
        network, images, labels = make_problem(dtype)
        network.weights[0][2, 3] = 0
        weights, biases = formulas.parameters(network)
        nabla_w, nabla_b = gradient(network, images, labels)
        nabla_w = [nabla + 3.0 / N * np.sign(w) for nabla, w in zip(nabla_w, weights, strict=True)]
        expected = stepped(network, (nabla_w, nabla_b), 0.5)
        loss = formulas.mean_loss(weights, biases, ACTIVATIONS, LOSS, images.T, np.eye(3)[:, labels])
        penalty = 3.0 / N * sum(np.sum(np.abs(w)) for w in weights)
        history = network.train((images, labels), 1, 0.5, l1=3.0)
        assert_parameters(network, expected, TOLERANCE[dtype])
        assert history.loss == [pytest.approx(loss + penalty, rel=TOLERANCE[dtype])]

    def test_they_are_whole_in_every_mini_batch(self):
        """Nielsen divides by the size of the training set, however large the mini-batch is."""
        network = Network([2, 2], activation=["softmax"], loss=LOSS)
        before = network.weights[0].copy()
        network.train((np.zeros((N, 2)), np.zeros(N, int)), 1, 0.5, mini_batch_size=7, lmbda=4.0)
        np.testing.assert_allclose(network.weights[0], before * (1 - 0.5 * 4.0 / N) ** 3, rtol=1e-14)

    def test_mean_loss_of_unequal_mini_batches(self):
        network, images, labels = make_problem()
        expected = np.mean([network.loss(image, label) for image, label in zip(images, labels, strict=True)])
        penalty = 3.0 / (2 * N) * sum(np.sum(w**2) for w in network.weights)
        history = network.train((images, labels), 1, 1e-12, lmbda=3.0, mini_batch_size=7)
        assert history.loss == [pytest.approx(expected + penalty, rel=1e-9)]


class TestLimits:
    @TYPES
    @pytest.mark.parametrize("limit", [1e-3, 1e3])
    def test_gradient_by_norm(self, limit, dtype):
        network, images, labels = make_problem(dtype)
        nabla_w, nabla_b = gradient(network, images, labels)
        norm = np.sqrt(sum(np.sum(part**2) for part in nabla_w + nabla_b))
        factor = min(1, limit / norm)
        expected = stepped(network, ([factor * w for w in nabla_w], [factor * b for b in nabla_b]), 30.0)
        network.train((images, labels), 1, 30.0, clip_norm=limit)
        assert_parameters(network, expected, TOLERANCE[dtype])

    @TYPES
    @pytest.mark.parametrize("limit", [1e-2, 1e3])
    def test_gradient_by_value(self, limit, dtype):
        network, images, labels = make_problem(dtype)
        clipped = [[np.clip(part, -limit, limit) for part in parts] for parts in gradient(network, images, labels)]
        expected = stepped(network, clipped, 30.0)
        network.train((images, labels), 1, 30.0, clip_value=limit)
        assert_parameters(network, expected, TOLERANCE[dtype])

    def test_by_norm_before_by_value_and_after_the_penalty(self):
        network, images, labels = make_problem()
        nabla_w, nabla_b = gradient(network, images, labels)
        nabla_w = [nabla + 40.0 / N * w for nabla, w in zip(nabla_w, network.weights, strict=True)]
        norm = np.sqrt(sum(np.sum(part**2) for part in nabla_w + nabla_b))
        clipped = [[np.clip(part * 0.5 / norm, -0.1, 0.1) for part in parts] for parts in (nabla_w, nabla_b)]
        expected = stepped(network, clipped, 2.0)
        network.train((images, labels), 1, 2.0, lmbda=40.0, clip_norm=0.5, clip_value=0.1)
        assert_parameters(network, expected)

    @pytest.mark.parametrize("optimizer", ["momentum", "adam"])
    def test_gradients_are_limited_before_the_optimizer_sees_them(self, optimizer):
        network, images, labels = make_problem()
        formula, steps = formulas.OPTIMIZERS[optimizer](), []

        def clipped_step(event):
            nabla = formulas.flat(*event.network.gradient(images, labels))
            norm = np.linalg.norm(nabla)
            assert norm > 1e-3
            steps.append(formula(formulas.flat(network.weights, network.biases), nabla * 1e-3 / norm, 0.1))

        class BeforeAndAfter:
            """Before each step but the first, what the formula makes of it; after it, whether that is so."""

            def on_batch_end(self, event):
                if steps:
                    assert formulas.distance([formulas.flat(network.weights, network.biases)], steps[-1:]) < 1e-12
                clipped_step(event)

        clipped_step(cmlp.Event(network, 0, 0, 0.0, cmlp.History()))
        network.train((images, labels), 5, 0.1, optimizer=optimizer, clip_norm=1e-3, callbacks=BeforeAndAfter())
        assert len(steps) == 6

    @TYPES
    def test_weights_into_a_unit(self, dtype):
        network, images, labels = make_problem(dtype)
        expected = stepped(network, gradient(network, images, labels), 0.5)
        for w in expected[:2]:
            norms = np.linalg.norm(w, axis=1, keepdims=True)
            w *= np.minimum(1, 0.9 / norms)
            assert norms.min() < 0.9 < norms.max(), "some are to be shortened, and some not"
        network.train((images, labels), 1, 0.5, max_norm=0.9)
        assert_parameters(network, expected, TOLERANCE[dtype])
        assert max(np.linalg.norm(w, axis=1).max() for w in network.weights) <= 0.9 * (1 + 1e-6)


class TestTargets:
    @TYPES
    @pytest.mark.parametrize("loss", ["cross_entropy", "quadratic"])
    def test_label_smoothing(self, loss, dtype):
        network = Network([5, 4, 3], activation=ACTIVATIONS, loss=loss, dtype=dtype)
        rng = np.random.default_rng(1)
        formulas.jitter(network, rng)
        images, labels = rng.standard_normal((N, 5)), rng.integers(3, size=N)
        targets = 0.7 * np.eye(3)[:, labels] + 0.3 / 3
        weights, biases = formulas.parameters(network)
        expected_loss = formulas.mean_loss(weights, biases, ACTIVATIONS, loss, images.T, targets)
        nabla = formulas.gradient(weights, biases, ACTIVATIONS, loss, images.T, targets)
        expected = stepped(network, nabla, 0.5)
        history = network.train((images, labels), 1, 0.5, label_smoothing=0.3, validation_data=(images, labels))
        assert_parameters(network, expected, TOLERANCE[dtype])
        assert history.loss == [pytest.approx(expected_loss, rel=TOLERANCE[dtype])]
        assert history.validation_loss == [pytest.approx(network.loss(images, labels), rel=TOLERANCE[dtype])]


class TestAveraging:
    @TYPES
    def test_ends_with_the_averaged_parameters(self, dtype):
        network, images, labels = make_problem(dtype)
        plain, _, _ = make_problem(dtype)
        average = [part.astype(float) for part in [*network.weights, *network.biases]]
        for _ in range(5):
            plain.train((images, labels), 1, 0.5)
            average = [0.8 * old + 0.2 * new for old, new in zip(average, [*plain.weights, *plain.biases], strict=True)]
        network.train((images, labels), 5, 0.5, averaging=0.8)
        assert_parameters(network, average, TOLERANCE[dtype])

    def test_what_is_measured_is_the_average(self):
        network, images, labels = make_problem()
        seen = []
        history = network.train(
            (images, labels), 4, 0.5, averaging=0.8, mini_batch_size=6, validation_data=(images, labels),
            callbacks=lambda event: seen.append(event.network.loss(images, labels)),
        )  # fmt: skip
        assert seen == pytest.approx(history.validation_loss, rel=1e-12)
        assert network.loss(images, labels) == pytest.approx(seen[-1], rel=1e-12)

    def test_each_mini_batch_is_still_a_step_from_the_parameters_themselves(self):
        """The losses of the training, which is not disturbed by the averaging, are the same without it."""
        network, images, labels = make_problem()
        plain, _, _ = make_problem()
        expected = plain.train((images, labels), 4, 0.5, mini_batch_size=6, validation_data=(images, labels))
        history = network.train((images, labels), 4, 0.5, averaging=0.9, mini_batch_size=6)
        assert history.loss == expected.loss


class TestImportance:
    @TYPES
    def test_against_the_formula(self, dtype):
        network, images, labels = make_problem(dtype)
        importance = np.random.default_rng(1).random(N)
        weights, biases = formulas.parameters(network)
        targets = np.eye(3)[:, labels]
        loss = formulas.mean_loss(weights, biases, ACTIVATIONS, LOSS, images.T, targets, importance)
        expected = stepped(network, gradient(network, images, labels, importance=importance), 0.5)
        history = network.train((images, labels), 1, 0.5, sample_weight=importance)
        assert_parameters(network, expected, TOLERANCE[dtype])
        assert history.loss == [pytest.approx(loss, rel=TOLERANCE[dtype])]

    @pytest.mark.parametrize("optimizer", ["sgd", "adam"])
    def test_two_is_the_sample_twice_and_zero_is_none(self, optimizer):
        importance = np.ones(N)
        importance[:4], importance[4:9] = 2, 0
        network, images, labels = make_problem()
        history = network.train((images, labels), 5, 0.1, sample_weight=importance, optimizer=optimizer)
        rows = np.repeat(np.arange(N), importance.astype(int))
        twin, _, _ = make_problem()
        expected = twin.train((images[rows], labels[rows]), 5, 0.1, optimizer=optimizer)
        assert_parameters(network, [*twin.weights, *twin.biases], 1e-11)
        assert history.loss == pytest.approx(expected.loss, rel=1e-11)

    def test_a_mini_batch_of_no_weight_is_no_step(self):
        network, images, labels = make_problem()
        before = [part.copy() for part in [*network.weights, *network.biases]]
        importance = np.zeros(N)
        importance[3] = 1e-300  # not all may be 0
        network.train((images, labels), 1, 1.0, mini_batch_size=1, sample_weight=importance)
        twin, _, _ = make_problem()
        twin.gradient_step((images[3:4], labels[3:4]), 1.0)
        assert_parameters(network, [*twin.weights, *twin.biases])
        assert formulas.distance([*network.weights, *network.biases], before) > 1e-3

    def test_an_infinitely_wrong_sample_of_no_weight(self):
        network = Network([1, 1], activation=["relu"], loss="poisson", initializer=[[[1.0]]])
        images, targets = np.array([[-1.0], [2.0]]), np.array([[3.0], [1.0]])  # -3 * log(0) for the first
        history = network.train((images, targets), 1, 0.1, sample_weight=[0, 1])
        assert history.loss == [pytest.approx(2 - np.log(2))]

    def test_classes(self):
        network, images, labels = make_problem()
        twin, _, _ = make_problem()
        network.train((images, labels), 3, 0.5, class_weight={0: 3.0, 2: 0.5})
        twin.train((images, labels), 3, 0.5, sample_weight=np.array([3.0, 1.0, 0.5])[labels])
        assert_parameters(network, [*twin.weights, *twin.biases])

    def test_balanced_classes_weigh_the_same_together(self):
        network, images, _ = make_problem()
        labels = np.repeat([0, 2], [15, 5])
        twin, _, _ = make_problem()
        network.train((images, labels), 3, 0.5, class_weight="balanced")
        twin.train((images, labels), 3, 0.5, sample_weight=np.repeat([20 / 30, 20 / 10], [15, 5]))
        assert_parameters(network, [*twin.weights, *twin.biases])

    def test_of_samples_and_of_classes_are_multiplied(self):
        network, images, labels = make_problem()
        twin, _, _ = make_problem()
        importance = np.random.default_rng(1).random(N)
        network.train((images, labels), 3, 0.5, class_weight={1: 4}, sample_weight=importance)
        twin.train((images, labels), 3, 0.5, sample_weight=importance * np.array([1, 4, 1])[labels])
        assert_parameters(network, [*twin.weights, *twin.biases])

    def test_they_follow_their_samples_through_shuffling(self):
        train, _ = cmlp.load_digits()
        rows = np.flatnonzero(train.labels < 3)
        importance = (train.labels != 1).astype(float)
        network = Network([64, 10], activation=["softmax"], loss=LOSS)
        network.train(train, 5, 0.5, mini_batch_size=10, sample_weight=importance)
        answers = network.predict(train.images[rows])
        assert not (answers == 1).any(), "what weighs nothing is never learnt"
        assert np.mean(answers[train.labels[rows] != 1] == train.labels[rows][train.labels[rows] != 1]) > 0.95
