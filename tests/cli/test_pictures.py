"""Many pictures: folders of them, and one that is bad among many."""

import json
import os
from pathlib import Path

import numpy as np
import pytest
from support.command_line import POSIX

import cmlp

pytest.importorskip("PIL", reason="Pillow, of the extra cmlp[images], is not installed")
from PIL import Image

TRAIN, TEST = cmlp.load_digits()


@pytest.fixture(autouse=True)
def _files(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    net = cmlp.Network([64, 30, 10])
    net.train(TRAIN, 20, 3.0, mini_batch_size=10)
    net.save("net.cmlp")
    Path("pictures/more").mkdir(parents=True)
    for index, name in enumerate(("a.png", "b.png", "more/c.png")):
        large = np.kron(TEST.pictures()[index] / 16, np.ones((20, 20)))
        Image.fromarray(np.rint(255 * (1 - np.pad(large, 30))).astype(np.uint8)).save(Path("pictures", name))


def names(out):
    return [line.split()[0] for line in out.splitlines()]


def test_a_folder_stands_for_its_pictures(run):
    Path("pictures/notes.txt").write_text("not a picture")
    Path("pictures/.DS_Store").write_bytes(b"\0\0\0\1Bud1")
    Path("pictures/a.png").rename("pictures/a")  # which is one by its content
    status, out, err = run("predict", "net.cmlp", "pictures")
    assert (status, err) == (0, "cmlp predict: warning: no picture, and left out: pictures/notes.txt\n")
    assert names(out) == ["pictures/a", "pictures/b.png", "pictures/more/c.png"]
    alone = [run("predict", "net.cmlp", name)[1] for name in names(out)]
    assert [line.split()[1:] for line in "".join(alone).splitlines()] == [line.split()[1:] for line in out.splitlines()]


def test_a_bad_picture_spoils_only_its_own_line(run):
    Path("pictures/b.png").write_bytes(Path("pictures/b.png").read_bytes()[:100])
    status, out, err = run(
        "predict", "net.cmlp", "pictures/a.png", "pictures/b.png", "nowhere.png", "pictures/more/c.png"
    )
    assert status == 1 and names(out) == ["pictures/a.png", "pictures/more/c.png"]
    first, second = err.splitlines()
    assert first.startswith("cmlp predict: pictures/b.png is a damaged picture")
    assert second == "cmlp predict: nowhere.png: No such file or directory"
    status, out, err = run("predict", "net.cmlp", "pictures", "--json")
    predictions = json.loads(out)["predictions"]
    assert status == 1 and err.count("\n") == 1
    assert ["error" in prediction for prediction in predictions] == [False, True, False]
    assert all({"picture", "top", "outputs"} <= predictions[index].keys() for index in (0, 2))
    assert "is a damaged picture" in predictions[1]["error"]


def test_none_has_an_answer(run):
    status, out, err = run("predict", "net.cmlp", "nowhere.png", "net.cmlp")
    assert (status, out) == (2, "") and err.splitlines()[1] == "cmlp predict: net.cmlp is a network, and no picture"


def test_what_is_seen_of_the_good_ones(run):
    Path("pictures/b.png").write_bytes(b"\x89PNG")
    status, _, _ = run("predict", "net.cmlp", "pictures", "-o", "seen.png")
    with Image.open("seen.png") as seen:
        assert status == 1 and seen.size == (16, 8)


@pytest.mark.skipif(not POSIX or os.geteuid() == 0, reason="this user reads every folder")
def test_a_folder_that_cannot_be_read(run):
    Path("pictures/more").chmod(0)
    status, out, err = run("predict", "net.cmlp", "pictures")
    Path("pictures/more").chmod(0o700)
    assert status == 1 and len(names(out)) == 2 and err == "cmlp predict: pictures/more: Permission denied\n"


def test_an_interruption_loses_no_answer(run, monkeypatch):
    from cmlp.cli import predict

    answer = predict._answer

    def until_b(network, place, arguments):
        if place.name.endswith("c.png"):
            raise KeyboardInterrupt
        return answer(network, place, arguments)

    monkeypatch.setattr(predict, "_answer", until_b)
    status, out, err = run("predict", "net.cmlp", "pictures")
    assert (status, err) == (130, "cmlp predict: interrupted\n") and len(names(out)) == 2
    status, out, _ = run("predict", "net.cmlp", "pictures", "--json")
    assert status == 130 and len(json.loads(out)["predictions"]) == 2


@pytest.mark.skipif(not POSIX, reason="links need rights on other systems")
def test_a_folder_within_itself(run):
    Path("pictures/again").symlink_to("../pictures")
    assert len(names(run("predict", "net.cmlp", "pictures")[1])) == 3
