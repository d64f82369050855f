"""What a checkpoint replaces, what it never replaces, and that what is written can be read."""

import os
from dataclasses import replace
from math import inf

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from support.disturbed import EPOCHS, IMAGES, LABELS, Halving, new_network, train

import cmlp
from cmlp import ModelError, Network
from cmlp.core.simd import choose_simd_path, simd_path_name, simd_path_names
from cmlp.training.checkpoint_files import checked_writer, pack_checkpoint, read_checkpoint
from cmlp.training.encoding import decode, encode
from cmlp.training.history import History
from cmlp.training.schedules import Schedule


def leave(path, kind="sgd", epoch=2, **more):
    """Leave a training behind, with two generations of its checkpoint."""

    def interrupt(event):
        if event.epoch == epoch:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        train(kind, path, interrupt, **more)


@pytest.fixture
def path(tmp_path):
    leave(tmp_path / "run")
    return tmp_path / "run"


def newer(path):
    from cmlp.storage.container import pack

    return pack("cmlp-checkpoint", 1000, {"ended": False}, {})


FOREIGN = {
    "a model": lambda path: Network([2, 2]).save(path),
    "a text": lambda path: path.write_text("my thesis, in the only copy that there is"),
    "a newer version": lambda path: path.write_bytes(newer(path)),
}


@pytest.mark.parametrize("write", FOREIGN.values(), ids=FOREIGN)
@pytest.mark.parametrize("name", ["run", "run.previous"])
def test_another_file_is_never_replaced(path, write, name):
    """Neither before a training, beside a whole checkpoint, nor during it."""
    file = path.with_name(name)
    kept = {other: other.read_bytes() for other in path.parent.iterdir()}
    write(file)
    kept[file] = file.read_bytes()
    if name == "run":
        with pytest.raises(ModelError, match=r"run (is|was|must be)"):
            train("sgd", path)
    else:
        with pytest.raises(OSError, match="this is no checkpoint, and a checkpoint would replace it"):
            train("sgd", path)
    assert {other: other.read_bytes() for other in path.parent.iterdir()} == kept


def test_a_file_that_comes_during_the_training_is_not_replaced(tmp_path):
    path = tmp_path / "run"
    with pytest.warns(RuntimeWarning, match="no checkpoint was written, and the training goes on"):
        train("sgd", path, lambda event: event.epoch == 2 and event.network.save(path) and None)
    assert Network.load(path).sizes == (6, 5, 3)


@pytest.mark.parametrize("harm", ["torn", "rotten", "empty", "zeros"])
def test_what_is_damaged_is_set_aside(path, harm):
    content = path.read_bytes()
    damaged = {"torn": content[:-7], "rotten": content[:-5] + b"\1" + content[-4:], "empty": b"", "zeros": bytes(99)}[
        harm
    ]
    path.write_bytes(damaged)
    path.with_name("run.damaged").write_text("of another time")
    with pytest.warns(UserWarning, match=r"^going on from .*run\.previous, in epoch \d, because "):
        assert train("sgd", path) == train("sgd")
    assert path.with_name("run.damaged-2").read_bytes() == damaged
    assert path.with_name("run.damaged").read_text() == "of another time"
    assert read_checkpoint(path).position.epoch == EPOCHS


def test_a_write_that_fails_moves_nothing(path, monkeypatch):
    before = {file: file.read_bytes() for file in path.parent.iterdir()}

    def fail(file):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("os.fsync", fail)
    network = new_network("sgd")
    parameters = network.engine.parameters.tobytes()
    with pytest.raises(OSError, match="No space left"):
        train("sgd", path, network=network)
    assert network.engine.parameters.tobytes() == parameters
    assert {file: file.read_bytes() for file in path.parent.iterdir()} == before


def test_a_resume_that_changes_nothing_writes_nothing(tmp_path):
    train("sgd", tmp_path / "run")
    before = {file: file.read_bytes() for file in tmp_path.iterdir()}
    train("sgd", tmp_path / "run")
    assert {file: file.read_bytes() for file in tmp_path.iterdir()} == before


@pytest.mark.parametrize("name", ["run", "x" * 250])
def test_a_previous_one_that_cannot_be_made_is_found_out_at_once(tmp_path, name):
    if name == "run":
        (tmp_path / "run.previous").mkdir()
    with pytest.raises(OSError):
        train("sgd", tmp_path / name)
    assert [file.name for file in tmp_path.iterdir() if file.is_file()] == []


def test_messages_name_the_file_that_is_there(path):
    path.unlink()
    with pytest.raises(ModelError, match=r"run\.previous is a checkpoint already"):
        new_network("sgd").train((IMAGES, LABELS), EPOCHS, 0.05, checkpoint=path)
    with (
        pytest.raises(ModelError, match=r"run\.previous belongs to another training"),
        pytest.warns(UserWarning, match=r"^going on from .*run\.previous, in epoch 2, because .*run is missing$"),
    ):
        train("sgd", path, mini_batch_size=9)
    path.with_name("run.previous").write_text("no checkpoint")
    with pytest.raises(ModelError, match=r"run\.previous is not a safetensors file"):
        train("sgd", path)


