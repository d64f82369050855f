"""The network against the reference in NumPy, central differences and a step by hand."""

import copy
import pickle

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from support import reference
from support.networks import assert_close, jitter_biases, random_batch

import cmlp
from cmlp import Network

TOLERANCE = {"float64": 1e-12, "float32": 1e-5}
EPOCH_TOLERANCE = {"float64": 1e-9, "float32": 1e-3}
SIZES = [(784, 16, 16, 10), (1, 1), (3, 2), (5, 7, 3), (1, 4, 1, 2), (33, 129, 17, 10), (64, 300, 10)]
BATCHES = [1, 2, 7, 125, 126]


def parameters(network):
    """Copies in float64, for the reference to compute with."""
    return [w.astype(float) for w in network.weights], [b.astype(float) for b in network.biases]


class TestAgainstTheReference:
    @pytest.mark.parametrize("dtype", TOLERANCE)
    @pytest.mark.parametrize("n", BATCHES)
    @pytest.mark.parametrize("sizes", SIZES, ids=str)
    def test_feedforward(self, sizes, n, dtype):
        network = Network(sizes, dtype=dtype)
        jitter_biases(network)
        images, _ = random_batch(sizes, n)
        _, expected = reference.feedforward(*parameters(network), images.T)
        outputs = network.feedforward(images)
        assert outputs.dtype == dtype
        assert_close(network.activations, [a.T for a in expected], TOLERANCE[dtype])
        assert np.array_equal(network(images), outputs)

    @pytest.mark.parametrize("dtype", TOLERANCE)
    @pytest.mark.parametrize("n", BATCHES)
    @pytest.mark.parametrize("sizes", SIZES, ids=str)
    def test_gradient(self, sizes, n, dtype):
        network = Network(sizes, dtype=dtype)
        jitter_biases(network)
        images, labels = random_batch(sizes, n)
        targets = reference.one_hot(labels, sizes[-1])
        expected_w, expected_b = reference.gradient(*parameters(network), images.T, targets)
        nabla_w, nabla_b = network.gradient(images, labels)
        assert_close(nabla_w, expected_w, TOLERANCE[dtype])
        assert_close(nabla_b, expected_b, TOLERANCE[dtype])
        cost = reference.cost(*parameters(network), images.T, targets)
        assert network.loss(images, labels) == pytest.approx(cost, rel=TOLERANCE[dtype])

    @pytest.mark.parametrize("dtype", TOLERANCE)
    @pytest.mark.parametrize("n", [1, 7, 125])
    def test_ten_steps(self, n, dtype):
        network = Network((20, 9, 5), dtype=dtype)
        weights, biases = parameters(network)
        for seed in range(10):
            images, labels = random_batch(network.sizes, n, seed)
            targets = reference.one_hot(labels, 5)
            weights, biases = reference.step(weights, biases, images.T, targets, 3.0)
            network.gradient_step(list(zip(images, labels, strict=True)), 3.0)
        assert_close(network.weights, weights, TOLERANCE[dtype])
        assert_close(network.biases, biases, TOLERANCE[dtype])

    @pytest.mark.parametrize("dtype", EPOCH_TOLERANCE)
    @pytest.mark.parametrize(("n", "mini_batch_size"), [(1000, 125), (1003, 125), (40, 125), (50, 1), (51, 7)])
    def test_an_epoch(self, n, mini_batch_size, dtype):
        network = Network((30, 8, 8, 4), dtype=dtype, seed=5)
        weights, biases = parameters(network)
        images, labels = random_batch(network.sizes, n)
        order = copy.deepcopy(network.rng).permutation(n)
        network.train(list(zip(images, labels, strict=True)), 1, 3.0, mini_batch_size=mini_batch_size)
        targets = reference.one_hot(labels, 4)
        weights, biases = reference.epoch(weights, biases, images.T, targets, order, mini_batch_size, 3.0)
        assert_close(network.weights, weights, EPOCH_TOLERANCE[dtype])
        assert_close(network.biases, biases, EPOCH_TOLERANCE[dtype])

    @pytest.mark.parametrize("dtype", TOLERANCE)
    @pytest.mark.parametrize("kind", ["u1", "f4", "f8"])
    @pytest.mark.parametrize("fan_out", [1, 10, 16, 33, 100])
    def test_images_that_are_mostly_zero(self, fan_out, kind, dtype):
        network = Network((784, fan_out, 10), dtype=dtype)
        jitter_biases(network)
        rng = np.random.default_rng(fan_out)
        images = np.where(rng.random((125, 784)) < 0.2, rng.integers(1, 256, (125, 784)), 0).astype(kind)
        images[3] = 0
        if kind != "u1":
            images /= 255
        pixels = images / 255 if kind == "u1" else images.astype(float)
        labels = rng.integers(10, size=125)
        for layout in (images, np.repeat(images, 2, axis=1)[:, ::2]):
            targets = reference.one_hot(labels, 10)
            expected_w, expected_b = reference.gradient(*parameters(network), pixels.T, targets)
            nabla_w, nabla_b = network.gradient(layout, labels)
            assert_close(nabla_w, expected_w, TOLERANCE[dtype])
            assert_close(nabla_b, expected_b, TOLERANCE[dtype])
            outputs = reference.feedforward(*parameters(network), pixels.T)[1][-1]
            assert_close([network(layout)], [outputs.T], TOLERANCE[dtype])

    def test_loss_of_an_epoch_is_that_before_each_step(self):
        network = Network((30, 8, 4), seed=5)
        images, labels = random_batch(network.sizes, 10)
        expected = network.loss(images, labels)
        history = network.train(cmlp.Dataset(images, labels, classes=4), 1, 1.0)
        assert history.loss == [pytest.approx(expected, rel=1e-12)]

    @settings(deadline=None, max_examples=60)
    @given(
        sizes=st.lists(st.integers(1, 12), min_size=2, max_size=5),
        n=st.integers(1, 300),
        seed=st.integers(0, 2**32),
        dtype=st.sampled_from(sorted(TOLERANCE)),
        kind=st.sampled_from(["u1", "i8", "f4", "f8", ">f8"]),
        order=st.sampled_from("CF"),
    )
    def test_any_shape_and_type(self, sizes, n, seed, dtype, kind, order):
        network = Network(sizes, dtype=dtype, seed=seed)
        rng = np.random.default_rng(seed)
        images = np.array(rng.integers(0, 2, (n, sizes[0])), dtype=kind, order=order)
        pixels = images.astype(float) / (255 if kind == "u1" else 1)
        _, expected = reference.feedforward(*parameters(network), pixels.T)
        assert_close([network(images)], [expected[-1].T], 10 * TOLERANCE[dtype])
        strided = np.repeat(images, 2, axis=1)[:, ::2]
        assert_close([network(strided)], [network(images)], 10 * TOLERANCE[dtype])


