"""Who can use the page, and where: keyboards and screen readers, light and dark, laptops and phones."""

from importlib.util import find_spec
from pathlib import Path

import pytest
from support.browser import LAPTOP, PHONE

import cmlp


@pytest.fixture(scope="module")
def axe():
    """Return the script of axe-core."""
    package = find_spec("axe_core_python")
    if package is None:
        pytest.skip("axe-core-python is not installed")
    return (Path(package.origin).parent / "axe.min.js").read_text(encoding="utf-8")


@pytest.fixture(scope="module")
def founding_page(write):
    """Return the page of a network with the size of the founding one, and two images."""
    network = cmlp.Network()
    return write(network, ([[0.0] * 784, [1.0] * 784], [0, 1]), title="Handwritten digits")


@pytest.fixture(scope="module")
def numbers_page(write):
    network = cmlp.Network([5, 40, 3])
    network.class_names = ("setosa", "versicolor", "a class with a name that has no room")
    return write(network, ([[0.0] * 5, [1.0] * 5], [0, 1]))


@pytest.fixture(scope="module")
def text_page(write):
    return write(cmlp.Network([100, 3, 2], loss="binary_cross_entropy"))


@pytest.mark.parametrize("size", [LAPTOP, (375, 740), PHONE], ids=["laptop", "small", "phone"])
def test_long_names_are_told_apart_where_there_is_little_room(browser, write, size):
    network = cmlp.Network([64, 16, 16, 10])
    network.class_names = tuple(f"handwritten_digit_specimen_no_{number:02}" for number in range(10))
    browser.look(size)
    browser.open(write(network))
    for place in ("document.documentElement", "document.getElementById('stage')"):
        assert browser.run(f"return {place}.scrollWidth - {place}.clientWidth") <= 0
    rows = "return Array.from(document.querySelectorAll('.output'), (row) => {0})"
    names = browser.run(rows.format("row.querySelector('text').textContent"))
    assert len(set(names)) == 10 and all("\N{HORIZONTAL ELLIPSIS}" in name for name in names)
    assert tuple(browser.run(rows.format("row.querySelector('title').textContent"))) == network.class_names
    box = "row.querySelector('{0}').getBoundingClientRect().{1}"
    gap = f"{box.format('rect', 'left')} - {box.format('text', 'right')}"
    assert min(browser.run(rows.format(gap))) >= -1  # no name lies on its bar


@pytest.mark.parametrize("dark", [False, True], ids=["light", "dark"])
@pytest.mark.parametrize("size", [LAPTOP, PHONE], ids=["laptop", "phone"])
@pytest.mark.parametrize("page", ["digits_page", "numbers_page", "text_page"])
def test_axe_has_nothing_to_say(browser, axe, request, page, size, dark):
    browser.look(size, dark=dark)
    browser.open(request.getfixturevalue(page))
    assert browser.accessibility(axe) == []
    if page == "digits_page":
        browser.focus("#position")
        browser.press("ARROW_RIGHT")
        assert browser.text("verdict").startswith("Wrong")
        assert browser.accessibility(axe) == []


def test_axe_would_say_something(browser, axe, digits_page):
    browser.open(digits_page)
    browser.run("document.getElementById('position').removeAttribute('aria-label')")
    assert [rule for rule, _ in browser.accessibility(axe)] == ["label"]


def test_every_control_is_reached_with_tab(browser, digits_page):
    browser.open(digits_page)
    reached = []
    for _ in range(7):
        browser.press("TAB")
        reached.append(browser.run("return document.activeElement.id || document.activeElement.role"))
    assert reached == ["pad", "clear", "previous", "position", "next", "radio", None]


@pytest.mark.parametrize("width", [320, 360, 980, 1280])
@pytest.mark.parametrize("page", ["digits_page", "numbers_page"])
def test_nothing_is_wider_than_the_screen(browser, request, page, width):
    browser.look((width, 740))
    browser.open(request.getfixturevalue(page))
    assert browser.run("return document.documentElement.scrollWidth") <= width
    assert (
        browser.run("const stage = document.getElementById('stage'); return stage.scrollWidth - stage.clientWidth") == 0
    )


def test_the_founding_network_needs_no_scrolling_on_a_laptop(browser, founding_page):
    browser.open(founding_page)
    assert browser.run("return document.documentElement.scrollHeight") <= 800


def test_on_a_phone_the_answer_is_beside_the_drawing(browser, founding_page):
    browser.look(PHONE)
    browser.open(founding_page)
    boxes = browser.run(
        "return ['drawing', 'answer'].map((id) => {"
        "  const box = document.getElementById(id).getBoundingClientRect(); return [box.top, box.bottom]; })"
    )
    assert boxes[0] == boxes[1]
    assert boxes[0][1] < 740


def test_the_page_follows_the_width(browser, founding_page):
    browser.open(founding_page)
    before = browser.run("return document.querySelector('#stage svg').clientWidth")
    browser.look(PHONE)
    browser.settle()
    assert browser.run("return document.querySelector('#stage svg').clientWidth") < before / 2


def test_light_and_dark(browser, founding_page):
    """Also of what was painted before the change."""
    look = """
        const pixels = (id, ...part) => document.getElementById(id).getContext("2d").getImageData(...part).data;
        const weights = pixels("neuron-picture", 0, 0, 28, 28);
        return [getComputedStyle(document.body).backgroundColor, Array.from(pixels("pad", 200, 200, 1, 1)).join(),
            weights.filter((value) => value > 127).length / weights.length > 0.5]
    """
    found = {}
    browser.open(founding_page)
    browser.draw([(0.2, 0.2), (0.8, 0.8)])
    for dark in (False, True):
        browser.look(dark=dark)
        browser.settle()
        found[dark] = browser.run(look)
    assert found == {
        False: ["rgb(248, 247, 243)", "29,29,27,255", True],
        True: ["rgb(19, 20, 24)", "236,234,228,255", False],
    }


def test_nothing_moves_for_those_who_do_not_want_it(browser, founding_page):
    found = []
    for reduced_motion in (False, True):
        browser.look(reduced_motion=reduced_motion)
        browser.open(founding_page)
        found.append(browser.run("return getComputedStyle(document.querySelector('.unit')).transitionDuration"))
    assert found == ["0.12s", "0s"]
