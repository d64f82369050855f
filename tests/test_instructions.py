"""cmlp must not get slower: its instructions are counted, because a clock would say more of the machine."""

import importlib.util
import shutil
from pathlib import Path

import pytest

FILE = Path(__file__).parent.parent / "benchmarks" / "instructions.py"


@pytest.fixture(scope="module")
def instructions():
    spec = importlib.util.spec_from_file_location("instructions", FILE)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.mark.skipif(not shutil.which("valgrind"), reason="valgrind, which counts instructions, is not installed")
def test_an_epoch_and_a_prediction_need_no_more_instructions_than_recorded(instructions):
    recorded = instructions.read_recorded()
    counts, environment = instructions.count()
    difference = instructions.why_not_comparable(recorded["environment"], environment)
    if difference:
        pytest.skip(f"the recorded instructions are of other versions: {difference}")
    for name, before in recorded["instructions"].items():
        assert abs(counts[name] / before - 1) < recorded["tolerance"], (
            f"{name}: {counts[name]:,} instructions, and {before:,} are recorded; if that is wanted, "
            "run `python benchmarks/instructions.py --record`"
        )


def test_counts_of_other_versions_are_not_compared(instructions):
    recorded = {"numpy": "2.4.6", "blas": ["openblas 0.3.30 Haswell"]}
    assert instructions.why_not_comparable(recorded, recorded | {"python": "3.11.7"}) == ""
    assert instructions.why_not_comparable(recorded, recorded | {"numpy": "2.5.0"}) == "numpy is 2.5.0 and was 2.4.6"
