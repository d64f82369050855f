"""What the loader refuses is explained, and repaired with the accuracy that the data had before."""

import os
import pickle
import re
from functools import partial

import numpy as np
import pytest
from support.folder_faults import (
    IN_FILES,
    NAMES,
    REPAIRED,
    TEST,
    TRAIN,
    WORDS,
    both,
    changed,
    crossed,
    floats_with,
    one_hot,
    write,
)

import cmlp
from cmlp.data.loading import DATA_FILES
from cmlp.diagnosis.folder import check_folder, write_repaired


@pytest.fixture(scope="module")
def arrays():
    """Return the four arrays of the digits by name."""
    train, test = cmlp.load_digits()
    values = (train.images, train.labels, test.images, test.labels)
    return dict(zip(NAMES, map(np.array, values), strict=True))


@pytest.mark.parametrize("fault", REPAIRED.values(), ids=REPAIRED)
def test_the_fault_is_explained_and_repaired(tmp_path, arrays, fault):
    code, where, verdict, measured, repair, spoil = fault
    result = check_folder(write(tmp_path / "data", spoil(arrays)))
    finding = next(finding for finding in result.report if (finding.code, finding.where) == (code, where))
    assert finding.verdict == verdict
    assert re.fullmatch(measured, finding.measured), finding.measured
    assert repair is None or finding.repair == repair
    assert {other.code for other in result.report} - {code} <= {"labels-not-integers"}  # after NaN among labels
    assert finding.before is None and finding.after > 94
    assert result.report.accuracy is None and not result.report.ok and result.repaired

    net = cmlp.Network((64, 16, 16, 10))
    net.train(result.train, 25, 1.0, mini_batch_size=10, progress=False)
    assert net.test(result.test) > 93


@pytest.mark.parametrize("fault", REPAIRED.values(), ids=REPAIRED)
def test_the_line_of_python_does_what_was_done(tmp_path, arrays, fault):
    spoiled = fault[-1](arrays)
    result = check_folder(write(tmp_path / "data", spoiled))
    uniform = {
        name: value if "images" in name and isinstance(value, list) else np.asarray(value)
        for name, value in spoiled.items()
    }
    names = {"np": np} | uniform
    for finding in result.report:
        exec(finding.repair, names)
    for part, dataset in (("train", result.train), ("test", result.test)):
        other = cmlp.Dataset(names[f"{part}_images"], names[f"{part}_labels"], classes=dataset.classes)
        assert np.array_equal(other.images, dataset.images)
        assert np.array_equal(other.labels, dataset.labels)


def test_sound_data_give_nothing(tmp_path, arrays):
    result = check_folder(write(tmp_path / "data", arrays))
    assert result.report.ok and not result.repaired
    assert result.report.accuracy > 94
    assert np.array_equal(result.train.images, arrays["train_images"])
    assert np.array_equal(result.test.labels, arrays["test_labels"])


SOUND = {
    "one-hot labels in one set": {"train_labels": one_hot},
    "one-hot labels in the other": {"test_labels": one_hot},
    "columns of one-hot labels": both("labels", lambda y: one_hot(y)[:, :, None]),
    "labels of shape (n, 1)": both("labels", lambda y: y[:, None]),
    "lists": both("images", lambda x: list(x.reshape(-1, 8, 8))) | both("labels", lambda y: y.tolist()),
    "floats in 0..1": both("images", lambda x: x / 16),
    "floats in 0..16": both("images", lambda x: x.astype(np.float32)),
}


@pytest.mark.parametrize("changes", SOUND.values(), ids=SOUND)
def test_other_sound_data_give_nothing_either(tmp_path, arrays, changes):
    assert check_folder(write(tmp_path / "data", changed(arrays, **changes))).report.ok


def test_a_few_dark_test_images_keep_the_scale_of_the_training_images(tmp_path, arrays):
    bytes_ = changed(arrays, **both("images", lambda x: (x * 15.9).astype(np.uint8)))
    dark = np.flatnonzero(bytes_["test_images"].max(1) < 250)[:60]
    few = bytes_ | {
        "test_images": np.minimum(bytes_["test_images"][dark], 16),
        "test_labels": bytes_["test_labels"][dark],
    }
    assert check_folder(write(tmp_path / "data", few)).test.scale == 1 / 255


