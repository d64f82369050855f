"""Random events at random places of trainings of every kind, which go on until they are done with the same bits."""

import sys

import pytest
from support.children import reports


@pytest.mark.skipif(sys.platform != "linux", reason="sends signals and forks processes")
@pytest.mark.parametrize("times", [60, pytest.param(2000, marks=pytest.mark.exhaustive)])
def test_the_bits_of_an_undisturbed_training(tmp_path, times):
    found = reports("support.random_events", 0, times, tmp_path)
    assert len(found) == times
    assert [report for report in found if not report["same"]] == []
    assert sum(report["attempts"] > 1 for report in found) > times / 2, "most were ended by an event"
    assert len({report["kind"] for report in found}) == 8
