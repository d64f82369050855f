"""The four pickles of a data folder."""

import gzip
import pickle

import numpy as np
import pytest

from cmlp.data import load_test_data, load_training_data
from cmlp.data.loading import DATA_FILES, TEST_FILES, TRAINING_FILES
from cmlp.errors import DataError

IMAGES = np.random.default_rng(6).integers(0, 256, (4, 784), dtype=np.uint8)
IMAGES[0, 0] = 255
LABELS = np.array([3, 0, 9, 1])
LOADERS = {load_training_data: TRAINING_FILES, load_test_data: TEST_FILES}


def write(folder, images=IMAGES, labels=LABELS, *, protocol=None, opened=open):
    """Dump the same images and labels as training and as test data."""
    (folder / "test").mkdir(parents=True, exist_ok=True)
    for file in DATA_FILES:
        with opened(folder / file, "wb") as stream:
            pickle.dump(images if "images" in file else labels, stream, protocol)
    return folder


def complaint(load, folder, **keywords):
    with pytest.raises(DataError) as caught:
        load(folder, **keywords)
    return str(caught.value)


@pytest.fixture(params=LOADERS, ids=lambda load: load.__name__)
def load(request):
    return request.param


def test_the_files_are_the_four_of_the_folder():
    assert DATA_FILES == ("images.pkl", "labels.pkl", "test/test_images.pkl", "test/test_labels.pkl")


@pytest.mark.parametrize("protocol", range(pickle.HIGHEST_PROTOCOL + 1))
@pytest.mark.parametrize("opened", [open, gzip.open], ids=["plain", "gzip"])
@pytest.mark.parametrize(
    ("images", "labels"),
    [
        (IMAGES, LABELS),
        (IMAGES.tolist(), LABELS.tolist()),
        (list(IMAGES.reshape(4, 28, 28)), list(LABELS)),
        (IMAGES[:, :, None], [row[:, None] for row in np.eye(10)[LABELS]]),
    ],
    ids=["arrays", "nested lists", "lists of arrays", "columns and one-hot columns"],
)
def test_pickles_of_any_protocol(tmp_path, load, images, labels, protocol, opened):
    dataset = load(write(tmp_path, images, labels, protocol=protocol, opened=opened))
    np.testing.assert_array_equal(dataset.images, IMAGES)
    np.testing.assert_array_equal(dataset.labels, LABELS)
    assert (dataset.images.dtype, dataset.scale, dataset.classes) == (np.uint8, 1 / 255, 10)


def test_training_and_test_data_are_not_mixed_up(tmp_path):
    write(tmp_path)
    for file, array in zip(TEST_FILES, (IMAGES[:2], LABELS[:2]), strict=True):
        (tmp_path / file).write_bytes(pickle.dumps(array))
    assert len(load_training_data(tmp_path)) == 4
    assert len(load_test_data(tmp_path)) == 2


def test_the_folder_may_be_text_and_is_data_by_default(tmp_path, load, monkeypatch):
    write(tmp_path / "data")
    assert len(load(str(tmp_path / "data"))) == 4
    monkeypatch.chdir(tmp_path)
    assert len(load()) == 4


def test_the_number_of_classes(tmp_path, load):
    write(tmp_path, labels=np.array([0, 1, 2, 11]))
    assert load(tmp_path, classes=None).classes == 12
    assert load(tmp_path, classes=20).classes == 20
    labels = tmp_path / LOADERS[load][1]
    assert complaint(load, tmp_path) == f"labels in {labels} must be in 0..9, got 11 at index 3"


@pytest.mark.parametrize("which", [0, 1])
def test_a_missing_file(tmp_path, load, which):
    missing = LOADERS[load][which]
    (write(tmp_path) / missing).unlink()
    states = [f"{file} ({'missing' if file == missing else 'found'})" for file in DATA_FILES]
    with pytest.raises(DataError) as caught:
        load(tmp_path)
    assert str(caught.value) == (
        f"{tmp_path / missing} is missing: the folder must hold {states[0]}, {states[1]}, {states[2]} and {states[3]}"
    )
    assert isinstance(caught.value.__cause__, FileNotFoundError)


def test_a_missing_folder(tmp_path, load):
    folder = tmp_path / "nowhere"
    assert complaint(load, folder) == (
        f"{folder / LOADERS[load][0]} is missing: the folder must hold images.pkl (missing), "
        "labels.pkl (missing), test/test_images.pkl (missing) and test/test_labels.pkl (missing)"
    )


def test_a_file_in_place_of_the_folder(tmp_path, load):
    file = write(tmp_path) / "images.pkl"
    assert complaint(load, file) == (
        f"{file} must be a folder with images.pkl, labels.pkl, test/test_images.pkl "
        "and test/test_labels.pkl, got a file"
    )


def test_complaints_name_the_files(tmp_path, load):
    images, labels = (tmp_path / file for file in LOADERS[load])
    write(tmp_path, IMAGES[:3])
    assert complaint(load, tmp_path) == (
        f"images in {images} and labels in {labels} must have the same length, got 3 images and 4 labels"
    )
    write(tmp_path, np.full((4, 9), np.nan))
    assert complaint(load, tmp_path) == f"images in {images} must be finite, got nan in image 0, pixel 0"
    write(tmp_path, labels=["three", "0", "9", "1"])
    assert complaint(load, tmp_path) == f"labels in {labels} must be numbers, got str at index 0"


def test_a_file_that_is_no_pickle_is_named(tmp_path, load):
    file = write(tmp_path) / LOADERS[load][1]
    file.write_bytes(b"not a pickle")
    assert file.name in complaint(load, tmp_path)


def test_what_the_labels_are_called(tmp_path, load):
    write(tmp_path, labels=LABELS % 3)
    assert load(tmp_path, classes=3).class_names is None
    (tmp_path / "class_names.txt").write_text("caf\u00e9\r\n\n two words \nthree", "utf-8")
    names = ("caf\u00e9", "two words", "three")
    for classes in (None, 3):
        assert load(tmp_path, classes=classes).class_names == names
    assert load(tmp_path).class_names is None  # of ten classes
    (tmp_path / "class_names.txt").write_bytes(b"\xff")
    assert complaint(load, tmp_path).endswith("class_names.txt must be text in UTF-8, one name per line")
    (tmp_path / "class_names.txt").write_bytes(bytes(1 + (1 << 20)))
    assert complaint(load, tmp_path).endswith("class_names.txt must be a regular file of at most 1,048,576 bytes")
