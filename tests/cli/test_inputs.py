"""Numbers reach a network as those of its training did, at every command."""

import csv
import json
import shutil
import subprocess
import warnings

import numpy as np
import pytest

import cmlp

NAMES = ("a", "b", "c", "d")


def rows_of(size, factor, seed):
    """Return rows of three classes, whose numbers lie between 0 and about seven times a factor."""
    random = np.random.default_rng(seed)
    labels = np.arange(size) % 3
    centres = np.array([[5.0, 3.4, 1.5, 0.2], [5.9, 2.8, 4.3, 1.3], [6.6, 3.0, 5.6, 2.0]])
    return factor * (centres[labels] + random.normal(0, 0.15, (size, 4))).clip(0.05), labels


def save_csv(path, rows, labels=None, delimiter=","):
    header = [*NAMES] if labels is None else [*NAMES, "label"]
    table = (
        rows.tolist() if labels is None else [[*row, label] for row, label in zip(rows.tolist(), labels, strict=True)]
    )
    path.write_text("\n".join(delimiter.join(map(str, row)) for row in [header, *table]) + "\n")
    return path


def trained(folder, data):
    network = cmlp.Network([4, 20, 3], activation="tanh", loss="cross_entropy")
    network.train(data, 40, 0.1, mini_batch_size=10, progress=False)
    network.save(folder / "net.cmlp")
    return network, folder / "net.cmlp"


@pytest.fixture(scope="module")
def flowers(tmp_path_factory):
    return trained(tmp_path_factory.mktemp("flowers"), cmlp.Dataset(*rows_of(120, 1.0, 0), feature_names=NAMES))


def answers(out):
    return [int(label) for _, label in list(csv.reader(out.splitlines()))[1:]]


@pytest.mark.parametrize("kind", ["csv", "semicolons", "npy", "npz", "one row"])
def test_tables_of_floats(run, tmp_path, flowers, kind):
    network, model = flowers
    rows, labels = rows_of(60, 1.0, 1)
    path = tmp_path / f"rows.{kind if kind in ('npy', 'npz') else 'csv'}"
    if kind == "npy":
        np.save(path, rows)
    elif kind == "npz":
        np.savez(path, X=rows)
    elif kind == "one row":
        rows, labels = rows[2:3], labels[2:3]
        save_csv(path, rows)
    else:
        save_csv(path, rows, delimiter=";" if kind == "semicolons" else ",")
    status, out, _ = run("predict", model, path)
    assert status == 0 and answers(out) == network.predict(rows).tolist()
    assert np.mean(network.predict(rows) == labels) > 0.7


def test_whole_numbers_of_another_size(run, tmp_path):
    """Few rows of a table fit into bytes, where those of the training did not; and the other way round."""
    for train_factor, test_factor in ((100, 30), (30, 100)):
        rows, labels = (np.rint(part).astype(int) for part in rows_of(120, train_factor, 0))
        some = np.rint(rows_of(60, test_factor, 1)[0]).astype(int)
        folder = tmp_path / str(train_factor)
        folder.mkdir()
        train, _ = cmlp.load(save_csv(folder / "train.csv", rows, labels))
        network, model = trained(tmp_path, train)
        factor = 1 / 255 if rows.max() <= 255 else 1
        expected = network.predict(some * factor)
        status, out, _ = run("predict", model, save_csv(tmp_path / "rows.csv", some))
        assert status == 0 and answers(out) == expected.tolist()
        labelled = save_csv(folder / "test.csv", some, expected)
        assert json.loads(run("test", model, labelled, "--json")[1])["accuracy"] == 100
        train, test = cmlp.load(folder)
        assert np.allclose(test.scaled(), some * factor) and np.allclose(train.scaled(), rows * factor)


def test_pixels_as_before(run, tmp_path):
    """A network of bytes takes floats of 0..255 as pixels, and a network of fractions takes bytes as such."""
    train, test = cmlp.load_digits()
    for factor in (1, 1 / 16):
        network = cmlp.Network([64, 20, 10])
        network.train((train.images * factor if factor < 1 else train.images, train.labels), 5, 3.0, progress=False)
        network.save(tmp_path / "net.cmlp")
        expected = network.predict(test.images[:50] / 16).tolist()
        np.save(tmp_path / "rows.npy", test.images[:50].astype(float if factor == 1 else np.int64))
        status, out, _ = run("predict", tmp_path / "net.cmlp", tmp_path / "rows.npy")
        assert status == 0 and answers(out) == expected