@pytest.mark.parametrize("kind", ["momentum", "nesterov"])
@pytest.mark.parametrize("epochs", [EPOCHS - 1, EPOCHS + 1])
def test_a_schedule_of_the_whole_training_has_its_number_of_epochs(kind, epochs, tmp_path):
    leave(tmp_path / "run", kind)
    network = new_network(kind)
    from support.disturbed import KINDS

    with pytest.raises(ModelError, match=r"epochs was 3 there, and is . now, on which every learning rate"):
        network.train(
            (IMAGES, LABELS), epochs, 0.05, mini_batch_size=8, checkpoint=tmp_path / "run", resume=True, **KINDS[kind]
        )


@pytest.mark.parametrize("kind", ["adamw", "lbfgs"])
def test_fewer_epochs_than_there_were_are_refused(kind, tmp_path):
    from support.disturbed import KINDS

    leave(tmp_path / "run", kind, epoch=3)
    before = {file: file.read_bytes() for file in tmp_path.iterdir()}
    network, given = new_network(kind), {"mini_batch_size": 8} | KINDS[kind]
    for epochs in (1, 2) if kind == "adamw" else (1,):
        with pytest.raises(ModelError, match="epochs must be at least"):
            network.train((IMAGES, LABELS), epochs, 0.05, checkpoint=tmp_path / "run", resume=True, **given)
    assert {file: file.read_bytes() for file in tmp_path.iterdir()} == before


def test_the_settings_of_a_users_schedule_make_it_another_training(path):
    with pytest.raises(ModelError, match="belongs to another training: schedule was"):
        train("sgd", path, schedule=Halving(0.25))


def test_a_schedule_that_cannot_be_kept_is_refused_by_name(tmp_path):
    class Keeping(Schedule):
        def __init__(self):
            self.function = abs

        def factor(self, step, per_epoch, steps):
            return 1.0

    with pytest.raises(ModelError, match=r"^schedule\.function must be what a checkpoint holds"):
        train("sgd", tmp_path / "run", schedule=Keeping())
    assert list(tmp_path.iterdir()) == []
    assert train("sgd", schedule=Keeping()), "without a checkpoint, it may keep what it wants"


class TestKernels:
    def change(self, path, **kernels):
        kept = read_checkpoint(path)
        path.write_bytes(pack_checkpoint(replace(kept, kernels={**kept.kernels, **kernels})))

    def test_other_kernels_are_told(self, path):
        assert read_checkpoint(path).kernels["simd"] == simd_path_name()
        self.change(path, blas="OpenBLAS Prescott")
        with pytest.warns(UserWarning, match=r"run comes from another .*: blas was 'OpenBLAS Prescott' there, and is"):
            train("sgd", path)

    @pytest.mark.skipif(len(simd_path_names()) < 2, reason="there is one path only")
    def test_the_path_in_use(self, path):
        best = simd_path_name()
        choose_simd_path("baseline")
        try:
            with pytest.warns(UserWarning, match=f"simd was '{best}' there, and is 'baseline' here"):
                train("sgd", path)
        finally:
            choose_simd_path(best)

    @pytest.mark.parametrize("name", ["blas", "simd", "scipy"])
    def test_lbfgs_refuses_them(self, name, tmp_path):
        leave(tmp_path / "run", "lbfgs")
        self.change(tmp_path / "run", **{name: "other"})
        with pytest.raises(ModelError, match=f"lbfgs can go on only where the same kernels compute, and {name} was"):
            train("lbfgs", tmp_path / "run")

    def test_a_file_of_old_names_none(self, path):
        kept = read_checkpoint(path)
        path.write_bytes(pack_checkpoint(replace(kept, kernels={})))
        assert train("sgd", path) == train("sgd")


def test_it_says_where_it_goes_on(path, capsys):
    train("sgd", path, progress=True)
    assert capsys.readouterr().err.startswith("goes on after epoch 1\n")
    train("sgd", path, progress=True)
    assert capsys.readouterr().err == f"goes on after epoch {EPOCHS}\n"
    train("sgd", progress=True)
    assert "goes on" not in capsys.readouterr().err


