"""What the README and the pages of docs/ show is what happens when it is typed, and they leave nothing out."""

import os
import re
from dataclasses import replace

import pytest
from support.documents import ROOT, blocks, check
from support.session import Session

import cmlp

DOCS = ROOT / "docs"
README = ROOT / "README.md"
PAGES = sorted(DOCS.glob("**/*.md"))
MNIST = os.environ.get("CMLP_MNIST")
OF_MNIST = 'cmlp.load("mnist")'

OUTSIDE = [README, *(ROOT / name for name in ("CONTRIBUTING.md", "CHANGELOG.md", "SECURITY.md"))]
FILE = re.compile(r"(?<![\w/.])(?:\.\./)?((?:cmlp|tests|docs|examples|benchmarks)/[\w./-]*\w/?)")
BUILT = "docs/_build/html"


@pytest.fixture
def folder(tmp_path):
    """An empty folder to work in; where there is MNIST, the folder mnist is in it."""
    if MNIST:
        (tmp_path / "mnist").symlink_to(MNIST)
    return tmp_path


@pytest.mark.parametrize("page", [README, *filter(blocks, PAGES)], ids=lambda page: page.stem)
def test_a_page_can_be_typed_from_top_to_bottom(page, folder):
    """In one session, with the extras that it has named so far; without MNIST, with the digits and other figures."""
    of_mnist = OF_MNIST in page.read_text()
    with Session(folder) as session:
        for block in blocks(page):
            session.read(block.before)
            text = block.text if MNIST else block.text.replace(OF_MNIST, "cmlp.load_digits()")
            printed = session.type(replace(block, text=text))
            if printed is not None and (MNIST or not of_mnist):
                check(block, printed)


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
