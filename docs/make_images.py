"""Draw docs/images/: the page of the founding network and a notebook in light and dark, and distorted digits.

Usage: python docs/make_images.py FOLDER, where the folder holds MNIST in any format that cmlp reads. It needs Chromium,
chromedriver, Selenium and Pillow, and takes half a minute.
"""

import sys
from io import BytesIO
from math import cos, sin
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
from PIL import Image

sys.path.insert(0, str(Path(__file__).parents[1] / "tests"))

from support.browser import started

import cmlp

IMAGES = Path(__file__).with_name("images")
LOOKS = {"page.png": False, "page-dark.png": True}
CARDS = {"notebook.png": False, "notebook-dark.png": True}
SHEET = """<!DOCTYPE html><html lang="en"><meta charset="utf-8"><body data-jp-theme-light="{light}"
style="margin: 16px; background: {ground}; display: flex; gap: 16px">
<div style="flex: none">{left}</div><div style="flex: none">{right}</div></body></html>"""


def arc(x, y, width, height, begin, end):
    """Return points (x, y) of a part of an ellipse, between two angles."""
    return [(x + width * cos(angle), y + height * sin(angle)) for angle in np.linspace(begin, end, 24)]


def three():
    """Return one stroke."""
    return arc(0.47, 0.35, 0.17, 0.14, -2.6, 1.5) + arc(0.47, 0.66, 0.2, 0.17, -1.5, 2.6)


def founding_network(train):
    """Return the network of the film, trained as there."""
    network = cmlp.Network([784, 16, 16, 10])
    network.train(train, 25, 3.0)
    return network


def cards(train, test, *, dark):
    """Return what a notebook shows of data, a network, its training, and the check of a test set with two faults."""
    network = cmlp.Network([784, 16, 16, 10])
    history = network.train(train, 25, 3.0, test_data=test, training_accuracy=True)
    broken = cmlp.Dataset(255 - test.images, np.roll(test.labels, 1))
    left, right = ("".join(each._repr_html_() for each in column) for column in (
        (network, test), (history, cmlp.check(train, broken))
    ))  # fmt: skip
    return SHEET.format(light=str(not dark).lower(), ground="#111111" if dark else "#ffffff", left=left, right=right)


def save(picture, path):
    """Write a screenshot with 256 colours, which it has hardly more of."""
    Image.open(BytesIO(picture)).convert("RGB").quantize(256).save(path, optimize=True)


def main(folder):
    train, test = cmlp.load(folder)
    network = founding_network(train)
    IMAGES.mkdir(exist_ok=True)
    with TemporaryDirectory() as scratch, started(Path(scratch) / "profile") as browser:
        page = Path(scratch) / "digits.html"
        network.to_html(page, test, title="Handwritten digits")
        for name, dark in LOOKS.items():
            browser.look((1280, 744), dark=dark)
            browser.open(page)
            browser.draw(three())
            browser.click("[data-layer='1'][data-unit='3'] .hit")
            browser.rest()
            save(browser.screenshot(), IMAGES / name)
        for name, dark in CARDS.items():
            page.write_text(cards(train, test, dark=dark), encoding="utf-8")
            browser.look((1380, 840), dark=dark)
            browser.open(page)
            save(browser.screenshot(), IMAGES / name)
    sheet = BytesIO()
    cmlp.Distortions().plot(train).savefig(sheet, format="png")
    save(sheet.getvalue(), IMAGES / "distortions.png")


if __name__ == "__main__":
    if len(sys.argv) != 2:
        sys.exit(__doc__)
    main(sys.argv[1])
