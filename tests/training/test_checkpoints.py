"""Checkpoints: a training that was interrupted anywhere ends with the same bits."""

import json
import os
import warnings
from dataclasses import asdict, replace

import numpy as np
import pytest

import cmlp
from cmlp import ModelError, Network
from cmlp.training.checkpoint_files import pack_checkpoint, read_checkpoint
from cmlp.training.optimizers import OPTIMIZERS

TRAIN, TEST = cmlp.load_digits()
TRAIN, TEST = TRAIN[:200], TEST[:50]
EPOCHS = 3
PER_EPOCH = 13  # mini-batches of 16; fewer where some samples validate
SETTINGS = {
    "plain": {},
    "stopping early": {"patience": 1, "validation_data": 0.2, "schedule": cmlp.Adaptive(0.1, 1, 10.0)},
    "averaging": {"averaging": 0.9, "test_data": TEST, "training_accuracy": True, "schedule": "cosine"},
}


class Interrupt:
    def __init__(self, *, step=None, epoch=None):
        self.step, self.epoch = step, epoch

    def on_batch_end(self, event):
        if event.step == self.step:
            raise KeyboardInterrupt

    def on_epoch_end(self, event):
        if event.epoch == self.epoch:
            raise KeyboardInterrupt


class InterruptEpoch:
    def __init__(self, epoch):
        self.on_epoch_end = Interrupt(epoch=epoch).on_epoch_end


def train(
    path=None, callback=None, *, resume=False, dropout=0.0, dtype="float64", epochs=EPOCHS, data=TRAIN, **settings
):
    """Train, and return the network, and the history if the training came to its end."""
    network = Network([64, 12, 10], dropout=dropout, dtype=dtype, seed=3)
    settings = {"optimizer": "sgd", "mini_batch_size": 16} | settings
    if callback is None and settings["optimizer"] != "lbfgs":
        callback = (
            Interrupt()
        )  # so that losses are summed up mini-batch by mini-batch, as in those that are interrupted
    try:
        history = network.train(data, epochs, 0.1, checkpoint=path, resume=resume, callbacks=callback or (), **settings)
    except KeyboardInterrupt:
        history = None
    return network, history


def outcome(network, history):
    """All that comes of a training, but the seconds."""
    lists = asdict(history)
    del lists["seconds"]
    return [array.tobytes() for array in (*network.weights, *network.biases)], lists, network.rng.bit_generator.state


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
        callbacks=Interrupt(),
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