class TestGradient:
    @pytest.mark.parametrize("sizes", [(3, 2), (5, 4, 3), (7, 6, 5, 2)], ids=str)
    def test_central_differences(self, sizes):
        network = Network(sizes)
        jitter_biases(network)
        images, labels = random_batch(sizes, 5)
        nabla_w, nabla_b = network.gradient(images, labels)
        h = 1e-5
        for layers, nabla in ((network.weights, nabla_w), (network.biases, nabla_b)):
            for array, expected in zip(layers, nabla, strict=True):
                assert np.abs(expected).max() > 1e-4, "a gradient of zeros would agree with anything"
                for index in np.ndindex(array.shape):
                    value = array[index]
                    array[index] = value + h
                    above = network.loss(images, labels)
                    array[index] = value - h
                    below = network.loss(images, labels)
                    array[index] = value
                    assert (above - below) / (2 * h) == pytest.approx(expected[index], rel=1e-6, abs=1e-9)

    def test_a_step_by_hand(self):
        network = Network([1, 1])
        network.weights[0] = [[0.0]]
        # z = 0, a = 1/2, y = 1: delta = 2 * (1/2 - 1) * 1/2 * (1 - 1/2) = -1/4
        nabla_w, nabla_b = network.gradient([2.0], 0)
        assert (nabla_w[0].item(), nabla_b[0].item()) == (-0.5, -0.25)
        assert network.gradient_step([([2.0], 0)], 4.0) == 0.25
        assert (network.weights[0].item(), network.biases[0].item()) == (2.0, 1.0)

    def test_changes_nothing(self, net):
        before = pickle.dumps(parameters(net))
        net.gradient(*random_batch(net.sizes, 4))
        assert pickle.dumps(parameters(net)) == before

    def test_of_one_image(self, net):
        image, label = random_batch(net.sizes, 1)
        expected = net.gradient(image, label)
        for one, target in ((image[0], label[0]), (image.T, np.eye(4)[label[0]]), (image[0], np.eye(4)[:, label])):
            for part, expected_part in zip(net.gradient(one, target), expected, strict=True):
                assert_close(part, expected_part, 0)
