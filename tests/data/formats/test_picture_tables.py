"""Pictures beside a table of their names and labels."""

import zipfile

import numpy as np
import pytest
from support.peoples_files import write

from cmlp.data.formats import load

Image = pytest.importorskip("PIL.Image", reason="Pillow, of the extra cmlp[images], is not installed")
LABELS = ["cat", "dog", "cat", "bird", "dog", "cat"]


def pictures(folder, count=6, stem="{:04}", first=0):
    """Write pictures of 4x4 pixels, each of another grey; return their names."""
    folder.mkdir(parents=True, exist_ok=True)
    names = [f"{stem.format(n)}.png" for n in range(first, first + count)]
    for n, name in enumerate(names, first):
        Image.fromarray(np.full((4, 4), 10 * n, np.uint8)).save(folder / name)
    return names


def grey(dataset):
    """The grey of each picture, and what its class is called."""
    names = dataset.class_names or tuple(map(str, range(dataset.classes)))
    return {int(image[0]) // 10: names[label] for image, label in zip(dataset.images, dataset.labels, strict=True)}


EXPECTED = dict(enumerate(LABELS))
CELLS = {
    "names": lambda name, n: name,
    "without an ending": lambda name, n: name[:-4],
    "with folders": lambda name, n: f"images\\{name}",
    "from elsewhere": lambda name, n: f"/home/me/data/images/{name}",
    "numbers": lambda name, n: str(n),
    "capitals": lambda name, n: name.upper(),
}


@pytest.mark.parametrize("cell", CELLS)
@pytest.mark.parametrize("place", ["images", "."])
def test_a_table_of_names_and_labels(tmp_path, cell, place):
    names = pictures(tmp_path / place)
    rows = [f"{CELLS[cell](name, n)},{label}" for n, (name, label) in enumerate(zip(names, LABELS, strict=True))]
    write(tmp_path / "labels.csv", "\n".join(["filename,label", *reversed(rows)]))
    assert grey(load(tmp_path).train) == EXPECTED


def test_tables_without_header_with_spaces_and_numbers(tmp_path):
    names = pictures(tmp_path / "images")
    write(tmp_path / "list.txt", "".join(f"images/{name} {n % 3}\n" for n, name in enumerate(names)))
    assert grey(load(tmp_path).train) == {n: str(n % 3) for n in range(6)}


def test_one_hot_labels_and_other_columns(tmp_path):
    names = pictures(tmp_path / "images")
    hot = [",".join("1.0" if label == each else "0.0" for each in ("bird", "cat", "dog")) for label in LABELS]
    rows = [f"{name},{row}" for name, row in zip(names, hot, strict=True)]
    write(tmp_path / "truth.csv", "\n".join(["image,bird,cat,dog", *rows]))
    assert grey(load(tmp_path).train) == EXPECTED


def test_a_label_that_is_told(tmp_path, complaint):
    names = pictures(tmp_path / "images")
    rows = [f"{n},{name},{label},{n % 2}" for n, (name, label) in enumerate(zip(names, LABELS, strict=True))]
    write(tmp_path / "meta.csv", "\n".join(["lesion,image,dx,sex", *rows]))
    assert "must have one column of labels, got the columns lesion, dx, sex" in complaint(tmp_path)
    assert grey(load(tmp_path, label="dx").train) == EXPECTED


def test_training_and_test_tables(tmp_path):
    for part, first in (("train", 0), ("test", 10)):
        names = pictures(tmp_path / part, stem="{}", first=first)
        rows = [f"{name[:-4]},{label}" for name, label in zip(names, LABELS, strict=True)]
        write(tmp_path / f"{part}.csv", "\n".join(["id,label", *rows]))
    train, test = load(tmp_path)
    assert grey(train) == EXPECTED and grey(test) == {n + 10: label for n, label in EXPECTED.items()}


def test_the_test_data_of_a_competition_have_no_labels(tmp_path):
    names, others = pictures(tmp_path / "train"), pictures(tmp_path / "test", stem="t{}")
    rows = [f"{name},{label}" for name, label in zip(names, LABELS, strict=True)]
    write(tmp_path / "train.csv", "\n".join(["id,label", *rows]))
    write(tmp_path / "test.csv", "\n".join(["id", *others]))
    with pytest.warns(UserWarning) as caught:
        train, test = load(tmp_path)
    said = " | ".join(str(each.message) for each in caught)
    assert grey(train) == EXPECTED and test is None
    assert "and not test.csv" in said and "has no labels of test/t0.png" in said


def test_folders_that_are_no_classes(tmp_path):
    """As those of archives in several parts."""
    names = [*pictures(tmp_path / "part_1", 3), *pictures(tmp_path / "part_2", 3, first=3)]
    rows = [f"{name[:-4]},{label}" for name, label in zip(names, LABELS, strict=True)]
    write(tmp_path / "meta.csv", "\n".join(["image_id,dx", *rows]))
    assert grey(load(tmp_path).train) == EXPECTED


def test_folders_that_say_what_a_table_says(tmp_path):
    names = {label: pictures(tmp_path / label, 3, label + "{}") for label in ("stop", "yield")}
    rows = [f"7,9,{len(label)},{label}/{name}" for label in names for name in names[label]]
    write(tmp_path / "Train.csv", "\n".join(["width,height,kind,path", *rows]))
    with pytest.warns(UserWarning, match="the folders of pictures were read, and not Train.csv"):
        assert load(tmp_path).train.class_names == ("stop", "yield")


@pytest.mark.parametrize(
    ("rows", "sentence"),
    [
        (["0000.png,cat", "0001.png,dog", "0002.png,cat", "x.png,dog"], "for x.png"),
        (["0000.png,cat", "0000.png,dog", "0001.png,dog"], "got cat and dog for 0000.png"),
        ([*(f"{n:04},cat" for n in range(5)), "0005,"], "got none in some rows"),
        (["0000.png,cat", "0001.png,dog,1"], "must have 2 columns, got 3"),
        (["a,cat", "b,dog"], "must have a column with the names of the pictures"),
    ],
)
def test_tables_that_are_refused(tmp_path, complaint, rows, sentence):
    pictures(tmp_path / "images")
    write(tmp_path / "labels.csv", "\n".join(["filename,label", *rows]))
    found = complaint(tmp_path)
    assert sentence in found and "labels.csv" in found


def test_an_archive(tmp_path):
    names = pictures(tmp_path / "set" / "images")
    rows = [f"{name},{label}" for name, label in zip(names, LABELS, strict=True)]
    with zipfile.ZipFile(tmp_path / "a.zip", "w") as archive:
        archive.writestr("set/labels.csv", "\n".join(["filename,label", *rows]))
        for name in names:
            archive.write(tmp_path / "set" / "images" / name, f"set/images/{name}")
    assert grey(load(tmp_path / "a.zip").train) == EXPECTED


def test_figures_beside_a_table_of_numbers(tmp_path):
    pictures(tmp_path, 3, "figure{}")
    write(tmp_path / "data.csv", "a,b,label\n" + "1,2,0\n3,4,1\n" * 9)
    assert load(tmp_path).train.images.shape == (18, 2)
