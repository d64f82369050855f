"""What callbacks see, and how a training ends before its time."""

import sys
import threading
from types import SimpleNamespace

import numpy as np
import pytest
from support.children import PATIENCE

import cmlp
from cmlp import Event, History, ModelError, Network
from cmlp.training.epoch import MiniBatches

N = 10


def make_problem(**settings):
    network = Network([3, 4, 2], **settings)
    rng = np.random.default_rng(0)
    return network, (rng.standard_normal((N, 3)), rng.integers(2, size=N))


class Recorder:
    def __init__(self, epochs=None, batches=None):
        self.epochs, self.batches = [], []
        self.last_epoch, self.last_batch = epochs, batches

    def on_epoch_end(self, event):
        self.epochs.append(event)
        return event.epoch == self.last_epoch

    def on_batch_end(self, event):
        self.batches.append(event)
        return event.step == self.last_batch


class TestEvents:
    def test_of_epochs(self):
        network, data = make_problem()
        events = []
        history = network.train(data, 3, 0.5, mini_batch_size=4, callbacks=events.append, test_data=data)
        assert [event.epoch for event in events] == [1, 2, 3]
        assert [event.step for event in events] == [3, 6, 9]
        assert [event.loss for event in events] == history.loss
        assert all(event.network is network and event.history is history for event in events)
        assert all(isinstance(event, Event) for event in events) and isinstance(history, History)

    def test_of_mini_batches(self):
        """The last mini-batch of an epoch is smaller, and counts."""
        network, data = make_problem()
        recorder = Recorder()
        history = network.train(data, 2, 0.5, mini_batch_size=4, callbacks=recorder)
        assert [event.step for event in recorder.batches] == [1, 2, 3, 4, 5, 6]
        assert [event.epoch for event in recorder.batches] == [1, 1, 1, 2, 2, 2]
        assert [event.step for event in recorder.epochs] == [3, 6]
        losses = [event.loss for event in recorder.batches]
        assert history.loss == pytest.approx([np.average(losses[i : i + 3], weights=[4, 4, 2]) for i in (0, 3)])

    def test_history_has_this_epoch_already(self):
        network, data = make_problem()
        lengths = []
        network.train(
            data, 3, 0.5, validation_data=data, training_accuracy=True,
            callbacks=lambda event: lengths.append([
                len(event.history), len(event.history.validation_loss), len(event.history.training_accuracy)
            ]),
        )  # fmt: skip
        assert lengths == [[1, 1, 1], [2, 2, 2], [3, 3, 3]]

    @pytest.mark.parametrize("threads", [1, 2])
    @pytest.mark.parametrize("settings", [{}, {"l1": 0.1, "class_weight": "balanced"}, {"clip_norm": 0.1, "lmbda": 1}])
    def test_the_loss_is_the_same_however_the_steps_are_divided(self, settings, threads):
        """Sums of floats depend on their order, and a callback of mini-batches is told between any two steps."""
        train, _ = cmlp.load_digits()

        def losses(*callbacks):
            network = Network([64, 16, 10], seed=2)
            return network.train(
                train, 3, 0.3, mini_batch_size=70, callbacks=callbacks, threads=threads, **settings
            ).loss

        assert losses(Recorder()) == losses()

    def test_watching_changes_nothing(self):
        (network, data), (twin, _) = make_problem(dropout=0.3), make_problem(dropout=0.3)
        network.train(data, 3, 0.5, mini_batch_size=4, callbacks=[Recorder(), lambda event: None])
        twin.train(data, 3, 0.5, mini_batch_size=4)
        assert network.weights[0].tobytes() == twin.weights[0].tobytes()

    def test_the_network_may_be_used(self):
        network, data = make_problem()
        seen = []

        class Watch:
            def on_batch_end(self, event):
                seen.append((event.network.loss(*data), event.network.predict(data[0]).tolist()))

        network.train(data, 2, 0.5, mini_batch_size=4, callbacks=Watch())
        assert seen[-1] == (network.loss(*data), network.predict(data[0]).tolist())
        assert len({loss for loss, _ in seen}) == 6

    def test_several_of_all_kinds(self):
        network, data = make_problem()
        events, recorder = [], Recorder()

        class OnlyEpochs:
            def on_epoch_end(self, event):
                events.append(event)

        network.train(data, 2, 0.5, callbacks=(events.append, recorder, OnlyEpochs(), Recorder().on_epoch_end))
        assert len(events) == 4 and len(recorder.epochs) == 2

    def test_what_a_callback_raises_comes_out(self):
        network, data = make_problem()

        def fail(event):
            raise KeyError("mine")

        with pytest.raises(KeyError, match="mine"):
            network.train(data, 2, 0.5, callbacks=fail)
        network.stop()
        assert len(network.train(data, 2, 0.5)) == 2

    @pytest.mark.parametrize("name", ["on_epoch_end", "on_batch_end"])
    @pytest.mark.parametrize("function", [3, "print", lambda: None, lambda event, more: None])
    def test_what_cannot_be_called_with_an_event_is_refused_before_the_first_step(self, name, function):
        network, data = make_problem()
        before, state = network.engine.parameters.copy(), network.rng.bit_generator.state
        for callback in (SimpleNamespace(**{name: function}), Recorder, function):
            with pytest.raises(ModelError, match=r"^callbacks must be functions, or objects with on_epoch_end"):
                network.train(data, 2, 0.5, callbacks=[callback])
        assert np.array_equal(network.engine.parameters, before) and network.rng.bit_generator.state == state

    @pytest.mark.parametrize("callbacks", [7, [None], ["on_epoch_end"]])
    def test_complaint(self, callbacks):
        network, data = make_problem()
        with pytest.raises(ModelError) as error:
            network.train(data, 2, 0.5, callbacks=callbacks)
        wrong = callbacks[0] if isinstance(callbacks, list) else callbacks
        rule = "callbacks must be functions, or objects with on_epoch_end or on_batch_end"
        assert str(error.value) == f"{rule}, got {wrong!r}"


