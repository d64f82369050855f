"""The four pickles, written whole or not at all."""

import os
import pickle
import signal
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

import cmlp
from cmlp.data import Dataset, load, load_digits, load_test_data, load_training_data
from cmlp.data.loading import DATA_FILES
from cmlp.data.writing import check_free, write_data
from cmlp.errors import DataError
from cmlp.utils.files import write_files

TRAIN = Dataset(np.arange(12, dtype=np.uint8).reshape(3, 4) * 20, [0, 1, 2])
TEST = Dataset([[0.5, 0.25, 1, 0]], [1], classes=3)


def files_of(folder):
    return {path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file()}


def test_what_is_written_is_read(tmp_path):
    write_data(str(tmp_path / "new" / "data"), TRAIN, TEST)
    folder = tmp_path / "new" / "data"
    assert files_of(folder) == set(DATA_FILES)
    for found, expected in ((load_training_data(folder), TRAIN), (load_test_data(folder), TEST)):
        np.testing.assert_array_equal(found.images, expected.images)
        np.testing.assert_array_equal(found.labels, expected.labels)
        assert (found.images.dtype, found.scale) == (expected.images.dtype, expected.scale)


def test_the_digits_give_the_bytes_that_come_with_cmlp(tmp_path):
    write_data(tmp_path, *load_digits())
    packaged = Path(cmlp.__path__[0]) / "data" / "digits"
    for file in DATA_FILES:
        assert pickle.loads((tmp_path / file).read_bytes()).dtype == np.uint8
        assert (tmp_path / file).read_bytes() == (packaged / file).read_bytes()


def test_class_names_and_shapes_are_read_again(tmp_path):
    images = np.arange(24, dtype=np.uint8).reshape(2, 3, 4)
    named = Dataset(images, [0, 1], class_names=("caf\u00e9", "T-shirt/top"))
    write_data(tmp_path, named, named)
    for found in (*load(tmp_path), load_training_data(tmp_path, classes=None)):
        assert (found.class_names, found.picture_shape) == (named.class_names, (3, 4))
    with pytest.raises(DataError, match=r"already exists"):
        write_data(tmp_path, TRAIN, TEST)
    write_data(tmp_path, TRAIN, TEST, force=True)
    assert files_of(tmp_path) == set(DATA_FILES)


def test_labels_take_as_few_bytes_as_they_need(tmp_path):
    many = Dataset(np.zeros((3, 4)), [0, 300, 1])
    write_data(tmp_path, many, many)
    assert pickle.loads((tmp_path / "labels.pkl").read_bytes()).dtype == np.uint16


@pytest.mark.parametrize("file", DATA_FILES)
def test_files_that_are_there_are_only_replaced_by_force(tmp_path, file):
    (tmp_path / file).parent.mkdir(exist_ok=True)
    (tmp_path / file).write_text("precious")
    with pytest.raises(DataError) as caught:
        write_data(tmp_path, TRAIN, TEST)
    assert str(caught.value) == f"{tmp_path / file} already exists: choose another folder, or force the replacement"
    assert files_of(tmp_path) == {file} and (tmp_path / file).read_text() == "precious"
    write_data(tmp_path, TRAIN, TEST, force=True)
    assert files_of(tmp_path) == set(DATA_FILES)
    assert len(load_training_data(tmp_path)) == 3


@pytest.mark.skipif(os.name != "posix", reason="links need rights on Windows")
def test_a_dangling_link_is_there_already(tmp_path):
    (tmp_path / "labels.pkl").symlink_to(tmp_path / "nowhere")
    with pytest.raises(DataError):
        check_free(tmp_path, force=False)


def test_a_failure_leaves_what_was_there(tmp_path):
    write_data(tmp_path, TRAIN, TEST)
    before = {file: (tmp_path / file).read_bytes() for file in DATA_FILES}

    def fail(file):
        file.write(b"half")
        raise OSError("the disk is full")

    with pytest.raises(OSError, match=r"^the disk is full$"):
        write_files({tmp_path / "images.pkl": lambda file: file.write(b"new"), tmp_path / "labels.pkl": fail})
    assert {file: (tmp_path / file).read_bytes() for file in DATA_FILES} == before
    assert files_of(tmp_path) == set(DATA_FILES)


KILLED = """
import os, signal, sys
from pathlib import Path
from cmlp.data import load_digits
from cmlp.data.writing import write_data

left = int(sys.argv[2])

def counted(function):
    def call(*arguments, **named):
        global left
        left -= 1
        if left < 0:
            os.kill(os.getpid(), signal.SIGKILL)
        return function(*arguments, **named)
    return call

os.fsync, Path.unlink, Path.replace = map(counted, (os.fsync, Path.unlink, Path.replace))
train, test = load_digits()
write_data(sys.argv[1], train[::-1], test[::-1], force=True)
"""


@pytest.mark.skipif(os.name != "posix", reason="kills a process")
def test_a_kill_never_leaves_new_images_beside_old_labels(tmp_path):
    train, test = load_digits()
    states = []
    for calls in range(30):
        write_data(tmp_path, train, test, force=True)
        program = [sys.executable, "-c", KILLED, str(tmp_path), str(calls)]
        status = subprocess.run(program, env=os.environ | {"OPENBLAS_NUM_THREADS": "1"}).returncode
        try:
            found = load_training_data(tmp_path), load_test_data(tmp_path)
        except DataError as error:
            assert "missing" in str(error)
            states.append("missing")
        else:
            steps = {
                int(np.array_equal(part.images, old.images)) for part, old in zip(found, (train, test), strict=True)
            }
            assert len(steps) == 1
            states.append("old" if steps == {1} else "new")
            for part, old in zip(found, (train, test), strict=True):
                np.testing.assert_array_equal(part.labels, old.labels if steps == {1} else old.labels[::-1])
        for file in tmp_path.rglob(".*.tmp"):
            file.unlink()
        if status == 0:
            break
        assert status == -signal.SIGKILL
    assert status == 0 and states[0] == "old" and "missing" in states and states[-1] == "new"
