"""The barrier and the crews of ``threads.h``, alone and under ThreadSanitizer, which finds races that did no harm."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from support.children import PATIENCE

import cmlp

SOURCE = Path(__file__).with_name("threads.c")
COMPILER = shutil.which(os.environ.get("CC", "cc").split()[0])
TSAN = "-fsanitize=thread"


@pytest.mark.skipif(sys.platform == "win32", reason="there are no threads on Windows")
@pytest.mark.skipif(not COMPILER, reason="there is no C compiler")
@pytest.mark.parametrize("flags", [[], [TSAN]], ids=["plain", "sanitized"])
def test_crews_meet_share_and_do_not_race(tmp_path, flags):
    program = tmp_path / "threads"
    headers = Path(cmlp.__path__[0], "core")
    command = [COMPILER, "-O2", "-g", "-pthread", *flags, f"-I{headers}", str(SOURCE), "-o", str(program)]
    compiled = subprocess.run(command, capture_output=True, text=True)
    if flags and compiled.returncode:
        pytest.skip(f"{Path(COMPILER).name} has no ThreadSanitizer")
    assert compiled.returncode == 0, compiled.stderr
    done = subprocess.run([str(program)], capture_output=True, text=True, timeout=PATIENCE)
    if "unexpected memory mapping" in done.stderr:
        pytest.skip("ThreadSanitizer does not know the memory of this kernel")
    assert done.returncode == 0, done.stdout + done.stderr
