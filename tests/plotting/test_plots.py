"""The pictures of data and of trainings."""

import sys
from io import BytesIO
from itertools import pairwise

import numpy as np
import pytest

import cmlp
from cmlp.data import Dataset, load_digits
from cmlp.errors import CmlpError, DataError
from cmlp.plotting.datasets import EXAMPLES, MAX_CLASSES, show

pytest.importorskip("matplotlib", reason="matplotlib, of the extra cmlp[plot], is not installed")


def texts(figure):
    return [text.get_text() for text in figure.axes[0].texts]


def mosaics(figure):
    """Return what each block of images shows, NaN between them."""
    return [np.ma.filled(image.get_array(), np.nan) for image in figure.axes[0].images]


def tile(mosaic, rows, columns, row, column):
    height, width = mosaic.shape[0] // rows, mosaic.shape[1] // columns
    cut = mosaic[row * height : (row + 1) * height, column * width : (column + 1) * width]
    shown = ~np.isnan(cut)
    return cut[shown.any(axis=1)][:, shown.any(axis=0)] if shown.any() else None


def rendered(figure):
    stream = BytesIO()
    figure.savefig(stream, format="png")
    return stream.getvalue()


def test_the_digits():
    train, test = load_digits()
    figure = show(train, test, title="The digits")
    found = texts(figure)
    assert found[:2] == [
        "The digits",
        "1,437 training and 360 test images of 8\N{MULTIPLICATION SIGN}8 pixels, 10 classes",
    ]
    assert found.count("mean") == found.count("count") == 2
    assert {"training images", "test images", "142", "36"} < set(found)
    assert [text for text in found if len(text) == 1] == [*"0123456789"] * 2
    means, examples, test_means, _ = mosaics(figure)
    for label in range(10):
        mean = train.pictures()[train.labels == label].mean(axis=0) / 16
        np.testing.assert_allclose(tile(means, 10, 1, label, 0)[7::14, 7::14], mean, rtol=1e-5)
        mean = test.pictures()[test.labels == label].mean(axis=0) / 16
        np.testing.assert_allclose(tile(test_means, 10, 1, label, 0)[7::14, 7::14], mean, rtol=1e-5)
        first = train.pictures()[train.labels == label][0] / 16
        np.testing.assert_allclose(tile(examples, 10, EXAMPLES[2], label, 0)[7::14, 7::14], first, rtol=1e-5)


def test_it_is_drawn_without_warnings_and_always_alike():
    train, test = load_digits()
    first, second = rendered(show(train, test)), rendered(show(train, test))
    assert first == second
    assert first.startswith(b"\x89PNG")


def test_one_set():
    figure = show(load_digits()[0])
    assert "1,437 images of 8\N{MULTIPLICATION SIGN}8 pixels, 10 classes" in texts(figure)
    assert len(mosaics(figure)) == 2
    assert "images" in texts(figure)


def test_everything_lies_within_the_picture():
    figure = show(*load_digits(), title="A title")
    figure.canvas.draw()
    for text in figure.axes[0].texts:
        box = text.get_window_extent()
        assert box.x0 >= 0 and box.y0 >= 0 and box.x1 <= figure.bbox.x1 and box.y1 <= figure.bbox.y1


def test_classes_with_few_images_or_none():
    dataset = Dataset(np.arange(12).reshape(3, 4), [0, 0, 2], classes=4)
    figure = show(dataset)
    means, examples = mosaics(figure)
    assert tile(means, 4, 1, 1, 0) is tile(examples, 4, EXAMPLES[1], 1, 0) is None
    assert tile(examples, 4, EXAMPLES[1], 0, 1) is not None and tile(examples, 4, EXAMPLES[1], 0, 2) is None
    assert texts(figure).count("0") == 3  # the label 0, and two classes without images
    rendered(figure)


def test_many_classes():
    dataset = Dataset(np.eye(64)[:62], np.arange(62))
    figure = show(dataset)
    assert any(f"the first {MAX_CLASSES} of 62 classes" in text for text in texts(figure))
    assert [text for text in texts(figure) if text.isdigit() and int(text) >= MAX_CLASSES] == []


def test_large_images_are_averaged():
    dataset = Dataset(np.full((2, 250 * 250), 0.5), [0, 1])
    means, _ = mosaics(show(dataset))
    assert tile(means, 2, 1, 0, 0).shape == (125, 125)
    np.testing.assert_array_equal(tile(means, 2, 1, 0, 0), 0.5)


def test_black_and_white():
    def limits(images):
        return show(Dataset(images, [0, 1])).axes[0].images[0].get_clim()

    assert limits(np.array([[0, 10], [3, 4]], np.uint8).repeat(2, axis=1)) == (0, 1)
    assert limits([[0.1, 0.2, 0.3, 0.4], [0, 0, 0, 0.5]]) == (0, 1)
    assert limits([[-1.0, 0, 0, 3], [0, 0, 0, 2]]) == (-1, 3)


