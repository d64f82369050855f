"""Whose files a training replaces: its own, and those that are damaged are set aside."""

import json

import pytest
from support.disturbed import EPOCHS, IMAGES, LABELS, new_network, train

from cmlp import ModelError, Network
from cmlp.storage.container import LENGTH, pack
from cmlp.training.checkpoint_files import BEGINNING, is_spoiled, read_checkpoint


@pytest.fixture
def path(tmp_path):
    """Return the checkpoint of a training that was interrupted after its second epoch."""

    def interrupt(event):
        if event.epoch == 2:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        train("sgd", tmp_path / "run", interrupt)
    return tmp_path / "run"


def contents(path):
    return {file: file.read_bytes() for file in path.parent.iterdir()}


def with_a_callback(path, call):
    """Train, and call this at the end of the second epoch."""
    return train("sgd", path, lambda event: call() if event.epoch == 2 else None)


def write_another(path, **settings):
    """Leave there the checkpoint of a training with other settings, or of another seed."""
    network = Network([6, 5, 3], loss="cross_entropy", activation="relu", dropout=0.2, seed=settings.pop("seed", 3))
    aside = path.with_name("aside")
    settings = {"mini_batch_size": 8, "schedule": None, "progress": False} | settings
    network.train((IMAGES, LABELS), 1, 0.05, checkpoint=aside, **settings)
    aside.with_name("aside.previous").unlink()
    aside.replace(path)
    return path.read_bytes()


class TestAnotherTraining:
    def test_its_checkpoint_is_not_replaced_where_the_previous_one_lies(self, path):
        write_another(path.with_name("run.previous"), lmbda=1.0)
        before = contents(path)
        with pytest.raises(OSError, match="this is the checkpoint of another training, which would replace it"):
            train("sgd", path)
        assert contents(path) == before

    @pytest.mark.parametrize("name", ["run", "run.previous"])
    def test_nor_where_it_comes_during_the_training(self, name, tmp_path):
        other = []
        with pytest.warns(RuntimeWarning, match="the training goes on: .*this is the checkpoint of another training"):
            found = with_a_callback(
                tmp_path / "run", lambda: other.append(write_another(tmp_path / name, mini_batch_size=5))
            )
        assert (tmp_path / name).read_bytes() == other[0]
        assert found == train("sgd")

    def test_another_seed_makes_another_training(self, tmp_path):
        settings = {"mini_batch_size": 8, "progress": False}
        other = []

        def call(event):
            if event.epoch == 2:
                other.append(write_another(tmp_path / "run", seed=8))

        network = Network([6, 5, 3], loss="cross_entropy", activation="relu", dropout=0.2, seed=7)
        with pytest.warns(RuntimeWarning, match="this is the checkpoint of another training"):
            network.train((IMAGES, LABELS), 3, 0.05, checkpoint=tmp_path / "run", callbacks=call, **settings)
        assert (tmp_path / "run").read_bytes() == other[0]

    def test_what_a_training_has_written_is_not_read_again(self, tmp_path, monkeypatch):
        read = []

        def note(path):
            read.append(path)
            return read_checkpoint(path)

        monkeypatch.setattr("cmlp.training.generations.read_checkpoint", note)
        train("sgd", tmp_path / "run")
        assert read == []

    def test_a_copy_of_ones_own_is_replaced(self, tmp_path):
        def copy():
            for file in list(tmp_path.iterdir()):
                content = file.read_bytes()
                file.unlink()
                file.write_bytes(content)

        assert with_a_callback(tmp_path / "run", copy) == train("sgd")
        assert read_checkpoint(tmp_path / "run").position.epoch == EPOCHS


