"""Hostile and damaged model files: one sentence each, nothing executed, little time and memory."""

import sys

import pytest
from support.children import reports

PROGRAM = "support.hostile_models"
GROUPS = ("layouts", "floods", "seals", "descriptions", "arrays")


def faults(report):
    """Return what is wrong with the reading of a hostile file."""
    if report["outcome"] != "ModelError":
        return [report["outcome"], report.get("message", "")[:100]]
    faults = [*report["events"], *report["changed"]]
    message = report["message"]
    if report["words"] not in message or not message.isprintable() or message.endswith(".") or len(message) > 700:
        faults.append(message[:700])
    return faults


@pytest.mark.skipif(sys.platform != "linux", reason="limits and forks processes")
@pytest.mark.parametrize("group", GROUPS)
def test_a_hostile_file_is_refused(group, tmp_path):
    found = reports(PROGRAM, "read", tmp_path, group)
    assert len(found) >= 20
    assert {report["name"]: faults(report) for report in found if faults(report)} == {}
