"""Validation data given or split off, and training that ends when they say so."""

import copy

import numpy as np
import pytest

import cmlp
from cmlp import ModelError, Network
from cmlp.model.samples import Samples
from cmlp.training.early_stopping import EarlyStopping, stratified_split
from cmlp.training.history import History


def noisy(n, seed):
    """Labels that are partly chance: learning them by heart does not help with others."""
    rng = np.random.default_rng(seed)
    images = rng.standard_normal((n, 10))
    return images, (images[:, 0] + rng.standard_normal(n) > 0).astype(int)


def make_network(seed=0):
    return Network([10, 30, 2], activation="tanh", loss="cross_entropy", seed=seed)


TRAIN, VALIDATION = noisy(60, 1), noisy(100, 2)


class TestGivenData:
    @pytest.mark.parametrize("monitor", ["loss", "accuracy"])
    def test_the_best_weights_are_restored(self, monitor):
        network = make_network()
        history = network.train(
            TRAIN, 500, 1.0, mini_batch_size=10, validation_data=VALIDATION, patience=8, monitor=monitor
        )
        assert len(history) < 500
        scores = {"loss": -np.array(history.validation_loss), "accuracy": np.array(history.validation_accuracy)}[
            monitor
        ]
        best = int(scores.argmax())
        assert best == len(history) - 1 - 8, "the first best is the last that was better than all before"
        assert network.loss(*VALIDATION) == pytest.approx(history.validation_loss[best], rel=1e-12)
        assert network.test(VALIDATION) == history.validation_accuracy[best]
        assert history.validation_loss[best] != history.validation_loss[-1]

    def test_the_best_weights_are_those_of_that_epoch(self):
        network, twin = make_network(), make_network()
        history = network.train(TRAIN, 500, 1.0, mini_batch_size=10, validation_data=VALIDATION, patience=8)
        twin.train(TRAIN, len(history) - 8, 1.0, mini_batch_size=10)
        assert [w.tobytes() for w in network.weights] == [w.tobytes() for w in twin.weights]

    def test_restored_as_well_where_the_epochs_run_out(self):
        network = make_network()
        history = network.train(TRAIN, 60, 1.0, mini_batch_size=10, validation_data=VALIDATION, patience=1000)
        assert len(history) == 60
        assert min(history.validation_loss) < history.validation_loss[-1]
        assert network.loss(*VALIDATION) == pytest.approx(min(history.validation_loss), rel=1e-12)

    def test_restored_as_well_where_a_callback_stops(self):
        network = make_network()
        history = network.train(
            TRAIN, 60, 1.0, mini_batch_size=10, validation_data=VALIDATION, patience=1000,
            callbacks=lambda event: event.epoch == 40,
        )  # fmt: skip
        assert len(history) == 40
        assert network.loss(*VALIDATION) == pytest.approx(min(history.validation_loss), rel=1e-12)

    def test_averaged_parameters_are_what_is_judged_and_restored(self):
        network = make_network()
        history = network.train(
            TRAIN, 300, 1.0, mini_batch_size=10, validation_data=VALIDATION, patience=8, averaging=0.9
        )
        assert network.loss(*VALIDATION) == pytest.approx(min(history.validation_loss), rel=1e-12)

    def test_without_patience_they_are_only_measured(self):
        network, twin = make_network(), make_network()
        history = network.train(TRAIN, 30, 1.0, validation_data=VALIDATION)
        expected = twin.train(TRAIN, 30, 1.0)
        assert history.loss == expected.loss and expected.validation_loss == []
        assert [w.tobytes() for w in network.weights] == [w.tobytes() for w in twin.weights]
        assert history.validation_loss[-1] == pytest.approx(network.loss(*VALIDATION), rel=1e-12)
        assert history.validation_accuracy[-1] == network.test(VALIDATION)
        assert len(history.validation_loss) == len(history.validation_accuracy) == 30

    def test_their_loss_has_no_penalty_and_no_dropout(self):
        network = Network([10, 30, 2], activation="tanh", loss="cross_entropy", dropout=0.5)
        history = network.train(TRAIN, 2, 0.1, validation_data=VALIDATION, lmbda=10.0, l1=10.0)
        assert history.validation_loss[-1] == pytest.approx(network.loss(*VALIDATION), rel=1e-12)

    def test_uint8_pixels_have_the_scale_of_the_training_data(self):
        images = np.array([[0, 1, 2, 4, 8, 16], [16, 0, 0, 0, 0, 0]], np.uint8)
        network = Network([6, 2])
        darker = images // 2
        history = network.train((images, np.array([0, 1])), 1, 0.5, validation_data=(darker, np.array([0, 1])))
        assert history.validation_loss[0] == pytest.approx(network.loss(darker / 16, [0, 1]), rel=1e-12)

    def test_regression(self):
        rng = np.random.default_rng(0)
        images = rng.standard_normal((60, 3))
        targets = images @ rng.standard_normal((3, 2)) + rng.standard_normal((60, 2))
        network = Network([3, 40, 2], activation="tanh", loss="mean_squared_error")
        validation = (images[30:], targets[30:])
        history = network.train((images[:30], targets[:30]), 500, 0.3, validation_data=validation, patience=8)
        assert len(history) < 500 and history.validation_accuracy == []
        assert network.loss(*validation) == pytest.approx(min(history.validation_loss), rel=1e-12)


