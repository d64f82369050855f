"""What the README shows is what happens."""

import contextlib
import io
import re
from pathlib import Path

README = Path(__file__).parents[1] / "README.md"


def python_blocks():
    return re.findall(r"```python\n(.*?)```", README.read_text(), re.DOTALL)


def run(block, names):
    output = io.StringIO()
    with contextlib.redirect_stdout(output):
        exec(block, names)
    return output.getvalue().splitlines()


def test_the_first_lines_print_what_their_comments_say():
    block = python_blocks()[0]
    expected = re.findall(r"^print\(.*?\)  # (.*)$", block, re.MULTILINE)
    assert len(expected) == 4
    assert run(block, {}) == expected
    assert len(block.splitlines()) <= 12


def test_the_other_lines_run():
    names = {}
    run(python_blocks()[0], names)
    for block in python_blocks()[1:]:
        run(block.replace("784", "64").replace("20, 0.001", "2, 0.001"), names)
    assert names["net"].sizes == (64, 100, 10)
