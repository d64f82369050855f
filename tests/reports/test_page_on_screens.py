"""The page of a test in a browser: light and dark, on laptops and phones."""

from importlib.util import find_spec
from pathlib import Path

import numpy as np
import pytest
from support.browser import LAPTOP

import cmlp
from cmlp.reports import report_page
from cmlp.reports.scores import Scores

pytest.importorskip("matplotlib", reason="matplotlib, of the extra cmlp[plot], is not installed")
SMALL = (375, 740)
LONG = (*"abc", "a name without any room for it", *"efghij")
ALIKE = tuple(f"handwritten_digit_specimen_no_{number:02}" for number in range(10))
CORNER = """
    const shown = document.querySelector(".chart"), canvas = document.createElement("canvas");
    Object.assign(canvas, { width: 1, height: 1 });
    const context = canvas.getContext("2d");
    context.drawImage(shown, 0, 0, 1, 1, 0, 0, 1, 1);
    return Array.from(context.getImageData(0, 0, 1, 1).data).slice(0, 3);
"""


@pytest.fixture(scope="module")
def pages(tmp_path_factory):
    """Return pages with all their parts: of ten digits, and of classes with names, of which one is long, or all are."""
    _, test = cmlp.load_digits()
    outputs = np.full((len(test), 10), 0.05)
    outputs[np.arange(len(test)), (test.labels + (np.arange(len(test)) % 9 == 0)) % 10] = 0.7
    found = []
    for names in (tuple("0123456789"), LONG, ALIKE):
        page = tmp_path_factory.mktemp("pages") / "report.html"
        scores = Scores(test.labels, outputs, names)
        page.write_text(report_page(scores, test, title="report" * 20, about="about", version="1"), encoding="utf-8")
        found.append(page)
    return found


@pytest.mark.parametrize("size", [SMALL, LAPTOP], ids=["phone", "laptop"])
def test_nothing_is_wider_than_the_screen(browser, pages, size):
    browser.look(size)
    for page in pages:
        browser.open(page)
        assert browser.run("return document.documentElement.scrollWidth") <= size[0]
        inside = "return Array.from(document.querySelectorAll('.wide'), (e) => e.scrollWidth - e.clientWidth)"
        assert browser.run(inside) == [0, 0]
    heads = browser.run("return Array.from(document.querySelectorAll('.confusion thead th'), (e) => e.textContent)")
    assert len(set(heads)) == len(ALIKE)  # told apart
    titles = browser.run("return Array.from(document.querySelectorAll('.confusion thead [title]'), (e) => e.title)")
    assert tuple(titles) == ALIKE


def test_paper_and_chart_follow_light_and_dark(browser, pages):
    browser.open(pages[0])
    for dark, paper in ((False, [247, 246, 243]), (True, [19, 20, 24])):
        browser.look(dark=dark)
        browser.settle()
        browser.driver.execute_async_script("document.querySelector('.chart').decode().then(arguments[0])")
        assert browser.run("return getComputedStyle(document.body).backgroundColor") == f"rgb({str(paper)[1:-1]})"
        np.testing.assert_allclose(browser.run(CORNER), paper, atol=1)


@pytest.mark.parametrize("dark", [False, True], ids=["light", "dark"])
def test_axe_has_nothing_to_say(browser, pages, dark):
    """Above all of the contrast of each text."""
    package = find_spec("axe_core_python")
    if package is None:
        pytest.skip("axe-core-python is not installed")
    axe = (Path(package.origin).parent / "axe.min.js").read_text(encoding="utf-8")
    browser.look(SMALL, dark=dark)
    browser.open(pages[dark])
    assert browser.accessibility(axe) == []
