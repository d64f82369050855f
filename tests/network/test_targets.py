"""Networks whose answers are numbers, several yes and no, or labels; and mini-batches that come one by one."""

import copy

import numpy as np
import pytest
from support import formulas

import cmlp
from cmlp import DataError, ModelError, Network


def random_images(n=50, features=4, seed=0):
    return np.random.default_rng(seed).standard_normal((n, features))


class TestRegression:
    @pytest.mark.parametrize("loss", ["mean_squared_error", "half_squared_error", "mean_absolute_error", "huber"])
    def test_learns_several_outputs(self, loss):
        images = random_images(200)
        targets = np.stack([np.sin(images[:, 0]), images[:, 1] * images[:, 2], 3 * images[:, 3]], axis=1)
        network = Network([4, 40, 3], activation="tanh", loss=loss)
        history = network.train((images, targets), 300, 0.01, mini_batch_size=20, optimizer="adam")
        assert history.loss[-1] < history.loss[0] / 20
        answers = network.predict(images)
        assert answers.shape == (200, 3) and np.array_equal(answers, network(images))
        assert np.mean(np.abs(answers - targets)) < 0.15
        assert network.predict(images[0]).shape == (3,)
        assert network.architecture.activations == ("tanh", "identity")

    def test_poisson_learns_rates(self):
        rng = np.random.default_rng(0)
        images = rng.uniform(-1, 1, (4000, 1))
        counts = rng.poisson(np.exp(1 + images))
        network = Network([1, 1], loss="poisson")
        network.train((images, counts), 30, 0.01, mini_batch_size=100, optimizer="adam")
        assert network.architecture.activations == ("exponential",)
        assert network.weights[0].item() == pytest.approx(1, abs=0.1)
        assert network.biases[0].item() == pytest.approx(1, abs=0.1)

    def test_shapes_of_targets(self):
        images = random_images(6)
        networks = []
        for targets in (
            np.arange(6.0),
            np.arange(6.0)[:, None],
            list(range(6)),
            np.arange(6, dtype="u1")[:, None, None],
        ):
            networks.append(Network([4, 1], loss="mean_squared_error"))
            networks[-1].train(list(zip(images, targets, strict=True)), 2, 0.1)
            pairs = networks[-1].weights[0].tobytes()
            networks.append(Network([4, 1], loss="mean_squared_error"))
            networks[-1].train((images, np.asarray(targets)), 2, 0.1)
            assert networks[-1].weights[0].tobytes() == pairs
        assert len({network.weights[0].tobytes() for network in networks}) == 1

    def test_lists_of_whole_and_other_numbers(self):
        images, targets, weights = random_images(4), [1, 0.5, -2, 3], [1, 0.5, 2, 0]
        networks = [Network([4, 1], loss="huber") for _ in range(2)]
        networks[0].train(list(zip(images, targets, strict=True)), 2, 0.1, sample_weight=weights)
        networks[1].train((images, np.array(targets)), 2, 0.1, sample_weight=np.array(weights))
        assert networks[0].weights[0].tobytes() == networks[1].weights[0].tobytes()

    def test_one_image_and_its_target(self):
        network = Network([4, 2], loss="mean_squared_error")
        image, target = random_images(1)[0], np.array([1.0, 2.0])
        expected = network.loss(image[None], target[None])
        assert network.loss(image, target) == network.loss(image, target[:, None]) == pytest.approx(expected, rel=1e-12)
        single = Network([4, 1], loss="mean_squared_error")
        assert single.loss(image, 3.0) == pytest.approx(single.loss(image[None], [[3.0]]), rel=1e-12)

    @pytest.mark.parametrize("ask", [{"test_data": True}, {"training_accuracy": True}])
    def test_has_no_accuracy_and_says_so_before_training(self, ask):
        network = Network([4, 2], loss="huber")
        data = (random_images(6), np.zeros((6, 2)))
        before = network.weights[0].copy()
        message = 'a network with the loss "huber" has no accuracy, only a loss'
        with pytest.raises(ModelError) as error:
            network.train(data, 1, 0.1, **{key: data if key == "test_data" else True for key in ask})
        assert str(error.value) == message
        assert np.array_equal(network.weights[0], before)
        with pytest.raises(ModelError) as error:
            network.test(data)
        assert str(error.value) == message

    def test_predicting_without_numbers_is_an_error(self):
        network = Network([4, 2], loss="huber")
        for images in (np.full(4, np.nan), np.full((3, 4), np.nan)):
            with pytest.raises(DataError) as error:
                network.predict(images)
            assert (
                str(error.value)
                == "image 0 has outputs that are not numbers, because its pixels are not finite, or too large"
            )


