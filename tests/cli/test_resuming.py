"""What is not gone on from, is told by what was typed, and before anything is said of the training."""

import re

import numpy as np
import pytest

FIRST = "--epochs 2 --hidden 12 --seed 1"
CHANGES = {
    "--optimizer adam": "--optimizer was 'sgd' there, and is 'adam' now",
    "--activation relu": "the activations were sigmoid-sigmoid there, and are relu-softmax now",
    "--activation=relu": "the activations were sigmoid-sigmoid there, and are relu-softmax now",
    "--hidden 20": "the layers were 64-12-10 there, and are 64-20-10 now",
    "--hidden 9,9": "the layers were 64-12-10 there, and are 64-9-9-10 now",
    "--eta 0.5": "--eta was 3.0 there, and is 0.5 now",
    "--mini-batch-size 7": "--mini-batch-size was 10 there, and is 7 now",
    "--clip-norm 2 --eta 1": "--clip-norm was None there, and is 2.0 now",
    "--validation 0.2": "the validation data was none there, and is some now",
    "--test-fraction 0.5": "--test-fraction was 0.2 there, and is 0.5 now",
    "--seed 2": "--seed was another one there, and is 2 now",
    "--dtype float32": "--dtype was 'float64' there, and is 'float32' now",
    "--epochs 1": "--epochs must be at least 2, got 1",
}


@pytest.fixture(scope="module")
def kept(tmp_path_factory):
    """Return a folder with two sources and the checkpoint of a training on the first."""
    from cmlp.cli import main

    folder = tmp_path_factory.mktemp("kept")
    rng = np.random.default_rng(0)
    for name, images in (("one", 300), ("other", 12000)):
        pixels = rng.integers(0, 256, (images, 64), dtype=np.uint8)
        np.savez(folder / f"{name}.npz", x=pixels, y=np.arange(images) % 10)
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(folder)
        assert main(f"train one.npz --quiet --checkpoint run.ckpt {FIRST}".split()) == 0
    return folder


@pytest.fixture(autouse=True)
def within(kept, monkeypatch):
    monkeypatch.chdir(kept)


@pytest.mark.parametrize("change", CHANGES)
def test_the_reason_is_what_was_typed(complaint, kept, change):
    before = (kept / "run.ckpt").read_bytes()
    words = f"train one.npz --quiet --checkpoint run.ckpt --resume {FIRST} {change}".split()
    assert re.search(re.escape(CHANGES[change]) + "(:|$)", complaint(*words).strip())
    assert (kept / "run.ckpt").read_bytes() == before


def test_other_data_are_the_reason_and_not_what_follows_from_them(complaint):
    words = f"train other.npz --quiet --checkpoint run.ckpt --resume {FIRST}".split()
    assert complaint(*words).endswith("belongs to another training: the training data was another one\n")


def test_the_same_training_goes_on(run):
    status, out, _ = run(*f"train one.npz --quiet --checkpoint run.ckpt --resume {FIRST}".split())
    assert status == 0 and "run.ckpt, which has trained all of its 2 epochs" in out