class TestComplaints:
    def test_what_is_there_is_not_replaced(self, tmp_path):
        train(tmp_path / "run")
        before = (tmp_path / "run").read_bytes()
        with pytest.raises(ModelError, match="run is a checkpoint already: resume goes on from it, and removing it"):
            train(tmp_path / "run")
        assert (tmp_path / "run").read_bytes() == before

    @pytest.mark.parametrize(
        ("change", "found"),
        [
            ({"mini_batch_size": 15}, "mini_batch_size was 16 there, and is 15 now"),
            ({"optimizer": "adam"}, "optimizer was {'name': 'sgd'} there, and is {'name': 'adam', 'beta_1': 0.9,"),
            ({"dropout": 0.5}, r"dropouts was \[0.0, 0.0\] there, and is \[0.5, 0.0\] now"),
            ({"dtype": "float32"}, "dtype was 'float64' there, and is 'float32' now"),
            ({"data": TRAIN[1:]}, "training_data was '[0-9a-f]{64}' there, and is"),
            ({"test_data": TEST}, "test_data was None there, and is"),
            ({"validation_data": TEST}, "validation_data was None there, and is"),
            ({"lmbda": 1}, "lmbda was 0.0 there, and is 1.0 now"),
        ],
        ids=str,
    )
    def test_another_training(self, change, found, tmp_path):
        train(tmp_path / "run", Interrupt(step=20))
        before = (tmp_path / "run").read_bytes()
        with pytest.raises(ModelError, match=f"run belongs to another training: {found}"):
            train(tmp_path / "run", resume=True, **change)
        assert (tmp_path / "run").read_bytes() == before

    def test_what_is_refused_changes_nothing(self, tmp_path):
        train(tmp_path / "run", Interrupt(step=20), optimizer="adam")
        kept = read_checkpoint(tmp_path / "run")
        short = dict(kept.vectors) | {"optimizer.m": np.zeros(3)}
        (tmp_path / "run").write_bytes(pack_checkpoint(replace(kept, vectors=short)))
        network, twin = (Network([64, 12, 10], seed=3) for _ in range(2))
        settings = {"mini_batch_size": 16, "checkpoint": tmp_path / "run", "resume": True}
        with pytest.raises(ModelError, match=r"^optimizer.m of a checkpoint must be float64 of shape \(910,\), got"):
            network.train(TRAIN, EPOCHS, 0.1, optimizer="adam", **settings)
        with pytest.raises(ModelError, match="belongs to another training"):
            network.train(TRAIN, EPOCHS, 0.2, optimizer="adam", validation_data=0.3, **settings)
        np.testing.assert_array_equal(network.weights[0], twin.weights[0])
        assert network.rng.bit_generator.state == twin.rng.bit_generator.state

    @pytest.mark.parametrize(
        "position", [{"done": 208}, {"done": 7}, {"done": 64, "closed": True}, {"done": 10**30}], ids=str
    )
    def test_positions_that_no_training_has(self, position, tmp_path):
        train(tmp_path / "run", Interrupt(step=20))
        kept = read_checkpoint(tmp_path / "run")
        changed = replace(kept, position=replace(kept.position, **position))
        (tmp_path / "run").write_bytes(pack_checkpoint(changed))
        with pytest.raises(ModelError, match=r"^the position of a checkpoint must lie between two mini-batches, got"):
            train(tmp_path / "run", resume=True)

    def test_another_scale(self, tmp_path):
        bytes_, labels = np.zeros((20, 64), np.uint8), np.arange(20) % 10
        train(tmp_path / "run", data=cmlp.Dataset(bytes_, labels, scale=1 / 16))
        with pytest.raises(ModelError, match="belongs to another training: training_data was"):
            train(tmp_path / "run", resume=True, data=cmlp.Dataset(bytes_, labels, scale=1 / 255))

    @pytest.mark.parametrize("resume", [False, True])
    def test_a_folder_or_a_file_of_the_users(self, resume, tmp_path):
        (tmp_path / "folder").mkdir()
        with pytest.raises(IsADirectoryError):
            train(tmp_path / "folder", resume=resume)
        (tmp_path / "thesis").write_text("by heart")
        with pytest.raises(ModelError, match="thesis is not a safetensors file"):
            train(tmp_path / "thesis", resume=resume)
        assert (tmp_path / "thesis").read_text() == "by heart"

    def test_weights_that_are_not_finite(self, tmp_path):
        train(tmp_path / "run")
        kept = read_checkpoint(tmp_path / "run")
        kept.model.biases[1][3] = np.nan
        (tmp_path / "run").write_bytes(pack_checkpoint(kept))
        (tmp_path / "run.previous").unlink()
        with pytest.raises(ModelError, match=r"biases.1 of .*run must be finite, as in every training that goes on$"):
            train(tmp_path / "run", resume=True)

    def test_another_kind_of_generator(self, tmp_path):
        train(tmp_path / "run")
        network = Network([64, 12, 10], seed=np.random.Generator(np.random.Philox(1)))
        with pytest.raises(
            ModelError, match="the generator must be a Philox with a state of its own, got one of 'PCG64'"
        ):
            network.train(TRAIN, EPOCHS, 0.1, mini_batch_size=16, checkpoint=tmp_path / "run", resume=True)

    @pytest.mark.parametrize("every", [0, -1, 1.5, "0s", "-1s", "5", "5 weeks", "", "nan s", True, None])
    def test_checkpoint_every(self, every, tmp_path):
        with pytest.raises(ModelError, match=r"^checkpoint_every must be a positive integer"):
            train(tmp_path / "run", checkpoint_every=every)
        assert not list(tmp_path.iterdir())

    def test_resume_without_checkpoint(self):
        with pytest.raises(ModelError, match=r"^resume needs a checkpoint to go on from, got none$"):
            train(resume=True)

    def test_no_folder(self, tmp_path):
        """What cannot be written is known before the training, not after it."""
        with pytest.raises(FileNotFoundError):
            train(tmp_path / "nowhere" / "run")

    def test_a_file_of_another_kind_is_left_alone(self, tmp_path):
        Network([2, 2]).save(tmp_path / "run")
        before = (tmp_path / "run").read_bytes()
        with pytest.raises(ModelError, match=r"must be a file of the format \"cmlp-checkpoint\", got 'cmlp-model'$"):
            train(tmp_path / "run", resume=True)
        assert (tmp_path / "run").read_bytes() == before

    def test_a_full_disk_does_not_end_the_training(self, tmp_path, monkeypatch):
        whole = outcome(*train())
        path, calls = tmp_path / "run", []

        def fail_at_first(path, content):
            calls.append(path)
            if len(calls) in (2, 3):
                raise OSError(28, "No space left on device", str(path))
            path.write_bytes(content)

        monkeypatch.setattr("cmlp.training.checkpoint_files.write_file", fail_at_first)
        with pytest.warns(RuntimeWarning, match="no checkpoint was written, and the training goes on: .*No space left"):
            assert outcome(*train(path)) == whole
        assert read_checkpoint(path).position.epoch == EPOCHS


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
