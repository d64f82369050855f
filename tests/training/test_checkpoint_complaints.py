"""What no training goes on from, and what no checkpoint is written to."""

from dataclasses import replace

import numpy as np
import pytest
from support.checkpointed import EPOCHS, TEST, TRAIN, Interrupt, outcome, train

import cmlp
from cmlp import ModelError, Network
from cmlp.core.state import RunningLoss
from cmlp.training.checkpoint_files import pack_checkpoint, read_checkpoint
from cmlp.training.epoch import Position
from cmlp.utils.files import write_files


class TestComplaints:
    def test_what_is_there_is_not_replaced(self, tmp_path):
        train(tmp_path / "run")
        before = (tmp_path / "run").read_bytes()
        with pytest.raises(
            ModelError, match=r"run is a checkpoint already: .* removing .*run and .*previous begins again$"
        ):
            train(tmp_path / "run")
        assert (tmp_path / "run").read_bytes() == before

    @pytest.mark.parametrize(
        ("change", "found"),
        [
            ({"mini_batch_size": 15}, "mini_batch_size was 16 there, and is 15 now"),
            ({"optimizer": "adam"}, "optimizer was 'sgd' there, and is 'adam' now"),
            ({"dropout": 0.5}, r"dropouts was \[0.0, 0.0\] there, and is \[0.5, 0.0\] now"),
            ({"dtype": "float32"}, "dtype was 'float64' there, and is 'float32' now"),
            ({"data": TRAIN[1:]}, "training_data was another one"),
            ({"test_data": TEST}, "test_data was none there, and is some now"),
            ({"validation_data": TEST}, "validation_data was none there, and is some now"),
            ({"lmbda": 1}, "lmbda was 0.0 there, and is 1.0 now"),
            ({"lmbda": 1, "clip_norm": 1, "optimizer": "adam"}, "optimizer was 'sgd' there, and is 'adam' now"),
            ({"mini_batch_size": 15, "data": TRAIN[1:], "lmbda": 1}, "training_data was another one"),
            ({"validation_data": 0.2}, "validation_data was none there, and is some now"),
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
        short = replace(kept.memory, vectors=dict(kept.memory.vectors) | {"optimizer.m": np.zeros(3)})
        (tmp_path / "run").write_bytes(pack_checkpoint(replace(kept, memory=short)))
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
        found = kept.position.describe() | position
        running = RunningLoss(min(found["done"], 2**63 - 1), found["loss"], found["weight"])
        changed = Position(found["epoch"], found["rng"], running, found["closed"])
        (tmp_path / "run").write_bytes(pack_checkpoint(replace(kept, position=changed)))
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

        def fail_at_first(writers, keep_present):
            calls.append(path)
            if len(calls) in (2, 3):
                raise OSError(28, "No space left on device", str(path))
            write_files(writers, keep_present)

        monkeypatch.setattr("cmlp.training.generations.write_files", fail_at_first)
        with pytest.warns(RuntimeWarning, match="no checkpoint was written, and the training goes on: .*No space left"):
            assert outcome(*train(path)) == whole
        assert read_checkpoint(path).position.epoch == EPOCHS