class TestWhatIsWrittenCanBeRead:
    def test_an_infinite_validation_loss(self, tmp_path):
        huge = (np.full((4, 6), 1e308), np.zeros(4, int))
        network = Network([6, 3], activation=["identity"], loss="quadratic", seed=1)
        with np.errstate(all="ignore"):
            history = network.train(
                (IMAGES, LABELS), 3, 0.01, validation_data=huge, patience=5, checkpoint=tmp_path / "run"
            )
        assert inf in history.validation_loss
        assert read_checkpoint(tmp_path / "run").history.validation_loss == history.validation_loss

    @pytest.mark.parametrize("change", [{"scale": 0}, {"class_names": (1, 2, 3)}], ids=str)
    def test_what_could_not_be_read_is_refused_at_once(self, change, tmp_path):
        network = new_network("sgd")
        vars(network).update(change)
        before = network.engine.parameters.copy()
        with pytest.raises((ModelError, cmlp.DataError), match=next(iter(change))):
            network.train((IMAGES, LABELS), 2, 0.1, checkpoint=tmp_path / "run")
        np.testing.assert_array_equal(network.engine.parameters, before)
        assert list(tmp_path.iterdir()) == []

    @pytest.mark.parametrize(
        "given",
        [
            {"schedule": cmlp.Step(np.int64(2))},
            {"optimizer": cmlp.Adam(np.float32(0.5))},
            {"mini_batch_size": np.int32(8), "lmbda": np.float32(0.1), "patience": None},
            {"schedule": cmlp.Exponential(np.float16(0.5)), "training_accuracy": np.True_},
        ],
        ids=str,
    )
    def test_numbers_of_numpy(self, given, tmp_path):
        network = new_network("sgd")
        data = cmlp.Dataset(IMAGES, LABELS, class_names=np.unique(["a", "b", "c"]))
        network.train(data, np.int64(2), np.float32(0.1), checkpoint=tmp_path / "run", **given)
        network.save(tmp_path / "model")
        assert Network.load(tmp_path / "model").settings == network.settings
        assert read_checkpoint(tmp_path / "run").model.class_names == ("a", "b", "c")

    def test_trials_of_lbfgs_that_are_not_finite(self, tmp_path):
        """They are a part of the journal, and not of the network."""
        kept_of = leave(tmp_path / "run", "lbfgs") or read_checkpoint(tmp_path / "run")
        vectors = dict(kept_of.memory.vectors)
        vectors["losses"] = np.append(vectors["losses"], inf)
        vectors["gradients"] = np.vstack([vectors["gradients"], np.full(len(vectors["first"]), np.nan)])
        kept = replace(kept_of, memory=replace(kept_of.memory, vectors=vectors))
        (tmp_path / "run").write_bytes(pack_checkpoint(kept))
        assert read_checkpoint(tmp_path / "run").memory.vectors["losses"][-1] == inf


VALUES = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(2**70), 2**70)
    | st.floats()
    | st.text(max_size=3)
    | st.sampled_from([np.float32(0.1), np.int8(3), np.True_, np.arange(3.0), np.array([[inf, 1]]), np.array(2)]),
    lambda parts: (
        st.lists(parts, max_size=3)
        | st.lists(parts, max_size=3).map(tuple)
        | st.dictionaries(st.text(max_size=3).filter(lambda key: not key.startswith("__")), parts, max_size=3)
    ),
    max_leaves=6,
)


@given(VALUES)
def test_a_memory_comes_back_as_it_was(value):
    import json

    found = decode(json.loads(json.dumps(encode(value, "it"), allow_nan=False)))
    assert type(found) is type(value) and repr(found) == repr(value)


POSITIVE, FRACTION = st.floats(1e-300, 1e300), st.floats(0, 1, exclude_max=True)
COUNT = st.integers(1, 2**31 - 1)
NUMPY = st.sampled_from([float, np.float64, np.float32])


@settings(max_examples=200, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.data())
def test_every_setting_that_is_accepted_is_stored(path_of_a_whole_one, data):
    """Or refused at once."""
    from cmlp.training.optimizers import OPTIMIZERS
    from cmlp.training.options import Options
    from cmlp.training.schedules import SCHEDULES

    def drawn(kind):
        fields = [each for each in getattr(kind, "__dataclass_fields__", {}).values() if "check" in each.metadata]
        return {each.name: data.draw(POSITIVE | FRACTION | COUNT | FRACTION.map(np.float32)) for each in fields}

    def made(kinds):
        kind = data.draw(st.sampled_from(list(kinds.values())))
        try:
            return kind(**drawn(kind))
        except ModelError:
            return kind()

    optimizer, schedule = made(OPTIMIZERS), made(SCHEDULES)
    numbers = {
        name: data.draw(FRACTION | POSITIVE | FRACTION.map(np.float32)) for name in ("eta", "lmbda", "l1", "averaging")
    }
    try:
        options = Options(optimizer=optimizer, schedule=schedule, epochs=data.draw(COUNT), **numbers)
    except ModelError:
        return
    whole = read_checkpoint(path_of_a_whole_one)
    described = options.describe()
    model = replace(whole.model, training=described)
    checkpoint = replace(whole, identity=described, model=model, history=History())
    checked_writer(checkpoint, "it")
    path = path_of_a_whole_one.with_name("other")
    path.write_bytes(pack_checkpoint(checkpoint))
    assert read_checkpoint(path).identity == described


@pytest.fixture
def path_of_a_whole_one(tmp_path):
    train("adamw", tmp_path / "run")
    return tmp_path / "run"


@pytest.mark.skipif(os.name != "posix", reason="other systems have other paths")
def test_paths_that_no_file_has(tmp_path):
    (tmp_path / "loop").symlink_to(tmp_path / "loop")
    for name in ("a\0b", "\ud800", "loop"):
        for call in (
            lambda path: train("sgd", path),
            lambda path: new_network("sgd").save(path),
            lambda path: Network.load(path),
        ):
            with pytest.raises((OSError, ModelError)):
                call(tmp_path / name)
    assert [file.name for file in tmp_path.iterdir()] == ["loop"]
