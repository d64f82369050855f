"""The workflows of GitHub call scripts that are there, and trust no tag that somebody could move."""

import os
import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
WORKFLOWS = sorted((ROOT / ".github" / "workflows").glob("*.yml"))

pytestmark = pytest.mark.skipif(not WORKFLOWS, reason="a source distribution has no workflows")


@pytest.mark.parametrize("path", WORKFLOWS, ids=lambda path: path.stem)
def test_actions_are_pinned_and_may_only_read(path):
    text = path.read_text()
    used = re.findall(r"uses: (\S+)(.*)", text)
    assert used
    assert [
        action for action, said in used if not re.fullmatch(r"[\w/-]+@[0-9a-f]{40}", action) or "# v" not in said
    ] == []
    assert "\npermissions:\n  contents: read\n" in text
    assert "secrets." not in text


@pytest.mark.skipif(os.name != "posix", reason="Windows does not know what is executable")
def test_their_scripts_can_be_run():
    scripts = {name for path in WORKFLOWS for name in re.findall(r"run: ((?:tools|\.ci)/\w+)", path.read_text())}
    assert {"tools/distributions", "tools/installed_tests", ".ci/run"} <= scripts
    assert [name for name in sorted(scripts) if not os.access(ROOT / name, os.X_OK)] == []


def test_an_action_has_one_version():
    used = {use for path in WORKFLOWS for use in re.findall(r"uses: (\S+)", path.read_text())}
    assert len({use.split("@")[0] for use in used}) == len(used)
