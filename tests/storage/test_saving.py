"""Whatever happens during a save, there is the old file or the new one, whole, and the next save works."""

import re
import shutil
import subprocess
import sys

import pytest
from support.children import reports

from cmlp import Network

PROGRAM = "support.faulty_saves"
NUMBERS = {"old": 1.0, "new": 2.0}  # of which the parameters are full
TEMPORARY = re.compile(r"\.model\.cmlp\.[0-9a-f]{8}\.tmp")

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="limits, kills and forks processes")


def broken_promises(report, *found):
    """Return what a save left behind that it must not leave behind."""
    broken = [] if report["found"] in found else [f"the file is {report['found']}"]
    if report["number"] != NUMBERS.get(report["found"]):
        broken.append(f"it loads as {report['number']}")
    if not report["next works"]:
        broken.append("the next save fails")
    return broken


def check_kills(found):
    """Assert that all of them left a whole file: the old one up to one moment, from then on the new one."""
    assert {n: broken_promises(r, "old", "new") for n, r in enumerate(found) if broken_promises(r, "old", "new")} == {}
    files = [report["found"] for report in found]
    assert files == sorted(files, reverse=True) and set(files) == {"old", "new"}


def check_temporaries(found):
    """Assert that there are some, with names that no pattern such as ``*.cmlp`` finds."""
    left = [name for report in found for name in report["left"]]
    assert left and all(TEMPORARY.fullmatch(name) for name in left)


def test_killed_at_every_system_call(strace, tmp_path):
    found = reports(PROGRAM, "calls", tmp_path)
    assert {"openat", "write", "fsync", "close", "rename"} <= {report["call"] for report in found}
    assert all(report["killed"] for report in found)
    check_kills(found)
    check_temporaries(found)


def test_killed_at_every_step_of_the_interpreter(tmp_path):
    found = reports(PROGRAM, "steps", tmp_path)
    assert len(found) > 100
    check_kills(found)
    check_temporaries(found)


def test_interrupted_at_every_step_of_the_interpreter(tmp_path):
    """A KeyboardInterrupt leaves nothing behind."""
    found = reports(PROGRAM, "interrupts", tmp_path)
    assert len(found) > 100
    check_kills(found)
    assert all(report["left"] == [] for report in found)


def test_every_error_at_every_call(strace, tmp_path):
    """The first call of each name meets the temporary file, or there is nothing to write to but the folder.

    What fails later fails when the new file is there; a folder that cannot be listed keeps what was left in it.
    """
    found = reports(PROGRAM, "errors", tmp_path)
    assert len(found) > 50 and all(report["injected"] for report in found)
    for report in found:
        place = report["n"] - (report["call"] in ("openat", "close", "write"))
        if report["call"] in ("openat", "close") and place == 0 and not report["rule"].endswith("+"):
            assert broken_promises(report, "new") == [] and report["error"] == ""
            continue
        assert broken_promises(report, "old" if place <= 1 else "new") == [], report["rule"]
        assert re.fullmatch(rf"OSError: \[Errno \d+\] [^:]+: '{tmp_path}(/model\.cmlp)?'", report["error"]), report
        assert report["left"] == [], report["rule"]


def test_what_is_no_reason_to_complain(strace, tmp_path):
    """Interrupted calls are repeated; a folder that cannot be opened or synchronised holds the new file already."""
    for report in reports(PROGRAM, "tolerable", tmp_path):
        assert report["injected"] and report["error"] == "", report["rule"]
        assert broken_promises(report, "new") == []


def test_a_temporary_file_that_cannot_be_removed(strace, tmp_path):
    (report,) = reports(PROGRAM, "unremovable", tmp_path)
    assert broken_promises(report, "old") == []
    assert report["error"] == f"OSError: [Errno 5] Input/output error: '{tmp_path}/model.cmlp'"
    assert [bool(TEMPORARY.fullmatch(name)) for name in report["left"]] == [True]


def test_a_power_failure_finds_the_old_file_or_the_new_one(strace, tmp_path):
    """The order that POSIX asks for: the content on disk, then the name, then the folder on disk."""
    (report,) = reports(PROGRAM, "order", tmp_path)
    calls = [call for call in report["calls"] if re.match("write|fsync|rename", call)]
    temporary = rf"<{tmp_path}/{TEMPORARY.pattern}>"
    written = [rf"write\(\d+{temporary}"] * 2  # the numbers, and the header before them
    expected = [*written, rf"fsync\(\d+{temporary}\)", "rename", rf"fsync\(\d+<{tmp_path}>\)"]
    assert [bool(re.match(pattern, call)) for pattern, call in zip(expected, calls, strict=True)] == [True] * 5


def test_a_small_disk_and_one_that_is_read_only(tmp_path):
    unshare = shutil.which("unshare")
    if unshare is None or subprocess.run([unshare, "-m", "true"], capture_output=True).returncode:
        pytest.skip("only root may mount a small disk")
    full, read_only = reports(PROGRAM, "disk", tmp_path, wrapper=[unshare, "-m"])
    assert full["error"] == f"OSError: [Errno 28] No space left on device: '{tmp_path}/model.cmlp'"
    assert read_only["error"] == f"OSError: [Errno 30] Read-only file system: '{tmp_path}/model.cmlp'"
    for report in (full, read_only):
        assert broken_promises(report, "old") == [] and report["left"] == []


def test_a_process_that_may_not_write_large_files(tmp_path):
    (report,) = reports(PROGRAM, "limit", tmp_path)
    assert report["error"] == f"OSError: [Errno 27] File too large: '{tmp_path}/model.cmlp'"
    assert broken_promises(report, "old") == [] and report["left"] == []


@pytest.mark.parametrize("letter", ["x", "\u00e9", "\U0001f600"])
def test_the_longest_names(tmp_path, letter):
    """The temporary file's name must not be longer than the system allows, where the file's own is not."""
    name = letter * (255 // len(letter.encode()))
    Network([4, 2], seed=1).save(tmp_path / name)
    assert [path.name for path in tmp_path.iterdir()] == [name]
    assert (Network.load(tmp_path / name).weights[0] == Network([4, 2], seed=1).weights[0]).all()
