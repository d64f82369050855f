"""Dropout: how many units are left out, and the gradient with exactly these left out."""

import copy

import numpy as np
import pytest
from support import formulas

from cmlp import Network

TYPES = pytest.mark.parametrize("dtype", ["float64", "float32"])
TOLERANCE = {"float64": 1e-12, "float32": 1e-4}
ACTIVATIONS = ["tanh", "gelu", "softmax"]
SIZES = [6, 8, 5, 3]


def make_problem(dropout, dtype="float64", n=30):
    network = Network(SIZES, activation=ACTIVATIONS, loss="cross_entropy", dropout=dropout, dtype=dtype, seed=4)
    rng = np.random.default_rng(2)
    formulas.jitter(network, rng)
    return network, rng.standard_normal((n, 6)), rng.integers(3, size=n)


def masks_of(network, key, first, n):
    """What the formulas say is left out of a mini-batch whose first image has some place in the epoch."""
    masks, before = [], 0
    for units, share in zip(network.sizes[1:], network.architecture.dropouts, strict=True):
        masks.append(formulas.dropout_mask(key, share, before, units, first, n))
        before += units
    return masks


def order_and_key(network, n):
    """What the next epoch draws."""
    rng = copy.deepcopy(network.rng)
    return rng.permutation(n), int(rng.integers(2**63))


class TestMask:
    @pytest.mark.parametrize("share", [0.1, 0.5, 0.9])
    def test_share_and_expectation(self, share):
        """A hidden layer of constant activations 1, whose mean over everything is what the outputs see."""
        units, n = 1000, 1000
        network = Network([1, units, 1], activation=["identity", "identity"], loss="half_squared_error",
                          dropout=share, initializer="zeros")  # fmt: skip
        network.biases[0][...] = 1
        data = (np.zeros((n, 1)), np.ones((n, 1)))  # with weights of zero: a - y = -1, and nabla_w = -mean(kept)
        network.train(data, 1, 1.0, mini_batch_size=n)
        kept = network.weights[1][0]  # of each unit, how often it was kept, divided by n * (1 - share)
        deviation = np.sqrt(share / (1 - share) / (units * n))
        assert abs(kept.mean() - 1) < 4 * deviation
        counts = kept * n * (1 - share)
        np.testing.assert_allclose(counts, counts.round(), atol=1e-6)
        # Each unit is left out as often as chance has it: chi-squared with `units` degrees of freedom.
        chi_squared = np.sum((counts - n * (1 - share)) ** 2) / (n * share * (1 - share))
        assert abs(chi_squared - units) < 4 * np.sqrt(2 * units)

    def test_units_and_images_are_independent(self):
        mask = formulas.dropout_mask(12345, 0.5, 0, 200, 0, 5000) > 0
        centred = mask - 0.5
        by_units = centred @ centred.T / 5000
        np.fill_diagonal(by_units, 0)
        assert np.abs(by_units).max() < 6 * 0.25 / np.sqrt(5000)
        next_image = np.mean(centred[:, 1:] * centred[:, :-1])
        next_layer = np.mean(centred * (formulas.dropout_mask(12345, 0.5, 200, 200, 0, 5000) > 0))
        assert max(abs(next_image), abs(next_layer)) < 4 * 0.5 / np.sqrt(10**6)


