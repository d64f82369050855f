"""What a network takes and gives, and what it refuses."""

import copy
import pickle

import numpy as np
import pytest
from support.networks import assert_close, random_batch

import cmlp
from cmlp import DataError, ModelError, Network


class TestFaces:
    def test_shapes_of_images(self, net):
        batch, _ = random_batch(net.sizes, 3)
        outputs = net(batch)
        assert outputs.shape == (3, 4)
        assert np.array_equal(net(batch.reshape(3, 2, 3)), outputs)
        assert np.array_equal(net(batch.reshape(3, 6, 1)), outputs)
        for one in (batch[1], batch[1][:, None], batch[1].reshape(2, 3), batch[1].tolist()):
            assert net(one).shape == (4,)
            np.testing.assert_allclose(net(one), outputs[1], rtol=1e-14)
            assert net.predict(one) == outputs[1].argmax()
        assert [a.shape for a in net.activations] == []
        net.feedforward(batch[1])
        assert [a.shape for a in net.activations] == [(6,), (5,), (4,)]

    def test_predict_and_test(self, net):
        images, _ = random_batch(net.sizes, 600)
        labels = net.predict(images)
        assert labels.dtype == np.intp and type(net.predict(images[0])) is int
        assert net.test(list(zip(images, labels, strict=True))) == 100
        wrong = labels.copy()
        wrong[:150] = (wrong[:150] + 1) % 4
        assert net.test(cmlp.Dataset(images, wrong, classes=4)) == 75

    def test_one_hot_and_integer_labels_mean_the_same(self, net):
        images, labels = random_batch(net.sizes, 9)
        columns = [(image[:, None], np.eye(4)[label][:, None]) for image, label in zip(images, labels, strict=True)]
        assert net.test(columns) == net.test(list(zip(images, labels, strict=True)))

    def test_uint8_pixels_are_scaled(self, net):
        pixels = np.arange(0, 252, 42, dtype=np.uint8)
        np.testing.assert_allclose(net(pixels), net(pixels / 255), rtol=1e-14)
        net.train(cmlp.Dataset(np.array([[0, 1, 2, 4, 8, 16]], np.uint8), [3], classes=4), 1, 0.1)
        assert net.scale == 1 / 16
        np.testing.assert_allclose(net(pixels), net(pixels / 16), rtol=1e-14)
        net.train(cmlp.Dataset(np.full((1, 6), 0.5), [3], classes=4), 1, 0.1)
        assert net.scale == 1 / 16, "pixels in 0..1 do not say what a byte would be worth"

    def test_uint8_pairs_bring_their_scale(self, net):
        images = np.array([[0, 1, 2, 4, 8, 16], [16, 0, 0, 0, 0, 0]], np.uint8)
        twin = copy.deepcopy(net)
        net.train([(images[0], 1), (images[1], 2)], 2, 0.1)
        twin.train([(images[0] / 16, 1), (images[1] / 16, 2)], 2, 0.1)
        assert net.scale == 1 / 16
        assert_close(net.weights, list(twin.weights), 1e-14)

    def test_parameters_are_views(self, net):
        net.weights[0] = np.ones((5, 6))
        net.biases[1][:] = 7
        assert np.array_equal(net.weights[0], np.ones((5, 6)))
        assert np.array_equal(net.feedforward(np.zeros(6)), net(np.zeros(6)))
        assert net(np.zeros(6)).min() > 0.99
        net.weights[0] -= 1
        assert not net.weights[0].any()
        with pytest.raises(ModelError, match=r"^weights\[0\] must have shape \(5, 6\), got \(6, 5\)$"):
            net.weights[0] = np.ones((6, 5))

    def test_glorot_normal_from_the_seed(self):
        network = Network([784, 16, 10], seed=3)
        rng = np.random.default_rng(3)
        assert np.array_equal(network.weights[0], rng.standard_normal((16, 784)) * np.sqrt(2 / 800))
        assert np.array_equal(network.weights[1], rng.standard_normal((10, 16)) * np.sqrt(2 / 26))
        assert not any(b.any() for b in network.biases)
        single = Network([784, 16, 10], seed=3, dtype="float32")
        assert np.array_equal(single.weights[0], network.weights[0].astype("float32"))

    def test_default_is_the_network_of_the_film(self):
        network = Network()
        assert network.sizes == (784, 16, 16, 10) and network.dtype == np.float64
        assert repr(network) == "Network(784-16-16-10, sigmoid, quadratic loss, float64, 13,002 parameters)"

    @pytest.mark.parametrize("clone", [copy.deepcopy, lambda network: pickle.loads(pickle.dumps(network))])
    def test_copies_are_equal_and_apart(self, net, clone):
        net.feedforward(np.zeros(6))
        twin = clone(net)
        data = list(zip(*random_batch(net.sizes, 40), strict=True))
        net.train(data, 2, 1.0)
        assert not np.array_equal(net.weights[0], twin.weights[0])
        twin.train(data, 2, 1.0)
        assert_close(twin.weights, list(net.weights), 0)

    def test_no_images(self, net):
        assert net(np.empty((0, 6))).shape == (0, 4)
        assert net.predict(np.empty((0, 6))).shape == (0,)
        assert net.feedforward(np.empty((0, 6))).shape == (0, 4)

    @pytest.mark.parametrize("n", [255, 256, 257, 1000])
    def test_blocks_of_images(self, net, n):
        images, _ = random_batch(net.sizes, n)
        np.testing.assert_allclose(net(images), net.feedforward(images), rtol=1e-13)
        np.testing.assert_allclose(net(images.astype("f4")), net(images.astype("f4").astype("f8")), rtol=1e-13)


