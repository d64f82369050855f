"""What a network says that it consists of, and what it looks like in a notebook."""

import numpy as np
import pytest
from support.markup import read

import cmlp

HOSTILE = "<script>alert(1)</script>'\"&"


def test_the_network_of_the_film():
    summary = cmlp.Network().summary()
    assert [layer.parameters for layer in summary.layers] == [785 * 16, 17 * 16, 17 * 10]
    assert summary.parameters == 13_002
    assert summary.bytes == 8 * 13_002
    assert summary.multiply_adds == 784 * 16 + 16 * 16 + 16 * 10
    assert [layer.name for layer in summary.layers] == ["hidden 1", "hidden 2", "output"]


@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_it_counts_what_there_is(dtype):
    net = cmlp.Network([7, 5, 4, 3], activation=["tanh", "relu", "softmax"], loss="cross_entropy", dropout=[0.5, 0],
                       dtype=dtype)  # fmt: skip
    summary = net.summary()
    for layer, w, b in zip(summary.layers, net.weights, net.biases, strict=True):
        assert (layer.fan_out, layer.fan_in) == w.shape
        assert layer.parameters == w.size + b.size
        assert layer.bytes == w.nbytes + b.nbytes
    assert summary.bytes == net.engine.parameters.nbytes
    assert [layer.activation for layer in summary.layers] == ["tanh, dropout 0.5", "relu", "softmax"]
    assert summary.to_dict()["layers"][1]["multiply_adds"] == 20


def test_the_table_stands_in_columns_that_fit_a_terminal():
    lines = str(cmlp.Network(dropout=0.25).summary()).splitlines()
    assert len(lines) == 1 + 1 + 3 + 1
    assert max(map(len, lines)) <= 100
    assert len({line.rindex(" ") for line in lines[1:3]}) == 2 and lines[-1].endswith("12,960")
    assert len({len(line) for line in lines[1:]}) == 1, "numbers end in one column"


def test_the_table_in_a_notebook():
    _, texts = read(cmlp.Network().summary()._repr_html_())
    assert {"hidden 1", "16 x 784", "13,002", "104,016", "12,960"} <= set(texts)
    deep = cmlp.Network([2] * 300).summary()._repr_html_()
    assert len(deep) < 30_000 and "output" in deep
    read(deep)


def test_a_network_in_a_notebook():
    train, _ = cmlp.load_digits()
    net = cmlp.Network([64, 16, 10])
    net.train(train, 2, 3.0, mini_batch_size=10)
    elements, texts = read(net._repr_html_())
    assert sum(tag == "circle" for tag, _ in elements) == 9 + 9 + 10
    assert "trained on 1,437 samples: sgd, epochs 2, eta 3, mini-batch size 10" in texts
    assert [text for text in texts if len(text) == 1 and text.isdigit()] == list("0123456789")
    assert repr(net) == "Network(64-16-10, sigmoid, quadratic loss, float64, 1,210 parameters)"


@pytest.mark.parametrize("loss", ["mean_squared_error", "binary_cross_entropy", "cross_entropy", "poisson"])
@pytest.mark.parametrize("sizes", [[1, 1], [3, 200, 12], [5000, 2, 40]])
def test_every_kind_of_network_is_drawn(sizes, loss):
    activation = ["tanh"] * (len(sizes) - 2) + [{"cross_entropy": "softmax", "binary_cross_entropy": "sigmoid",
                  "poisson": "exponential"}.get(loss, "identity")]  # fmt: skip
    html = cmlp.Network(sizes, activation=activation, loss=loss)._repr_html_()
    read(html)
    assert len(html) < 30_000


def test_what_anybody_may_have_set_is_only_text():
    net = cmlp.Network([2, 2])
    net.class_names = (HOSTILE, "b")
    net.settings = {"optimizer": {"name": HOSTILE}, "images": 3, "epochs": 1, "eta": 0.1, "mini_batch_size": 1}
    html = net._repr_html_()
    read(html)
    assert "<script" not in html
    for names, settings in [
        (("a",), {}),
        (3, {"optimizer": 3}),
        ([1, 2], None),
        (None, {"optimizer": {"name": "sgd"}}),
    ]:
        net.class_names, net.settings = names, settings
        read(net._repr_html_())
    net.weights[0][...] = np.nan
    read(net._repr_html_())