def test_labels_without_zero_are_no_labels_from_one(tmp_path, arrays):
    some = arrays["test_labels"] > 0
    kept = {"test_images": arrays["test_images"][some], "test_labels": arrays["test_labels"][some]}
    result = check_folder(write(tmp_path / "data", arrays | kept))
    assert [finding.code for finding in result.report] == ["missing-classes"]
    assert result.test.labels.min() == 1


UNREADABLE = {
    "empty": (b"", "is empty"),
    "no pickle": (b"\x00\x00\x08\x03images", "is not a pickle: it starts with"),
    "truncated": (pickle.dumps(np.arange(1000))[:300], ""),
    "program": (b"cos\nsystem\n(S'true'\ntR.", ""),
    "objects": (pickle.dumps(np.array([1, "a", None], object)), "object arrays hold Python objects"),
}


@pytest.mark.parametrize("name", ["train_images", "train_labels", "test_images", "test_labels"])
@pytest.mark.parametrize(("content", "reason"), UNREADABLE.values(), ids=UNREADABLE)
def test_files_that_cannot_be_read(tmp_path, arrays, name, content, reason):
    result = check_folder(write(tmp_path / "data", arrays | {name: content}))
    (finding,) = result.report
    where, file = TRAIN if "train" in name else TEST, DATA_FILES[NAMES.index(name)]
    assert (finding.code, finding.where) == ("unreadable-file", where)
    assert finding.verdict == f"A file of the {where} cannot be read: {file}."
    assert reason in finding.measured and finding.repair is None
    assert (result.train is None, result.test is None) == (where == TRAIN, where == TEST)
    assert not result.repaired
    note = "The images were not examined, as the training data could not be read."
    assert (note in result.report.notes) == (where == TRAIN)


def test_files_that_are_missing(tmp_path, arrays):
    result = check_folder(write(tmp_path / "data", arrays | {"train_labels": None, "test_images": None}))
    assert [str(finding).split("\n")[0] for finding in result.report] == [
        "error: A file of the training data is missing: labels.pkl. [missing-file]",
        "error: A file of the test data is missing: test/test_images.pkl. [missing-file]",
    ]
    assert result.report.findings[0].measured == f"{tmp_path / 'data' / 'labels.pkl'} is not there"


def test_training_data_alone_are_checked(tmp_path, arrays):
    rolled = changed(arrays, train_labels=lambda y: np.roll(y, 1))
    result = check_folder(write(tmp_path / "data", rolled | {"test_labels": None}))
    assert {finding.code for finding in result.report} == {"missing-file", "labels-shifted"}
    assert np.array_equal(result.train.labels, arrays["train_labels"])


@pytest.mark.skipif(os.name != "posix", reason="Windows has another sentence for it")
def test_a_folder_in_the_place_of_a_file(tmp_path, arrays):
    folder = write(tmp_path / "data", arrays | {"train_labels": None})
    (folder / "labels.pkl").mkdir()
    (finding,) = check_folder(folder).report
    assert (finding.code, finding.measured) == ("unreadable-file", "Is a directory")


