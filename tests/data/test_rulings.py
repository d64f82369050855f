"""The lines of ruled paper: where they are found, what they leave, and what is no line."""

import numpy as np
import pytest
from scipy import ndimage

from cmlp.data.rulings import find_rulings, without_rulings

SHAPE = (240, 320)
ROWS, COLUMNS = np.mgrid[: SHAPE[0], : SHAPE[1]].astype(float)


def line(at, thickness=2.0, slope=0.0, bend=0.0, upright=False):
    """Return the ink of a line that is at a row (or column) in the middle of the picture."""
    across, along = (COLUMNS, ROWS) if upright else (ROWS, COLUMNS)
    places = 2 * along / along.max() - 1
    course = at + slope * places * along.max() / 2 + bend * (1 - places**2)
    return np.clip(thickness / 2 + 0.5 - abs(across - course), 0, 1)


def middles(lines, upright=False):
    """The places of lines in the middle of the picture, in order."""
    return sorted(float(found.course[len(found.course) // 2]) for found in lines if found.upright == upright)


@pytest.mark.parametrize("slope", [0, -0.15, 0.3])
@pytest.mark.parametrize("thickness", [1, 5])
def test_lines_are_where_they_were_drawn(slope, thickness):
    places = [60, 107.5, 150, 190]
    ink = sum(0.2 * line(place, thickness, slope) for place in places)
    for upright, turned in ((False, ink), (True, ink.T)):
        np.testing.assert_allclose(middles(find_rulings(turned), upright), places, atol=1)


def test_faint_lines_in_noise():
    """A line of one and a half standard deviations of the noise, which no single pixel shows."""
    noise = np.random.default_rng(0).normal(0, 0.04, SHAPE)
    ink = noise + 0.06 * sum(line(place) for place in (50, 90, 130, 170))
    assert np.allclose(middles(find_rulings(ink)), [50, 90, 130, 170], atol=1.5)
    assert find_rulings(noise) == []


def test_bent_lines():
    (found,) = find_rulings(0.2 * line(120, bend=5))
    expected = 120 + 5 * (1 - (2 * np.arange(320) / 319 - 1) ** 2)
    assert abs(found.course - expected).max() < 1


def test_squares():
    ink = np.maximum.reduce(
        [0.15 * line(p) for p in range(20, 240, 25)] + [0.15 * line(p, upright=True) for p in range(15, 320, 25)]
    )
    lines = find_rulings(ink)
    assert np.allclose(middles(lines), range(20, 240, 25), atol=0.5)
    assert np.allclose(middles(lines, upright=True), range(15, 320, 25), atol=0.5)
    assert without_rulings(ink, lines, 0.7, 0.0).max() < 0.05


def strokes():
    """Return a seven with a bar, as drawn with a pen; its strokes end before the border."""
    ink = np.zeros(SHAPE)
    ink[50:58, 110:250] = ink[130:138, 90:210] = 1
    for row in range(50, 220):
        ink[row, 235 - row // 2 : 246 - row // 2] = 1
    return ndimage.gaussian_filter(ink, 0.7)


def test_strokes_are_no_lines():
    assert find_rulings(0.6 * strokes()) == []
    thick = np.zeros(SHAPE)
    thick[100:140] = 1  # from border to border, but no line
    assert find_rulings(thick) == []
    assert find_rulings(np.zeros(SHAPE)) == find_rulings(np.zeros((3, 500))) == find_rulings(np.zeros((1, 1))) == []


@pytest.mark.parametrize("darkness", [0.2, 0.5, 0.7])
def test_strokes_stay_where_lines_cross_them(darkness):
    """Of a line as dark as the pen, what is around it tells whether there is a stroke."""
    pen = 0.7 * strokes()
    ink = pen.copy()
    for place in range(16, 240, 32):
        ink = np.maximum(ink, darkness * line(place, slope=0.03))
    cleaned = without_rulings(ink, find_rulings(ink), 0.7, 0.0)
    assert np.mean((cleaned > 0.35) != (pen > 0.35)) < 0.006
    assert (cleaned > 0.35)[pen > 0.6].mean() > 0.97
