"""The page as a file: one, small, harmless, and closed."""

import base64
import hashlib
import json
import re
from dataclasses import replace
from html.parser import HTMLParser

import numpy as np
import pytest

import cmlp
from cmlp.data.framing import Framing
from cmlp.errors import ModelError
from cmlp.export.page import content, document

HOSTILE = "</script><script>alert(1)</script><img src=x onerror=alert(2)>&amp;<!--"


class Outline(HTMLParser):
    """The elements of a page, and what scripts, styles and titles contain."""

    def __init__(self, text):
        super().__init__()
        self.elements, self.contents = [], {}
        self.feed(text)

    def handle_starttag(self, tag, attrs):
        self.elements.append((tag, dict(attrs)))

    def handle_data(self, data):
        if self.elements:
            tag, attributes = self.elements[-1]
            self.contents.setdefault((tag, attributes.get("type")), data)


def content_of(page):
    return json.loads(Outline(page).contents["script", "application/json"])


def policy_of(page):
    found = [a["content"] for tag, a in Outline(page).elements if a.get("http-equiv") == "Content-Security-Policy"]
    assert len(found) == 1
    return dict(rule.split(" ", 1) for rule in found[0].split("; "))


def hash_of(text):
    return f"'sha256-{base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()}'"


def test_the_policy_allows_this_script_and_this_style_and_nothing_else(page_of):
    page = page_of(cmlp.Network())
    contents = Outline(page).contents
    assert policy_of(page) == {
        "default-src": "'none'",
        "script-src": hash_of(contents["script", None]),
        "style-src": hash_of(contents["style", None]),
        "img-src": "data:",
        "base-uri": "'none'",
        "form-action": "'none'",
    }


def test_the_policy_comes_before_all_that_it_is_for(page_of):
    tags = [tag for tag, _ in Outline(page_of(cmlp.Network())).elements]
    assert tags[:4] == ["html", "head", "meta", "meta"]
    assert Outline(page_of(cmlp.Network())).elements[2] == ("meta", {"charset": "utf-8"})


def test_it_refers_to_nothing(page_of):
    page = page_of(cmlp.Network())
    assert set(re.findall(r"\w+://[^\"'\s]*", page)) == {"http://www.w3.org/2000/svg"}  # a name, and no address to load
    for tag, attributes in Outline(page).elements:
        assert {"src", "srcset", "action", "style"}.isdisjoint(attributes), tag
        assert attributes.get("href", "data:,") == "data:,"
        assert not any(name.startswith("on") for name in attributes)


def test_it_loads_and_sends_nothing(browser, digits_page):
    browser.open(digits_page)
    assert browser.run("return performance.getEntriesByType('resource').length") == 0
    failed = browser.driver.execute_async_script(
        "const [done] = arguments; fetch('data:,').then(() => done(false), () => done(true))"
    )
    assert failed
    assert "violates the document's Content Security Policy" in " ".join(browser.complaints()).replace("\\", "")


def test_another_script_does_not_run(browser, folder, digits_page):
    changed = folder / "changed.html"
    changed.write_text(digits_page.read_text().replace('"use strict";', '"use strict"; globalThis.harm = true;'))
    browser.open(changed)
    assert browser.run("return [typeof cmlp, typeof harm]") == ["undefined", "undefined"]
    assert any("Content Security Policy" in complaint for complaint in browser.complaints())


def test_each_script_knows_only_those_before_it():
    names = document.SCRIPTS
    texts = {name: document._read(f"{name}.js") for name in names}
    defined = {
        name: set(re.findall(r"^(?:const|let|class|function) (\w+)", texts[name], re.MULTILINE)) for name in names
    }
    assert all(defined.values())
    for place, name in enumerate(names):
        words = set(re.findall(r"(?<![.\w\"-])\w+\b(?!:)", texts[name]))
        for later in names[place + 1 : -1]:  # not the last one: it gives others what they call by the same names
            assert words.isdisjoint(defined[later]), f"{name}.js names {words & defined[later]} of {later}.js"