class TestComplaints:
    @pytest.mark.parametrize("sizes", [(64, 16, 10), (64, 10), (np.int64(64), 10)])
    def test_sizes_one_by_one(self, sizes):
        with pytest.raises(TypeError) as caught:
            cmlp.Network(*sizes)
        assert str(caught.value) == f"Network() takes sizes as one list: Network({list(map(int, sizes))})"

    @pytest.mark.parametrize(
        ("arguments", "message"),
        [
            ({"sizes": [784]}, "sizes must be at least two positive integers, got [784]"),
            ({"sizes": 784}, "sizes must be at least two positive integers, got 784"),
            (
                {"sizes": "64-16-10"},
                "sizes must be at least two positive integers in a list, as in Network([64, 16, 10]), got '64-16-10'",
            ),
            ({"sizes": "ab"}, "sizes must be at least two positive integers, got 'ab'"),
            ({"sizes": [784, 0, 10]}, "sizes must be at least two positive integers below 2**31, got 0"),
            ({"sizes": [784, 2.5]}, "sizes must be at least two positive integers below 2**31, got 2.5"),
            ({"sizes": [2**31, 2]}, "sizes must be at least two positive integers below 2**31, got 2147483648"),
            (
                {"sizes": [2**30, 2**30]},
                "sizes must give fewer than 2**31 parameters, got (1073741824, 1073741824)",
            ),
            ({"dtype": "float16"}, "dtype must be float64 or float32, got 'float16'"),
            ({"dtype": "number"}, "dtype must be float64 or float32, got 'number'"),
        ],
    )
    def test_of_the_constructor(self, arguments, message):
        with pytest.raises(ModelError) as error:
            Network(**arguments)
        assert str(error.value) == message

    @pytest.mark.parametrize(
        ("arguments", "message"),
        [
            ({"epochs": 0}, "epochs must be a positive integer below 2**31, got 0"),
            ({"epochs": True}, "epochs must be a positive integer below 2**31, got True"),
            ({"eta": -1}, "eta must be a positive number, got -1"),
            ({"eta": float("nan")}, "eta must be a positive number, got nan"),
            ({"eta": "3"}, "eta must be a positive number, got '3'"),
            ({"mini_batch_size": 1.5}, "mini_batch_size must be a positive integer below 2**31, got 1.5"),
        ],
    )
    def test_of_train(self, net, arguments, message):
        with pytest.raises(ModelError) as error:
            net.train(**{"training_data": [(np.zeros(6), 0)], "epochs": 1, "eta": 1.0} | arguments)
        assert str(error.value) == message

    @pytest.mark.parametrize(
        ("data", "message"),
        [
            ([], "training_data must not be empty; a zip or generator yields its pairs only once"),
            (7, "training_data must be a Dataset, two arrays or pairs (image, label), got int"),
            (
                [np.zeros((3, 6)), np.zeros(3, int)],
                "training_data must be a Dataset, two arrays or pairs (image, label), got ndarray at index 0",
            ),
            ([(np.zeros(6), 4)], "labels of training_data must be in 0..3, got 4 at index 0"),
            ([(np.zeros(6), "seven")], "labels of training_data must be numbers, got str at index 0"),
            ([(np.zeros(5), 1)], "images of training_data must have the network's 6 pixels, got 5"),
            (
                [(np.zeros(6), 1), (np.full(6, np.inf), 1)],
                "images of training_data must be finite, got inf in image 1, pixel 0",
            ),
            (
                cmlp.Dataset(np.zeros((2, 5)), [0, 1]),
                "images of training_data must have the network's 6 pixels, got 5",
            ),
            (
                cmlp.Dataset(np.zeros((2, 6)), [0, 9]),
                "labels of training_data must be in 0..3, got 9 at index 1",
            ),
        ],
    )
    def test_of_the_data(self, net, data, message):
        with pytest.raises(DataError) as error:
            net.train(data, 1, 1.0)
        assert str(error.value) == message

    @pytest.mark.parametrize(
        ("images", "message"),
        [
            (np.zeros(5), "images must have 6 pixels each, got an array of shape (5,)"),
            (np.zeros((2, 5)), "images must have 6 pixels each, got an array of shape (2, 5)"),
            ("image", "images must be integers or real numbers, got dtype <U5"),
            (np.zeros(6, complex), "images must be integers or real numbers, got dtype complex128"),
            ([[1, 2], [3]], "images must have 6 pixels each and come without labels, got a ragged list"),
        ],
    )
    def test_of_images(self, net, images, message):
        with pytest.raises(DataError) as error:
            net(images)
        assert str(error.value) == message

    def test_of_gradient(self, net):
        with pytest.raises(DataError, match=r"^images and labels of the batch must have the same length, got 3 and 2$"):
            net.gradient(np.zeros((3, 6)), [1, 2])
        with pytest.raises(ModelError, match=r"^the loss must be finite to have a gradient, got nan$"):
            net.weights[0][0, 0] = np.nan
            net.gradient(np.zeros(6), 1)
