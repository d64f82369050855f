"""What training does with a network and with its data, and how well it learns MNIST."""

import copy
import pickle

import numpy as np
import pytest
from support.networks import assert_close, random_batch

import cmlp
from cmlp import DataError, ModelError, Network

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

    @pytest.mark.parametrize("mini_batch_size", [4, 125])
    @pytest.mark.parametrize("strength", [1e150, 1e155, 1e200, 1e300, 1e308])
    @pytest.mark.parametrize("penalty", ["l1", "lmbda"])
    @pytest.mark.parametrize("optimizer", ["sgd", "momentum", "adam", "lbfgs"])
    def test_no_penalty_makes_a_loss_that_is_not_finite(self, optimizer, penalty, strength, mini_batch_size):
        network, data = Network([6, 5, 3]), random_batch((6, 3), 40)
        settings = {"optimizer": optimizer, "mini_batch_size": mini_batch_size, penalty: strength}
        try:
            assert np.isfinite(network.train(data, 4, 0.5, **settings).loss).all()
        except ModelError as error:
            assert "the loss is not finite" in str(error)
        assert np.isfinite(network.engine.parameters).all()

    def test_a_penalty_that_overflows_is_refused_and_leaves_the_weights_before_it(self):
        network, data, seen = Network([6, 5, 3]), random_batch((6, 3), 40), []

        def keep(event):
            seen.append(event.network.engine.parameters.copy())

        with pytest.raises(ModelError, match=r"training stopped in epoch 2, .* because the loss is not finite"):
            network.train(data, 4, 0.5, l1=1e300, callbacks=keep)
        assert len(seen) == 1 and np.array_equal(network.engine.parameters, seen[0])

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
        expected = r"^image 3 has outputs that are not numbers, because its pixels are not finite, or too large$"
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
