import copy
import pickle

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from support import reference

import cmlp
from cmlp import DataError, ModelError, Network

TOLERANCE = {"float64": 1e-12, "float32": 1e-5}
EPOCH_TOLERANCE = {"float64": 1e-9, "float32": 1e-3}

SIZES = [(784, 16, 16, 10), (1, 1), (3, 2), (5, 7, 3), (1, 4, 1, 2), (33, 129, 17, 10), (64, 300, 10)]
BATCHES = [1, 2, 7, 125, 126]


FOUNDING_SCRIPT = """
import pickle
from cmlp import Network

def load(path):
    with open(path, "rb") as file:
        return pickle.load(file)

training_data = list(zip(load("data/images.pkl"), load("data/labels.pkl")))
test_data = list(zip(load("data/test/test_images.pkl"), load("data/test/test_labels.pkl")))
net = Network()
net.train(training_data, 10, 3.0)
accuracy = net.test(test_data)
"""


def random_batch(sizes, n, seed=1):
    rng = np.random.default_rng(seed)
    return rng.random((n, sizes[0])), rng.integers(sizes[-1], size=n)


def parameters(network):
    """Copies in float64, for the reference to compute with."""
    return [w.astype(float) for w in network.weights], [b.astype(float) for b in network.biases]


def jitter_biases(network, seed=2):
    rng = np.random.default_rng(seed)
    for b in network.biases:
        b[...] = rng.normal(size=b.shape)


def assert_close(actual, expected, tolerance):
    """Relative to the largest value of each array: single entries may cancel to nearly nothing."""
    assert len(actual) == len(expected)
    for a, e in zip(actual, expected, strict=True):
        assert a.shape == e.shape
        assert np.abs(a - e).max() <= tolerance * np.abs(e).max()


@pytest.fixture
def net():
    network = Network([6, 5, 4])
    jitter_biases(network)
    return network


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


class TestTraining:
    def test_learns_the_digits(self):
        train, test = cmlp.load_digits()
        network = Network([64, 16, 16, 10])
        history = network.train(train, 25, 3.0, mini_batch_size=10, test_data=test, training_accuracy=True)
        assert len(history) == 25
        assert history.loss[-1] < history.loss[0] / 10
        assert history.training_accuracy[-1] > 98
        assert history.test_accuracy[-1] > 95
        assert network.test(test) == history.test_accuracy[-1]
        assert len(history.seconds) == 25 and min(history.seconds) > 0

    @pytest.mark.parametrize("dtype", ["float64", "float32"])
    def test_same_seed_same_bits(self, dtype):
        train, _ = cmlp.load_digits()

        def bits():
            network = Network([64, 30, 10], dtype=dtype, seed=4)
            history = network.train(train, 3, 3.0, mini_batch_size=10)
            return [w.tobytes() for w in network.weights], [b.tobytes() for b in network.biases], history.loss

        assert bits() == bits()

    @pytest.mark.parametrize("eta", [3, np.float32(3), np.int64(3)], ids=["int", "float32", "int64"])
    def test_eta_of_any_type(self, eta):
        images, labels = random_batch((6, 4), 50)
        network, twin = Network([6, 4]), Network([6, 4])
        network.train((images, labels), 2, eta)
        twin.train((images, labels), 2, 3.0)
        assert_close(network.weights, list(twin.weights), 0)

    def test_touches_nothing_of_the_caller(self):
        images, labels = random_batch((6, 4), 50)
        pairs = list(zip(images, labels, strict=True))
        before = images.tobytes(), labels.tobytes(), [id(pair) for pair in pairs]
        np.random.seed(1)  # noqa: NPY002 - the global generator is what must stay untouched
        state = np.random.get_state()  # noqa: NPY002
        Network([6, 4]).train(pairs, 3, 1.0)
        assert (images.tobytes(), labels.tobytes(), [id(pair) for pair in pairs]) == before
        assert all(np.array_equal(a, b) for a, b in zip(state, np.random.get_state(), strict=True))  # noqa: NPY002

    def test_every_image_is_used_once_per_epoch(self):
        # With weights of zero and a tiny eta, the biases move by eta * the sum of the deltas, which are all alike.
        network = Network([1, 2])
        network.weights[0] = np.zeros((2, 1))
        network.train([(np.zeros(1), 0)] * 1003, 1, 1e-9, mini_batch_size=125)
        mini_batches = 9
        np.testing.assert_allclose(network.biases[0], [1e-9 * mini_batches / 4, -1e-9 * mini_batches / 4], rtol=1e-6)

    def test_read_only_and_non_contiguous_data(self):
        images, labels = random_batch((6, 4), 50)
        expected = Network([6, 4])
        expected.train(cmlp.Dataset(images, labels), 2, 1.0)
        wide = np.repeat(np.repeat(images, 2, axis=0), 3, axis=1)
        wide.setflags(write=False)
        network = Network([6, 4])
        network.train(cmlp.Dataset(wide[::2, ::3], np.repeat(labels, 2)[::2]), 2, 1.0)
        assert_close(network.weights, list(expected.weights), 0)

    def test_a_loss_that_is_not_finite_stops_it(self):
        images, labels = random_batch((6, 4), 50)
        data = cmlp.Dataset(images, labels)
        network, twin = Network([6, 4]), Network([6, 4])
        order = copy.deepcopy(network.rng).permutation(50)
        images[order[34]] = np.nan  # behind the back of the Dataset, which has checked them
        expected = (
            r"^training stopped in epoch 1, mini-batch 4 of 5, because the loss is not finite; "
            r"the last finite weights are kept, and no image may hold an inf or nan$"
        )
        with pytest.raises(ModelError, match=expected):
            network.train(data, 2, 1.0, mini_batch_size=10)
        for begin in (0, 10, 20):
            twin.gradient_step(data[order[begin : begin + 10]], 1.0)
        assert_close(network.weights, list(twin.weights), 1e-14)

    def test_weights_that_are_not_finite_are_taken_back(self):
        network = Network([1, 1], dtype="float32")
        network.weights[0] = [[0.0]]
        with pytest.raises(ModelError, match="the last finite weights are kept"):
            network.train([(np.array([1e30]), 0)], 1, 1e30)
        assert network.weights[0].item() == 0

    def test_predicting_without_numbers_is_an_error(self, net):
        images, _ = random_batch(net.sizes, 5)
        images[3, 2] = np.nan
        expected = r"^image 3 has outputs that are not numbers, because its pixels are not finite$"
        with pytest.raises(DataError, match=expected):
            net.predict(images)
        net.weights[0][0, 0] = np.inf
        images[:] = 0
        with pytest.raises(DataError, match=r"^image 0 .* because the network's weights are not finite$"):
            net.test(list(zip(images, [0] * 5, strict=True)))

    def test_progress_bar_is_on_stderr_and_on_demand(self, net, capsys):
        data = list(zip(*random_batch(net.sizes, 20), strict=True))
        net.train(data, 2, 1.0)
        assert capsys.readouterr() == ("", "")
        history = net.train(data, 2, 1.0, test_data=data, training_accuracy=True, progress=True)
        out, err = capsys.readouterr()
        assert out == "" and "2/2" in err and "test" in err
        assert str(history).startswith(
            f"epoch 1: loss {history.loss[0]:.4f}, training {history.training_accuracy[0]:.2f} %"
        )


