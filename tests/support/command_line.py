"""The command line in a child process, and data folders for it."""

import os
import pickle
import re
import subprocess
import sys
from pathlib import Path

import cmlp
from support.children import PATIENCE

COMMAND = [sys.executable, "-m", "cmlp"]
POSIX = os.name == "posix"
PLAIN_LINES = re.compile(
    r"(epoch \d+/\d+: loss \d\.\d{4}, test \d+\.\d\d %, [\d,]+ images/s(, [\d:]+ left)?\n)+", re.ASCII
)
TEXT_KEYS = ["data", "network", "training", "training accuracy", "test accuracy", "time"]


def environment():
    """Return an environment in which a child finds the package that is tested, from any folder."""
    inherited = {name: value for name, value in os.environ.items() if not name.startswith("PYTHON")}
    return inherited | {"PYTHONPATH": str(Path(cmlp.__path__[0]).parent)}


def run(arguments, cwd, **options):
    options = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE, "text": True, "env": environment()} | options
    done = subprocess.run([*COMMAND, *arguments], cwd=cwd, timeout=PATIENCE, **options)
    return done.returncode, done.stdout, done.stderr


def write_folder(folder, training, test):
    files = ("images.pkl", "labels.pkl", "test/test_images.pkl", "test/test_labels.pkl")
    (folder / "test").mkdir(parents=True)
    for file, values in zip(files, (*training, *test), strict=True):
        with (folder / file).open("wb") as stream:
            pickle.dump(values, stream)
    return folder
