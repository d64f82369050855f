import json
import re

import numpy as np
import pytest
from support.command_line import write_folder

import cmlp
from cmlp.cli import main


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
