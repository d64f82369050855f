"""Every door that takes arrays, with arrays of every kind: what NumPy confirms, or an error in one sentence.

The cases run in a child process, so that a crash is reported with the case that made it.
"""

import json
import subprocess
import sys

import pytest
from support.children import PATIENCE, environment

SAMPLE = {"networks": 2_000, "estimators": 300}


def cases(kind, factor):
    return pytest.param(kind, SAMPLE[kind] * factor, marks=[pytest.mark.exhaustive] if factor > 1 else [])


@pytest.mark.parametrize(("kind", "count"), [cases(kind, factor) for kind in SAMPLE for factor in (1, 10)])
def test_every_door(kind, count, tmp_path):
    under_way = tmp_path / "case"
    command = [sys.executable, "-P", "-m", "doors.fuzz", kind, "0", str(count), str(under_way)]
    done = subprocess.run(command, capture_output=True, text=True, env=environment(), timeout=20 * PATIENCE)
    assert done.returncode == 0, f"{under_way.read_text()}: {done.stderr[-10_000:]}"
    *complaints, seen = map(json.loads, done.stdout.splitlines())
    assert complaints == []
    ends = {end for _, end, _ in seen["seen"]}
    assert ends == {"accepted", "refused", "unsaid"}