class TestStopping:
    def test_after_an_epoch(self):
        network, data = make_problem()
        history = network.train(data, 100, 0.5, callbacks=[lambda event: None, lambda event: event.epoch == 3])
        assert len(history) == len(history.seconds) == 3

    def test_all_callbacks_are_told_even_if_one_stops(self):
        network, data = make_problem()
        events = []
        network.train(data, 100, 0.5, callbacks=[lambda event: True, events.append])
        assert len(events) == 1

    def test_after_a_mini_batch(self):
        (network, data), (twin, _) = make_problem(), make_problem()
        recorder = Recorder(batches=5)
        history = network.train(data, 100, 0.5, mini_batch_size=4, callbacks=recorder, test_data=data)
        assert [event.step for event in recorder.batches] == [1, 2, 3, 4, 5]
        assert [event.step for event in recorder.epochs] == [3, 5]
        assert len(history) == len(history.test_accuracy) == 2
        assert history.loss[1] == pytest.approx(np.mean([event.loss for event in recorder.batches[3:]]))
        order = twin.rng.permutation(N), twin.rng.permutation(N)
        for epoch, begins in enumerate([(0, 4, 8), (0, 4)]):
            for begin in begins:
                rows = order[epoch][begin : begin + 4]
                twin.gradient_step((data[0][rows], data[1][rows]), 0.5)
        np.testing.assert_allclose(network.weights[0], twin.weights[0], rtol=1e-12)

    @pytest.mark.parametrize("answer", [1, 1.0, "yes", [1], np.ones(2), np.ones((3, 3)), np.int64(1)], ids=repr)
    def test_only_by_true_itself(self, answer):
        """A lambda returns whatever its expression gives: the epoch 1, or an array, are no wish to stop."""
        network, data = make_problem()
        assert len(network.train(data, 3, 0.5, callbacks=lambda event: answer)) == 3

    def test_by_true_of_numpy(self):
        network, data = make_problem()
        assert len(network.train(data, 3, 0.5, callbacks=lambda event: np.float64(event.loss) > 0)) == 1

    def test_by_stop_in_a_callback(self):
        network, data = make_problem()
        assert len(network.train(data, 100, 0.5, callbacks=lambda event: event.network.stop())) == 1

    def test_stop_without_training_is_nothing(self):
        network, data = make_problem()
        network.stop()
        assert len(network.train(data, 2, 0.5)) == 2


