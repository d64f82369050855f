"""Tables whose labels, words or columns can mean two things: the right values, a warning or a sentence."""

import time
import warnings

import numpy as np
import pytest
from support.peoples_files import lines, pixels, write

from cmlp.data.formats import load


def said(path, **options):
    """Load a source; return what it holds, and all that is said."""
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        found = load(path, **options)
    return found, " | ".join(str(each.message) for each in caught)


def table(path, names, columns):
    rows = zip(*[np.asarray(column).tolist() for column in columns], strict=True)
    return write(path, lines([*([names] if names else []), *([str(cell) for cell in row] for row in rows)]))


WORDS = {"cp1252": ("pâte", "pète", "pôte"), "gbk": ("猫", "狗", "鸟"), "latin-1": ("ä", "ö", "ü")}


@pytest.mark.parametrize("encoding", WORDS)
def test_words_that_are_not_in_utf8_stay_apart(tmp_path, encoding):
    text = "a,b,class\n" + "".join(f"0.1,{n},{word}\n" for n, word in enumerate(WORDS[encoding])) * 10
    (train, _), warned = said(write(tmp_path / "a.csv", text.encode(encoding)))
    assert train.classes == 3 and np.bincount(train.labels).tolist() == [10, 10, 10]
    assert "is not in UTF-8: its words were read as Windows-1252" in warned
    if encoding != "gbk":
        assert train.class_names == WORDS[encoding]


@pytest.mark.parametrize("missing", ["NA", "?", "nan", "NaN", "null", "N/A"])
def test_a_missing_label_is_no_class(tmp_path, complaint, missing):
    path = write(tmp_path / "a.csv", "a,class\n" + "1,cat\n2,dog\n" * 9 + f"3,{missing}\n")
    assert f"got '{missing}' in 1 row, which stands for a missing one: fill it" in complaint(path)
    head = "@relation a\n@attribute a numeric\n@attribute class {cat,dog}\n@data\n"
    path = write(tmp_path / "a.arff", head + "1,cat\n2,dog\n" * 9 + f"3,{missing}\n")
    assert "which stands for a missing one" in complaint(path)


def test_words_that_may_be_missing_or_a_class(tmp_path):
    path = write(tmp_path / "a.csv", "a,class\n" + "1,None\n2,crack\n" * 9)
    (train, _), warned = said(path)
    assert train.class_names == ("None", "crack") and "'None', which was taken for a class" in warned
    (train, _), warned = said(write(path, "a,class\n" + "1,+\n2,-\n" * 9))
    assert train.class_names == ("+", "-") and not warned


@pytest.mark.parametrize("last", ["bird", "12"])
def test_values_that_a_header_does_not_declare(tmp_path, complaint, last):
    declared = "{cat,dog}" if last == "bird" else "{0,1}"
    rows = ("1,cat\n2,dog\n" if last == "bird" else "1,0\n2,1\n") * 9
    head = f"@relation a\n@attribute a numeric\n@attribute class {declared}\n@data\n"
    sentence = complaint(write(tmp_path / "a.arff", head + rows + f"3,{last}\n"))
    assert f"must hold the values that the header declares in column class, got {last}" in sentence


def test_the_only_column_of_words_is_said_to_be_the_labels(tmp_path):
    path = write(tmp_path / "titanic.csv", "Survived,Age,Sex\n" + "0,22,male\n1,38,female\n" * 9)
    (train, _), warned = said(path)
    assert train.class_names == ("female", "male")
    (iris, _), nothing = said(write(tmp_path / "iris.csv", "Length,Kind\n" + "5.1,setosa\n6.3,virginica\n" * 9))
    assert iris.class_names == ("setosa", "virginica") and not nothing
    assert "the column Sex of" in warned and "was taken for the labels, as no other holds words" in warned


def test_large_labels_keep_their_names(tmp_path):
    labels = np.tile([20000001, 20000002, 20000003], 20)
    path = table(tmp_path / "a.csv", ["x", "label"], [np.linspace(0, 1, 60), labels])
    (train, _), _ = said(path)
    assert train.class_names == ("20000001", "20000002", "20000003")
    assert train.labels.tolist() == (labels - 20000001).tolist()


def test_large_features_are_said_to_be_rounded(tmp_path):
    path = table(tmp_path / "a.csv", ["x", "t", "u", "label"], [
        np.linspace(0, 1, 30), np.arange(30) + 16777217, np.ones(30), np.arange(30) % 3,
    ])  # fmt: skip
    _, warned = said(path)
    assert "t of" in warned and "has whole numbers beyond 16,777,216, which are rounded" in warned


