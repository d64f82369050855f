"""A Dataset is the list of pairs of the script, and two arrays that nobody can change."""

import copy
import pickle
import random

import numpy as np
import pytest

from cmlp.data import Dataset
from cmlp.errors import DataError

PIXELS = np.random.default_rng(5).integers(0, 256, (6, 784), dtype=np.uint8)
PIXELS[0, :2] = 0, 255
LABELS = np.array([3, 0, 9, 1, 1, 4])


def same(dataset, images=PIXELS, labels=LABELS):
    np.testing.assert_array_equal(dataset.images, images)
    np.testing.assert_array_equal(dataset.labels, labels)
    return True


@pytest.mark.parametrize("images", [PIXELS, PIXELS / 255, (PIXELS / 255).astype(np.float32)])
def test_it_is_the_list_of_pairs_of_the_script(images):
    dataset = Dataset(images, LABELS)
    floats = images / 255 if images.dtype == np.uint8 else images
    assert len(dataset) == len(list(dataset)) == 6
    for i, (image, label) in enumerate(dataset):
        assert type(label) is int
        assert label == LABELS[i]
        np.testing.assert_allclose(image, floats[i], rtol=1e-15)
        for index in (i, i - 6, np.int8(i)):
            again, same_label = dataset[index]
            assert type(same_label) is int
            assert same_label == label
            assert again.dtype == image.dtype == floats.dtype
            np.testing.assert_array_equal(again, image)


def test_sequence_methods():
    dataset = Dataset(PIXELS, LABELS)
    assert [label for _, label in reversed(dataset)] == LABELS[::-1].tolist()
    assert dataset[True][1] == LABELS[1]
    assert random.Random(0).sample(dataset, 2)[0][1] in LABELS


@pytest.mark.parametrize("images", [PIXELS, PIXELS / 255, (PIXELS / 255).astype(np.float32)])
def test_where_a_pair_is(images):
    dataset = Dataset(np.concatenate([images, images]), np.concatenate([LABELS, LABELS]))
    pairs = list(dataset)
    for i, (image, label) in enumerate(pairs):
        for pair in ((image, label), [image.tolist(), float(label)]):
            assert pair in dataset and dataset.count(pair) == 2
            assert dataset.index(pair) == i % 6
            assert dataset.index(pair, -6) == 6 + i % 6
            for bounds in ((0, i % 6), (i % 6 + 1, i % 6 + 6), (-1, 2)):
                with pytest.raises(ValueError, match="must be in the dataset to have an index"):
                    dataset.index(pair, *bounds)


FIRST = PIXELS[0] / 255
OTHERS = [
    None, 3, "ab", (), (FIRST,), (FIRST, 4), (PIXELS[0], 3), (FIRST[:5], 3), ([[1], 2], 3), (FIRST, "3"),
    (FIRST, LABELS), (FIRST, None), (None, 3), PIXELS / 255,
]  # fmt: skip


@pytest.mark.parametrize("other", OTHERS, ids=str)
def test_what_is_not_in_it(other):
    dataset = Dataset(PIXELS, LABELS)
    assert other not in dataset and dataset.count(other) == 0
    with pytest.raises(ValueError, match="must be in the dataset to have an index"):
        dataset.index(other)


@pytest.mark.parametrize("images", [PIXELS, PIXELS / 255, (PIXELS / 255).astype(np.float32)])
@pytest.mark.parametrize("dtype", ["<f8", ">f8", "<f4", ">f4", np.float32, float])
def test_scaled_to_a_type(images, dtype):
    found = Dataset(images, LABELS).scaled(dtype)
    assert found.dtype == np.dtype(dtype)
    np.testing.assert_allclose(found, PIXELS / 255, rtol=1e-6)


@pytest.mark.parametrize("images", [PIXELS, PIXELS / 255])
@pytest.mark.parametrize(
    "dtype", ["i4", "u1", bool, complex, "f2", np.longdouble, "S3", object, "f4,f4", "nonsense", 3]
)
def test_scaled_to_no_type_of_pixels(images, dtype):
    with pytest.raises(DataError, match=r"^dtype must be float32 or float64, which holds pixels in \[0, 1\], got"):
        Dataset(images, LABELS).scaled(dtype)


@pytest.mark.parametrize("names", [("a",), ("a", "b", "c"), "ab", ("a", 3), None, 3])
def test_names_for_errors_are_two(names):
    with pytest.raises(DataError, match=r"^names must be two strings, what to call images and labels, got"):
        Dataset(PIXELS, LABELS, names=names)


@pytest.mark.parametrize("index", [6, -7])
def test_an_index_out_of_range(index):
    with pytest.raises(IndexError, match=f"index {index} is out of bounds"):
        Dataset(PIXELS, LABELS)[index]


@pytest.mark.parametrize(
    "index",
    [slice(1, 4), slice(None, None, -2), slice(0, 0), [4, 0, 0], [], np.array([-1, 2]), LABELS == 1],
    ids=str,
)
def test_slices_index_arrays_and_masks_give_datasets(index):
    dataset = Dataset(PIXELS, LABELS, scale=0.5, classes=12)
    part = dataset[index]
    assert type(part) is Dataset
    assert same(part, PIXELS[index], LABELS[index])
    assert (part.scale, part.classes) == (0.5, 12)
    assert not part.images.flags.writeable
    assert not part.labels.flags.writeable


def test_a_part_is_not_scaled_again_and_a_slice_is_a_view():
    dataset = Dataset(PIXELS.astype(float), LABELS)
    part = dataset[2:5]
    assert same(part, dataset.images[2:5], LABELS[2:5])
    assert np.shares_memory(part.images, dataset.images)


