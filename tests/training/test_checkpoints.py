"""Checkpoints: a training that was interrupted anywhere ends with the same bits."""

import json
import os
import warnings

import numpy as np
import pytest
from support.checkpointed import EPOCHS, TEST, TRAIN, Interrupt, outcome, train

import cmlp
from cmlp import ModelError, Network
from cmlp.training.checkpoint_files import read_checkpoint
from cmlp.training.optimizers import OPTIMIZERS

PER_EPOCH = 13  # mini-batches of 16; fewer where some samples validate
SETTINGS = {
    "plain": {},
    "stopping early": {"patience": 1, "validation_data": 0.2, "schedule": cmlp.Adaptive(0.1, 1, 10.0)},
    "averaging": {"averaging": 0.9, "test_data": TEST, "training_accuracy": True, "schedule": "cosine"},
}


class InterruptEpoch:
    def __init__(self, epoch):
        self.on_epoch_end = Interrupt(epoch=epoch).on_epoch_end


@pytest.mark.parametrize("settings", SETTINGS.values(), ids=SETTINGS)
@pytest.mark.parametrize("dropout", [0.0, 0.3])
@pytest.mark.parametrize("optimizer", [name for name in OPTIMIZERS if name != "lbfgs"])
def test_interrupted_anywhere(optimizer, dropout, settings, tmp_path):
    settings = settings | {"optimizer": optimizer, "dropout": dropout}
    whole = outcome(*train(**settings))
    places = [Interrupt(step=step) for step in (1, 9, PER_EPOCH, 2 * PER_EPOCH - 1)]
    for number, place in enumerate([*places, Interrupt(epoch=1), Interrupt(epoch=2)]):
        path = tmp_path / f"{number}.ckpt"
        train(path, place, **settings)
        assert outcome(*train(path, resume=True, **settings)) == whole
        assert outcome(*train(path, resume=True, **settings)) == whole, "a training that is over is over"


@pytest.mark.parametrize("dtype", ["float64", "float32"])
@pytest.mark.parametrize("early", [False, True])
def test_lbfgs(early, dtype, tmp_path):
    settings = {"optimizer": "lbfgs", "epochs": 8, "dtype": dtype, "test_data": TEST}
    settings |= {"patience": 2, "validation_data": 0.2} if early else {}
    whole = outcome(*train(**settings))
    for epoch in (1, 2, 5, 7):
        path = tmp_path / f"{epoch}.ckpt"
        assert train(path, InterruptEpoch(epoch), **settings)[1] is None
        assert outcome(*train(path, resume=True, **settings)) == whole


@pytest.mark.parametrize("kind", [np.random.PCG64, np.random.MT19937, np.random.Philox, np.random.SFC64])
def test_every_generator(kind, tmp_path):
    def go(callback, *, resume):
        network = Network([64, 12, 10], seed=np.random.Generator(kind(5)))
        try:
            network.train(
                TRAIN, 3, 0.1, mini_batch_size=16, callbacks=callback, checkpoint=tmp_path / "run", resume=resume
            )
        except KeyboardInterrupt:
            return None
        return network.weights[0].copy()

    whole = go((), resume=False)
    for file in tmp_path.iterdir():
        file.unlink()
    assert go(Interrupt(step=20), resume=False) is None
    np.testing.assert_array_equal(go((), resume=True), whole)


def test_generator_of_another_network_is_brought_back(tmp_path):
    """The split into training and validation comes from where the generator was, not from where it is."""
    settings = SETTINGS["stopping early"]
    whole = outcome(*train(**settings))
    train(tmp_path / "run", Interrupt(step=20), **settings)
    network = Network([64, 12, 10], seed=99)
    history = network.train(
        TRAIN,
        EPOCHS,
        0.1,
        mini_batch_size=16,
        checkpoint=tmp_path / "run",
        resume=True,
        **settings,
    )
    assert outcome(network, history) == whole


def test_more_epochs(tmp_path):
    train(tmp_path / "run", epochs=2)
    assert outcome(*train(tmp_path / "run", resume=True, epochs=5)) == outcome(*train(epochs=5))


def test_by_time(tmp_path, monkeypatch):
    """With a clock that gains a second at each look, every mini-batch is a checkpoint."""
    seconds = iter(range(10**6))
    monkeypatch.setattr("cmlp.training.checkpointing.monotonic", lambda: next(seconds))
    positions = []

    class Look:
        def on_batch_end(self, event):
            positions.append(read_checkpoint(tmp_path / "run").position)

    train(tmp_path / "run", Look(), checkpoint_every="1s", epochs=2)
    assert [(p.epoch, p.done) for p in positions[:4]] == [(0, 0), (0, 16), (0, 32), (0, 48)]


