"""Photographs of handwritten digits, rendered: digits of MNIST drawn with a pen on paper, under a lamp.

Ten papers are those that `cmlp.read_picture` was made with, and twelve others were held out: other rulings, angles,
colours, and light. A photograph is a function of its paper, its digit and its seed.
"""

from collections.abc import Callable
from dataclasses import dataclass
from io import BytesIO

import numpy as np
from PIL import Image
from scipy import ndimage

WHITE = (0.93, 0.92, 0.89)
BLUE_PEN, BLACK_PEN, RED_PEN, GREEN_PEN = (0.12, 0.2, 0.62), (0.1, 0.1, 0.12), (0.75, 0.1, 0.12), (0.05, 0.42, 0.2)
PENCIL, CHALK = (0.5, 0.5, 0.52), (0.9, 0.9, 0.85)
BLUE_LINES, GREY_LINES, RED_LINE = (0.5, 0.66, 0.88), (0.62, 0.62, 0.65), (0.85, 0.42, 0.45)


@dataclass(frozen=True)
class Page:
    """What is drawn on, of a size in pixels: the coordinates of each pixel on the page, and the random generator."""

    rows: np.ndarray
    columns: np.ndarray
    rng: np.random.Generator

    def ruled(self, position, spacing, thickness):
        """Return how much of each pixel (0 to 1) is covered by lines at a spacing along a coordinate."""
        start = self.rng.uniform(0, spacing)
        distance = abs((position - start + spacing / 2) % spacing - spacing / 2)
        return np.clip(thickness / 2 + 0.5 - distance, 0, 1)

    def lines(self, spacing, thickness):
        return self.ruled(self.rows, spacing, thickness)

    def squares(self, spacing, thickness):
        return np.maximum(self.ruled(self.rows, spacing, thickness), self.ruled(self.columns, spacing, thickness))

    def dots(self, spacing, radius):
        """Return dots on the corners of squares."""
        a, b = self.rng.uniform(0, spacing, 2)
        down = (self.rows - a + spacing / 2) % spacing - spacing / 2
        across = (self.columns - b + spacing / 2) % spacing - spacing / 2
        return np.clip(radius + 0.5 - np.hypot(down, across), 0, 1)

    def margin(self, place, thickness):
        """Return a vertical line at a share of the width."""
        return np.clip(thickness / 2 + 0.5 - abs(self.columns - place * self.columns.max()), 0, 1)


@dataclass(frozen=True)
class Paper:
    """A kind of paper, and what is written with on it."""

    name: str
    printed: Callable[[Page], list] = lambda page: []  # pairs of coverage and colour
    grounds: tuple = (WHITE,)
    pens: tuple = (BLUE_PEN, BLACK_PEN)
    angle: float = 3.0  # degrees, at most, between the lines and the picture
    light: str = "even"  # or "crumpled", "shadowed"
    bend: float = 0.0  # pixels, at most, by which a line that should be straight is not
    grain: float = 0.0  # of a soft pencil
    noise: float = 0.015
    thickness: tuple = (0.4, 0.5)  # of the digit's grey values, from where on there is ink: more makes thinner strokes


def _lined(page):
    return [(page.lines(page.rng.uniform(45, 80), page.rng.uniform(1.5, 3)), BLUE_LINES)]


def _squared(page):
    colour = (BLUE_LINES, GREY_LINES)[page.rng.integers(2)]
    return [(page.squares(page.rng.uniform(28, 50), page.rng.uniform(1.2, 2.5)), colour)]


def _dotted(page):
    return [(page.dots(page.rng.uniform(28, 50), page.rng.uniform(1.5, 2.8)), GREY_LINES)]


def _margin(page):
    place = page.rng.choice([page.rng.uniform(0.05, 0.25), page.rng.uniform(0.75, 0.95)])
    return [*_lined(page), (page.margin(place, page.rng.uniform(2, 3.5)), RED_LINE)]


PAPERS = [
    Paper("blank"),
    Paper("lined", _lined),
    Paper("squared", _squared),
    Paper("dotted", _dotted),
    Paper("crumpled", light="crumpled"),
    Paper("shadowed", light="shadowed"),
    Paper("margin", _margin),
    Paper("blue", _lined, pens=(BLUE_PEN,)),
    Paper("pencil", _squared, pens=(PENCIL,), grain=0.35),
    Paper("coloured", _lined, ((0.93, 0.86, 0.5), (0.95, 0.72, 0.76), (0.68, 0.88, 0.7), (0.66, 0.8, 0.93))),
]


