import gzip
import json
import os
import re
import shutil
import subprocess
from pathlib import Path

import numpy as np
import pytest
from command_line import write_folder

import cmlp
from cmlp.cli import main

MNIST_FILES = {
    "training images": ("train-images-idx3-ubyte.gz", 16),
    "training labels": ("train-labels-idx1-ubyte.gz", 8),
    "test images": ("t10k-images-idx3-ubyte.gz", 16),
    "test labels": ("t10k-labels-idx1-ubyte.gz", 8),
}


@pytest.fixture
def run(capsys):
    """Return a function that runs a command and returns its exit code and what it printed."""

    def call(*arguments):
        status = main([str(argument) for argument in arguments])
        return status, *capsys.readouterr()

    return call


@pytest.fixture
def data_folder(tmp_path):
    """Return a data folder with every tenth of the digits."""
    parts = [data[::10] for data in cmlp.load_digits()]
    return write_folder(tmp_path / "data", *[(np.array(part.images), part.labels.tolist()) for part in parts])


@pytest.fixture
def report(capsys):
    """Return a function that runs a command with --json and returns its report."""

    def call(*arguments):
        quiet = ["--quiet"] if arguments[0] == "train" else []
        assert main([*arguments, "--json", *quiet]) == 0
        out, err = capsys.readouterr()
        assert out.count("\n") == 1 and err == ""
        return json.loads(out)

    return call


@pytest.fixture
def complaint(capsys):
    """Return a function that runs a command that cannot run, and returns its one line on stderr."""

    def call(*arguments, stdout=""):
        assert main(arguments) == 2
        out, err = capsys.readouterr()
        assert re.fullmatch(stdout, out, re.DOTALL)
        assert re.fullmatch(r"cmlp[^:\n]*: [^\n]+\n", err)
        return err

    return call


@pytest.fixture(scope="session")
def mnist():
    """The arrays of MNIST by name: images (n, 784) of uint8, labels (n,) of uint8."""
    folder = os.environ.get("CMLP_MNIST")
    if not folder:
        pytest.skip("CMLP_MNIST does not name a folder with the four IDX files of MNIST")
    arrays = {}
    for name, (file, header) in MNIST_FILES.items():
        content = gzip.decompress((Path(folder) / file).read_bytes())
        pixels = np.frombuffer(content, np.uint8, offset=header)
        arrays[name] = pixels.reshape(-1, 784) if "images" in name else pixels
    return arrays


@pytest.fixture(scope="session")
def strace():
    """Skip tests that need strace where it is not there, or may not trace processes."""
    program = shutil.which("strace")
    if program is None or subprocess.run([program, "-o", os.devnull, "true"], capture_output=True).returncode:
        pytest.skip("strace is not there, or may not trace processes")
