"""What the pages of docs/ show is what happens, and they leave nothing out."""

import os
import re
from pathlib import Path

import numpy as np
import pytest
from support.documents import ROOT, blocks, check, run_python, run_shell

import cmlp

DOCS = ROOT / "docs"
PAGES = sorted(DOCS.glob("**/*.md"))
WHY = DOCS / "why-10-percent.md"
MNIST = os.environ.get("CMLP_MNIST")
OF_MNIST = 'cmlp.load("mnist")'

OUTSIDE = [ROOT / name for name in ("README.md", "CONTRIBUTING.md", "CHANGELOG.md", "SECURITY.md")]
FILE = re.compile(r"(?<![\w/.])(?:\.\./)?((?:cmlp|tests|docs|examples|benchmarks)/[\w./-]*\w/?)")
BUILT = "docs/_build/html"


@pytest.fixture
def folder(tmp_path, monkeypatch):
    """An empty folder to work in; where there is MNIST, the folder mnist is in it."""
    monkeypatch.chdir(tmp_path)
    if MNIST:
        Path("mnist").symlink_to(MNIST)
    return tmp_path


@pytest.mark.parametrize("page", [page for page in PAGES if blocks(page) and page != WHY], ids=lambda page: page.stem)
def test_a_page_does_what_it_shows(page, folder):
    """Without MNIST the built-in digits take its place: everything runs, with other figures."""
    names = {}
    of_mnist = OF_MNIST in page.read_text()
    for block in blocks(page):
        text = block.text if MNIST else block.text.replace(OF_MNIST, "cmlp.load_digits()")
        printed = run_shell(text, folder) if block.language == "sh" else run_python(text, names)
        if MNIST or not of_mnist:
            check(block, printed)


def test_the_check_says_what_its_page_shows():
    (block,) = blocks(WHY)
    train, test = cmlp.load_digits()
    network = cmlp.Network([64, 16, 16, 10])
    network.train(train, 25, 3.0, mini_batch_size=10)
    rolled = cmlp.Dataset(test.images, np.roll(test.labels, 1))
    printed = run_python(block.text, {"cmlp": cmlp, "train": train, "test": rolled, "network": network})
    for start in ("error: ", "    repair: "):
        first, second = ([line for line in lines if line.startswith(start)] for lines in (printed, block.expected))
        assert first == second


def test_the_interface_has_every_name():
    pages = "\n".join(page.read_text() for page in (DOCS / "api").glob("*.md"))
    documented = re.findall(r"^\.\. auto(?:class|function|exception):: (\w+)$", pages, re.MULTILINE)
    assert sorted(documented) == sorted([*cmlp.__all__, *cmlp.ESTIMATORS])


@pytest.mark.parametrize("page", [*PAGES, *OUTSIDE, ROOT / "benchmarks/README.md"], ids=lambda page: page.name)
def test_the_files_that_a_page_names_exist(page):
    named = set(FILE.findall(page.read_text())) - {BUILT}
    assert [name for name in named if not (ROOT / name).exists()] == []


def test_the_citation_is_of_this_version():
    assert f"\nversion: {cmlp.__version__}\n" in (ROOT / "CITATION.cff").read_text()
