"""Drawing on the page, by mouse, finger and keys, and what becomes of it."""

import math
from dataclasses import replace

import numpy as np
import pytest

import cmlp
from cmlp.data.framing import Framing, frame

SLANT = [(0.3, 0.2), (0.45, 0.5), (0.6, 0.8)]
HOOK = [(0.65, 0.25), (0.4, 0.3), (0.35, 0.55)]
GREY_LEVELS = (
    3  # by which images may differ: Python measures paper and ink that the page knows, and so finds other edges
)
FRAMINGS = [
    Framing(28, 28, False, 20, "mass"),
    Framing(28, 28, True, 20, "box"),
    Framing(8, 8, False, 8, "box"),
    Framing(16, 12, False, 10, "none"),
]


@pytest.fixture(scope="module")
def page(write):
    """Return the page of a network with the size of the founding one, untrained and without data."""
    return write(cmlp.Network())


def framed(framing):
    """Return a network that was, so it says, trained on pictures that lie in their frame like this."""
    network = cmlp.Network([framing.height * framing.width, 4, 2])
    return cmlp.Network.from_model(replace(network.model, framing=framing))


def seen(browser):
    return np.array(browser.run("return cmlp.input()"))


def pad(browser):
    """Return how much ink is on each pixel of the pad."""
    alpha = browser.run(
        "const pad = document.getElementById('pad');"
        "const { data } = pad.getContext('2d').getImageData(0, 0, pad.width, pad.height);"
        "return Array.from(data.filter((_, i) => i % 4 == 3))"
    )
    side = math.isqrt(len(alpha))
    return np.array(alpha, np.uint8).reshape(side, side)


def status(browser):
    """Return what a screen reader is told, which is the last of what the page had to say."""
    browser.await_timers(400)
    return browser.text("status")


def middle_is_empty(browser):
    """Say whether nothing joins what is drawn left and right."""
    columns = np.flatnonzero(pad(browser).any(axis=0))
    return np.diff(columns).max() > 20


def strokes(rng, size=160, thickness=6):
    """Return ink from 0 to 1 along a random path."""
    y, x = np.mgrid[:size, :size] + 0.5
    ink = np.zeros((size, size))
    here = rng.uniform(30, 130, 2)
    for _ in range(rng.integers(2, 6)):
        there = np.clip(here + rng.uniform(-60, 60, 2), 15, 145)
        for share in np.linspace(0, 1, 50):
            row, column = here + share * (there - here)
            ink = np.maximum(ink, np.clip(thickness + 0.5 - np.hypot(y - row, x - column), 0, 1))
        here = there
    return ink


@pytest.mark.parametrize("framing", FRAMINGS, ids=str)
def test_frames_as_python_does(browser, write, framing):
    browser.open(write(framed(framing)))
    rng = np.random.default_rng(0)
    for _ in range(3):
        ink = strokes(rng)
        height, width = ink.shape
        found = browser.run(
            "return cmlp.frame(arguments[0], arguments[1], arguments[2])", ink.ravel().tolist(), width, height
        )
        expected = frame(ink, framing).astype(float).ravel()
        assert np.ptp(expected) > 200
        np.testing.assert_allclose(found, expected, rtol=0, atol=GREY_LEVELS)


def test_a_drawing_is_framed_as_python_does(browser, page):
    """The same raster in the browser and in Python, and the place and size that digits of MNIST have."""
    browser.open(page)
    browser.draw(SLANT, HOOK)
    expected = frame(pad(browser), Framing(28, 28, False, 20, "mass"))
    image = seen(browser)
    np.testing.assert_allclose(255 * image, expected.ravel().astype(float), rtol=0, atol=GREY_LEVELS)
    image = image.reshape(28, 28)
    rows, columns = np.flatnonzero(image.max(axis=1) > 0.2), np.flatnonzero(image.max(axis=0) > 0.2)
    assert max(np.ptp(rows), np.ptp(columns)) + 1 in (20, 21)  # the box may begin within a pixel
    mass = np.average(np.arange(28), weights=image.sum(axis=1)), np.average(np.arange(28), weights=image.sum(axis=0))
    np.testing.assert_allclose(mass, 14, atol=0.1)


