"""L-BFGS on random problems, of which many overflow: every checkpoint can be read, and goes on to the same bits."""

import pytest
from support.children import reports


@pytest.mark.parametrize("problems", [100, pytest.param(5000, marks=pytest.mark.exhaustive)])
def test_random_problems(tmp_path, problems):
    found = reports("support.random_lbfgs", 0, problems, tmp_path)
    assert len(found) == problems
    assert [report for report in found if not (report["readable"] and report["same"])] == []
    assert {"done", "Diverged"} <= {report["ending"] for report in found}
    assert any(report["too long"] for report in found), "steps into what is not finite are a part of a journal"
