"""Every format gives the digits back, whatever the files are called."""

import gzip
import os
import pickle
import shutil
from struct import pack

import numpy as np
import pytest

from cmlp.data.formats import Sets, load
from cmlp.data.writing import write_data


def idx(array):
    return pack(f">HBB{array.ndim}I", 0, 8, array.ndim, *array.shape) + array.astype(np.uint8).tobytes()


def arrays(sets):
    return [
        sets[0].images.reshape(-1, 8, 8),
        sets[0].labels.astype(np.uint8),
        sets[1].images.reshape(-1, 8, 8),
        sets[1].labels.astype(np.uint8),
    ]


def pairs(sets):
    train_images, train_labels, test_images, test_labels = arrays(sets)
    return (train_images, train_labels), (test_images, test_labels)


def four_pickles(folder, sets):
    write_data(folder / "data", *sets)
    return folder / "data"


def idx_files(*names, opened=open):
    def write(folder, sets):
        for name, array in zip(names, arrays(sets), strict=True):
            (folder / name).parent.mkdir(exist_ok=True)
            with opened(folder / name, "wb") as file:
                file.write(idx(array))
        return folder

    return write


def npy_files(*names):
    def write(folder, sets):
        for name, array in zip(names, arrays(sets), strict=True):
            (folder / name).parent.mkdir(exist_ok=True)
            np.save(folder / name, array)
        return folder

    return write


def npz(*names, save=np.savez):
    def write(folder, sets):
        save(folder / "file.npz", **dict(zip(names, arrays(sets), strict=True)))
        return folder / "file.npz"

    return write


def pickled(make, *, protocol=None, opened=open):
    def write(folder, sets):
        with opened(folder / "file.pkl", "wb") as file:
            pickle.dump(make(*pairs(sets)), file, protocol)
        return folder / "file.pkl"

    return write


def tables(folder, sets):
    for part, dataset in zip(("train", "test"), sets, strict=True):
        np.savetxt(folder / f"mnist_{part}.csv", np.column_stack([dataset.labels, dataset.images]), "%d", ",")
    return folder


def as_names(x, y, part):
    return {f"{x}_{part}": 0, f"{y}_{part}": 1}


MNIST = ("train-images", "train-labels", "t10k-images", "t10k-labels")
TWO_SETS = {
    "four pickles": four_pickles,
    "idx": idx_files(*(f"{name}-idx{3 if 'images' in name else 1}-ubyte" for name in MNIST)),
    "idx with dots": idx_files(*(f"{name}.idx{3 if 'images' in name else 1}-ubyte" for name in MNIST)),
    "idx.gz": idx_files(*(f"{name}-idx{3 if 'images' in name else 1}-ubyte.gz" for name in MNIST), opened=gzip.open),
    "emnist": idx_files(*(f"emnist-digits-{name.replace('t10k', 'test')}-idx-ubyte" for name in MNIST)),
    "idx in the places of pickles": idx_files(
        "images.pkl", "labels.pkl", "test/test_images.pkl", "test/test_labels.pkl"
    ),
    "npy": npy_files("x_train.npy", "y_train.npy", "x_test.npy", "y_test.npy"),
    "npy in folders": npy_files("train/images.npy", "train/labels.npy", "test/images.npy", "test/labels.npy"),
    "npz of keras": npz("x_train", "y_train", "x_test", "y_test"),
    "npz, compressed": npz("X_train", "y_train", "X_test", "y_test", save=np.savez_compressed),
    "npz of medmnist": npz("train_images", "train_labels", "test_images", "test_labels"),
    "npz, glued": npz("xtrain", "ytrain", "xtest", "ytest"),
    "pickle of keras": pickled(lambda train, test: (train, test)),
    "pickle of lists": pickled(lambda train, test: [list(train), list(test)]),
    "pickle of nested lists": pickled(lambda *sets: [[part.tolist() for part in pair] for pair in sets]),
    "pickle of examples": pickled(lambda *sets: [list(zip(*pair, strict=True)) for pair in sets]),
    "pickle of names": pickled(
        lambda train, test: dict(zip(("X_train", "y_train", "X_test", "y_test"), (*train, *test), strict=True))
    ),
    "pickle of bytes for names": pickled(
        lambda train, test: dict(
            zip((b"training_images", b"training_labels", b"test_images", b"test_labels"), (*train, *test), strict=True)
        )
    ),
    "pickle of parts": pickled(lambda train, test: {"train": train, "test": test}),
    "pickle of parts by name": pickled(
        lambda *sets: {
            part: {"data": pair[0], "target": pair[1]} for part, pair in zip(("train", "test"), sets, strict=True)
        }
    ),
    "pickle, compressed": pickled(lambda train, test: (train, test), opened=gzip.open),
    "two tables": tables,
}


