"""A data set in a notebook."""

import re
from base64 import b64decode
from io import BytesIO

import numpy as np
import pytest
from support.markup import read

import cmlp
from cmlp.data.formats.sets import split
from cmlp.data.gallery import MOST_CLASSES, MOST_EXAMPLES

HOSTILE = "<img src=x onerror=alert(1)>'\""


def images(elements):
    return [attributes for tag, attributes in elements if tag == "img"]


def test_the_digits():
    PIL = pytest.importorskip("PIL.Image", reason="Pillow is not installed")
    train, _ = cmlp.load_digits()
    elements, texts = read(train._repr_html_())
    assert "1,437 images of 64 pixels \N{MIDDLE DOT} uint8 x 1/16 \N{MIDDLE DOT} 10 classes" in texts
    found = images(elements)
    assert len(found) == 10
    counts = np.bincount(train.labels)
    rows = [[str(label), f"{count:,}"] for label, count in enumerate(counts)]
    assert [texts[i : i + 2] for i in range(texts.index("examples") + 1, len(texts), 2)] == rows
    for label, attributes in enumerate(found):
        assert attributes["alt"] == f"examples of class {label}"
        content = b64decode(attributes["src"].removeprefix("data:image/png;base64,"))
        pixels = np.asarray(PIL.open(BytesIO(content)))
        assert pixels.shape == (8, 9 * MOST_EXAMPLES, 2)
        first = train.pictures()[train.labels == label][0]
        np.testing.assert_array_equal(pixels[:, :8, 0], np.rint(first / 16 * 255))


def test_a_table():
    data = cmlp.Dataset([[1.5, -2.0, 3.25]] * 7, [0, 1, 1, 1, 1, 0, 2], class_names=["a", HOSTILE, "c"])
    html = data._repr_html_()
    elements, texts = read(html)
    assert images(elements) == []
    assert {a["title"] for _, a in elements if "title" in a} == {HOSTILE}
    assert texts[texts.index("label") :][:9] == [
        "label",
        "column 0",
        "column 1",
        "column 2",
        "a",
        "1.5",
        "-2",
        "3.25",
        f"{HOSTILE[:9]}\N{HORIZONTAL ELLIPSIS}{HOSTILE[-8:]}",
    ]
    bars = [a["style"] for _, a in elements if a.get("class") == "cmlp-bar"]
    assert bars == ["width:50px", "width:100px", "width:25px"]


def test_many_columns_and_many_classes():
    data = cmlp.Dataset(np.random.default_rng(0).normal(size=(3000, 30)), np.arange(3000) % 300)
    _, texts = read(data._repr_html_())
    assert "column 7" in texts and "column 8" not in texts
    assert f"and {300 - MOST_CLASSES} more classes" in texts


@pytest.mark.parametrize("classes", [1, 2, 20, 1000])
@pytest.mark.parametrize("side", [5, 28, 200])
def test_noise_of_any_size_stays_small(side, classes):
    rng = np.random.default_rng(0)
    count = max(classes, 12 * min(classes, 20))
    data = cmlp.Dataset(rng.integers(0, 256, (count, side, side), dtype=np.uint8), np.arange(count) % classes)
    html = data._repr_html_()
    assert len(html) < 200_000
    assert len(images(read(html)[0])) == min(classes, MOST_CLASSES)


def test_classes_without_images_and_data_without_rows():
    data = cmlp.Dataset(np.ones((2, 64)), [1, 1], classes=4)
    assert len(images(read(data._repr_html_())[0])) == 1
    assert read(data[:0]._repr_html_())
    assert read(cmlp.Dataset([[0.5]], [0])[:0]._repr_html_())


def test_wide_pictures_and_values_that_are_no_pixels():
    rng = np.random.default_rng(0)
    data = cmlp.Dataset(rng.normal(size=(5, 6, 40)) * 1e300, [0, 1, 2, 3, 4])
    assert len(images(read(data._repr_html_())[0])) == 5


def test_both_sets():
    html = split(cmlp.load_digits()[0], 0.2)._repr_html_()
    _, texts = read(html)
    assert re.findall("Training data|Test data", " ".join(texts)) == ["Training data", "Test data"]
    assert "Test data" not in cmlp.Sets(cmlp.load_digits()[0], None)._repr_html_()