def _narrow(page):
    return [(page.lines(page.rng.uniform(24, 34), page.rng.uniform(1, 2)), (0.6, 0.75, 0.8))]


def _wide_and_thick(page):
    return [(page.lines(page.rng.uniform(95, 140), page.rng.uniform(4, 6)), (0.45, 0.45, 0.5))]


def _graph(page):
    """Return millimetre paper: thin lines, each fifth of them strong."""
    spacing = page.rng.uniform(12, 16)
    colour = ((0.93, 0.68, 0.5), (0.6, 0.8, 0.65))[page.rng.integers(2)]
    return [(0.45 * page.squares(spacing, 1.0), colour), (page.squares(5 * spacing, 1.8), colour)]


def _black_lines(page):
    return [(page.lines(page.rng.uniform(55, 90), page.rng.uniform(1.2, 2)), (0.25, 0.25, 0.28))]


def _four_lines(page):
    """Return the rulings of first-year pupils: four lines, and a gap."""
    spacing = page.rng.uniform(110, 150)
    first = page.rng.uniform(0, spacing)
    covered = [
        np.clip(1.5 - abs((page.rows - first - share * spacing + spacing / 2) % spacing - spacing / 2), 0, 1)
        for share in (0, 0.22, 0.5, 0.72)
    ]
    return [(np.max(covered, axis=0), (0.75, 0.55, 0.55))]


def _white_lines(page):
    return [(page.squares(page.rng.uniform(30, 55), page.rng.uniform(1.2, 2.2)), (0.97, 0.97, 0.97))]


def _double_margin(page):
    return [*_squared(page), *((page.margin(place, 2.0), (0.3, 0.35, 0.75)) for place in (0.08, 0.11, 0.92))]


def _big_dots(page):
    return [(page.dots(page.rng.uniform(40, 60), page.rng.uniform(3, 4.2)), (0.45, 0.5, 0.75))]


HELD_OUT = [
    Paper("narrow lines, askew", _narrow, angle=9),
    Paper("wide and thick lines", _wide_and_thick, pens=(BLUE_PEN, RED_PEN)),
    Paper("millimetre paper", _graph, pens=(BLACK_PEN, GREEN_PEN)),
    Paper("black lines, black pen", _black_lines, pens=(BLACK_PEN,), angle=5),
    Paper("four lines for pupils", _four_lines, pens=(PENCIL, BLUE_PEN), grain=0.2),
    Paper("blackboard with squares", lambda page: [(page.squares(48.0, 2.0), (0.42, 0.52, 0.48))],
          ((0.14, 0.24, 0.2), (0.12, 0.12, 0.14)), (CHALK, (0.95, 0.9, 0.4)), noise=0.03),
    Paper("white lines on grey", _white_lines, ((0.75, 0.75, 0.76), (0.7, 0.66, 0.58)), angle=6),
    Paper("double margin, noisy", _double_margin, noise=0.045, angle=5),
    Paper("big blue dots", _big_dots, pens=(BLUE_PEN,), angle=12),
    Paper("bent page, shadow", _lined, light="shadowed", bend=6.0, pens=(BLUE_PEN, GREEN_PEN), angle=4),
    Paper("crumpled and squared", _squared, light="crumpled", pens=(BLUE_PEN, BLACK_PEN)),
    Paper("thin red pen", _lined, pens=(RED_PEN,), thickness=(0.6, 0.75)),
]  # fmt: skip


def photograph(paper: Paper, digit: np.ndarray, seed: int | tuple[int, ...]) -> np.ndarray:
    """Return a photograph of a digit on a paper.

    Parameters
    ----------
    paper : Paper
        What it is written on.
    digit : ndarray (28, 28)
        Grey values in 0..1, bright on dark.
    seed : int or tuple of int
        Everything else is drawn from it.

    Returns
    -------
    ndarray of uint8 (height, width, 3)
    """
    rng = np.random.default_rng(seed)
    height, width = int(rng.integers(360, 520)), int(rng.integers(420, 640))
    pen = paper.pens[rng.integers(len(paper.pens))]
    picture = np.ones((height, width, 3)) * paper.grounds[rng.integers(len(paper.grounds))]
    page = _page(paper, height, width, rng)
    for covered, colour in paper.printed(page):
        picture = _mixed(picture, covered[..., np.newaxis], colour)
    ink = _written(digit, height, width, paper.thickness, rng)
    if paper.grain:
        ink *= 1 - paper.grain * ndimage.gaussian_filter(rng.normal(size=ink.shape), 0.8).clip(-0.3, 0.3) / 0.3
    opaque = 0.9 * ink.clip(0, 1)[..., np.newaxis]
    dark = sum(pen) < picture.mean() * 3  # a pen lets the lines shine through, chalk covers them
    picture = picture * (1 - opaque * (1 - np.array(pen))) if dark else _mixed(picture, opaque, pen)
    return _taken(picture * _light(paper.light, height, width, rng)[..., np.newaxis], paper.noise, rng)


