"""The page of a test: what stands on it, and that nothing else can."""

import re
from base64 import b64decode, b64encode
from hashlib import sha256
from html.parser import HTMLParser
from io import BytesIO

import numpy as np
import pytest

import cmlp
from cmlp.errors import CmlpError
from cmlp.reports import report_page
from cmlp.reports.scores import Scores, score

pytest.importorskip("matplotlib", reason="matplotlib, of the extra cmlp[plot], is not installed")
VOID = {"meta", "img", "source"}


class Page(HTMLParser):
    """What a browser makes of a page: tags, texts and pictures; tags must be closed in order."""

    def __init__(self, text):
        super().__init__()
        self.tags, self.images, self.open, self.texts = [], [], [], []
        self.feed(text)
        assert self.open == []

    def handle_starttag(self, tag, attributes):
        self.tags.append((tag, dict(attributes)))
        if tag == "img":
            self.images.append(dict(attributes))
        if tag not in VOID:
            self.open.append(tag)

    def handle_endtag(self, tag):
        assert self.open.pop() == tag

    def handle_data(self, data):
        if self.open and self.open[-1] != "style":
            self.texts.append(data.strip())

    def __contains__(self, text):
        return text in re.sub(r"\s+", " ", " ".join(self.texts))


@pytest.fixture(scope="module")
def network():
    net = cmlp.Network((64, 16, 10))
    net.train(cmlp.load_digits()[0], 5, 1.0, mini_batch_size=10)
    return net


def page_of(scores, data):
    return report_page(scores, data, title="a <b> & c", about="about", version="1.2")


def test_what_stands_on_it(network):
    test = cmlp.load_digits()[1]
    scores = score(network, test)
    page = Page(page_of(scores, test))
    low, high = scores.interval
    assert f"{scores.accuracy:.2f} %" in page and f"{low:.2f} to {high:.2f} %" in page
    assert "a <b> & c" in page and ("b", {}) not in page.tags
    for title in ("Confusions", "Classes", "Calibration", "Mistakes"):
        assert title in page
    cells = [attributes["class"] for tag, attributes in page.tags if tag == "td" and "class" in attributes]
    assert len(cells) == 100 and cells[::11] == ["right"] * 10
    assert cells.count("none") == np.count_nonzero(scores.confusion == 0)
    wrong = len(test) - scores.right
    assert len(page.images) == 1 + min(wrong, 40)
    for value in scores.precision:
        assert f"{100 * value:.1f} %" in page


def test_mistakes_are_the_pictures_of_the_data(network):
    from PIL import Image

    test = cmlp.load_digits()[1]
    scores = score(network, test)
    page = Page(page_of(scores, test))
    for shown, index in zip(page.images[1:], scores.worst(40), strict=True):
        content = b64decode(shown["src"].removeprefix("data:image/png;base64,"))
        pixels = np.asarray(Image.open(BytesIO(content)).convert("L"))
        np.testing.assert_allclose(pixels, test.pictures()[index] * (255 / 16), atol=1)
        assert shown["alt"] == f"image {index}"
        assert f"is {test.labels[index]} (" in page and f"predicted {scores.answers[index]} (" in page


def test_nothing_is_loaded_and_nothing_runs(network):
    test = cmlp.load_digits()[1]
    text = page_of(score(network, test), test)
    page = Page(text)
    style = re.search(r"<style>(.*?)</style>", text, re.DOTALL)[1]
    digest = b64encode(sha256(style.encode()).digest()).decode()
    policy = f"default-src 'none'; img-src data:; style-src 'sha256-{digest}'"
    assert ("meta", {"http-equiv": "Content-Security-Policy", "content": policy}) in page.tags
    for tag, attributes in page.tags:
        assert tag not in ("script", "link", "iframe", "object", "base", "form", "a")
        assert not any(name.startswith("on") or name in ("style", "href") for name in attributes)
        assert all(attributes.get(name, "data:").startswith("data:") for name in ("src", "srcset"))
    assert "url(" not in style and "@import" not in style


def test_names_of_classes_are_text():
    names = ["<script>alert(1)</script>", '"><img src=x>', "&amp;"]
    data = cmlp.Dataset(np.eye(4)[:3], [0, 1, 2], class_names=names)
    outputs = np.array([[0.1, 0.9, 0], [0.9, 0.1, 0], [0, 0.9, 0.1]])
    page = Page(page_of(Scores(data.labels, outputs, data.class_names), data))
    assert {tag for tag, _ in page.tags} >= {"table"} and "script" not in {tag for tag, _ in page.tags}
    assert all(name in page for name in names)
    assert len(page.images) == 4


def test_a_perfect_test():
    data = cmlp.Dataset(np.eye(4)[:3], [0, 1, 2])
    page = Page(page_of(Scores(data.labels, np.eye(3), tuple("012")), data))
    assert "100.00 %" in page and "every prediction is right" in page and "Mistakes" not in page


def test_data_that_are_no_pictures_and_outputs_that_are_no_confidences():
    data = cmlp.Dataset([[1.5, -2, 3], [0, 1, 2]], [0, 1])
    page = Page(page_of(Scores(data.labels, np.array([[-1.0, 2.0], [3.0, 0.0]]), ("a", "b")), data))
    assert page.images == [] and "predicted b (2.00)" in page and "cannot be read as confidences" in page


def test_many_classes():
    labels = np.arange(60)
    data = cmlp.Dataset(np.eye(64)[:60], labels)
    page = Page(page_of(Scores(labels, np.roll(np.eye(60), 1, axis=1), tuple(map(str, labels))), data))
    assert "The 40 worst of all 60" in page
    assert not any(attributes.get("class") == "confusion" for _, attributes in page.tags)


def test_without_matplotlib(network, monkeypatch):
    import sys

    monkeypatch.setitem(sys.modules, "matplotlib.figure", None)
    test = cmlp.load_digits()[1]
    with pytest.raises(CmlpError, match=r'^a report needs matplotlib: pip install "cmlp\[plot\]"$'):
        page_of(score(network, test), test)
