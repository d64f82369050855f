"""A checkpoint is taken for a network wherever one is read."""

import json
import re
from pathlib import Path

import numpy as np
import pytest

import cmlp
from cmlp.training.saved import is_checkpoint, network_of, read_network

TRAIN, TEST = cmlp.load_digits()


@pytest.fixture
def checkpoint(tmp_path, monkeypatch):
    """Return the network that a training left, and its checkpoint after 2 of 3 epochs."""
    monkeypatch.chdir(tmp_path)
    net = cmlp.Network([64, 10])
    with pytest.raises(KeyboardInterrupt):
        net.train(TRAIN, 3, 1.0, checkpoint="run.ckpt", callbacks=stop_at_2)
    return net


def stop_at_2(event):
    if event.epoch == 3:
        raise KeyboardInterrupt


def test_info(run, checkpoint):
    status, out, err = run("info", "run.ckpt")
    assert (status, err) == (0, "")
    rows = dict(re.split(r"  +", line, maxsplit=1) for line in out.splitlines())
    assert rows["model"] == "run.ckpt: 64-10, sigmoid, quadratic loss, float64"
    told = r"2 of 3 epochs( and 1,437 images of the next)? are trained; cmlp train with --checkpoint --resume goes on"
    assert re.fullmatch(told, rows["checkpoint"])
    report = json.loads(run("info", "run.ckpt", "--json")[1])
    assert report["checkpoint"]["epochs"] == 2 and report["checkpoint"]["ended"] is False


def test_test_export_page_and_check(run, checkpoint):
    checkpoint.save("net.cmlp")
    accuracy = f"{checkpoint.test(TEST):.2f} %"
    assert accuracy in run("test", "run.ckpt")[1]
    for command in ("export {} --c {}.h --name net", "page {} -o {}.html"):
        suffix = command.partition("{}.")[2].split()[0]
        for name in ("run.ckpt", "net.cmlp"):
            assert run(*command.format(name, name).split())[0] == 0
        one, other = (Path(f"{name}.{suffix}").read_bytes() for name in ("run.ckpt", "net.cmlp"))
        assert one.replace(b"run.ckpt.h", b"net.cmlp.h") == other
    assert run("check", "--model", "run.ckpt")[0] in (0, 1, 3)


def test_predict(run, checkpoint):
    image = pytest.importorskip("PIL.Image", reason="Pillow, of the extra cmlp[images], is not installed")
    large = np.kron(TEST.pictures()[0] / 16, np.ones((20, 20)))
    image.fromarray(np.rint(255 * (1 - np.pad(large, 30))).astype(np.uint8)).save("three.png")
    checkpoint.save("net.cmlp")
    answers = [run("predict", name, "three.png") for name in ("run.ckpt", "net.cmlp")]
    assert answers[0][0] == 0 and answers[0] == answers[1]


def test_a_damaged_one_names_the_one_before(complaint, checkpoint):
    content = bytearray(Path("run.ckpt").read_bytes())
    content[-9] ^= 1
    Path("run.ckpt").write_bytes(content)
    said = "run.ckpt is damaged: it begins as a checkpoint, and was cut off or changed by something else than cmlp"
    assert f"{said}: run.ckpt.previous is the one before" in complaint("info", "run.ckpt")


class TestWhichNetwork:
    """It is the one that `Network.train` would leave if the training went on no further."""

    @pytest.mark.parametrize("settings", [{}, {"averaging": 0.9}], ids=["own", "average"])
    def test_of_an_interrupted_training(self, tmp_path, settings):
        net = cmlp.Network([64, 8, 10])
        with pytest.raises(KeyboardInterrupt):
            net.train(TRAIN, 3, 1.0, checkpoint=tmp_path / "r", callbacks=stop_at_2, **settings)
        loaded = cmlp.Network.load(tmp_path / "r")
        assert all(map(np.array_equal, loaded.weights + loaded.biases, net.weights + net.biases))
        assert loaded.scale == net.scale

    @pytest.mark.parametrize("epochs", [4, 60], ids=["all epochs", "early stopping"])
    def test_of_an_ended_training_it_is_the_best(self, tmp_path, epochs):
        net = cmlp.Network([64, 8, 10], seed=1)
        patience = {"validation_data": 0.3, "patience": 1, "monitor": "accuracy"}
        net.train(TRAIN[:200], epochs, 9.0, mini_batch_size=5, checkpoint=tmp_path / "r", **patience)
        model, checkpoint = read_network(tmp_path / "r")
        assert all(map(np.array_equal, model.weights, net.weights))
        assert checkpoint.ended or checkpoint.position.epoch == epochs
        assert network_of(checkpoint).weights[0].shape == (8, 64)


def test_what_is_a_checkpoint(tmp_path, checkpoint):
    checkpoint.save("net.cmlp")
    Path("empty").touch()
    assert [is_checkpoint(Path(name)) for name in ("run.ckpt", "net.cmlp", "empty")] == [True, False, False]
