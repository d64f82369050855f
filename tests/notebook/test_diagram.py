"""The architecture as SVG."""

import pytest
from support.markup import paths, read

from cmlp.notebook.diagram import MOST_UNITS, WIDTH, diagram


def drawn(html):
    elements, texts = read(html)
    columns = {}
    for tag, attributes in elements:
        if tag == "circle":
            columns.setdefault(attributes["cx"], []).append(float(attributes["cy"]))
    return list(columns.values()), [path.count("M") for path in paths(elements, "cmlp-edges")], texts


def test_every_unit_is_joined_to_every_unit():
    columns, edges, texts = drawn(diagram([3, 4, 2], ["inputs", "relu", "softmax"], ["cat", "dog"]))
    assert list(map(len, columns)) == [3, 4, 2]
    assert edges == [12, 8]
    assert texts == ["3", "inputs", "4", "relu", "2", "softmax", "cat", "dog"]


def test_large_layers_and_many_of_them_are_left_out_in_the_middle():
    html = diagram([784] + [10_000] * 500 + [11], ["inputs"] + ["relu"] * 500 + ["softmax"], ["x"] * 11)
    columns, edges, texts = drawn(html)
    assert list(map(len, columns)) == [MOST_UNITS - 1] * 6
    assert len(edges) == 4, "no lines lead to the layers that are left out"
    assert "x" not in texts and "784" in texts and "11" in texts and "10,000" in texts
    assert len(html) < 30_000


@pytest.mark.parametrize("sizes", [[1, 1], [10, 10], [11, 11], [2, 3, 5, 7, 11, 13, 17, 19]])
def test_units_lie_within_the_picture_in_order(sizes):
    html = diagram(sizes, ["a"] * len(sizes))
    columns, _, _ = drawn(html)
    height = float(read(html)[0][0][1]["height"])
    for column in columns:
        assert column == sorted(column) and len(set(column)) == len(column)
        assert column[0] > 30 and column[-1] < height
    assert all(0 < float(a["cx"]) < WIDTH for tag, a in read(html)[0] if tag == "circle")


def test_names_are_escaped_and_short():
    html = diagram([1, 2], ["<b>", "<script>alert(1)</script>"], ["<img src=x onerror=alert(1)>", "y" * 1000])
    assert "<script" not in html and "<img" not in html
    assert len(html) < 2000