class TestSeveralYesAndNo:
    def test_learns_them(self):
        images = random_images(300)
        targets = np.stack([images[:, 0] > 0, images[:, 1] + images[:, 2] > 0.5, images[:, 3] ** 2 > 1], axis=1)
        network = Network([4, 30, 3], activation="tanh", loss="binary_cross_entropy")
        history = network.train(
            (images, targets), 200, 0.01, optimizer="adam", mini_batch_size=20, test_data=(images, targets)
        )
        answers = network.predict(images)
        assert answers.dtype == bool and answers.shape == (300, 3)
        assert 100 * np.mean(answers == targets) == pytest.approx(network.test((images, targets)))
        assert history.test_accuracy[-1] == network.test((images, targets)) > 97
        assert network.predict(images[0]).tolist() == answers[0].tolist()
        assert network.architecture.activations == ("tanh", "sigmoid")

    def test_validation_accuracy(self):
        images = random_images(60)
        targets = (images[:, :2] > 0).astype(int)
        network = Network([4, 2], loss="binary_cross_entropy")
        history = network.train((images, targets), 3, 0.1, validation_data=(images, targets))
        assert history.validation_accuracy[-1] == network.test((images, targets))

    @pytest.mark.parametrize(
        ("loss", "targets", "message"),
        [
            (
                "binary_cross_entropy",
                [[0, 1], [1, 255]],
                "targets of training_data must be 0..1, got 255 at index 1, output 1",
            ),
            (
                "binary_cross_entropy",
                [[0, -0.5], [1, 1]],
                "targets of training_data must be 0..1, got -0.5 at index 0, output 1",
            ),
            ("poisson", [[0, 1], [-2, 7]], "targets of training_data must be at least 0, got -2 at index 1, output 0"),
            ("huber", [[0, 1], [np.nan, 7]], "targets of training_data must be finite, got nan at index 1, output 0"),
            ("huber", [[0], [1]], "targets of training_data must have shape (n, 2), got (2, 1)"),
            ("huber", [[0, 1]] * 3, "images and targets of training_data must have the same length, got 2 and 3"),
        ],
    )
    def test_complaints(self, loss, targets, message):
        with pytest.raises(DataError) as error:
            Network([4, 2], loss=loss).train((np.zeros((2, 4)), np.array(targets)), 1, 0.1)
        assert str(error.value) == message


class TestBatchesOneByOne:
    @pytest.mark.parametrize("loss", ["quadratic", "cross_entropy", "mean_squared_error", "binary_cross_entropy"])
    def test_are_gradient_steps(self, loss):
        network = Network([4, 5, 3], activation="tanh", loss=loss)
        twin = copy.deepcopy(network)
        rng = np.random.default_rng(1)
        batches = [(random_images(n, seed=n), formulas.random_targets(loss, 3, n, rng)[0]) for n in (7, 1, 20, 3)]
        losses = network.train_on_batches(iter(batches), 0.3)
        assert losses == pytest.approx([twin.gradient_step(batch, 0.3) for batch in batches], rel=1e-12)
        assert formulas.distance(network.weights, list(twin.weights)) < 1e-13
        assert formulas.distance(network.biases, list(twin.biases)) < 1e-13

    @pytest.mark.parametrize("optimizer", ["momentum", "adam", "nadam", cmlp.AdamW(weight_decay=0.1)], ids=str)
    def test_the_optimizer_remembers(self, optimizer):
        """The same steps as a training whose every epoch is one mini-batch of all data."""
        network = Network([4, 5, 3], activation="tanh", loss="cross_entropy")
        twin = copy.deepcopy(network)
        data = (random_images(20), np.arange(20) % 3)
        losses = network.train_on_batches([data] * 6, 0.1, optimizer=optimizer, lmbda=0.5)
        history = twin.train(data, 6, 0.1, optimizer=optimizer, lmbda=0.5 * 20)
        assert losses == pytest.approx(history.loss, rel=1e-11)
        assert formulas.distance(network.weights, list(twin.weights)) < 1e-11

    def test_of_every_kind(self):
        images, labels = random_images(8), np.arange(8) % 3
        networks = [Network([4, 3]) for _ in range(3)]
        for network, batch in zip(
            networks,
            [(images, labels), list(zip(images, labels, strict=True)), cmlp.Dataset(images, labels, classes=3)],
            strict=True,
        ):
            network.train_on_batches((batch for _ in range(2)), 0.1)
        assert len({network.weights[0].tobytes() for network in networks}) == 1

    def test_dropout_is_new_in_every_batch(self):
        network = Network([4, 50, 3], dropout=0.5)
        data = (random_images(20), np.arange(20) % 3)
        assert len(set(network.train_on_batches([data] * 5, 1e-300))) == 5

    def test_no_batches(self):
        assert Network([4, 3]).train_on_batches([], 0.1) == []

    @pytest.mark.parametrize(
        ("arguments", "message"),
        [
            ({"eta": 0}, "eta must be a positive number, got 0"),
            ({"lmbda": -1}, "lmbda must be at least 0, got -1"),
            (
                {"optimizer": "lbfgs"},
                "lbfgs needs all samples at once, and train_on_batches gets them one mini-batch at a time",
            ),
        ],
    )
    def test_complaints(self, arguments, message):
        with pytest.raises(ModelError) as error:
            Network([4, 3]).train_on_batches(**{"batches": [], "eta": 0.1} | arguments)
        assert str(error.value) == message

    def test_complaint_of_data(self):
        with pytest.raises(DataError) as error:
            Network([4, 3]).train_on_batches([(np.zeros((2, 4)), np.array([0, 3]))], 0.1)
        assert str(error.value) == "labels of mini-batch must be in 0..2, got 3 at index 1"
