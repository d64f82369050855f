"""A sample of benchmarks/bench_programs.py: sound programs are not accused, and broken ones named by a right code."""

import os
import re

import pytest
from support.benchmarks import BENCHMARKS, benchmark

SAMPLE = 18  # every so many cases are tried in each run
FRAMEWORKS = {"keras_model": 8, "sklearn_mlp": 5, "torch_by_hand": 6, "torch_module": 8}  # every so many are tried
MISSED_OF_FEW = 0.25
MISSED = 0.15  # share of the broken programs that may be called by another name, or by none


bench = benchmark("bench_programs")
CASES = list(bench.cases())
INSTALLED = {case.style for case in CASES}


@pytest.fixture(scope="module")
def data():
    folder = os.environ.get("CMLP_MNIST")
    if folder is None:
        pytest.skip("CMLP_MNIST does not name a folder with the four IDX files of MNIST")
    return bench.mnist(folder, 10_000)


@pytest.fixture(scope="module")
def sampled(data, tmp_path_factory):
    folder = tmp_path_factory.mktemp("programs")
    return [bench.examined(case, data, folder) for case in CASES[::SAMPLE] if case.style not in FRAMEWORKS]


def wrong(results):
    return [(result.case.style, result.case.name, result.found) for result in results if not result.right]


def test_sound_programs_are_not_accused(sampled):
    sound = [result for result in sampled if not result.case.codes]
    assert len(sound) >= 6
    assert wrong(sound) == []


def test_broken_programs_are_named(sampled):
    broken = [result for result in sampled if result.case.codes]
    assert len(broken) >= 10
    assert len(wrong(broken)) <= MISSED * len(broken), wrong(broken)


@pytest.mark.exhaustive
@pytest.mark.parametrize("seed", range(3))
def test_every_program(seed, data, tmp_path):
    results = [bench.examined(case, data, tmp_path, seed) for case in CASES]
    assert wrong(result for result in results if not result.case.codes) == []
    broken = [result for result in results if result.case.codes]
    assert len(wrong(broken)) <= MISSED * len(broken), wrong(broken)


@pytest.mark.parametrize("style", FRAMEWORKS)
def test_programs_of_frameworks(style, data, tmp_path):
    if style not in INSTALLED:
        pytest.skip(f"what {style} needs is not installed")
    chosen = [case for case in CASES if case.style == style][:: FRAMEWORKS[style]]
    results = [bench.examined(case, data, tmp_path, seconds=60) for case in chosen]
    assert wrong(result for result in results if not result.case.codes) == []
    broken = [result for result in results if result.case.codes]
    assert len(wrong(broken)) <= MISSED_OF_FEW * len(broken), wrong(broken)


def test_the_table_is_written_into_a_page():
    page = "Before.\n<!-- programs -->\nold\n<!-- /programs -->\nAfter.\n"
    made = bench.written(page, "| a |", "python x.py --every 5")
    assert made == bench.written(made, "| a |", "python x.py --every 5")
    assert made.startswith("Before.\n<!-- programs -->\n```text\n$ python x.py --every 5\n```\n\n| a |\n")
    assert made.endswith("\n<!-- /programs -->\nAfter.\n")


def test_there_are_many_cases_and_a_third_is_sound():
    sound = [case for case in CASES if not case.codes]
    assert len(CASES) >= 300
    assert len(sound) >= len(CASES) / 4
    assert {code for case in CASES for code in case.codes} <= documented_codes()


def documented_codes():
    pages = [(BENCHMARKS.parent / "docs" / name).read_text() for name in ("own-network.md", "why-10-percent.md")]
    return set(re.findall(r"`([a-z-]+)`", "\n".join(pages)))