class TestGradient:
    @TYPES
    @pytest.mark.parametrize("dropout", [0.5, [0.3, 0.0], [0.0, 0.7], [0.2, 0.4]])
    def test_epochs_of_mini_batches_against_the_formula(self, dropout, dtype):
        network, images, labels = make_problem(dropout, dtype)
        weights, biases = formulas.parameters(network)
        twin = copy.deepcopy(network)
        for _ in range(2):
            order, key = order_and_key(twin, 30)
            twin.train((images, labels), 1, 0.5, mini_batch_size=8)
            for begin in range(0, 30, 8):
                rows = order[begin : begin + 8]
                nabla_w, nabla_b = formulas.gradient(
                    weights, biases, ACTIVATIONS, "cross_entropy", images[rows].T, np.eye(3)[:, labels[rows]],
                    masks=masks_of(network, key, begin, len(rows)),
                )  # fmt: skip
                weights = [w - 0.5 * nabla for w, nabla in zip(weights, nabla_w, strict=True)]
                biases = [b - 0.5 * nabla for b, nabla in zip(biases, nabla_b, strict=True)]
        assert formulas.distance([*twin.weights, *twin.biases], weights + biases) < TOLERANCE[dtype]
        network.train((images, labels), 2, 0.5, mini_batch_size=8)
        assert formulas.distance(network.weights, weights) < TOLERANCE[dtype], "two epochs, two keys"

    def test_central_differences_with_the_same_mask(self):
        """The reported loss of one step is that with dropout; the step must go against its slope."""
        eta, h = 1e-3, 1e-5

        def loss_with(change):
            network, images, labels = make_problem([0.3, 0.5])
            for array, part in zip([*network.weights, *network.biases], change, strict=True):
                array += part
            before = [part.copy() for part in [*network.weights, *network.biases]]
            history = network.train((images, labels), 1, eta)
            moved = zip(before, [*network.weights, *network.biases], strict=True)
            return history.loss[0], [(old - new) / eta for old, new in moved]

        network, _, _ = make_problem([0.3, 0.5])
        nothing = [np.zeros(part.shape) for part in [*network.weights, *network.biases]]
        _, nabla = loss_with(nothing)
        rng = np.random.default_rng(0)
        for _ in range(20):
            direction = [rng.standard_normal(part.shape) for part in nothing]
            above, _ = loss_with([h * part for part in direction])
            below, _ = loss_with([-h * part for part in direction])
            slope = sum(np.sum(a * b) for a, b in zip(nabla, direction, strict=True))
            assert abs(slope) > 1e-3
            assert (above - below) / (2 * h) == pytest.approx(slope, rel=1e-6)

    def test_mini_batches_of_one_image(self):
        network, images, labels = make_problem(0.5, n=1)
        weights, biases = formulas.parameters(network)
        _, key = order_and_key(network, 1)
        masks = masks_of(network, key, 0, 1)
        targets = np.eye(3)[:, labels]
        nabla = formulas.gradient(weights, biases, ACTIVATIONS, "cross_entropy", images.T, targets, masks=masks)
        network.train((images, labels), 1, 0.5)
        expected = [w - 0.5 * part for w, part in zip(weights + biases, nabla[0] + nabla[1], strict=True)]
        assert formulas.distance([*network.weights, *network.biases], expected) < 1e-12


class TestElsewhere:
    def test_predicting_leaves_nothing_out(self):
        network, images, labels = make_problem(0.5)
        plain, _, _ = make_problem(0.0)
        for _ in range(2):
            assert np.array_equal(network(images), plain(images))
            assert np.array_equal(network.feedforward(images), plain.feedforward(images))
            assert network.loss(images, labels) == plain.loss(images, labels)
            assert network.test((images, labels)) == plain.test((images, labels))
            network.train((images, labels), 1, 1e-300)
        for part, expected in zip(network.gradient(images, labels), plain.gradient(images, labels), strict=True):
            assert formulas.distance(part, expected) == 0

    def test_same_seed_same_bits_and_another_seed_others(self):
        def bits(seed):
            network, images, labels = make_problem(0.5)
            network.rng = np.random.default_rng(seed)
            return network.train((images, labels), 3, 0.5, mini_batch_size=7).loss, network.weights[0].tobytes()

        assert bits(1) == bits(1)
        assert bits(1) != bits(2)

    def test_each_epoch_leaves_out_others(self):
        network, images, labels = make_problem(0.5)
        losses = network.train((images, labels), 5, 1e-300).loss
        assert len(set(losses)) == 5

    def test_no_hidden_layer_nothing_to_leave_out(self):
        network = Network([3, 2], dropout=0.9)
        twin = Network([3, 2])
        data = (np.eye(3), np.array([0, 1, 0]))
        network.train(data, 3, 1.0)
        twin.train(data, 3, 1.0)
        assert np.array_equal(network.weights[0], twin.weights[0])
