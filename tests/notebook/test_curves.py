"""Charts as SVG."""

import math
import re

import pytest
from support.markup import paths, read

from cmlp.notebook.curves import HEIGHT, MOST_POINTS, WIDTH, _number, chart, spread_out

NUMBER = re.compile(r"-?[\d.]+")


def points(path):
    numbers = list(map(float, NUMBER.findall(path)))
    return list(zip(numbers[::2], numbers[1::2], strict=True))


def test_a_line_is_where_its_values_are():
    elements, texts = read(chart("loss", {"training": [4.0, 1.0, 2.0]}))
    (first, second, third) = points(paths(elements, "cmlp-blue")[0])
    assert second[0] - first[0] == pytest.approx(third[0] - second[0])
    assert (second[1] - first[1]) / (second[1] - third[1]) == pytest.approx(3, abs=0.02), "larger values are higher up"
    assert "training 2" in texts and "loss" in texts
    ticks = [float(text) for text in texts if NUMBER.fullmatch(text)]
    assert {1, 2, 3, 4} <= set(ticks)


def test_each_data_set_has_its_colour_and_its_label():
    lines = {"training": [1.0, 0.5], "validation": [1.1, 0.6], "test": [1.2, 0.61]}
    elements, texts = read(chart("loss", lines))
    assert all(len(paths(elements, f"cmlp-{colour}")) == 1 for colour in ("blue", "orange", "green"))
    heights = [float(a["y"]) for tag, a in elements if tag == "text" and a.get("class", "") in
               ("cmlp-blue", "cmlp-orange", "cmlp-green")]  # fmt: skip
    assert len(heights) == 3 and min(abs(a - b) for a in heights for b in heights if a != b) >= 12
    assert {"training 0.5", "validation 0.6", "test 0.61"} <= set(texts)


def test_what_is_not_finite_is_left_out():
    nan, inf = math.nan, math.inf
    elements, texts = read(chart("loss", {"training": [1.0, 2.0, nan, 3.0, inf, -inf, 4.0, 5.0]}))
    (path,) = paths(elements, "cmlp-blue")
    assert path.count("M") == 3, "the line is broken twice"
    assert "nan" not in path and "inf" not in path
    _, texts = read(chart("loss", {"training": [nan, inf]}))
    assert "nothing was measured that is finite" in texts
    assert read(chart("loss", {}))


@pytest.mark.parametrize("values", [[5.0], [0.0] * 3, [1e308, -1e308], [5e-324, 0.0], [1e16, 1e16 + 2], [-3, -3.0]])
def test_all_is_drawn_within_the_picture(values):
    elements, _ = read(chart("loss", {"training": values}))
    drawn = [point for path in paths(elements, "cmlp-blue") for point in points(path)]
    drawn += [(float(a["cx"]), float(a["cy"])) for tag, a in elements if tag == "circle"]
    assert drawn
    assert all(0 <= x <= WIDTH and 0 <= y <= HEIGHT for x, y in drawn)


def test_a_long_curve_is_short_and_keeps_its_peaks():
    values = [1.0] * 30_000
    values[12_345], values[29_999] = 9.0, 5.0
    html = chart("loss", {"training": values})
    (path,) = paths(read(html)[0], "cmlp-blue")
    assert len(points(path)) <= MOST_POINTS + 4
    assert len({y for _, y in points(path)}) == 3
    assert len(html) < 10_000


def test_a_logarithmic_axis():
    html = chart("loss", {"training": [1.0, 1.0, 1.0]}, [0.01, 0.1, 10.0], logarithmic=True, marks={0.1: "here"})
    elements, texts = read(html)
    (a, _), (b, _), (c, _) = points(paths(elements, "cmlp-blue")[0])
    assert (c - b) / (b - a) == pytest.approx(2, abs=0.02)
    assert {"0.01", "0.1", "1", "10", "here"} <= set(texts)


def test_names_are_escaped():
    html = chart("<script>", {"training": [1.0]}, x_name="<b>&", marks={1.0: "<i>'\""})
    assert "<script" not in html and "<i>" not in html and "<b>" not in html
    assert "<i>'\"" in read(html)[1]


def test_heights_are_moved_apart():
    assert spread_out([0, 0, 5], 0, 10, 2) == [0, 2, 5]
    assert spread_out([9, 9.5, 10], 0, 10, 2) == [6, 8, 10]
    assert spread_out([1], 0, 10, 2) == [1]


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        (0.0, "0"), (0.25, "0.25"), (1500.0, "1,500"), (50_000.0, "50,000"), (500_000.0, "5e5"), (1.5e6, "1.5e6"),
        (-1.25e6, "-1.25e6"), (2.5e-7, "2.5e-7"), (1e-5, "1e-5"), (12345.6, "1.235e4"),
    ],
)  # fmt: skip
def test_there_is_room_for_the_numbers_of_an_axis(value, expected):
    assert _number(value) == expected


def test_the_axis_of_large_losses_begins_within_the_picture():
    elements, _ = read(chart("loss", {"training": [2e6, 1.5e6, 3e5, -1e6]}))
    ends = [(float(a["x"]), a.get("text-anchor")) for tag, a in elements if tag == "text"]
    assert min(x - 7.5 * 6.3 for x, anchor in ends if anchor == "end") > -4
