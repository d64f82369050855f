"""Hostile and damaged files of weights: one sentence each, nothing executed, little time and memory."""

import re
import sys

import pytest
from support.children import reports

PROGRAM = "support.hostile_weights"
OWN = re.compile(r"open \([0-9]+, 'r'")  # the file itself, by its descriptor, as zipfile reads it


def faults(report):
    """Return what is wrong with the reading of a file; one with a few other bytes may be read."""
    if report["words"] is None and report["outcome"] == "value":
        return []
    if report["outcome"] != "ModelError":
        return [report["outcome"], report.get("message", "")[:200]]
    found = [*(event for event in report["events"] if not OWN.match(event)), *report["changed"]]
    message, words = report["message"], report["words"] or ""
    if words not in message or not message.isprintable() or message.endswith(".") or len(message) > 700:
        found.append(message[:700])
    return found


@pytest.mark.skipif(sys.platform != "linux", reason="limits and forks processes")
@pytest.mark.parametrize("group", ["tensors", "archives", "objects", "keras"])
def test_a_hostile_file_is_refused(group, tmp_path):
    found = reports(PROGRAM, "read", tmp_path, group)
    assert len(found) >= 20
    assert {report["name"]: faults(report) for report in found if faults(report)} == {}