class TestComplaints:
    @pytest.mark.parametrize(
        ("arguments", "message"),
        [
            ({"sizes": [784]}, "sizes must be at least two positive integers, got [784]"),
            ({"sizes": 784}, "sizes must be at least two positive integers, got 784"),
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
            ([(np.zeros(6), 4)], "labels of training_data must lie in 0..3, got 4 at index 0"),
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
                "labels of training_data must lie in 0..3, got 9 at index 1",
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
            ([[1, 2], [3]], "images must have 6 pixels each, got a ragged list"),
        ],
    )
    def test_of_images(self, net, images, message):
        with pytest.raises(DataError) as error:
            net(images)
        assert str(error.value) == message

    def test_of_gradient(self, net):
        with pytest.raises(DataError, match=r"^images and labels of the batch must be equally many, got 3 and 2$"):
            net.gradient(np.zeros((3, 6)), [1, 2])
        with pytest.raises(ModelError, match=r"^the loss must be finite to have a gradient, got nan$"):
            net.weights[0][0, 0] = np.nan
            net.gradient(np.zeros(6), 1)


class TestMnist:
    @pytest.fixture
    def data(self, mnist):
        return (
            cmlp.Dataset(mnist["training images"], mnist["training labels"]),
            cmlp.Dataset(mnist["test images"], mnist["test labels"]),
        )

    @pytest.mark.parametrize("dtype", ["float64", "float32"])
    def test_ten_epochs(self, data, dtype):
        train, test = data
        accuracies = []
        for seed in range(5):
            network = Network(dtype=dtype, seed=seed)
            network.train(train, 10, 3.0)
            accuracies.append(network.test(test))
        assert min(accuracies) >= 93.5
        assert np.mean(accuracies) >= 94

    def test_the_founding_script_with_its_class_replaced(self, mnist, tmp_path, monkeypatch):
        (tmp_path / "data" / "test").mkdir(parents=True)
        for name, kind in (("", "training"), ("test/test_", "test")):
            for what, values in (("images", mnist[f"{kind} images"] / 255), ("labels", mnist[f"{kind} labels"])):
                with (tmp_path / "data" / f"{name}{what}.pkl").open("wb") as file:
                    pickle.dump(values, file)
        monkeypatch.chdir(tmp_path)
        names = {}
        exec(FOUNDING_SCRIPT, names)
        assert names["accuracy"] >= 93.5

    def test_twenty_five_epochs(self, data):
        train, test = data
        accuracies = []
        for seed in range(5):
            network = Network(dtype="float32", seed=seed)
            network.train(train, 25, 3.0)
            accuracies.append(network.test(test))
        assert np.mean(accuracies) >= 94.5