class TestTheBeginningOfAResumedTraining:
    def test_a_full_disk_is_found_out(self, path, monkeypatch):
        monkeypatch.setattr("os.fsync", lambda _: (_ for _ in ()).throw(OSError(28, "No space left on device")))
        before, network = contents(path), new_network("sgd")
        state = network.rng.bit_generator.state
        with pytest.raises(OSError, match="No space left"):
            train("sgd", path, network=network)
        assert contents(path) == before and network.rng.bit_generator.state == state and network.settings == {}

    def test_it_changes_neither_generation(self, path):
        before, seen = contents(path), []
        train("sgd", path, lambda event: seen.append(contents(path)))
        assert seen[0] == before

    @pytest.mark.parametrize("harm", ["missing", "torn"])
    def test_it_restores_the_present_one(self, path, harm):
        previous = path.with_name("run.previous").read_bytes()
        path.unlink() if harm == "missing" else path.write_bytes(path.read_bytes()[:-5])
        seen = []

        class Look:
            def on_batch_end(self, event):
                seen.append((path.read_bytes(), path.with_name("run.previous").read_bytes()))

        with pytest.warns(UserWarning, match="^going on from"):
            assert train("sgd", path, Look()) == train("sgd")
        assert seen[0] == (previous, previous)

    def test_a_training_that_is_over_needs_no_disk(self, tmp_path, monkeypatch):
        train("sgd", tmp_path / "run")
        monkeypatch.setattr("os.fsync", lambda _: (_ for _ in ()).throw(OSError(28, "No space left on device")))
        assert train("sgd", tmp_path / "run") == train("sgd")


END = LENGTH + len(BEGINNING)


def of_foreign_files(path):
    Network([2, 2]).save(path.with_name("model"))
    model = path.with_name("model").read_bytes()
    path.with_name("model").unlink()
    return {
        "a word": b"hi",
        "a letter": b"7",
        "a line": b"12345\n",
        "umlauts": "\u00fc\u00f6".encode(),
        "ten characters": b"123456 {} ",
        "a text": b"my thesis, in the only copy that there is" * 3,
        "json": b"        " + json.dumps({"__metadata__": {"cmlp": "mine"}}).encode() + b" " * 99,
        "a model": model,
        "a damaged model": model[:-3],
        "the beginning of a model": model[:END],
        "a newer version": pack("cmlp-checkpoint", 1000, {"ended": False}, {}),
    }


class TestASpoiledBeginning:
    @pytest.mark.parametrize("at", range(END))
    def test_of_one_flipped_bit(self, path, at):
        content = bytearray(path.read_bytes())
        content[at] ^= 1 << at % 8
        self.check(path, bytes(content))

    @pytest.mark.parametrize("size", [0, *range(3, 20), END - 1, END])
    def test_of_a_file_that_was_cut(self, path, size):
        self.check(path, path.read_bytes()[:size])

    @pytest.mark.parametrize("size", [1, 2])
    @pytest.mark.filterwarnings("ignore:going on from")
    def test_so_few_bytes_that_they_could_be_a_text(self, path, size):
        path.write_bytes(path.read_bytes()[:size])
        before = contents(path)
        try:
            train("sgd", path)
        except ModelError as error:
            assert "moving it elsewhere" in str(error) and contents(path) == before
        else:
            assert path.with_name("run.damaged").read_bytes() == before[path]

    @pytest.mark.parametrize("number", [2, 3, 4, 8])
    def test_the_length_of_a_header_is_known_by_its_zeros(self, number):
        whole = (3000).to_bytes(8, "little") + BEGINNING
        assert is_spoiled((2992).to_bytes(8, "little")[:number], whole)
        assert not is_spoiled(b"12345678"[:number], whole)

    def check(self, path, damaged):
        path.write_bytes(damaged)
        with pytest.warns(UserWarning, match=r"^going on from .*run\.previous, in epoch 2, because "):
            assert train("sgd", path) == train("sgd")
        assert path.with_name("run.damaged").read_bytes() == damaged

    def test_other_files_are_never_set_aside(self, path):
        before = contents(path)
        for name, content in of_foreign_files(path).items():
            path.write_bytes(content)
            with pytest.raises(ModelError, match=r"; moving it elsewhere lets resume go on from .*run\.previous") as it:
                train("sgd", path)
            assert str(it.value).startswith(str(path)), name
            assert contents(path) == before | {path: content}, name
        path.rename(path.with_name("elsewhere"))
        with pytest.warns(UserWarning, match="is missing$"):
            assert train("sgd", path) == train("sgd")

    def test_without_a_whole_one_beside_it_nothing_is_advised(self, path):
        path.with_name("run.previous").write_bytes(b"")
        path.write_bytes(path.read_bytes()[:4])
        with pytest.raises(ModelError, match=r"run is not a safetensors file, or is damaged: it has no header$"):
            train("sgd", path)


def test_without_resume_nothing_is_told_of_going_on(path, recwarn):
    path.unlink()
    with pytest.raises(ModelError, match=r"run\.previous is a checkpoint already"):
        new_network("sgd").train((IMAGES, LABELS), EPOCHS, 0.05, checkpoint=path)
    assert not recwarn.list