def samples_of(labels):
    labels = np.asarray(labels, np.intp)
    return Samples(np.arange(len(labels), dtype=float)[:, None], labels, None, 1.0)


class TestFraction:
    @pytest.mark.parametrize("fraction", [0.05, 0.1, 0.25, 0.5, 0.9])
    @pytest.mark.parametrize("counts", [(100, 100), (700, 20, 3), (10,) * 10, (2, 2, 2), (1, 50)])
    def test_of_each_class_alike(self, fraction, counts):
        labels = np.random.default_rng(1).permutation(np.repeat(np.arange(len(counts)), counts))
        rows, validation = stratified_split(samples_of(labels), fraction, np.random.default_rng(0))
        assert sorted([*rows, *validation]) == list(range(len(labels)))
        assert sorted(rows) == rows.tolist() and sorted(validation) == validation.tolist()
        for label, count in enumerate(counts):
            assert abs(np.sum(labels[validation] == label) - fraction * count) <= 1
            assert np.any(labels[rows] == label), "a class that is not trained with cannot be learnt"

    def test_follows_the_generator(self):
        labels = np.repeat([0, 1], 50)
        splits = [stratified_split(samples_of(labels), 0.2, np.random.default_rng(s))[1].tolist() for s in (1, 1, 2)]
        assert splits[0] == splits[1] != splits[2]

    def test_of_targets(self):
        samples = Samples(np.zeros((50, 1)), None, np.zeros((50, 2)), 1.0)
        rows, validation = stratified_split(samples, 0.3, np.random.default_rng(0))
        assert (len(rows), len(validation)) == (35, 15)

    @pytest.mark.parametrize("optimizer", ["adam", "lbfgs"])
    def test_in_training(self, optimizer):
        images, labels = noisy(200, 3)
        network = make_network(5)
        rows, validation = stratified_split(samples_of(labels), 0.3, copy.deepcopy(network.rng))
        history = network.train((images, labels), 300, 0.05, optimizer=optimizer, validation_data=0.3, patience=5)
        assert len(history) < 300
        assert network.loss(images[validation], labels[validation]) == pytest.approx(min(history.validation_loss))
        assert network.loss(images[rows], labels[rows]) != pytest.approx(min(history.validation_loss))

    def test_the_rest_is_not_trained_with(self):
        """A pixel that only one sample has: its weights move if and only if that sample is trained with."""
        n = 40
        labels = np.arange(n) % 2
        network = Network([n, 2], activation=["softmax"], loss="cross_entropy", initializer="zeros")
        _, validation = stratified_split(samples_of(labels), 0.25, copy.deepcopy(network.rng))
        network.train((np.eye(n), labels), 1, 0.1, validation_data=0.25)
        assert np.flatnonzero(~network.weights[0].any(axis=0)).tolist() == validation.tolist()

    def test_weights_of_samples_go_with_them(self):
        images, labels = noisy(100, 3)
        weights = np.random.default_rng(0).random(100)
        network = make_network(5)
        _, validation = stratified_split(samples_of(labels), 0.3, copy.deepcopy(network.rng))
        history = network.train((images, labels), 1, 0.1, validation_data=0.3, sample_weight=weights)
        losses = [network.loss(images[row], labels[row]) for row in validation]
        assert history.validation_loss[0] == pytest.approx(np.average(losses, weights=weights[validation]))

    def test_none_of_which_weighs_anything(self):
        images, labels = noisy(20, 3)
        weights = np.zeros(20)
        weights[0] = 1
        with pytest.raises(ModelError) as error:
            make_network().train((images, labels), 1, 0.1, validation_data=0.3, sample_weight=weights)
        assert str(error.value) == (
            "validation_data of 0.3 leave no samples to validate with, of 20, or all have weight 0"
        )

    @pytest.mark.parametrize("fraction", [0.0, 1.0, -0.1, float("nan")])
    def test_that_is_none(self, fraction):
        with pytest.raises(ModelError) as error:
            make_network().train(TRAIN, 1, 0.1, validation_data=fraction)
        assert str(error.value) == f"validation_data must be data or a fraction in (0, 1), got {fraction!r}"

    def test_of_too_few(self):
        with pytest.raises(ModelError) as error:
            make_network().train((np.zeros((2, 10)), np.array([0, 1])), 1, 0.1, validation_data=0.5)
        assert str(error.value) == (
            "validation_data of 0.5 leave no samples to validate with, of 2, or all have weight 0"
        )