HOPELESS = {
    "labels missing in the middle": (
        *("counts-differ", "The training data have 1,437 images and 1,436 labels."),
        "no cut at the beginning or at the end leaves images and labels that belong together",
        partial(changed, train_labels=lambda y: np.delete(y, 700)),
    ),
    "labels missing near the end": (
        *("counts-differ", "The training data have 1,437 images and 1,436 labels."),
        "no cut at the beginning or at the end leaves images and labels that belong together",
        partial(changed, train_labels=lambda y: np.delete(y, 1200)),
    ),
    "images twice": (
        *("images-twice", "The file of labels of the training data holds images, too.", IN_FILES),
        lambda a: a | {"train_labels": a["train_images"]},
    ),
    "labels twice": (
        *("labels-twice", "The file of images of the training data holds labels, too.", IN_FILES),
        lambda a: a | {"train_images": a["train_labels"]},
    ),
    "many images with NaN": (
        *("non-finite-images", "360 of 1,437 images of the training data have pixels that are not finite."),
        "the first is nan in image 0; too many to leave them out",
        partial(changed, train_images=lambda x: floats_with(x, (slice(None, None, 4), 20), np.nan)),
    ),
    "colours": (
        *("refused", "The training data cannot be loaded.", r".*must have shape \(n, pixels\).* got \(1437, 8, 8, 3\)"),
        partial(changed, train_images=lambda x: np.stack([x.reshape(-1, 8, 8)] * 3, axis=-1)),
    ),
    "words in one set": (
        *("refused", "The training data cannot be loaded.", ".*labels.pkl must be numbers, got dtype <U5"),
        partial(changed, train_labels=lambda y: WORDS[y]),
    ),
    "fractions": (
        *(
            "refused",
            "The training data cannot be loaded.",
            ".*must be whole numbers or one-hot rows, got 0.1 at index 1",
        ),
        partial(changed, train_labels=lambda y: y / 10),
    ),
    "pairs": (
        *(
            "refused",
            "The training data cannot be loaded.",
            ".*must hold rows of equal length, got a ragged tuple at .*",
        ),
        lambda a: a | {"train_images": list(zip(a["train_images"], a["train_labels"].tolist(), strict=True))},
    ),
    "a dictionary": (
        *("refused", "The training data cannot be loaded.", r".*images\.pkl must be numbers, got dict"),
        partial(changed, train_images=lambda x: {"images": x}),
    ),
    "nothing": (
        *("refused", "The training data cannot be loaded.", r".*must not be empty, got shape \(0, 64\)"),
        partial(changed, train_images=lambda x: x[:0], train_labels=lambda y: y[:0]),
    ),
}


@pytest.mark.parametrize("fault", HOPELESS.values(), ids=HOPELESS)
def test_what_cannot_be_repaired_is_explained(tmp_path, arrays, fault):
    code, verdict, measured, spoil = fault
    result = check_folder(write(tmp_path / "data", spoil(arrays)))
    (finding,) = result.report
    assert (finding.code, finding.where, finding.verdict) == (code, TRAIN, verdict)
    assert re.fullmatch(measured, finding.measured), finding.measured
    assert finding.repair is None and finding.before is None and finding.after is None
    assert result.train is None and result.test is not None
    assert not result.repaired


def test_counts_that_differ_by_shuffled_labels_are_not_cut(tmp_path, arrays):
    spoiled = changed(arrays, train_labels=lambda y: np.random.default_rng(0).permutation(y)[:-3])
    (finding,) = check_folder(write(tmp_path / "data", spoiled)).report
    assert (finding.code, finding.repair) == ("counts-differ", None)


def test_both_sets_may_be_cut(tmp_path, arrays):
    spoiled = changed(arrays, train_images=lambda x: x[:-1], test_labels=lambda y: y[1:])
    result = check_folder(write(tmp_path / "data", spoiled))
    assert [finding.repair for finding in result.report] == [
        "train_images, train_labels = train_images[:1436], train_labels[:1436]",
        "test_images, test_labels = test_images[-359:], test_labels[-359:]",
    ]


def test_test_data_larger_than_training_data_are_remarkable(tmp_path, arrays):
    swapped = crossed(crossed(arrays, "train_images", "test_images"), "train_labels", "test_labels")
    result = check_folder(write(tmp_path / "data", swapped))
    (finding,) = result.report
    assert finding.text().startswith(
        "note: The test data are much larger than the training data, as if they were in each other's files. "
        "[test-larger]\n    measured: 360 training and 1,437 test images; 3 times as many are remarkable"
    )
    assert not result.repaired


def test_faults_of_the_files_and_of_their_content_come_together(tmp_path, arrays):
    spoiled = changed(arrays, train_labels=lambda y: y.astype(str), test_images=lambda x: 16 - x)
    result = check_folder(write(tmp_path / "data", spoiled))
    assert [finding.code for finding in result.report] == ["labels-not-integers", "inverted"]
    assert np.array_equal(result.test.images, arrays["test_images"])