@pytest.mark.parametrize("index", [None, (0, 1), [[0, 1]], [0.5], [True], "0"], ids=str)
def test_other_indices_are_refused(index):
    with pytest.raises(IndexError):
        Dataset(PIXELS, LABELS)[index]


def test_pictures_are_a_view():
    dataset = Dataset(PIXELS, LABELS)
    assert dataset.pictures().shape == (6, 28, 28)
    assert dataset[:0].pictures().shape == (0, 28, 28)
    assert np.shares_memory(dataset.pictures(), PIXELS)
    assert not dataset.pictures().flags.writeable
    with pytest.raises(DataError) as caught:
        Dataset(np.zeros((1, 120)), [0]).pictures()
    assert str(caught.value) == "images must be square or have a height and a width, got 120 pixels each"


@pytest.mark.parametrize(
    ("images", "shape"),
    [
        (PIXELS, (28, 28)),
        (PIXELS.reshape(6, 28, 28, 1), (28, 28)),
        (PIXELS.reshape(6, 784, 1), (28, 28)),
        (PIXELS.reshape(6, 14, 56), (14, 56)),
        (list(PIXELS.reshape(6, 56, 14, 1)), (56, 14)),
        (PIXELS.reshape(6, 14, 56).tolist(), (14, 56)),
        (PIXELS[:, :120], None),
        (PIXELS[:, :120].reshape(6, 1, 120), None),
    ],
    ids=lambda value: str(np.shape(value)),
)
def test_pictures_keep_their_shape(images, shape):
    dataset = Dataset(images, LABELS)
    assert dataset.images.ndim == 2
    for part in (dataset, dataset[1:3], pickle.loads(pickle.dumps(dataset))):
        assert part.picture_shape == shape
        assert shape is None or part.pictures().shape == (len(part), *shape)


NAMES = ("zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "a nine")


@pytest.mark.parametrize("classes", [None, 10])
def test_class_names(classes):
    assert Dataset(PIXELS, LABELS).class_names is None
    dataset = Dataset(PIXELS, LABELS % 9, classes=classes, class_names=list(NAMES))
    assert dataset.classes == 10
    for part in (dataset, dataset[::2], copy.copy(dataset), pickle.loads(pickle.dumps(dataset))):
        assert part.class_names == NAMES


@pytest.mark.parametrize(
    ("names", "complaint"),
    [
        (NAMES[:9], "got 9, 9 of them different"),
        ((*NAMES[:9], "zero"), "got 10, 9 of them different"),
        ((*NAMES[:9], " "), "class_names must be different strings, one per class in the order of the labels, got"),
        ((*NAMES[:9], 9), "class_names must be different strings, one per class in the order of the labels, got"),
        (
            "0123456789",
            "class_names must be different strings, one per class in the order of the labels, got '0123456789'",
        ),
        ((*NAMES[:9], "a\x1bb"), r"class_names must be printable, got 'a\\x1bb'"),
    ],
)
def test_other_class_names_are_refused(names, complaint):
    with pytest.raises(DataError, match=complaint):
        Dataset(PIXELS, LABELS, classes=10, class_names=names)


def test_it_cannot_be_changed():
    dataset = Dataset(PIXELS, LABELS)
    for name in ("images", "labels", "scale", "classes", "other"):
        with pytest.raises(AttributeError):
            setattr(dataset, name, 1)
    for array in (dataset.images, dataset.labels):
        with pytest.raises(ValueError, match="read-only"):
            array[0] = 1


@pytest.mark.parametrize("duplicate", [copy.copy, copy.deepcopy, lambda d: pickle.loads(pickle.dumps(d))])
def test_copies_and_pickles_stay_as_they_were(duplicate):
    dataset = Dataset(PIXELS, LABELS, scale=0.5, classes=12)
    again = duplicate(dataset)
    assert same(again)
    assert (again.scale, again.classes) == (0.5, 12)
    assert not again.images.flags.writeable


@pytest.mark.parametrize(
    ("images", "scale", "text"),
    [
        (PIXELS, None, "6 images of 784 pixels, uint8 x 1/255, 10 classes"),
        (PIXELS > 0, None, "6 images of 784 pixels, uint8, 10 classes"),
        (PIXELS / 255, None, "6 images of 784 pixels, float64, 10 classes"),
        (PIXELS.astype(np.float32), None, "6 images of 784 pixels, float32 scaled by 1/255, 10 classes"),
        (PIXELS, 0.3, "6 images of 784 pixels, uint8 x 0.3, 10 classes"),
        (PIXELS, 2, "6 images of 784 pixels, uint8 x 2, 10 classes"),
        (np.zeros((6, 1234)), None, "6 images of 1,234 pixels, float64, 10 classes"),
    ],
)
def test_repr(images, scale, text):
    assert repr(Dataset(images, LABELS, scale=scale)) == f"Dataset({text})"


@pytest.mark.parametrize("dtype", [None, np.float32, np.float64])
def test_scaled_images_are_those_of_the_pairs(dtype):
    for images in (PIXELS, PIXELS / 255, (PIXELS / 255).astype(np.float32)):
        dataset = Dataset(images, LABELS)
        found = dataset.scaled(dtype)
        assert found.dtype == (dataset[0][0].dtype if dtype is None else dtype)
        np.testing.assert_allclose(found, [image for image, _ in dataset], rtol=1e-6)
        assert dataset.value_range == pytest.approx((0.0, 1.0), abs=1e-7)
    assert np.shares_memory(dataset.scaled(), dataset.images)
    assert Dataset(-PIXELS.astype(int), LABELS).value_range == (-255.0, 0.0)
