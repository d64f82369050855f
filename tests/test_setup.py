"""What setup.py refuses."""

import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]

pytest.importorskip("setuptools")


def test_a_folder_without_sources_is_refused_in_one_sentence(tmp_path):
    """Or else a wheel without a compiled module is built, and installed."""
    shutil.copy(ROOT / "setup.py", tmp_path)
    (tmp_path / "cmlp" / "core").mkdir(parents=True)
    (tmp_path / "cmlp" / "core" / "engine.c").touch()
    command = [sys.executable, "setup.py", "--quiet", "bdist_wheel"]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True)
    assert done.returncode == 1
    assert done.stderr.startswith(f"error: there is nothing to compile: {tmp_path / 'cmlp' / 'core'} has no .pyx file")
    assert len(done.stderr.splitlines()) == 1
    assert not (tmp_path / "dist").exists()
