"""The examples run as a user would run them, and what they print is true."""

import re
import shutil
import subprocess
import sys

import pytest
from support.children import PATIENCE
from support.documents import ROOT, blocks, check
from support.session import Session

EXAMPLES = ROOT / "examples"


@pytest.fixture
def run(tmp_path):
    """Run an example in an empty folder, which it must leave empty, and return what it prints."""

    def _run(name):
        command = [sys.executable, "-W", "error", str(EXAMPLES / name)]
        done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, timeout=PATIENCE)
        assert (done.returncode, done.stderr) == (0, "")
        assert not list(tmp_path.iterdir())
        return done.stdout

    return _run


def percentages(text):
    return [float(number) for number in re.findall(r"([\d.]+) %", text)]


def test_the_founding_script_is_mended(run):
    printed = run("founding_script.py")
    before, *_, after = percentages(printed)
    assert before < 25
    assert after > 93
    assert "[epoch-sees-few]" in printed
    assert "[eta-too-small]" in printed


def test_two_layers_learn_exclusive_or_and_one_does_not(run):
    outputs = [float(number) for number in re.findall(r"= ([\d.]+)$", run("xor.py"), re.MULTILINE)]
    assert outputs[:4] == pytest.approx([0.5] * 4, abs=0.01)
    assert outputs[4:] == pytest.approx([0, 1, 1, 0], abs=0.05)


def test_the_digits_are_read(run):
    printed = run("digits.py")
    first, last = percentages(printed)
    assert first < 90 < 96 < last
    mistakes = re.findall(r"^a (\d), read as (\d):\n((?:.{16}\n){8})", printed, re.MULTILINE)
    assert len(mistakes) == 3
    assert all(label != read and "@" in picture for label, read, picture in mistakes)


def test_the_grid_search_finds_a_good_network(run):
    *tried, tested = percentages(run("grid_search.py"))
    assert len(tried) == 6
    assert min(tried) < max(tried) - 2
    assert tested > 95


def test_the_curve_is_found_between_the_points(run):
    printed = run("regression.py")
    (epochs,) = re.findall(r"stopped after (\d+) epochs", printed)
    (error,) = re.findall(r"off the curve by ([\d.]+)", printed)
    assert int(epochs) < 500
    assert float(error) < 0.2


@pytest.mark.skipif(shutil.which("cc") is None, reason="there is no C compiler")
def test_the_network_in_c_reads_what_it_reads_in_python(tmp_path):
    folder = shutil.copytree(EXAMPLES / "deployment_in_c", tmp_path / "copy")
    with Session(folder) as session:
        trained, _, compiled = [(block, session.type(block)) for block in blocks(folder / "README.md")]
    check(*trained)
    check(*compiled)
    assert percentages(trained[1][0]) == percentages(compiled[1][0])


def test_the_list_of_examples_is_complete():
    listed = re.findall(r"\]\((\w+)(?:\.py|\.ipynb|/README\.md)\)", (EXAMPLES / "README.md").read_text())
    here = {path.stem for path in EXAMPLES.iterdir() if path.name not in ("README.md", "__pycache__")}
    assert sorted(listed) == sorted(here)
