"""Files that belong together: the same columns, features and rows in each."""

import warnings

import numpy as np
import pytest
from support.peoples_files import lines, write

from cmlp.data.formats import load

RANDOM = np.random.default_rng(0)
FEATURES, CLASSES = RANDOM.integers(0, 9, (12, 3)), np.arange(12) % 3


def table(path, columns):
    rows = zip(*columns.values(), strict=True)
    return write(path, lines([list(columns), *([str(cell) for cell in row] for row in rows)]))


def columns(names, label="label", labels=CLASSES):
    return {**dict(zip(names, FEATURES.T, strict=True)), label: labels}


def reordered(found, order):
    return {name: found[name] for name in order}


@pytest.mark.parametrize("names", [("a", "b", "c"), ("pixel0", "pixel1", "pixel10")])
@pytest.mark.parametrize("label", ["label", "kind"])
def test_columns_in_another_order(tmp_path, names, label):
    labels = np.array(["x", "y", "z"])[CLASSES] if label == "kind" else CLASSES
    found = columns(names, label, labels)
    table(tmp_path / "train.csv", found)
    table(tmp_path / "test.csv", reordered(found, [names[2], label, names[0], names[1]]))
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        train, test = load(tmp_path)
    np.testing.assert_array_equal(train.images, FEATURES)
    np.testing.assert_array_equal(test.images, FEATURES)
    assert test.labels.tolist() == train.labels.tolist() == CLASSES.tolist()
    assert test.feature_names == train.feature_names


def test_features_and_labels_in_files_of_their_own(tmp_path):
    found = columns("abc")
    for part, order in (("train", "abc"), ("test", "cab")):
        table(tmp_path / f"X_{part}.csv", reordered(found, order))
        table(tmp_path / f"y_{part}.csv", {"label": CLASSES})
    np.testing.assert_array_equal(load(tmp_path).test.images, FEATURES)


def test_one_hot_columns_in_another_order(tmp_path):
    hot = {f"class_{name}": (place == CLASSES).astype(int) for place, name in enumerate(("x", "y", "z"))}
    features = dict(zip("abc", FEATURES.T, strict=True))
    table(tmp_path / "train.csv", {**features, **hot})
    table(tmp_path / "test.csv", {**features, **reordered(hot, ["class_z", "class_x", "class_y"])})
    train, test = load(tmp_path)
    assert test.labels.tolist() == train.labels.tolist() and test.class_names == train.class_names == ("x", "y", "z")


def test_columns_of_other_names(tmp_path, complaint):
    table(tmp_path / "train.csv", columns("abc"))
    table(tmp_path / "test.csv", columns("abx"))
    assert "got them without c and with x" in complaint(tmp_path)
    table(tmp_path / "test.csv", columns(("0", "1", "2")))
    assert "got them without a, b, c and with 0, 1, 2" in complaint(tmp_path)


def test_columns_that_are_numbered_otherwise(tmp_path):
    table(tmp_path / "train.csv", columns(("pixel1", "pixel2", "pixel3")))
    table(tmp_path / "test.csv", columns(("px0", "px1", "px2")))
    np.testing.assert_array_equal(load(tmp_path).test.images, FEATURES)


def test_a_column_of_labels_that_only_the_training_data_tell(tmp_path):
    found = columns("abc", "kind")
    table(tmp_path / "train.csv", {**found, "kind": [f"k{label}" for label in CLASSES]})
    table(tmp_path / "test.csv", reordered({**found, "kind": [f"k{label}" for label in CLASSES]}, ["kind", *"abc"]))
    assert load(tmp_path).test.labels.tolist() == CLASSES.tolist()


INDEX = {"numbers": np.arange(12) * 7 + 3, "words": [f"img_{n}" for n in range(12)], "a permutation": np.arange(12)}


@pytest.mark.parametrize("index", INDEX)
@pytest.mark.parametrize("name", ["", "id"])
@pytest.mark.parametrize("labels", ["numbers", "words"])
def test_rows_in_another_order(tmp_path, index, name, labels):
    rows, orders = np.array(INDEX[index]), (RANDOM.permutation(12), RANDOM.permutation(12))
    called = CLASSES if labels == "numbers" else np.array(["x", "y", "z"])[CLASSES]
    table(tmp_path / "X_train.csv", {name: rows[orders[0]], **dict(zip("abc", FEATURES[orders[0]].T, strict=True))})
    table(tmp_path / "y_train.csv", {name: rows[orders[1]], "label": called[orders[1]]})
    with pytest.warns(UserWarning, match="y_train.csv were put in the order of the images in .*X_train.csv"):
        train, _ = load(tmp_path)
    np.testing.assert_array_equal(train.images, FEATURES[orders[0]])
    assert train.labels.tolist() == CLASSES[orders[0]].tolist()


def test_rows_that_are_not_the_same(tmp_path, complaint):
    rows = np.arange(12) * 7 + 3
    table(tmp_path / "X_train.csv", {"": rows, **dict(zip("abc", FEATURES.T, strict=True))})
    table(tmp_path / "y_train.csv", {"": rows + 7, "label": CLASSES})
    assert "must be of the same rows, got 3 and 10 in row 1" in complaint(tmp_path)


@pytest.mark.parametrize("first", [0, 1])
def test_rows_that_are_counted_anew(tmp_path, first):
    table(tmp_path / "X_train.csv", {"": np.arange(12) * 7 + 3, **dict(zip("abc", FEATURES.T, strict=True))})
    table(tmp_path / "y_train.csv", {"": np.arange(12) + first, "label": CLASSES})
    assert load(tmp_path).train.labels.tolist() == CLASSES.tolist()


def test_tables_of_words_alone(tmp_path, complaint):
    (tmp_path / "X_train.csv").write_text("1,2\n3,4\n5,6\n")
    for table in ("id,label\nimg_0,y\nimg_1,n\nimg_2,y\n", "img_0,y\nimg_1,n\nimg_2,y\n"):
        (tmp_path / "y_train.csv").write_text(table)
        train, _ = load(tmp_path)
        assert train.labels.tolist() == [1, 0, 1] and train.class_names == ("n", "y")
    (tmp_path / "y_train.csv").write_text("a,y\na,n\nb,y\n")
    assert complaint(tmp_path).endswith("y_train.csv must have one column of labels, got column 1 and column 2")
