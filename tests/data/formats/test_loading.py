"""Sources that are no data, and what importing costs."""

import os
import pickle
import subprocess
import sys

import numpy as np
import pytest

from cmlp.data import Dataset
from cmlp.data.formats import load, split
from cmlp.errors import DataError

READABLE = "images and labels (IDX, npy, pickles or tables), one file for each part, or pictures by class"


def test_a_missing_source(tmp_path):
    with pytest.raises(FileNotFoundError):
        load(tmp_path / "nowhere")


@pytest.mark.parametrize(
    ("content", "sentence"),
    [
        (b"", "is empty"),
        (
            b"\x89PNG\r\n\x1a\n....",
            "must hold images and labels, and looks like one picture: give the folder that holds a folder of pictures "
            "for each class, or use cmlp predict for one",
        ),
        (b"\x1f\x8b", "is a damaged gzip file: Compressed file ended before the end-of-stream marker was reached"),
        (b"\x1f\x8b" + bytes(20), "is a damaged gzip file: Unknown compression method"),
    ],
)
def test_files_in_no_format(tmp_path, complaint, content, sentence):
    path = tmp_path / "file"
    path.write_bytes(content)
    assert complaint(path) == f"{path} {sentence}"


def test_folders_without_data(tmp_path, complaint):
    assert complaint(tmp_path) == f"{tmp_path} must hold {READABLE}, got nothing"
    (tmp_path / "README.md").write_text("Nothing here.")
    assert complaint(tmp_path) == f"{tmp_path} must hold {READABLE}, got README.md"


def test_a_folder_with_half_of_the_files(tmp_path, complaint):
    for name in ("images.pkl", "labels.pkl", "test_images.pkl"):
        (tmp_path / name).write_bytes(pickle.dumps(np.eye(3) if "images" in name else np.arange(3)))
    assert complaint(tmp_path) == f"{tmp_path} must hold labels for test_images.pkl, got images only"
    (tmp_path / "test_images.pkl").unlink()
    assert load(tmp_path).test is None


def test_complaints_name_the_files(tmp_path, complaint):
    images, labels = tmp_path / "x.npy", tmp_path / "y.npy"
    np.save(images, np.eye(3))
    np.save(labels, np.arange(4))
    sentence = f"images in {images} and labels in {labels} must have the same length, got 3 images and 4 labels"
    assert complaint(tmp_path) == complaint(images) == sentence


def test_a_table_of_images_and_an_array_of_labels(tmp_path):
    (tmp_path / "images.csv").write_text("0,3,2\n1,1,2\n")
    np.save(tmp_path / "labels.npy", np.arange(2))
    train, _ = load(tmp_path)
    assert (train.images.tolist(), train.labels.tolist()) == ([[0, 3, 2], [1, 1, 2]], [0, 1])


def test_an_archive_of_one_array_is_an_array(tmp_path):
    for name, array in (("images", np.eye(3)), ("labels", np.arange(3))):
        np.savez(tmp_path / f"kmnist-train-{name}.npz", array)
    assert len(load(tmp_path).train) == 3


def test_files_of_one_part_each(tmp_path, complaint):
    np.savez(tmp_path / "digits_train.npz", X=np.eye(3), y=[0, 1, 2])
    np.savez(tmp_path / "digits_test.npz", X=np.eye(3)[:2], y=[2, 1])
    (tmp_path / "train.py").write_text("print()")
    train, test = load(tmp_path)
    assert (len(train), len(test)) == (3, 2)
    np.savez(tmp_path / "digits_test.npz", x_train=np.eye(3), y_train=[0, 1, 2], x_test=np.eye(3), y_test=[0, 1, 2])
    assert complaint(tmp_path) == f"{tmp_path / 'digits_test.npz'} must hold one set of images with labels, got 2"


@pytest.mark.skipif(os.name != "posix", reason="there are no named pipes")
@pytest.mark.filterwarnings("ignore:.*left out")
def test_a_pipe_is_refused_and_not_waited_for(tmp_path, complaint):
    os.mkfifo(tmp_path / "pipe")
    assert complaint(tmp_path / "pipe") == f"{tmp_path / 'pipe'} must be a regular file"
    assert complaint(tmp_path) == f"{tmp_path} must hold {READABLE}, got pipe"
    (tmp_path / "0").mkdir()
    os.mkfifo(tmp_path / "0" / "pipe")
    pytest.importorskip("PIL.Image", reason="Pillow, of the extra cmlp[images], is not installed")
    assert complaint(tmp_path) == f"{tmp_path / '0' / 'pipe'} must be a regular file"


def test_importing_needs_no_extras():
    program = "import sys, cmlp.data.formats, cmlp.cli; print(*sys.modules)"
    run = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert not {"matplotlib", "PIL", "pooch", "requests", "pandas"} & set(run.stdout.split())


# ---------------------------------------------------------------------------------------------------- splitting


@pytest.mark.parametrize("share", [0.1, 0.2, 0.5, 0.9])
def test_a_split_has_the_same_share_of_each_class(digits, share):
    train, test = split(digits[0], share)
    assert (len(train), len(test)) == (1437 - round(share * 1437), round(share * 1437))
    counts = np.bincount(digits[0].labels)
    assert np.all(np.abs(np.bincount(test.labels) - share * counts) < 1.5)
    both = sorted(image.tobytes() for part in (train, test) for image in part.images)
    assert both == sorted(image.tobytes() for image in digits[0].images)


def test_the_seed_decides(digits):
    first, again, other = (split(digits[0], 0.2, seed).test.images.tobytes() for seed in (0, 0, 1))
    assert first == again != other


def test_splits_that_are_impossible():
    dataset = Dataset([[0], [1]], [0, 1])
    with pytest.raises(DataError, match=r"^2 images are too few to split off a test fraction of 0\.1$"):
        split(dataset, 0.1)
    for share in (0, 1, -1, float("nan")):
        with pytest.raises(DataError, match=rf"^test_fraction must be in \(0, 1\), got {share}$"):
            split(dataset, share)
