"""Draw docs/images/: the page of the founding network, with a digit drawn on it, in light and dark.

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


if __name__ == "__main__":
    if len(sys.argv) != 2:
        sys.exit(__doc__)
    main(sys.argv[1])
