"""The confusion matrix as a picture."""

from io import BytesIO

import numpy as np
import pytest
from scipy import sparse

import cmlp
from cmlp.reports.confusion import MOST_WRITTEN, plot_confusion

pytest.importorskip("matplotlib", reason="matplotlib, of the extra cmlp[plot], is not installed")


def answering(classes):
    """A network whose answer is the place of the largest input."""
    return cmlp.Network([classes, classes], loss="cross_entropy", initializer=[np.eye(classes)])


def texts(figure):
    axes = figure.axes[0]
    written = {(int(text.get_position()[1]), int(text.get_position()[0])): text.get_text() for text in axes.texts}
    return written, axes


def test_it_counts():
    labels, answers = [0, 0, 0, 1, 1, 2], [0, 0, 1, 1, 1, 0]
    figure = plot_confusion(answering(3), (np.eye(3)[answers], np.array(labels)))
    written, axes = texts(figure)
    assert written == {(0, 0): "2", (0, 1): "1", (1, 1): "2", (2, 0): "1"}
    assert axes.get_title(loc="left") == "66.67 % of 6 are right"
    assert (axes.get_xlabel(), axes.get_ylabel()) == ("predicted", "true class")
    written, axes = texts(
        plot_confusion(answering(3), (np.eye(3)[answers], np.array(labels)), normalize=True, title="T")
    )
    assert written == {(0, 0): "66.7", (0, 1): "33.3", (1, 1): "100.0", (2, 0): "100.0"}
    assert axes.get_title(loc="left") == "T"


def test_data_of_every_form():
    images, labels = np.eye(4)[[0, 1, 2, 3, 3]], np.array([0, 1, 2, 3, 0])
    pairs = list(zip(images, labels, strict=True))
    for data in ((images, labels), pairs, cmlp.Dataset(images, labels), (sparse.csr_matrix(images), labels)):
        assert texts(plot_confusion(answering(4), data))[0][0, 3] == "1"


def test_names_and_many_classes():
    net = answering(2)
    net.class_names = ("a$b_{c$ that is rather long", "<b>")
    figure = plot_confusion(net, (np.eye(2), np.array([0, 1])))
    figure.savefig(BytesIO())
    assert [label.get_text() for label in figure.axes[0].get_yticklabels()] == [
        "a$b_{c$ \N{HORIZONTAL ELLIPSIS}er long",
        "<b>",
    ]
    many = MOST_WRITTEN + 30
    figure = plot_confusion(answering(many), (np.eye(many), np.arange(many)))
    assert len(figure.axes[0].texts) == 0


def test_what_is_refused():
    with pytest.raises(cmlp.ModelError, match=r"from_estimator plots that of an estimator$"):
        plot_confusion(3, [])
    numbers = cmlp.Network([2, 1], loss="mean_squared_error")
    with pytest.raises(cmlp.ModelError, match=r"^scores need a network that predicts labels"):
        plot_confusion(numbers, (np.eye(2), np.ones(2)))
    with pytest.raises(cmlp.ModelError, match=r"^normalize must be True or False"):
        plot_confusion(answering(2), (np.eye(2), np.array([0, 1])), normalize="true")
    broken = answering(2)
    broken.weights[0][...] = np.nan
    with pytest.raises(cmlp.DataError, match="not numbers"):
        plot_confusion(broken, (np.eye(2), np.array([0, 1])))
