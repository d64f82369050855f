"""The C of the core by itself, under ThreadSanitizer, which finds races that did no harm."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from support.children import PATIENCE

import cmlp

FOLDER = Path(__file__).parent
COMPILER = shutil.which(os.environ.get("CC", "cc").split()[0])
TSAN = "-fsanitize=thread"

pytestmark = [
    pytest.mark.skipif(sys.platform == "win32", reason="there are no threads on Windows"),
    pytest.mark.skipif(not COMPILER, reason="there is no C compiler"),
]


def run(source, folder, *flags):
    """Compile a program of this folder, and run it."""
    program = folder / "program"
    headers = Path(cmlp.__path__[0], "core")
    command = [COMPILER, "-O1", "-g", "-Wno-psabi", "-pthread", *flags, f"-I{headers}", str(FOLDER / source)]
    compiled = subprocess.run([*command, "-o", str(program), "-lm"], capture_output=True, text=True)
    if flags and compiled.returncode:
        pytest.skip(f"{Path(COMPILER).name} has no ThreadSanitizer")
    assert compiled.returncode == 0, compiled.stderr
    done = subprocess.run([str(program)], capture_output=True, text=True, timeout=PATIENCE)
    if "unexpected memory mapping" in done.stderr:
        pytest.skip("ThreadSanitizer does not know the memory of this kernel")
    assert done.returncode == 0, done.stdout + done.stderr


@pytest.mark.parametrize("flags", [[], [TSAN]], ids=["plain", "sanitized"])
def test_threads_meet_share_and_do_not_race(tmp_path, flags):
    run("threads.c", tmp_path, *flags)


def test_kernels_do_not_race_for_the_columns_beside_theirs(tmp_path):
    run("kernel_races.c", tmp_path, TSAN)


def test_kernels_give_what_plain_loops_give_and_subnormals_are_zero(tmp_path):
    run("kernels_alone.c", tmp_path)