class TestPatience:
    @pytest.mark.parametrize(
        ("losses", "epochs", "ends", "best"),
        [
            ([3, 2, 1, 1, 1], 2, 5, 3),  # equally good is not better
            ([3, 2, 2.5, 1, 2, 3], 2, 6, 4),
            ([1, 2], 1, 2, 1),
            ([float("nan"), float("nan")], 2, 2, None),
            ([3, float("nan"), 2, 5, 5], 2, 5, 3),
        ],
    )
    def test_by_hand(self, losses, epochs, ends, best):
        patience, history, parameters = EarlyStopping("loss", epochs), History(), np.zeros(1)
        for epoch, loss in enumerate(losses, 1):
            history.validation_loss.append(loss)
            parameters[...] = epoch
            if patience.observe(history, parameters):
                break
        assert epoch == ends
        patience.finish(parameters)
        assert parameters.item() == (epoch if best is None else best)

    def test_tolerance(self):
        patience, history = EarlyStopping("accuracy", 2, tolerance=1.0), History()
        exhausted = []
        for accuracy in [50, 50.9, 51.8, 53, 53.5, 53.6]:
            history.validation_accuracy.append(accuracy)
            exhausted.append(patience.observe(history, np.array([accuracy])))
        # 50.9 is the best so far, but not by 1; 51.8 neither, measured against 50.9: that is two.
        assert exhausted[:3] == [False, False, True]
        assert patience.best == 53.6

    @pytest.mark.parametrize(
        ("arguments", "message"),
        [
            ({"patience": 5}, "patience needs validation_data to watch, got none"),
            (
                {"patience": 0, "validation_data": 0.5},
                "patience must be a positive integer below 2**31, got 0",
            ),
            ({"monitor": "f1"}, 'monitor must be one of "loss" or "accuracy", got \'f1\''),
        ],
    )
    def test_complaints(self, arguments, message):
        with pytest.raises(ModelError) as error:
            make_network().train(TRAIN, 1, 0.1, **arguments)
        assert str(error.value) == message

    def test_accuracy_of_numbers(self):
        network = Network([10, 2], loss="mean_squared_error")
        with pytest.raises(ModelError) as error:
            network.train((TRAIN[0], np.zeros((60, 2))), 1, 0.1, validation_data=0.5, patience=2, monitor="accuracy")
        assert str(error.value) == 'monitor must be "loss" where there are targets and no labels, got "accuracy"'


def test_the_digits_stop_early_and_well():
    train, test = cmlp.load_digits()
    network = Network([64, 30, 10], activation="relu", loss="cross_entropy")
    history = network.train(train, 200, 0.1, mini_batch_size=16, validation_data=0.15, patience=5, monitor="accuracy")
    assert len(history) < 200
    assert network.test(test) > 93