def _page(paper, height, width, rng):
    rows, columns = np.mgrid[0.0:height, 0.0:width]
    angle = np.deg2rad(rng.uniform(-paper.angle, paper.angle))
    turned = rows * np.cos(angle) - columns * np.sin(angle), rows * np.sin(angle) + columns * np.cos(angle)
    bend = paper.bend * np.sin(2 * np.pi * (columns / width * rng.uniform(0.4, 1) + rng.uniform()))
    return Page(turned[0] + bend, turned[1], rng)


def _mixed(picture, share, colour):
    return picture * (1 - share) + share * np.array(colour)


def _written(digit, height, width, thickness, rng):
    """Return how much ink is on each pixel."""
    size = rng.uniform(0.5, 0.8) * height
    large = ndimage.zoom(digit, size / 28, order=3)
    threshold = rng.uniform(*thickness)
    smooth = ndimage.gaussian_filter(large, size / 90)
    stroke = np.clip(0.5 + (smooth - threshold) * 5, 0, 1)
    ink = np.zeros((height, width))
    rows, columns = np.flatnonzero(stroke.any(axis=1)), np.flatnonzero(stroke.any(axis=0))
    stroke = stroke[rows[0] : rows[-1] + 1, columns[0] : columns[-1] + 1]
    edge = 0.06 * height
    top = int(rng.uniform(edge, height - stroke.shape[0] - edge))
    left = int(rng.uniform(edge, width - stroke.shape[1] - edge))
    ink[top : top + stroke.shape[0], left : left + stroke.shape[1]] = stroke
    return ink


def _light(kind, height, width, rng):
    rows, columns = np.mgrid[-0.5 : 0.5 : height * 1j, -0.5 : 0.5 : width * 1j]
    angle = rng.uniform(0, 2 * np.pi)
    light = 0.85 + 0.2 * (rows * np.cos(angle) + columns * np.sin(angle))
    if kind == "crumpled":
        return light * _folds(rows, columns, rng)
    if kind == "shadowed":  # of a hand or a telephone: an edge, a little soft
        angle, edge = rng.uniform(0, 2 * np.pi), rng.uniform(-0.25, 0.25)
        across = rows * np.cos(angle) + columns * np.sin(angle) - edge + 0.05 * np.sin(6 * (columns - rows))
        light = light * (1 - rng.uniform(0.3, 0.5) / (1 + np.exp(-across / rng.uniform(0.01, 0.04))))
    return light


def _folds(rows, columns, rng):
    """Return the light on crumpled paper: facets, each with a slope of its own, and creases between them."""
    corners = rng.uniform(-0.6, 0.6, (14, 2))
    distances = np.stack([np.hypot(rows - row, columns - column) for row, column in corners])
    nearest = distances.argsort(axis=0)
    slopes = rng.normal(0, 0.5, (14, 2))
    first = nearest[0]
    shade = slopes[first, 0] * (rows - corners[first, 0]) + slopes[first, 1] * (columns - corners[first, 1])
    two = np.sort(distances, axis=0)
    crease = np.exp(-(((two[1] - two[0]) / 0.008) ** 2))
    folded = 1 + shade * 0.5 + rng.normal(0, 0.05, 14)[first] - 0.12 * crease
    return ndimage.gaussian_filter(folded, 1.5).clip(0.4, 1.15)


def _taken(picture, noise, rng):
    """Return what a camera makes of it: a little blur, noise, and the losses of JPEG."""
    blurred = ndimage.gaussian_filter(picture, (rng.uniform(0.4, 1.0),) * 2 + (0,))
    noisy = blurred + rng.normal(0, noise, picture.shape)
    stream = BytesIO()
    Image.fromarray(np.rint(255 * noisy.clip(0, 1)).astype(np.uint8)).save(stream, "JPEG", quality=88)
    return np.asarray(Image.open(BytesIO(stream.getvalue())))
