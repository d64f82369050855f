"""A sample of benchmarks/bench_programs.py: sound programs are not accused, and broken ones named by a right code."""

import os
import sys
from pathlib import Path

import pytest

BENCHMARKS = Path(__file__).parents[3] / "benchmarks"
SAMPLE = 6  # every so many cases are tried in each run


def load_bench():
    sys.path.insert(0, str(BENCHMARKS))
    try:
        import bench_programs

        return bench_programs
    finally:
        sys.path.remove(str(BENCHMARKS))


bench = load_bench()
CASES = list(bench.cases())
INSTALLED = {case.style for case in CASES}
STYLES = {path.stem for path in (BENCHMARKS / "programs").glob("*.toml")}


@pytest.fixture(scope="module")
def data():
    folder = os.environ.get("CMLP_MNIST")
    if folder is None:
        pytest.skip("CMLP_MNIST does not name a folder with the four IDX files of MNIST")
    return bench.mnist(folder, 10_000)


def named(case):
    return f"{case.style}-{case.number}"


def judge(case, data, folder, seed=0):
    result = bench.examined(case, data, folder, seed)
    assert result.right, (
        f"{case.name}: found {result.found}, right would be {set(case.codes) or 'nothing'}\n{result.text}"
    )


@pytest.mark.parametrize("case", CASES[::SAMPLE], ids=named)
def test_a_sample_of_the_cases(case, data, tmp_path):
    judge(case, data, tmp_path)


@pytest.mark.exhaustive
@pytest.mark.parametrize("seed", range(3))
@pytest.mark.parametrize("case", CASES, ids=named)
def test_every_case(case, seed, data, tmp_path):
    judge(case, data, tmp_path, seed)


@pytest.mark.parametrize("style", sorted(STYLES - INSTALLED))
def test_styles_of_what_is_not_installed(style):
    pytest.skip(f"what {style} needs is not installed")


def test_there_are_many_cases_and_a_third_is_sound():
    sound = [case for case in CASES if not case.codes]
    assert len(CASES) >= 300
    assert len(sound) >= len(CASES) / 4
    assert all(case.codes <= known_codes() for case in CASES)


def known_codes():
    """Codes that the documentation explains."""
    page = (BENCHMARKS.parent / "docs" / "own-network.md").read_text()
    return {code for case in CASES for code in case.codes if f"`{code}`" in page}
