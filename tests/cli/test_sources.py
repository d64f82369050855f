"""A network is tested with images that it has not seen, or the command says that it has seen them."""

import json
import pickle

import numpy as np
import pytest
from support.command_line import write_folder

import cmlp

TRAIN = ("--epochs", "20", "--quiet", "--hidden", "40", "--activation", "relu", "--optimizer", "adam")


def noise(seed=0):
    """Return images that have nothing to do with their labels: they can only be learned by heart."""
    rng = np.random.default_rng(seed)
    return rng.integers(0, 256, (300, 40), dtype=np.uint8), np.arange(300) % 3


@pytest.fixture
def source(tmp_path):
    images, labels = noise()
    np.savez(tmp_path / "noise.npz", x=images, y=labels)
    return tmp_path / "noise.npz"


@pytest.mark.parametrize("options", [(), ("--test-fraction", "0.4")], ids=str)
def test_what_the_training_split_off_is_what_is_tested(run, source, tmp_path, options):
    net, checkpoint = tmp_path / "net.cmlp", tmp_path / "run.ckpt"
    status, out, _ = run("train", source, *TRAIN, *options, "--save", net, "--checkpoint", checkpoint, "--json")
    trained = json.loads(out)
    assert status == 0 and trained["training_accuracy"] > trained["test_accuracy"] + 20
    for model in (net, checkpoint):
        tested = json.loads(run("test", model, source, "--json")[1])
        assert tested["accuracy"] == trained["test_accuracy"] and tested["split_off"] is True
        assert "trained on" not in str(tested["warning"])
    status, out, _ = run("test", net, source)
    count = f"{trained['data']['test_images']} images of 3 classes, those that its training split off"
    assert status == 0 and count in out
    page = run("page", net, "--data", source, "-o", tmp_path / "page.html", "--json")[1]
    assert json.loads(page)["tested_images"] == trained["data"]["test_images"]
    assert "origin" not in run("info", net)[1]


def test_the_same_images_in_another_format_are_known_again(run, source, tmp_path):
    net, other = tmp_path / "net.cmlp", tmp_path / "noise.pkl"
    other.write_bytes(pickle.dumps(noise()))
    run("train", source, *TRAIN, "--save", net)
    assert "60 images of 3 classes, those that its training split off" in run("test", net, other)[1]


def test_other_images_are_all_taken(run, source, tmp_path):
    net, other = tmp_path / "net.cmlp", tmp_path / "other.npz"
    images, labels = noise(1)
    np.savez(other, x=images, y=labels)
    run("train", source, *TRAIN, "--save", net)
    tested = json.loads(run("test", net, other, "--json")[1])
    assert "split_off" not in tested
    assert "300 images of 3 classes\n" in run("test", net, other)[1]


def test_images_that_were_all_learned_are_named(run, tmp_path):
    images, labels = noise()
    folder = write_folder(tmp_path / "data", (images, labels.tolist()), (images[:60], labels[:60].tolist()))
    alone, net = tmp_path / "train.npz", tmp_path / "net.cmlp"
    np.savez(alone, x=images, y=labels)
    run("train", folder, *TRAIN, "--save", net)
    _, out, err = run("test", net, alone)
    assert f"these are the images that {net} was trained on" in err and "300 images of 3 classes\n" in out
    page = tmp_path / "page.html"
    assert "these are the images" in run("page", net, "--data", alone, "-o", page)[2]
    assert "was trained on" not in run("test", net, folder)[2]


@pytest.mark.parametrize(
    "origin",
    [None, 3, {}, {"checksum": 1, "test_fraction": 0.5, "seed": 0}, {"checksum": "a", "test_fraction": 7.0, "seed": 0},
     {"checksum": "a", "test_fraction": 0.5, "seed": -1}, {"checksum": "a", "test_fraction": True, "seed": 0}],
    ids=str,
)  # fmt: skip
def test_a_model_may_hold_anything_there(run, source, tmp_path, origin):
    net = cmlp.Network([40, 3])
    net.settings = {"origin": origin}
    net.save(tmp_path / "net.cmlp")
    assert run("test", tmp_path / "net.cmlp", source)[0] == 0


def test_parts_of_a_data_set_and_other_trainings_have_an_origin_of_their_own():
    train, _ = cmlp.load_digits()
    origin = cmlp.data.origin.Origin("a", 0.25)
    known = train._from_origin(origin)
    net = cmlp.Network([64, 10])
    net.train(known, 1, 1.0)
    assert net.settings["origin"] == {"checksum": "a", "test_fraction": 0.25, "seed": 0}
    assert cmlp.data.origin.Origin.read(net.settings) == origin
    assert known[:10]._origin is train._origin is None
    net.train(known[:100], 1, 1.0)
    found = cmlp.data.origin.Origin.read(net.settings)
    assert found.is_of(train.images[:100]) and not found.is_of(train.images) and not found.is_of(train.images[1:101])


@pytest.mark.parametrize("as_arrays", [False, True])
def test_what_was_trained_in_python_is_known(run, tmp_path, as_arrays):
    images, labels = noise()
    both, other, net = (tmp_path / name for name in ("both.npz", "other.npz", "net.cmlp"))
    np.savez(both, x=images, y=labels)
    np.savez(other, x=images[::-1].copy(), y=labels[::-1])
    train = (images, labels) if as_arrays else cmlp.load(both).train
    network = cmlp.Network([40, 3])
    network.train(train, 1, 1.0)
    network.save(net)
    assert f"these are the images that {net} was trained on" in run("test", net, both)[2]
    assert "was trained on" not in run("test", net, other)[2]