def stop_from_another_thread(network):
    thread = threading.Thread(target=network.stop)
    thread.start()
    thread.join()


class TestFromAnotherThread:
    @pytest.mark.parametrize("optimizer", ["sgd", "adam"])
    @pytest.mark.parametrize("watched", [False, True])
    def test_ends_with_the_steps_under_way(self, optimizer, watched, monkeypatch):
        """Which are so few that they take some hundredths of a second."""
        rng = np.random.default_rng(0)
        image = rng.random(100, np.float32)
        data = (np.broadcast_to(image, (200_000, 100)), rng.integers(10, size=200_000))  # an epoch takes seconds
        network = Network([100, 500, 10], loss="cross_entropy", dtype="float32")
        images, train_chunk = [], MiniBatches._train_chunk

        def stopped_in_the_third(training, order, begin, end, *rest):
            images.append(end - begin)
            if len(images) == 3:
                stop_from_another_thread(network)
            return train_chunk(training, order, begin, end, *rest)

        settings = {"callbacks": Recorder()} if watched else {}
        with monkeypatch.context() as patch:
            patch.setattr(MiniBatches, "_train_chunk", stopped_in_the_third)
            history = network.train(data, 10_000, 1e-3, mini_batch_size=100, optimizer=optimizer, **settings)
        assert len(images) == 3 and max(images) * 6 * network.engine.parameters.size < 5e9, "floating-point operations"
        assert len(history) == 1 and np.isfinite(history.loss).all() and min(history.loss) > 0
        assert all(np.isfinite(part).all() for part in [*network.weights, *network.biases])
        few = (data[0][:1000], data[1][:1000])
        assert len(network.train(few, 1, 1e-3, mini_batch_size=100)) == 1, "it can be trained on"

    def test_stops_after_a_whole_step(self):
        """With a gradient of one sign and size, the parameters say how many steps there were: a whole number."""
        network = Network([1, 1], activation=["identity"], loss="mean_absolute_error", initializer="zeros")
        data = (np.zeros((5000, 1)), np.full((5000, 1), 1e9))
        begun = threading.Event()
        settings = {"mini_batch_size": 8, "callbacks": lambda event: begun.set()}
        thread = threading.Thread(target=network.train, args=(data, 10**6, 1.0), kwargs=settings)
        thread.start()
        assert begun.wait(PATIENCE)
        network.stop()
        thread.join(PATIENCE)
        assert not thread.is_alive()
        assert network.biases[0].item() > 0 and network.biases[0].item() % 1 == 0

    def test_asked_for_very_early(self):
        """Whichever call of a function it comes before, every epoch of the history is one that took steps."""
        network, data = make_problem()
        for place in range(0, 500, 10):
            calls = iter(range(10**6))

            def stop_before_one(frame, event, argument, calls=calls, place=place):
                if event == "call" and next(calls) == place:
                    sys.setprofile(None)
                    stop_from_another_thread(network)

            sys.setprofile(stop_before_one)
            try:
                history = network.train(data, 300, 0.1, mini_batch_size=2)
            finally:
                sys.setprofile(None)
            assert all(loss > 0 for loss in history.loss)


class Broken:
    def __init__(self, network):
        self.network = network

    def on_batch_end(self, event):
        if event.step == 2:
            self.network.weights[0][0, 0] = np.nan
            return True
        return None


def test_weights_that_a_callback_broke_are_not_hidden_by_stopping():
    network, data = make_problem()
    with pytest.raises(ModelError, match="the last finite weights are kept"):
        network.train(data, 3, 0.5, mini_batch_size=2, callbacks=Broken(network))
    assert np.isfinite(network.weights[0]).all()