@pytest.mark.parametrize("write", TWO_SETS.values(), ids=TWO_SETS)
def test_two_sets(tmp_path, digits, same, write):
    sets = load(write(tmp_path, digits))
    assert type(sets) is Sets
    same(sets.train, digits[0])
    same(sets.test, digits[1])


def table(delimiter, columns, header="", **options):
    def write(folder, dataset):
        rows = np.column_stack(
            [dataset.labels, dataset.images] if columns == "first" else [dataset.images, dataset.labels]
        )
        np.savetxt(folder / "file.csv", rows, "%d", delimiter, header=header, comments="", **options)
        return folder / "file.csv"

    return write


def compressed(write):
    def compress(folder, dataset):
        path = write(folder, dataset)
        path.with_suffix(".gz").write_bytes(gzip.compress(path.read_bytes()))
        return path.with_suffix(".gz")

    return compress


def npz_of_one(*names):
    def write(folder, dataset):
        np.savez(folder / "file.npz", **dict(zip(names, (dataset.images, dataset.labels), strict=True)))
        return folder / "file.npz"

    return write


def pickle_of_one(make):
    def write(folder, dataset):
        (folder / "file.pkl").write_bytes(pickle.dumps(make(np.array(dataset.images), np.array(dataset.labels))))
        return folder / "file.pkl"

    return write


def siblings(images, labels, save):
    def write(folder, dataset):
        save(folder / images, dataset.images.reshape(-1, 8, 8))
        save(folder / labels, dataset.labels.astype(np.uint8))
        return folder / images

    return write


def save_pickle(path, array):
    path.write_bytes(pickle.dumps(array))


def save_idx(path, array):
    path.write_bytes(idx(array))


PIXELS = ",".join(f"pixel{number}" for number in range(64))
ONE_SET = {
    "label first": table(",", "first"),
    "label last": table(",", "last"),
    "Kaggle": table(",", "first", f"label,{PIXELS}"),
    "mnist_in_csv": table(",", "first", "label," + PIXELS.replace("pixel", "1x")),
    "OpenML": table(",", "last", ",".join(f'"{name}"' for name in PIXELS.split(",")) + ',"class"'),
    "numbered columns": table(",", "last", ",".join(map(str, range(65)))),
    "semicolons": table(";", "first"),
    "tabs": table("\t", "last"),
    "spaces": table(" ", "first"),
    "Windows": table(",", "first", newline="\r\n"),
    "table, compressed": compressed(table(",", "first", f"label,{PIXELS}")),
    "images and labels": npz_of_one("images", "labels"),
    "X and y": npz_of_one("X", "y"),
    "x_train only": npz_of_one("x_train", "y_train"),
    "test only": npz_of_one("test_images", "test_labels"),
    "pair": pickle_of_one(lambda images, labels: (images, labels)),
    "pair of lists": pickle_of_one(lambda images, labels: [list(images), labels.tolist()]),
    "examples": pickle_of_one(lambda images, labels: list(zip(images, labels.tolist(), strict=True))),
    "examples with columns": pickle_of_one(
        lambda images, labels: [
            (image[:, None], np.eye(10)[label][:, None]) for image, label in zip(images, labels, strict=True)
        ]
    ),
    "Bunch": pickle_of_one(
        lambda images, labels: {
            "data": images / 16.0 - 1, "target": labels, "frame": None, "feature_names": ["pixel_0_0"],
            "target_names": np.arange(10), "images": images.reshape(-1, 8, 8), "DESCR": "Digits",
        }
    ),
    "idx siblings": siblings("t10k-images-idx3-ubyte", "t10k-labels-idx1-ubyte", save_idx),
    "npy siblings": siblings("digits_x.npy", "digits_y.npy", np.save),
    "pickle siblings": siblings("images.pkl", "labels.pkl", save_pickle),
    "mixed siblings": siblings("images.npy", "labels.npy", save_idx),
}  # fmt: skip


