"""A history as a mapping, as a table, in a line, and in a notebook."""

import sys

import pytest
from support.markup import paths, read

import cmlp
from cmlp.training.history import History


@pytest.fixture(scope="module")
def history():
    train, test = cmlp.load_digits()
    net = cmlp.Network([64, 10])
    return net.train(train, 6, 3.0, test_data=test, validation_data=0.2)


def test_a_dict(history):
    found = dict(history)
    assert list(found) == ["loss", "validation_loss", "validation_accuracy", "test_accuracy", "seconds"]
    assert all(values is getattr(history, name) for name, values in found.items())
    assert history["loss"] is history.loss
    assert "loss" in history and "training_accuracy" not in history
    assert list(history) == history.keys()
    assert dict(History()) == {"loss": [], "seconds": []}


@pytest.mark.parametrize("name", ["training_accuracy", "acc", 0, None, "cut"])
def test_what_was_not_measured(history, name):
    with pytest.raises(KeyError) as caught:
        history[name]
    (message,) = caught.value.args
    rule = "a history has the lists that were measured, loss, validation_loss, validation_accuracy, test_accuracy and "
    assert message == f"{rule}seconds, and not {name!r}"


def test_a_frame(history):
    pandas = pytest.importorskip("pandas", reason="pandas is not installed")
    frame = history.to_frame()
    assert list(frame.columns) == history.keys()
    assert frame.index.tolist() == [1, 2, 3, 4, 5, 6] and frame.index.name == "epoch"
    assert frame["loss"].tolist() == history.loss
    assert all(kind == "float64" for kind in frame.dtypes)
    pandas.testing.assert_frame_equal(frame, pandas.DataFrame(dict(history), index=frame.index))
    assert History().to_frame().shape == (0, 2)


def test_a_frame_without_pandas(monkeypatch, history):
    monkeypatch.setitem(sys.modules, "pandas", None)
    with pytest.raises(ImportError, match=r'^history\.to_frame needs pandas: pip install "cmlp\[notebook\]"$'):
        history.to_frame()


def test_a_line():
    history = History([0.5, 0.25, 0.125], seconds=[1.0, 1.0, 1.5], test_accuracy=[90.0, 95.0, 94.0])
    assert repr(history) == ("History(3 epochs in 3.5 s, loss 0.1250, test 94.00 %, best test 95.00 % after epoch 2)")
    assert repr(History([0.5], seconds=[0.25])) == "History(1 epoch in 0.25 s, loss 0.5000)"
    assert repr(History()) == "History(0 epochs)"


def test_a_notebook(history):
    elements, texts = read(history._repr_html_())
    assert {"loss", "accuracy, %"} <= set(texts)
    assert [len(paths(elements, f"cmlp-{colour}")) for colour in ("blue", "orange", "green")] == [1, 2, 1]
    assert f"test {history.test_accuracy[-1]:.4g}" in texts
    read(History()._repr_html_())
    assert len(History([1.0] * 10**5, seconds=[1.0] * 10**5)._repr_html_()) < 20_000