def test_images_that_are_not_square():
    with pytest.raises(DataError, match="square"):
        show(Dataset([[1, 2, 3]], [0]))


def test_a_title_is_no_formula():
    rendered(show(load_digits()[0], title="a$b_{c$"))


def test_without_matplotlib(monkeypatch):
    monkeypatch.setitem(sys.modules, "matplotlib.figure", None)
    with pytest.raises(CmlpError) as caught:
        show(load_digits()[0])
    assert str(caught.value) == 'cmlp show needs matplotlib: pip install "cmlp[plot]"'


# ------------------------------------------------------------------------------------------- names and shapes


def test_names_of_classes():
    names = ("cat", "a very long name indeed", "$x_{$")
    figure = show(Dataset(np.eye(9)[:3] * 1.0, [0, 1, 2], class_names=names))
    assert {"cat", "a very l\N{HORIZONTAL ELLIPSIS} indeed", "$x_{$"} < set(texts(figure))
    figure.canvas.draw()
    boxes = [text.get_window_extent() for text in figure.axes[0].texts if text.get_text()[0] in "ca$"]
    tiles = figure.axes[0].images[0].get_window_extent()
    assert all(box.x1 < tiles.x0 for box in boxes if box.x0 < tiles.x0)


def test_oblong_pictures():
    images = np.arange(24, dtype=float).reshape(2, 3, 4) / 24
    figure = show(Dataset(images, [0, 1]))
    assert any("4\N{MULTIPLICATION SIGN}3 pixels" in text for text in texts(figure))
    means, _ = mosaics(figure)
    shown = tile(means, 2, 1, 1, 0)
    assert shown.shape == (84, 112)
    np.testing.assert_allclose(shown[14::28, 14::28], images[1], rtol=1e-6)
    rendered(figure)


# ------------------------------------------------------------------------------------------------- the curves


def history(**lists):
    return cmlp.History(**lists)


def test_curves_of_a_training():
    figure = history(
        loss=[1.0, 0.5, 0.25], validation_loss=[1.0, 0.7, 0.8], test_accuracy=[50.0, 60.0, 70.5], seconds=[1, 1, 1]
    ).plot("A training: $x")
    losses, accuracies = figure.axes
    assert [line.get_ydata().tolist() for line in losses.lines] == [[1.0, 0.5, 0.25], [1.0, 0.7, 0.8]]
    assert [line.get_xdata().tolist() for line in accuracies.lines] == [[1, 2, 3]]
    assert sorted(text.get_text() for text in losses.texts) == ["training 0.25", "validation 0.8"]
    assert [text.get_text() for text in accuracies.texts] == ["test 70.5"]
    assert [axes.get_title("left") for axes in figure.axes] == ["loss", "accuracy, %"]
    rendered(figure)


def test_labels_of_curves_lie_apart_and_inside():
    values = [[10.0, value] for value in (99.0, 99.1, 99.2)]
    names = ("training_accuracy", "validation_accuracy", "test_accuracy")
    figure = history(loss=[1.0, 0.5], **dict(zip(names, values, strict=True))).plot()
    figure.draw_without_rendering()
    boxes = sorted((text.get_window_extent() for text in figure.axes[1].texts), key=lambda box: box.y0)
    assert all(below.y1 <= above.y0 + 1 for below, above in pairwise(boxes))
    assert boxes[0].y0 >= 0 and boxes[-1].y1 <= figure.bbox.y1 and max(box.x1 for box in boxes) <= figure.bbox.x1


@pytest.mark.parametrize("lists", [{}, {"loss": [0.5]}, {"loss": [0.0, 0.0]}], ids=["nothing", "one epoch", "zeros"])
def test_short_histories_are_drawn(lists):
    assert rendered(history(**lists).plot()).startswith(b"\x89PNG")


def test_curves_without_matplotlib(monkeypatch):
    monkeypatch.setitem(sys.modules, "matplotlib.figure", None)
    with pytest.raises(CmlpError, match=r'^history\.plot needs matplotlib: pip install "cmlp\[plot\]"$'):
        history(loss=[1.0]).plot()


def test_a_notebook_shows_a_figure_without_pyplot():
    figure = history(loss=[1.0, 0.5]).plot()
    content, size = figure._repr_png_()
    assert content.startswith(b"\x89PNG")
    width, height = np.frombuffer(content[16:24], ">u4")
    assert width / height == pytest.approx(size["width"] / size["height"], rel=0.01)
    assert size["width"] == round(96 * figure.get_size_inches()[0])