def test_every_third_epoch(tmp_path):
    epochs = []

    def look(event):
        epochs.append(read_checkpoint(tmp_path / "run").position.epoch)

    train(tmp_path / "run", look, checkpoint_every=3, epochs=7)
    assert epochs == [0, 0, 0, 3, 3, 3, 6]
    assert read_checkpoint(tmp_path / "run").position.epoch == 7
    assert read_checkpoint(tmp_path / "run.previous").position.epoch == 6


def test_stop_keeps_what_there_is(tmp_path):
    whole = outcome(*train())

    class Stop:
        def on_batch_end(self, event):
            return event.step == 20

    network, history = train(tmp_path / "run", Stop())
    assert len(history) == 2
    kept = read_checkpoint(tmp_path / "run")
    assert (kept.position.epoch, kept.position.done) == (1, 7 * 16) and len(kept.history) == 1
    np.testing.assert_array_equal(kept.model.weights[0], network.weights[0])
    assert outcome(*train(tmp_path / "run", resume=True)) == whole


def test_a_part_of_an_epoch_costs_no_patience(tmp_path):
    settings = {"optimizer": "adam", "validation_data": 0.2, "patience": 1, "epochs": 8}
    whole = outcome(*train(**settings))

    class Stop:
        def __init__(self, step):
            self.step = step

        def on_batch_end(self, event):
            return event.step == self.step

    for step in range(11, 60, 4):
        train(tmp_path / str(step), Stop(step), **settings)
        assert outcome(*train(tmp_path / str(step), resume=True, **settings)) == whole


def test_what_is_there_already_is_not_written_again(tmp_path):
    train(tmp_path / "run")
    assert read_checkpoint(tmp_path / "run").position.epoch == EPOCHS
    assert read_checkpoint(tmp_path / "run.previous").position.epoch == EPOCHS - 1


class TestTwoGenerations:
    @pytest.fixture
    def path(self, tmp_path):
        train(tmp_path / "run", Interrupt(step=30))
        assert {file.name for file in tmp_path.iterdir()} == {"run", "run.previous"}
        return tmp_path / "run"

    def spoil(self, path):
        content = bytearray(path.read_bytes())
        content[-5] ^= 1
        path.write_bytes(content)

    @pytest.mark.parametrize("harm", ["torn", "rotten", "missing", "empty"])
    def test_the_previous_one_is_used(self, path, harm):
        match harm:
            case "torn":
                path.write_bytes(path.read_bytes()[:-7])
            case "rotten":
                self.spoil(path)
            case "missing":
                path.unlink()
            case "empty":
                path.write_bytes(b"")
        with pytest.warns(UserWarning, match=r"^going on from .*run\.previous, in epoch 3, because "):
            network, history = train(path, resume=True)
        assert outcome(network, history) == outcome(*train())

    def test_a_damaged_one_never_takes_the_place_of_a_whole_one(self, path):
        self.spoil(path)
        before = path.with_name("run.previous").read_bytes()

        def look(event):
            raise KeyboardInterrupt

        with pytest.warns(UserWarning, match="going on from"):
            train(path, look, resume=True)
        assert path.with_name("run.previous").read_bytes() == before
        assert read_checkpoint(path).position.closed

    def test_both_damaged(self, path):
        self.spoil(path)
        self.spoil(path.with_name("run.previous"))
        with pytest.raises(ModelError, match=r"run is damaged: its content does not match its checksum$"):
            train(path, resume=True)

    def test_both_generations_may_be_one_file(self, path):
        """So it is after a crash between the two; the next checkpoint parts them."""
        path.with_name("run.previous").unlink()
        os.link(path, path.with_name("run.previous"))
        train(path, resume=True)
        assert not path.samefile(path.with_name("run.previous"))
        assert {file.name for file in path.parent.iterdir()} == {"run", "run.previous"}


def test_loss_that_is_not_finite_keeps_the_last_checkpoint(tmp_path):
    """The step that failed would fail again, so it is not where to go on from."""
    network = Network([64, 12, 10], activation="identity", loss="cross_entropy", seed=3)
    with pytest.raises(ModelError, match="training stopped in epoch 9"):
        network.train(TRAIN, 50, 10.0, mini_batch_size=16, checkpoint=tmp_path / "run")
    kept = read_checkpoint(tmp_path / "run")
    assert (kept.position.epoch, kept.position.done) == (8, 0)
    assert all(np.isfinite(w).all() for w in (*kept.model.weights, *network.weights))


def test_what_a_checkpoint_says_is_json_that_anyone_can_read(tmp_path):
    from safetensors import safe_open

    train(tmp_path / "run", optimizer="adam")
    with safe_open(tmp_path / "run", "np") as file:
        entry = json.loads(file.metadata()["cmlp"])
        assert {"weights.0", "biases.1", "optimizer.m", "optimizer.v"} <= set(file.keys())
    assert entry["format"] == "cmlp-checkpoint"
    assert entry["description"]["position"]["epoch"] == EPOCHS


def test_nothing_is_written_without_being_asked_for(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        train()
    assert not list(tmp_path.iterdir())
