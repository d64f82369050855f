"""A table of images is answered by a table."""

import csv
import gzip

import numpy as np
import pytest
from scipy.io import savemat

import cmlp

PIXELS = [f"pixel{place}" for place in range(64)]


@pytest.fixture(scope="module")
def network(tmp_path_factory):
    train, _ = cmlp.load_digits()
    network = cmlp.Network([64, 30, 10])
    network.train(train, 10, 3.0, mini_batch_size=10, progress=False)
    path = tmp_path_factory.mktemp("network") / "digits.cmlp"
    network.save(path)
    return network, str(path)


def write(path, header, columns):
    table = np.column_stack(columns).tolist()
    lines = [",".join(map(str, row)) for row in [header, *table]]
    path.write_text("\n".join(lines))
    return str(path)


def test_kaggle(run, tmp_path, network):
    """Training data with labels and test data without, in a folder; and a file to submit."""
    train, test = cmlp.load_digits()
    write(tmp_path / "train.csv", ["label", *PIXELS], [train.labels, train.images])
    table = write(tmp_path / "test.csv", PIXELS, [test.images])
    (tmp_path / "sample_submission.csv").write_text("ImageId,Label\n1,0\n2,0\n")
    with pytest.warns(UserWarning) as said:
        sets = cmlp.load(tmp_path)
    unused, without = (str(each.message) for each in said)
    assert unused.endswith("test.csv and train.csv were read, and not sample_submission.csv")
    assert without.endswith("test.csv holds no labels, and is left out: cmlp predict reads it")
    assert sets.test is None and np.array_equal(sets.train.images, train.images)
    net, model = network
    submission = tmp_path / "mine.csv"
    status, out, _ = run("predict", model, table, "-o", submission)
    assert status == 0 and "360 rows" in out
    header, *answers = csv.reader(submission.read_text().splitlines())
    assert header == ["ImageId", "Label"]
    assert [int(row) for row, _ in answers] == list(range(1, 361))
    assert [int(label) for _, label in answers] == net.predict(test.images).tolist()


def test_rows_with_names_and_labels_that_are_left_out(run, tmp_path, network):
    _, test = cmlp.load_digits()
    net, model = network
    names = [f"image_{row}.png" for row in range(5)]
    expected = [str(label) for label in net.predict(test.images[:5]).tolist()]
    for header, columns in (
        (["Id", *PIXELS], [names, test.images[:5]]),
        (["Id", "label", *PIXELS], [names, test.labels[:5], test.images[:5]]),
    ):
        status, out, err = run("predict", model, write(tmp_path / "a.csv", header, columns))
        assert (status, err) == (0, "")
        assert out.splitlines() == ["Id,label", *map(",".join, zip(names, expected, strict=True))]
    (tmp_path / "b.gz").write_bytes(gzip.compress((tmp_path / "a.csv").read_bytes()))
    assert run("predict", model, str(tmp_path / "b.gz"))[1] == out


def test_arrays_and_json(run, tmp_path, network):
    _, test = cmlp.load_digits()
    np.save(tmp_path / "test.npy", test.images[:3])
    status, out, _ = run("predict", network[1], str(tmp_path / "test.npy"), "--json")
    assert status == 0 and '"row": "1"' in out


@pytest.mark.filterwarnings("default")
def test_other_files_of_images(run, tmp_path, network):
    """Bytes, and the same numbers in other types, with labels beside them or without."""
    _, test = cmlp.load_digits()
    images, labels = np.array(test.images[:9]), test.labels[:9]
    images[0, 63] = 9
    np.savez(
        tmp_path / "pictures.npz",
        x_test=images.reshape(-1, 8, 8),
        y_test=labels,
        x_train=images[:2],
        y_train=labels[:2],
    )
    np.savez(tmp_path / "floats.npz", images.astype(float))
    savemat(tmp_path / "a.mat", {"X": images.astype(float)})
    write(tmp_path / "floats.csv", PIXELS, [images.astype(float)])
    for first in (0, 1):
        cells = [[f"{place + first}:{pixel}" for place, pixel in enumerate(row) if pixel] for row in images.tolist()]
        (tmp_path / f"{first}.svm").write_text("".join(f"0 {' '.join(row)}\n" for row in cells))
    (tmp_path / "idx").write_bytes(b"\0\0\x08\x03" + np.array([9, 8, 8], ">i4").tobytes() + images.tobytes())
    expected = [f"{row},{label}" for row, label in enumerate(network[0].predict(images).tolist(), 1)]
    for path in sorted(tmp_path.iterdir()):
        status, out, err = run("predict", network[1], path)
        assert (status, out.splitlines()) == (0, ["ImageId,Label", *expected]), path.name
        assert err == "" or (path.name == "0.svm" and "were numbered from 0, and those" in err)


@pytest.mark.parametrize(
    ("name", "content", "words"),
    [
        ("a.csv", "", "must hold rows of numbers, got a header only: pixel0,pixel1"),
        (
            "a.csv",
            "abc" + ",1" * 63 + "\n",
            "must hold numbers in all columns but that of the labels, got 'abc' in pixel0",
        ),
        ("a.csv", "1,1" + ",inf" * 62 + "\n", "its pixels are not finite"),
        ("b.npz", None, "must hold one array of images, got a, b"),
    ],
)
def test_tables_that_are_no_images(run, tmp_path, network, name, content, words):
    """No advice names a parameter of Python, or an option that this command does not have."""
    path = tmp_path / name
    if content is None:
        np.savez(path, a=np.eye(3), b=np.eye(4))
    else:
        path.write_text(",".join(PIXELS) + "\n" + content)
    status, out, err = run("predict", network[1], path)
    assert (status, out) == (2, "") and words in err and "label=" not in err and "as label" not in err


def test_advice_names_the_option_of_the_command(run, tmp_path):
    (tmp_path / "a.csv").write_text("a,b,c\n1,2,3\n4,5,6\n")
    _, _, err = run("train", tmp_path / "a.csv")
    assert err.endswith("say which column holds the labels, as --label last does\n")


def test_refusals(run, tmp_path, network):
    table = write(tmp_path / "a.csv", PIXELS[:9], [np.zeros((3, 9), int)])
    sentence = f"cmlp predict: {table} must have 64 columns of pixels, as the network takes, got 9\n"
    assert run("predict", network[1], table) == (2, "", sentence)
    assert "name it alone" in run("predict", network[1], table, "five.png")[2]
    assert "--show prints pictures" in run("predict", network[1], table, "--show")[2]
    (tmp_path / "out.csv").write_text("precious")
    status, _, err = run("predict", network[1], table, "-o", str(tmp_path / "out.csv"))
    assert status == 2 and "--force" in err and (tmp_path / "out.csv").read_text() == "precious"
