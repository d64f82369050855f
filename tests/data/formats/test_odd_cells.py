"""Cells that are no plain numbers: read as they are meant if that is certain, and else refused in a sentence."""

import pickle

import numpy as np
import pytest

import cmlp

HEADER = "SL;SW;PL;PW;species"
ROWS = ["1.061;2,8;4,0;1,3;left", "1.067;2,5;5,8;1,8;right"] * 4


def write(path, lines):
    path.write_text("\n".join(lines) + "\n")
    return path


def refused(path, **keywords):
    with pytest.raises(cmlp.DataError) as caught:
        cmlp.load(path, **keywords)
    return str(caught.value)


def test_points_of_thousands_beside_decimal_commas(tmp_path):
    sentence = refused(write(tmp_path / "a.csv", [HEADER, *ROWS]))
    assert "beside numbers with decimal commas: write 1.061 as 1061, or with a comma" in sentence
    late = [HEADER, *["1.5;2,8;4,0;1,3;left", "1.25;2,5;5,8;1,8;right"] * 20, "12.345.678;2,5;5,8;1,8;right"]
    assert "write 12.345.678 as 12345678" in refused(write(tmp_path / "b.csv", late))
    late = [HEADER, *["1.061;2.8;4.0;1.3;left", "1.067;2.5;5.8;1.8;right"] * 20, "1.067;2,5;5,8;1,8;right"]
    assert "write 1.061 as 1061" in refused(write(tmp_path / "c.csv", late))


def test_points_that_are_certain(tmp_path):
    rows = ["6.1;2,8;0.125;1,3;v1.061", "6,7;2,5;5,8;1.5e-3;v2.500"] * 4
    train, _ = cmlp.load(write(tmp_path / "a.csv", [HEADER, *rows]))
    np.testing.assert_allclose(train.images[:2], [[6.1, 2.8, 0.125, 1.3], [6.7, 2.5, 5.8, 0.0015]], rtol=1e-6)
    points = [HEADER, *(row.replace(",", ".") for row in ROWS)]
    assert cmlp.load(write(tmp_path / "b.csv", points)).train.images[0, 0] == np.float32(1.061)


@pytest.mark.parametrize(
    ("cell", "advice"),
    [
        ('"61,000.00"', "without commas between thousands"),
        ('"6,1"', "write decimals with points, or separate the columns by semicolons"),
        ('"1.061,5"', "without points between thousands"),
        ("$6.1", "without units"),
        ("6.1%", "without units"),
        ("6.1 cm", "without units"),
        ("\u20ac 6.1", "without units"),
        ("#N/A", "fill missing values first"),
        ("#DIV/0!", "fill missing values first"),
    ],
)
def test_advice(tmp_path, cell, advice):
    """In the first column, where # begins a comment, and in another."""
    for cells in ([cell, "2.8", "left"], ["2.8", cell, "right"]):
        rows = ["a,b,species", *["1.5,2.5,left", "2.5,1.5,right"] * 20, ",".join(cells)]
        assert advice in refused(write(tmp_path / "a.csv", rows))


def test_a_line_break_within_quotes(tmp_path):
    rows = ["a,b,species", *["1.5,2.5,left", "2.5,1.5,right"] * 20, '1.5,2.5,"le', 'ft"']
    assert "line 42 of" in (sentence := refused(write(tmp_path / "a.csv", rows)))
    assert "must close its quotation marks, as a cell must not go on in another line" in sentence


def test_the_label_by_its_number_as_text(tmp_path):
    rows = [f"{place / 4},{place % 3},{place / 7}" for place in range(30)]
    path = write(tmp_path / "a.csv", rows)
    for label in ("1", "-2", 1):
        assert cmlp.load(path, label=label).train.labels.tolist() == [place % 3 for place in range(30)]
    named = write(tmp_path / "b.csv", ["0,2,1", *(f"{place / 4},{place / 7},{place % 3}" for place in range(30))])
    assert cmlp.load(named, label="1", header=True).train.labels.tolist() == [place % 3 for place in range(30)]
    assert "must have a column 9, got 3 columns" in refused(path, label="9")


def test_pickled_digits_as_text(tmp_path):
    images = np.random.default_rng(0).integers(0, 256, (20, 9), np.uint8)
    labels = [str(place % 10) for place in range(20)]
    (tmp_path / "images.pkl").write_bytes(pickle.dumps(images))
    (tmp_path / "labels.pkl").write_bytes(pickle.dumps(labels))
    assert cmlp.load_training_data(tmp_path).labels.tolist() == list(range(10)) * 2