def test_signed_bytes_are_put_right(tmp_path, arrays):
    full = changed(arrays, **both("images", lambda x: (x * 15.9).astype(np.uint8)))
    result = check_folder(write(tmp_path / "data", changed(full, **both("images", lambda x: x.view(np.int8)))))
    assert [finding.code for finding in result.report] == ["signed-bytes"] * 2
    assert np.array_equal(result.train.images, full["train_images"])


def test_a_network_is_asked(tmp_path, arrays):
    net = cmlp.Network((64, 16, 16, 10))
    folder = write(tmp_path / "data", arrays)
    codes = [finding.code for finding in check_folder(folder, network=net).report]
    assert codes == ["hardly-trained"]


# Writing


def test_repaired_data_are_written_elsewhere(tmp_path, arrays):
    folder = write(tmp_path / "data", changed(arrays, **both("labels", lambda y: y + 1)))
    before = {path: path.read_bytes() for path in sorted(folder.rglob("*.pkl"))}
    result = check_folder(folder)
    write_repaired(result, folder, tmp_path / "repaired")
    assert np.array_equal(cmlp.load_training_data(tmp_path / "repaired").labels, arrays["train_labels"])
    assert np.array_equal(cmlp.load_test_data(tmp_path / "repaired").images, arrays["test_images"])
    assert {path: path.read_bytes() for path in sorted(folder.rglob("*.pkl"))} == before


def test_the_source_is_never_overwritten(tmp_path, arrays, monkeypatch):
    folder = write(tmp_path / "data", changed(arrays, **both("labels", lambda y: y + 1)))
    result = check_folder(folder)
    monkeypatch.chdir(folder)
    for target in (folder, ".", folder / "test" / ".."):
        with pytest.raises(cmlp.DataError, match="must be written to another folder than"):
            write_repaired(result, folder, target)


def test_half_of_the_data_are_not_written(tmp_path, arrays):
    folder = write(tmp_path / "data", arrays | {"test_images": None})
    with pytest.raises(cmlp.DataError, match="cannot be written, as a part of them could not be read"):
        write_repaired(check_folder(folder), folder, tmp_path / "repaired")
    assert not (tmp_path / "repaired").exists()


@pytest.mark.parametrize("make", [lambda p: p / "nowhere", lambda p: p])
def test_no_data_at_all(tmp_path, make):
    rule = r"must be a folder with images\.pkl, labels\.pkl, test/test_images\.pkl, test/test_labels\.pkl, got none"
    with pytest.raises(cmlp.DataError, match=rule):
        check_folder(make(tmp_path))


def test_mnist(tmp_path, mnist):
    arrays = {name: mnist[f"{'training' if 'train' in name else 'test'} {name.split('_')[1]}"] for name in NAMES}
    assert check_folder(write(tmp_path / "sound", arrays)).report.ok
    spoiled = changed(
        arrays,
        train_labels=lambda y: (y + 1)[:-10],
        test_labels=lambda y: (y + 1).astype(str),
        test_images=lambda x: x.reshape(-1, 28, 28).transpose(0, 2, 1),
    )
    result = check_folder(write(tmp_path / "spoiled", spoiled))
    assert {finding.code for finding in result.report} == {
        *("labels-from-one", "labels-not-integers", "counts-differ", "transposed")
    }
    assert np.array_equal(result.test.images, arrays["test_images"])
    assert np.array_equal(result.train.labels, arrays["train_labels"][:-10])


def test_a_label_of_mnist_that_is_missing_in_the_last_rows(tmp_path, mnist):
    arrays = {name: mnist[f"{'training' if 'train' in name else 'test'} {name.split('_')[1]}"] for name in NAMES}
    spoiled = changed(arrays, train_labels=lambda y: np.delete(y, 59_000))
    (finding,) = check_folder(write(tmp_path / "data", spoiled)).report
    assert (finding.code, finding.repair) == ("counts-differ", None)
