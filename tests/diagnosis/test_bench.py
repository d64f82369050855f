"""A sample of benchmarks/bench_check.py: no false alarm, and no costly fault that is called sound."""

import pytest
from support.benchmarks import benchmark


@pytest.fixture(scope="module")
def bench():
    return benchmark("bench_check")


def small(case):
    """Say whether a case needs no files, and no more than a moment."""
    return not any(name in case.name for name in ("mnist", "fashion", "4000", "2500", "large"))


def test_sound_pairs_give_no_finding(bench):
    results = bench.examine_all(list(filter(small, bench.sound_pairs()))[::20], verbose=False)
    assert len(results) >= 30
    assert [result for result in results if result.verdict not in ("sound", "unknown")] == []
    assert sum(result.verdict == "sound" for result in results) > len(results) / 2


def test_costly_faults_are_not_called_sound(bench):
    cases = list(filter(small, bench.faulty_pairs()))[::9]
    results = bench.examine_all(cases, False, lambda case: case.cost())
    costly = [result for result in results if result.cost >= bench.COSTS]
    assert len(costly) >= 20
    assert [result for result in costly if result.verdict in ("sound", "crash")] == []
