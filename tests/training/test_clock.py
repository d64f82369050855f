"""A training that is limited in time: its end, its schedule by the share of the time, and how it is resumed."""

import numpy as np
import pytest

import cmlp
from cmlp import Network
from cmlp.errors import ModelError
from cmlp.training import clock
from cmlp.training.clock import Clock

STEP = 0.5  # seconds that a mini-batch takes by the clock of these tests


class Watch:
    """A clock that goes on by as much as each mini-batch takes, and by nothing else."""

    def __init__(self):
        self.now, self.stop_at, self.etas = 100.0, None, []

    def __call__(self):
        return self.now

    def on_batch_end(self, event):
        self.now += STEP
        return self.stop_at is not None and event.step == self.stop_at


@pytest.fixture
def watch(monkeypatch):
    made = Watch()
    monkeypatch.setattr(clock, "monotonic", made)
    return made


@pytest.fixture(scope="module")
def digits():
    return cmlp.load_digits()[0][:500]  # four mini-batches of 125


def make_network(seed=0):
    return Network([64, 8, 10], seed=seed)


def test_it_ends_within_an_epoch_when_time_is_over(digits, watch):
    network = make_network()
    history = network.train(digits, None, 0.5, minutes=5.2 / 60, callbacks=watch)  # 11 steps: two epochs and 3 of 4
    assert len(history) == 3
    assert watch.now == 105.5
    assert network.settings["minutes"] == pytest.approx(5.2 / 60)
    assert network.settings["epochs"] is None


def test_the_schedule_follows_the_share_of_the_time(digits, watch, monkeypatch):
    found = []
    monkeypatch.setattr(cmlp.Cosine, "factor", lambda self, step, per_epoch, steps: found.append((step, steps)) or 1.0)
    make_network().train(digits, None, 0.5, minutes=10 / 60, schedule="cosine", callbacks=watch)
    shares = [step / steps for step, steps in found[4:]]  # the first epoch is asked once more, before it begins
    assert len(shares) == 20
    np.testing.assert_allclose(shares[1:], np.arange(1, 20) / 20, atol=0.03)
    assert shares[0] == 0


def test_resumed_it_has_the_time_that_was_left(digits, watch, tmp_path):
    path, settings = tmp_path / "run", {"minutes": 10 / 60, "schedule": "cosine"}
    whole = make_network()
    kept = whole.train(digits, None, 0.5, callbacks=watch, **settings)
    watch.stop_at = 10
    make_network().train(digits, None, 0.5, callbacks=watch, checkpoint=path, **settings)
    watch.stop_at, watch.now = None, 5000.0
    network = make_network()
    history = network.train(digits, None, 0.5, callbacks=watch, checkpoint=path, resume=True, **settings)
    assert watch.now == 5005.0
    assert history.loss == kept.loss
    np.testing.assert_array_equal(network.engine.parameters, whole.engine.parameters)


def test_resumed_after_its_end_it_is_measured_and_trains_no_more(digits, watch, tmp_path):
    path, settings = tmp_path / "run", {"minutes": 5.2 / 60, "test_data": digits}
    first, again = make_network(), make_network()
    history = first.train(digits, None, 0.5, callbacks=watch, checkpoint=path, **settings)
    resumed = again.train(digits, None, 0.5, callbacks=watch, checkpoint=path, resume=True, **settings)
    assert resumed.test_accuracy == history.test_accuracy
    np.testing.assert_array_equal(first.engine.parameters, again.engine.parameters)
    np.testing.assert_array_equal(Network.load(path).engine.parameters, first.engine.parameters)


def test_more_time_may_be_given_where_the_schedule_does_not_depend_on_it(digits, watch, tmp_path):
    path = tmp_path / "run"
    make_network().train(digits, None, 0.5, minutes=2 / 60, callbacks=watch, checkpoint=path)
    network = make_network()
    history = network.train(digits, None, 0.5, minutes=4 / 60, callbacks=watch, checkpoint=path, resume=True)
    assert len(history) == 2
    assert history.loss == make_network().train(digits, 2, 0.5).loss
    other = tmp_path / "other"
    make_network().train(digits, None, 0.5, minutes=2 / 60, callbacks=watch, checkpoint=other, schedule="cosine")
    with pytest.raises(
        ModelError, match=r"minutes was 0\.03.* there, and is 0\.06.* now, on which every learning rate"
    ):
        make_network().train(
            digits, None, 0.5, minutes=4 / 60, callbacks=watch, checkpoint=other, schedule="cosine", resume=True
        )


def test_real_time(digits):
    history = make_network().train(digits, None, 0.5, minutes=0.005, schedule="one_cycle")
    assert len(history) > 1
    assert 0.1 < sum(history.seconds) < 5


def test_early_stopping_ends_it_sooner(digits, watch):
    history = make_network().train(
        digits, None, 1e-9, minutes=10, validation_data=0.2, patience=2, monitor="accuracy", callbacks=watch
    )
    assert len(history) == 3


@pytest.mark.parametrize(
    ("epochs", "settings", "found"),
    [
        (None, {}, "a training takes epochs, or minutes with epochs=None, got neither"),
        (3, {"minutes": 2}, "a training takes epochs, or minutes with epochs=None, got epochs=3 and minutes=2"),
        (None, {"minutes": 0}, "minutes must be a positive number, got 0"),
        (None, {"minutes": 1, "optimizer": "lbfgs"}, "lbfgs has no mini-batches and so no minutes, got 1.0"),
    ],
)
def test_refusals(digits, epochs, settings, found):
    with pytest.raises(ModelError) as caught:
        make_network().train(digits, epochs, 0.5, **settings)
    assert str(caught.value) == found


def test_steps_in_all(watch):
    timed = Clock(10.0)
    timed.start()
    assert timed.steps_in_all(0, 4) == 4
    watch.now += 2.5
    assert timed.steps_in_all(10, 4) == 42
    watch.now += 7.5
    assert timed.is_over
    assert timed.steps_in_all(40, 4) == 44
    assert not Clock().is_over
