"""The notebook of the examples is executed as a whole, and what it shows is looked at in light and dark."""

import re
from base64 import b64decode
from importlib.util import find_spec
from io import BytesIO
from pathlib import Path

import numpy as np
import pytest
from support.browser import LAPTOP, PHONE
from support.documents import ROOT
from support.markup import read

TOUR = ROOT / "examples" / "tour.ipynb"
CURVE = 'progress="curve"'
SHOWN = ["Dataset", "Network", "Summary", "Learning-rate range test", "History", "Report", "Finding"]
PAGE = """<!DOCTYPE html><html lang="en"><head><meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1"><title>outputs</title>
<style>body {{ margin: 8px; background: {background}; }} img.figure {{ max-width: 100%; height: auto; }}</style></head>
<body data-jp-theme-light="{light}"><main>{content}</main></body></html>"""


@pytest.fixture(scope="module")
def cells():
    """Return the cells that hold code, with what they have put out."""
    reason = "nbclient and ipykernel, of cmlp[test], are not installed"
    nbformat = pytest.importorskip("nbformat", reason=reason)
    nbclient = pytest.importorskip("nbclient", reason=reason)
    pytest.importorskip("ipykernel", reason=reason)
    for needed in ("matplotlib", "pandas"):
        pytest.importorskip(needed, reason=f"{needed}, of the extra cmlp[notebook], is not installed")
    notebook = nbformat.read(TOUR, as_version=4)
    nbformat.validate(notebook)
    nbclient.NotebookClient(notebook, timeout=300, kernel_name="python3").execute()
    return [cell for cell in notebook.cells if cell.cell_type == "code"]


def of(cell):
    return [output for output in cell.outputs if "data" in output]


def outputs(cells, kind):
    return [output.data[kind] for cell in cells for output in of(cell) if kind in output.data]


def cards(cells):
    return [html for html in outputs(cells, "text/html") if "class='cmlp'" in html]


def test_it_is_kept_without_outputs():
    assert '"outputs": []' in TOUR.read_text() and '"output_type"' not in TOUR.read_text()


@pytest.mark.filterwarnings("ignore::DeprecationWarning", "ignore::ResourceWarning")
def test_everything_is_shown(cells):
    titles = [read(html)[1][0] for html in cards(cells)]
    assert set(titles) == set(SHOWN)
    assert all(len(html) < 50_000 for html in cards(cells))
    assert len(outputs(cells, "image/png")) == 3, "figures are shown, though nobody has imported pyplot"
    assert not [output for cell in cells for output in cell.outputs if output.output_type == "error"]


def test_each_has_a_text_of_a_few_lines(cells):
    texts = [output.data["text/plain"] for cell in cells for output in of(cell) if "text/html" in output.data]
    assert all(1 <= len(text.splitlines()) <= 8 and len(text) < 700 for text in texts)


def test_a_training_has_a_bar_and_a_live_curve(cells):
    (cell,) = [cell for cell in cells if CURVE in cell.source]
    told = "".join(output.data["text/plain"] for output in of(cell))
    told += "".join(output.get("text", "") for output in cell.outputs)
    assert "epoch 25/25" in told or "epoch 0/25" in told
    (curve,) = cards([cell])
    assert "25 epochs in" in curve, "it is whole at the end"
    assert not [output for output in cell.outputs if "Warning" in output.get("text", "")]


@pytest.fixture(scope="module")
def page(cells, tmp_path_factory):
    """Return a function that writes all outputs as a page in light or dark, and returns its path."""
    tag = "<img class='figure' alt='a figure' src='data:image/png;base64,{}'>"
    figures = list(map(tag.format, outputs(cells, "image/png")))
    folder = tmp_path_factory.mktemp("outputs")

    def write(*, dark):
        path = folder / f"{'dark' if dark else 'light'}.html"
        background, light = ("#111111", "false") if dark else ("#ffffff", "true")
        content = "\n".join([*cards(cells), *figures])
        path.write_text(PAGE.format(background=background, light=light, content=content), encoding="utf-8")
        return path

    return write


@pytest.mark.parametrize("size", [LAPTOP, PHONE], ids=["laptop", "phone"])
@pytest.mark.parametrize("dark", [False, True], ids=["light", "dark"])
def test_it_can_be_read(page, browser, dark, size):
    """What the notebook says counts, not the system: the browser wishes for the opposite."""
    browser.look(size, dark=not dark)
    browser.open(page(dark=dark))
    assert browser.complaints() == []
    assert browser.run("return document.documentElement.scrollWidth <= document.documentElement.clientWidth + 1")
    package = find_spec("axe_core_python")
    if package is not None and size == LAPTOP:
        script = (Path(package.origin).parent / "axe.min.js").read_text(encoding="utf-8")
        needless = {"page-has-heading-one", "region", "scrollable-region-focusable"}  # a card is no page
        assert [found for found in browser.accessibility(script) if found[0] not in needless] == []


@pytest.mark.parametrize("dark", [False, True], ids=["light", "dark"])
def test_pictures_of_it_are_light_or_dark(page, browser, dark):
    PIL = pytest.importorskip("PIL.Image", reason="Pillow is not installed")
    browser.look(LAPTOP, dark=not dark)
    browser.open(page(dark=dark))
    boxes = browser.run(
        "return [...document.querySelectorAll('.cmlp')].map((card) => {"
        "const b = card.getBoundingClientRect(); return [b.left, b.top + scrollY, b.width, b.height]; })"
    )
    grey = np.asarray(PIL.open(BytesIO(browser.screenshot(whole=True))).convert("L"))
    for left, top, width, height in boxes:
        card = grey[int(top) : int(top + height), int(left) : int(left + width)]
        ground = np.median(card[2:10, 20:-20])
        assert ground < 50 if dark else ground > 240
        strongest = card.max() if dark else card.min()
        assert abs(int(strongest) - int(ground)) > 180, "its text stands out"
        assert width <= LAPTOP[0] and re.fullmatch(r"\d+", str(round(height)))


def test_figures_are_pictures(cells):
    for content in outputs(cells, "image/png"):
        assert b64decode(content).startswith(b"\x89PNG")