@pytest.mark.parametrize("write", ONE_SET.values(), ids=ONE_SET)
def test_one_set(tmp_path, digits, same, write):
    sets = load(write(tmp_path, digits[0]))
    same(sets.train, digits[0])
    assert sets.test is None


@pytest.mark.parametrize(
    "name", ["digits.png", "digits.csv", "digits.pkl", "digits.npz", "digits.gz", "labels.npy", "digits"]
)
@pytest.mark.parametrize(
    "write", ["npz of keras", "pickle of keras", "pickle, compressed", "Kaggle", "table, compressed"]
)
def test_the_content_tells_the_format_and_not_the_name(tmp_path, digits, same, write, name):
    written = TWO_SETS[write](tmp_path, digits) if write in TWO_SETS else ONE_SET[write](tmp_path, digits[0])
    (tmp_path / "elsewhere").mkdir()
    path = shutil.copy(written, tmp_path / "elsewhere" / name)
    same(load(path).train, digits[0])


def test_three_pairs_as_in_the_file_of_nielsens_book(tmp_path, digits, same):
    (images, labels), test = pairs(digits)
    training, validation = (images[:1000] / 16, labels[:1000]), (images[1000:] / 16, labels[1000:])
    flat = [(part.astype(np.float32).reshape(-1, 64), labels) for part, labels in (training, validation)]
    test = ((test[0] / 16).astype(np.float32).reshape(-1, 64), test[1])
    with gzip.open(tmp_path / "mnist.pkl.gz", "wb") as file:
        file.write(pickle.dumps((*flat, test), 2))
    sets = load(tmp_path / "mnist.pkl.gz")
    assert sets.train.images.dtype == np.float32
    np.testing.assert_array_equal(sets.train.images, digits[0].images / np.float32(16))
    np.testing.assert_array_equal(sets.train.labels, digits[0].labels)
    np.testing.assert_array_equal(sets.test.labels, digits[1].labels)


def test_validation_data_become_training_data(tmp_path, digits, same):
    (images, labels), test = pairs(digits)
    np.savez(
        tmp_path / "medmnist.npz",
        train_images=images[:1000], val_images=images[1000:], test_images=test[0],
        train_labels=labels[:1000, None], val_labels=labels[1000:, None], test_labels=test[1][:, None],
    )  # fmt: skip
    sets = load(tmp_path / "medmnist.npz")
    same(sets.train, digits[0])
    same(sets.test, digits[1])


def test_mnist_itself(mnist):
    train, test = load(os.environ["CMLP_MNIST"])
    np.testing.assert_array_equal(train.images, mnist["training images"])
    np.testing.assert_array_equal(train.labels, mnist["training labels"])
    np.testing.assert_array_equal(test.images, mnist["test images"])
    np.testing.assert_array_equal(test.labels, mnist["test labels"])


def test_the_number_of_classes_may_be_given(tmp_path):
    np.savez(tmp_path / "file.npz", X=np.eye(3), y=[0, 1, 2])
    assert load(tmp_path / "file.npz").train.classes == 3
    assert load(str(tmp_path / "file.npz"), classes=10).train.classes == 10


def test_dark_test_images_keep_the_scale_of_the_training_images(tmp_path):
    np.savez(
        tmp_path / "file.npz",
        x_train=np.array([[0, 255], [9, 9]], np.uint8), y_train=[0, 1],
        x_test=np.array([[0, 12]], np.uint8), y_test=[1],
    )  # fmt: skip
    train, test = load(tmp_path / "file.npz")
    assert train.scale == test.scale == 1 / 255
    assert test.classes == 2