def test_parameters(page_of):
    network = cmlp.Network([3, 4, 2], dtype="float32")
    network.biases[0] = [1, 2, 3, 4]
    given = content_of(page_of(network))
    found = np.frombuffer(base64.b64decode(given["parameters"]), "<f4")
    parts = [array.ravel() for w, b in zip(network.weights, network.biases, strict=True) for array in (w, b)]
    np.testing.assert_array_equal(found, np.concatenate(parts))
    assert (given["type"], given["sizes"], given["activations"]) == ("float32", [3, 4, 2], ["sigmoid"] * 2)


def test_hostile_names(browser, write):
    network = cmlp.Network([4, 2])
    network.class_names = (HOSTILE, "'\"`${alert(3)}")
    page = write(network, title=HOSTILE)
    text = page.read_text(encoding="utf-8")
    assert [tag for tag, _ in Outline(text).elements].count("script") == 2
    assert content_of(text)["names"] == list(network.class_names)
    browser.open(page)
    assert browser.driver.title == HOSTILE
    assert browser.run("return document.querySelector('h1').textContent") == HOSTILE
    assert browser.text("answer-text") == HOSTILE
    assert browser.run("return document.querySelectorAll('script, img').length") == 2


def test_a_title_that_is_no_text(page_of):
    assert "&#56448;" in page_of(cmlp.Network([4, 2]), title="\udc80")


def test_the_heading(page_of):
    page = page_of(cmlp.Network())
    assert "<h1>A network at work</h1>" in page
    assert "<p>784-16-16-10, sigmoid, quadratic loss, float64, 13,002 parameters</p>" in page


def test_the_founding_network_is_below_a_megabyte(write):
    rng = np.random.default_rng(0)
    test = rng.integers(0, 256, (300, 784), np.uint8), rng.integers(0, 10, 300)
    assert 300_000 < write(cmlp.Network(), test).stat().st_size < 1_000_000


def test_it_is_always_the_same(page_of):
    assert page_of(cmlp.Network()) == page_of(cmlp.Network())


@pytest.mark.parametrize(
    ("features", "framing"),
    [(784, (28, 28, False, 20, "mass")), (64, (8, 8, False, 6, "mass")), (49, None), (4, None), (785, None)],
)
def test_squares_without_a_framing_are_like_mnist(page_of, features, framing):
    found = content_of(page_of(cmlp.Network([features, 2])))["framing"]
    assert (found and Framing(**found)) == (framing and Framing(*framing))


def test_a_framing_of_another_size_is_not_used(page_of):
    model = replace(cmlp.Network([784, 2]).model, framing=Framing(8, 8, False, 6, "box"))
    assert content_of(page_of(cmlp.Network.from_model(model)))["framing"] is None


def test_parameters_that_are_not_finite(write):
    network = cmlp.Network([4, 2])
    network.weights[0][1, 2] = np.nan
    with pytest.raises(ModelError, match=r"weights\[0\] must be finite .*, got nan at \(1, 2\)"):
        write(network)


def test_too_many_parameters(monkeypatch, write):
    monkeypatch.setattr(content, "LARGEST", 100)
    with pytest.raises(ModelError, match="a page must have at most 100 bytes of parameters, got 128"):
        write(cmlp.Network([4, 2, 2]))


def test_a_title_that_is_a_number(write):
    with pytest.raises(ModelError, match="title must be a string, got 3"):
        write(cmlp.Network(), title=3)


def test_a_file_that_cannot_be_written_is_as_it_was(tmp_path):
    with pytest.raises(OSError, match="No such file or directory"):
        cmlp.Network().to_html(tmp_path / "missing" / "page.html")
    there = tmp_path / "page.html"
    there.write_text("mine")
    network = cmlp.Network()
    network.biases[0] = np.full(16, np.inf)
    with pytest.raises(ModelError):
        network.to_html(there)
    assert there.read_text() == "mine"