def test_labels_of_which_most_do_not_occur(tmp_path):
    labels = np.tile(np.arange(0, 100, 10), 6)
    np.savez(tmp_path / "a.npz", X=np.ones((60, 5), np.uint8), y=labels)
    csv = table(tmp_path / "a.csv", ["a", "b", "label"], [np.arange(60) % 7, np.arange(60) % 5, labels])
    for path in (tmp_path / "a.npz", csv):
        (train, _), warned = said(path)
        assert train.classes == 10 and train.labels.tolist() == (labels // 10).tolist()
        assert train.class_names == tuple(map(str, range(0, 100, 10))) and "lack most numbers between" in warned
        assert said(path, classes=91)[0].train.labels.tolist() == labels.tolist()


def test_labels_of_a_few_digits_are_digits(tmp_path):
    np.savez(tmp_path / "a.npz", X=np.ones((60, 5), np.uint8), y=np.tile([0, 9], 30))
    (train, _), _ = said(tmp_path / "a.npz")
    assert train.classes == 10


@pytest.mark.parametrize("rows", [60, 400])
def test_two_classes_behind_measurements(tmp_path, rows):
    """A table like Pima's, whose first column counts pregnancies."""
    random = np.random.default_rng(0)
    counts, classes = random.permutation(np.arange(rows) % 17), (random.random(rows) < 0.35).astype(int)
    path = table(tmp_path / "a.csv", None, [counts, *random.integers(20, 180, (6, rows)), classes])
    (train, _), warned = said(path)
    assert train.labels.tolist() == classes.tolist() and "the last column of" in warned


INDEX = ["idx", "no", "row", "sample", "img_id", "patient_id", "level_0", "label_id", "name", "__index_level_0__"]


@pytest.mark.parametrize("name", INDEX)
def test_columns_that_number_the_rows(tmp_path, name):
    random = np.random.default_rng(0)
    features, classes = random.integers(0, 9, (3, 60)), np.arange(60) % 3
    path = table(tmp_path / "a.csv", [name, "a", "b", "c", "label"], [random.permutation(60), *features, classes])
    (train, _), _ = said(path)
    np.testing.assert_array_equal(train.images, features.T)


def test_columns_that_may_number_the_rows_and_do_not(tmp_path):
    path = table(tmp_path / "a.csv", ["no", "a", "label"], [np.arange(60) % 9, np.arange(60) % 7, np.arange(60) % 3])
    assert said(path)[0].train.images.shape == (60, 2)


@pytest.mark.parametrize("numbers", ["a shuffled index", "a part of an index", "of a hospital"])
def test_numbers_of_rows_without_a_header(tmp_path, numbers):
    random = np.random.default_rng(0)
    first = {
        "a shuffled index": random.permutation(90),
        "a part of an index": random.permutation(300)[:90],
        "of a hospital": random.permutation(90) + 84_000_001,
    }[numbers]
    features, words = random.random((30, 90)).round(3), np.where(np.arange(90) % 3, "B", "M")
    (train, _), warned = said(table(tmp_path / "wdbc.data", None, [first, words, *features]))
    np.testing.assert_allclose(train.images, features.T, atol=1e-6)
    assert train.class_names == ("B", "M") and warned.count("numbers its rows, and is left out") == 1


@pytest.mark.parametrize("end", [",", ""])
def test_an_empty_column_without_a_name(tmp_path, end, complaint):
    rows = [f"{n},{'MB'[n % 2]},{n % 7},{n % 5}{end}" for n in range(30)]
    path = write(tmp_path / "a.csv", "\n".join(["id,diagnosis,a,b,", *rows]))
    (train, _), _ = said(path)
    assert train.images.tolist() == [[n % 7, n % 5] for n in range(30)]
    write(path, "\n".join(['"id","diagnosis","a","b","Unnamed: 32"', *(f"{row.rstrip(',')}," for row in rows)]))
    assert said(path)[0].train.images.tolist() == train.images.tolist()
    path.write_text(path.read_text().replace("Unnamed: 32", "c"))
    assert "fill missing values first" in complaint(path)


def test_a_column_that_is_empty_in_the_sample_alone(tmp_path, complaint):
    path = write(tmp_path / "a.csv", "a,label,\n" + "1,0,\n2,1,\n" * 40 + "1,0,7\n")
    sentence = complaint(path)
    assert (
        "line 82" in sentence
        and "must have nothing in the column without a name, which is empty above, got '7'" in (sentence)
    )


def test_very_wide_tables_take_time_in_proportion(tmp_path):
    """Which is seconds for each doubling, once a column is looked up among all."""
    cells = pixels(np.random.default_rng(0).random((5, 20_000)).round(3))
    path = write(tmp_path / "a.csv", lines([[str(n % 3), *row] for n, row in enumerate(cells)]))
    start = time.process_time()
    assert said(path, label="first")[0].train.images.shape == (5, 20_000)
    assert time.process_time() - start < 5


@pytest.mark.parametrize("stem", ["f", "pixel_", "gene."])
def test_a_header_of_many_columns(tmp_path, stem):
    names = ["label", *(f"{stem}{n}" for n in range(16_000))]
    path = write(tmp_path / "a.csv", lines([names, *[[str(n % 3), *["1"] * 16_000] for n in range(6)]]))
    assert said(path)[0].train.images.shape == (6, 16_000)
