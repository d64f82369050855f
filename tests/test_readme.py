"""What the README shows is what happens."""

import pytest
from support.documents import ROOT, blocks, check, run_python

PYTHON = [block for block in blocks(ROOT / "README.md") if block.language == "python"]


@pytest.fixture(autouse=True)
def empty_folder(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)


def test_the_first_lines_print_what_their_comments_say():
    assert len(PYTHON[0].expected) == 3
    check(PYTHON[0], run_python(PYTHON[0].text, {}))
    assert len(PYTHON[0].text.splitlines()) <= 12


def test_the_other_lines_run():
    names = {}
    run_python(PYTHON[0].text, names)
    for block in PYTHON[1:]:
        run_python(block.text.replace("784", "64").replace("20, 0.001", "2, 0.001"), names)
    assert names["net"].sizes == (64, 100, 10)