def test_export_and_info(run, tmp_path, flowers):
    pytest.importorskip("onnx")
    _, model = flowers
    report = json.loads(run("export", model, "--onnx", tmp_path / "net.onnx", "--json")[1])
    assert report["onnx"]["inputs"] == {"images": "float64 (n, 4)"}
    report = json.loads(run("export", model, "--onnx", tmp_path / "b.onnx", "--input", "uint8", "--json")[1])
    assert report["onnx"]["inputs"] == {"images": "uint8 (n, 4)"}
    assert "pixels      floats, used as they are" in run("info", model)[1]


def test_example_of_header(tmp_path, flowers):
    """The program in the comment of a header reads the numbers that the network takes."""
    compiler = shutil.which("cc")
    if compiler is None:
        pytest.skip("no C compiler")
    network, _ = flowers
    header = cmlp.export.c_header(network.model, "net", file="net.h")
    (tmp_path / "net.h").write_text(header)
    comment = header[header.index("#include <stdio.h>") : header.index("*/")]
    program = "\n".join(line.strip().removeprefix("*") for line in comment.splitlines())
    (tmp_path / "example.c").write_text(program)
    command = [compiler, "-std=c99", "-Wall", "-Werror", "example.c", "-lm"]
    subprocess.run(command, cwd=tmp_path, check=True)
    for row in rows_of(6, 1.0, 1)[0]:
        numbers = " ".join(map(repr, row.tolist()))
        found = subprocess.run([tmp_path / "a.out"], input=numbers, capture_output=True, text=True, check=True)
        assert int(found.stdout) == network.predict(row)


def test_columns_in_another_order(run, tmp_path, flowers):
    network, model = flowers
    rows, labels = rows_of(30, 1.0, 1)
    expected = network.predict(rows)
    order = [2, 0, 3, 1]
    text = save_csv(tmp_path / "rows.csv", rows[:, order]).read_text().replace("a,b,c,d", "C,A,D,B")
    (tmp_path / "rows.csv").write_text(text)
    assert answers(run("predict", model, tmp_path / "rows.csv")[1]) == expected.tolist()
    labelled = save_csv(tmp_path / "labelled.csv", rows[:, order], labels)
    labelled.write_text(labelled.read_text().replace("a,b,c,d", "c,a,d,b"))
    report = json.loads(run("test", model, labelled, "--json")[1])
    assert report["accuracy"] == pytest.approx(100 * np.mean(expected == labels))
    labelled.write_text(labelled.read_text().replace("c,a,d,b", "c,a,d,e"))
    for command in ("test", "predict"):
        status, _, err = run(command, model, labelled)
        assert status == 2 and "must have the columns of the training data, got them without b and with e" in err


@pytest.mark.parametrize("names", [("left", "middle", "right"), ("1", "2", "3")])
def test_some_of_the_classes(run, tmp_path, names):
    """Labels of a table alone mean the classes of the network, of which others may be missing."""
    rows, labels = rows_of(90, 1.0, 0)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # that numbers do not begin with 0
        train, _ = cmlp.load(save_csv(tmp_path / "train.csv", rows, [names[label] for label in labels]))
    assert train.class_names == names
    network, model = trained(tmp_path, train)
    for kept in ([0, 2], [1, 2], [0, 1]):
        chosen = np.isin(labels, kept)
        path = save_csv(tmp_path / "some.csv", rows[chosen], [names[label] for label in labels[chosen]])
        report = json.loads(run("test", model, path, "--json")[1])
        assert report["accuracy"] == pytest.approx(100 * np.mean(network.predict(rows[chosen]) == labels[chosen]))
    other = "other" if names[0] == "left" else "7"
    path = save_csv(tmp_path / "other.csv", rows[:2], [names[0], other])
    status, _, err = run("test", model, path)
    assert status == 2 and f"must be classes that the network knows, which are {', '.join(names)}, got {other}" in err
