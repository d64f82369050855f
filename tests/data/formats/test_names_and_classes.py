"""Columns are known by their names as they are written, and classes that the training data lack are said."""

import warnings

import numpy as np
import pytest

import cmlp


def table(path, header, rows):
    path.write_text("\n".join(",".join(map(str, row)) for row in [header, *rows]) + "\n")
    return path


def load(source, **keywords):
    """Load a source, and return its data and all that was said."""
    with warnings.catch_warnings(record=True) as said:
        warnings.simplefilter("always")
        sets = cmlp.load(source, **keywords)
    return sets, [str(each.message) for each in said]


ROWS = [(0.5 + place, 2.5 - place, 7.25, "left" if place % 2 else "right") for place in range(8)]


def test_columns_that_differ_in_case_only(tmp_path):
    table(tmp_path / "train.csv", ["a", "A", "PL", "species"], ROWS)
    table(tmp_path / "test.csv", ["A", "a", "PL", "species"], [(row[1], row[0], *row[2:]) for row in ROWS])
    (train, test), said = load(tmp_path)
    assert train.feature_names == test.feature_names == ("a", "A", "PL") and not said
    np.testing.assert_array_equal(train.images, test.images)


def test_columns_in_another_case(tmp_path):
    """Where nothing else can be meant, the case of names does not count."""
    table(tmp_path / "train.csv", ["Length", "width", "PL", "Species"], ROWS)
    table(tmp_path / "test.csv", ["WIDTH", "length", "pl", "species"], [(row[1], row[0], *row[2:]) for row in ROWS])
    (train, test), _ = load(tmp_path)
    assert train.feature_names == test.feature_names == ("Length", "width", "PL")
    np.testing.assert_array_equal(train.images, test.images)
    table(tmp_path / "test.csv", ["LENGTH", "length", "PL", "species"], ROWS)
    with pytest.raises(cmlp.DataError, match=r"columns of .* got them without Length, width and with LENGTH, length"):
        load(tmp_path)


def test_labels_by_names_that_differ_in_case_only(tmp_path):
    path = table(tmp_path / "rows.csv", ["b", "B", "c"], [(place / 4, place % 3, place % 5) for place in range(30)])
    (train, _), _ = load(path, label="B")
    assert train.labels.tolist() == [place % 3 for place in range(30)] and train.feature_names == ("b", "c")
    assert load(path, label="C")[0].train.feature_names == ("b", "B")
    with pytest.raises(cmlp.DataError, match="must have a column called d, got b, B, c"):
        load(path, label="d")


def test_one_hot_columns_keep_the_case_of_their_classes(tmp_path):
    rows = [(place / 8, place / 3, place % 2, 1 - place % 2) for place in range(8)]
    (train, _), _ = load(table(tmp_path / "rows.csv", ["long", "wide", "class_Setosa", "class_Other"], rows))
    assert train.class_names == ("Setosa", "Other")


def test_arff_keeps_the_case(tmp_path):
    rows = "\n".join(f"{left},{right},{kind}" for left, right, _, kind in ROWS)
    text = f"@relation r\n@attribute A numeric\n@attribute a numeric\n@attribute class {{left,right}}\n@data\n{rows}\n"
    (tmp_path / "rows.arff").write_text(text)
    assert load(tmp_path / "rows.arff")[0].train.feature_names == ("A", "a")


def test_classes_that_the_training_data_lack(tmp_path):
    table(tmp_path / "train.csv", ["a", "b", "c", "kind"], ROWS)
    table(tmp_path / "test.csv", ["a", "b", "c", "kind"], [*ROWS, (1, 2, 3, "middle")])
    _, said = load(tmp_path, label="kind")
    path = tmp_path / "test.csv"
    assert said == [f"labels in {path} have middle, of which there is no training row: a network cannot learn it"]


def test_classes_in_another_case(tmp_path):
    table(tmp_path / "train.csv", ["a", "b", "c", "kind"], ROWS)
    table(tmp_path / "test.csv", ["a", "b", "c", "kind"], [(*row[:3], row[3].title()) for row in ROWS])
    (_, test), said = load(tmp_path, label="kind")
    (sentence,) = said
    assert "train.csv have left and right, and labels in" in sentence and "test.csv have Left and Right" in sentence
    assert test.class_names == ("Left", "Right", "left", "right")
    one = table(tmp_path / "one.csv", ["a", "b", "c", "kind"], [*ROWS, (1, 2, 3, "LEFT")])
    assert "one.csv have LEFT and left, which were taken for different" in load(one, label="kind")[1][0]
    rows = [(*row[:3], "aA"[place % 2]) for place, row in enumerate(ROWS)]
    letters = table(tmp_path / "letters.csv", ["a", "b", "c", "kind"], rows)
    assert load(letters, label="kind")[1] == []
