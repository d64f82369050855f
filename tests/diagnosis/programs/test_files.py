"""Files are as they were after strangers' code has written, moved and removed them, which finds what it has written."""

import glob
import io
import os
import shutil
import sqlite3
import tarfile
import tempfile
import threading
import zipfile
from os import remove
from pathlib import Path

import numpy as np
import pytest

import cmlp
from cmlp.diagnosis.programs.files import forget_files, kept_files

TRAIN, TEST = cmlp.load_digits()
DATA, TESTED = (TRAIN.images / 16, TRAIN.labels), (TEST.images / 16, TEST.labels)


@pytest.fixture
def folder(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    Path("mine.txt").write_text("mine")
    Path("data").mkdir()
    Path("data/image.txt").write_text("image")
    np.savetxt("table.txt", np.zeros(2))
    return tmp_path


def content(folder):
    return {path: path.read_bytes() if path.is_file() else None for path in folder.rglob("*")}


def writes_by_open():
    with open("mine.txt", "a") as file:  # noqa: PTH123
        file.write(" and more")
    assert Path("mine.txt").read_text() == "mine and more"
    with io.open("new.txt", "x") as file:  # noqa: UP020
        file.write("new")
    with pytest.raises(FileExistsError):
        open("new.txt", "x")  # noqa: PTH123, SIM115
    with pytest.raises(FileNotFoundError):
        open("nowhere/new.txt", "w")  # noqa: PTH123, SIM115


def writes_by_numpy():
    np.save("w.npy", np.ones(3))
    np.savez("z.npz", a=np.ones(2))
    np.savetxt("table.txt", np.ones(5))
    np.ones(4).tofile("raw.bin")
    mapped = np.memmap("mapped.bin", dtype=np.uint8, mode="w+", shape=(3,))
    mapped[:] = 1
    assert np.load("w.npy").sum() == 3
    assert np.load("z.npz")["a"].sum() == 2
    assert np.loadtxt("table.txt").shape == (5,)
    assert np.fromfile("raw.bin").size == 4


def writes_archives():
    with zipfile.ZipFile("a.zip", "w") as archive:
        archive.writestr("a", "b")
    with tarfile.open("a.tar", "w") as archive:
        archive.add("mine.txt")
    assert zipfile.is_zipfile("a.zip")
    assert tarfile.is_tarfile("a.tar")
    connection = sqlite3.connect("a.db")
    connection.execute("create table t (a)")
    connection.close()
    assert Path("a.db").exists()


def makes_folders():
    os.makedirs("runs/first", exist_ok=True)  # noqa: PTH103
    Path("runs/first/epoch.txt").write_text("1")
    assert glob.glob("runs/*/*.txt") == ["runs/first/epoch.txt"]  # noqa: PTH207
    assert sorted(os.listdir(".")) == ["data", "mine.txt", "runs", "table.txt"]  # noqa: PTH208
    assert sorted(place for place, _, _ in os.walk(".")) == [".", "./data", "./runs", "./runs/first"]
    os.chdir("runs")
    Path("second").mkdir()
    os.chdir("../data")
    assert Path("image.txt").read_text() == "image"
    os.chdir("..")
    assert sorted(path.name for path in Path("runs").iterdir()) == ["first", "second"]


def removes():
    remove("mine.txt")  # noqa: PTH107
    assert not Path("mine.txt").exists()
    with pytest.raises(FileNotFoundError):
        Path("mine.txt").read_text()
    shutil.rmtree("data")
    Path("data").mkdir()
    assert os.listdir("data") == []  # noqa: PTH208
    Path("data").rmdir()


def renames():
    with tempfile.NamedTemporaryFile("w", dir=".", delete=False) as file:
        file.write("best")
    os.replace(file.name, "mine.txt")  # noqa: PTH105
    assert Path("mine.txt").read_text() == "best"
    Path("data").rename("moved")
    assert Path("moved/image.txt").read_text() == "image"
    shutil.copy("mine.txt", "copy.txt")
    shutil.move("copy.txt", "moved/copy.txt")
    assert not Path("copy.txt").exists()


def works_by_descriptors():
    descriptor = os.open("low.bin", os.O_CREAT | os.O_WRONLY)
    os.write(descriptor, b"x")
    os.close(descriptor)
    os.truncate("mine.txt", 1)
    os.chmod("mine.txt", 0o600)  # noqa: PTH101
    assert os.stat("mine.txt").st_size == 1  # noqa: PTH116
    Path("touched").touch()
    assert os.access("touched", os.R_OK)


def writes_in_a_thread():
    thread = threading.Thread(target=lambda: Path("thread.txt").write_text("1"))
    thread.start()
    thread.join()
    assert Path("thread.txt").exists()


def uses_temporary_files():
    with tempfile.TemporaryDirectory() as made, tempfile.TemporaryFile() as file:
        Path(made, "a").write_text("a")
        file.write(b"a")
        assert os.listdir(made) == ["a"]  # noqa: PTH208


WAYS = [
    writes_by_open,
    writes_by_numpy,
    writes_archives,
    makes_folders,
    removes,
    renames,
    works_by_descriptors,
    writes_in_a_thread,
    uses_temporary_files,
]


@pytest.mark.parametrize("code", WAYS, ids=lambda code: code.__name__)
def test_files_are_kept(code, folder):
    before = content(folder)
    with kept_files():
        code()
    assert content(folder) == before


def test_functions_come_back_after_an_interruption(folder):
    functions = open, io.open, os.open, os.stat, os.remove, remove, shutil.rmtree, threading.Thread.start
    with pytest.raises(KeyboardInterrupt), kept_files():
        Path("new.txt").write_text("new")
        raise KeyboardInterrupt
    assert functions == (open, io.open, os.open, os.stat, os.remove, remove, shutil.rmtree, threading.Thread.start)
    assert not Path("new.txt").exists()
    assert not list(Path(tempfile.gettempdir()).glob("cmlp-check-*"))


def test_each_copy_finds_the_files_as_they_are(folder):
    with kept_files():
        Path("mine.txt").unlink()
        Path("checkpoint").write_text("1")
        forget_files()
        assert Path("mine.txt").read_text() == "mine"
        assert not Path("checkpoint").exists()


def test_other_threads_keep_their_files(folder):
    written, go = threading.Event(), threading.Event()

    def other():
        go.wait(20)
        Path("theirs.txt").write_text("theirs")
        written.set()

    threading.Thread(target=other, daemon=True).start()
    with kept_files():
        Path("theirs.txt").write_text("not theirs")
        go.set()
        assert written.wait(20)
    assert Path("theirs.txt").read_text() == "theirs"


class SavesItsBest:
    """Keeps its best weights in a file, goes on from there, and writes a log."""

    log = None

    def __init__(self):
        self.w = np.zeros((64, 10))

    def forward(self, x):
        e = np.exp(x @ self.w)
        return e / e.sum(axis=1, keepdims=True)

    def train(self, x, y, epochs=100, eta=0.5):
        if Path("best.npy").exists():
            self.w = np.load("best.npy")
        for _ in range(epochs):
            self.w -= eta * x.T @ (self.forward(x) - np.eye(10)[y]) / len(x)
            self.log.write("epoch\n")
        os.makedirs("runs", exist_ok=True)  # noqa: PTH103
        np.save("runs/best.npy", self.w)
        self.w = np.load("runs/best.npy")
        np.save("mine.npy", self.w)


def test_what_a_training_writes_is_read_by_it_and_by_nobody_else(folder):
    np.save("mine.npy", np.full(3, 7.0))
    with Path("log.txt").open("w") as SavesItsBest.log:
        SavesItsBest.log.write("begun\n")
        SavesItsBest.log.flush()
        before = content(folder)
        report = cmlp.check(DATA, TESTED, network=SavesItsBest(), epochs=100, seconds=8, progress=False)
    assert content(folder) == before
    assert report.accuracy > 85
    assert not report.problems