def test_strokes_are_not_joined(browser, page):
    browser.open(page)
    browser.draw([(0.2, 0.3), (0.2, 0.7)], [(0.8, 0.3), (0.8, 0.7)])
    assert middle_is_empty(browser)
    browser.draw([(0.2, 0.5), (0.8, 0.5)])
    assert not middle_is_empty(browser)


def test_where_it_is_drawn_does_not_matter(browser, page):
    browser.open(page)
    browser.draw(SLANT)
    before = seen(browser)
    browser.run("document.getElementById('clear').click()")
    browser.draw([(x + 0.2, y - 0.05) for x, y in SLANT])
    np.testing.assert_allclose(255 * seen(browser), 255 * before, rtol=0, atol=3)  # the pad has whole pixels only


def test_draw_and_clear(browser, digits, digits_page):
    network, _ = digits
    browser.open(digits_page)
    assert browser.text("answer-text") == "\N{EN DASH}"
    assert status(browser) == "nothing drawn"
    browser.draw(SLANT, HOOK)
    image = seen(browser)
    assert image.max() == 1
    assert browser.text("answer-text") == str(network.predict(image))
    assert status(browser).startswith(f"The answer is {network.predict(image)}. Output ")
    browser.run("document.getElementById('clear').click()")
    browser.settle()
    assert browser.text("answer-text") == "\N{EN DASH}"
    assert not seen(browser).any()
    assert not pad(browser).any()


def test_draw_with_a_finger(browser, page):
    browser.open(page)
    browser.draw(SLANT, touch=True)
    by_touch = seen(browser)
    browser.run("document.getElementById('clear').click()")
    browser.draw(SLANT)
    np.testing.assert_array_equal(by_touch, seen(browser))
    assert by_touch.any()


def test_only_the_first_finger_and_the_main_button_draw(browser, page):
    browser.open(page)
    browser.run(
        "const pad = document.getElementById('pad'), place = pad.getBoundingClientRect();"
        "const send = (type, pointerId, button) => pad.dispatchEvent(new PointerEvent(type,"
        "  { pointerId, button, clientX: place.left + 50, clientY: place.top + 50 }));"
        "send('pointermove', 1, 0); send('pointerdown', 1, 2);"
    )
    browser.settle()
    assert not pad(browser).any()


def test_draw_with_keys(browser, page):
    browser.open(page)
    browser.focus("#pad")
    browser.press("ARROW_LEFT", "ARROW_LEFT", "ARROW_UP")
    assert status(browser) == "column 12, row 13"
    assert not seen(browser).any()
    browser.press("SPACE", *["ARROW_DOWN"] * 10)
    assert browser.text("answer-text") != "\N{EN DASH}"
    browser.press("SPACE")
    assert status(browser) == "pen up, column 12, row 23"
    image = seen(browser).reshape(28, 28) > 0.5
    rows, columns = np.flatnonzero(image.any(axis=1)), np.flatnonzero(image.any(axis=0))
    assert len(rows) in (19, 20, 21)
    assert len(columns) < 7
    drawn = seen(browser)
    browser.press(*["ARROW_RIGHT"] * 8)  # the pen is up
    np.testing.assert_array_equal(seen(browser), drawn)
    browser.press("SPACE")  # puts a dot beside the line
    assert middle_is_empty(browser)
    browser.press("DELETE")
    assert not seen(browser).any()


def test_keys_that_are_not_for_drawing_are_left_alone(browser, page):
    browser.open(page)
    browser.focus("#pad")
    browser.press("TAB")
    assert browser.run("return document.activeElement.id") == "clear"


def test_dark_ink_on_bright_paper(browser, write):
    browser.open(write(framed(Framing(28, 28, True, 20, "mass"))))
    assert (seen(browser) == 1).all()
    browser.draw(SLANT)
    assert 0 == seen(browser).min() < seen(browser).mean() < 1
    assert seen(browser)[0] == 1
