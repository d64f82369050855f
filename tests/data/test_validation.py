"""Every form that images and labels may have, and the sentence for every one that they may not."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from cmlp.data import Dataset
from cmlp.errors import DataError

rng = np.random.default_rng(5)
PIXELS = rng.integers(0, 256, (6, 784), dtype=np.uint8)
PIXELS[0, :2] = 0, 255
LABELS = np.array([3, 0, 9, 1, 1, 4])
ONE_HOT = np.eye(10)[LABELS]
FORMS = {
    "rows": PIXELS,
    "column vectors": PIXELS[:, :, None],
    "pictures": PIXELS.reshape(6, 28, 28),
    "pictures with a channel": PIXELS.reshape(6, 28, 28, 1),
}


def complaint(images=PIXELS, labels=LABELS, **keywords):
    """Sentence with which a Dataset of these is refused."""
    with pytest.raises(DataError) as caught:
        Dataset(images, labels, **keywords)
    return str(caught.value)


def same(dataset, images=PIXELS, labels=LABELS):
    assert dataset.labels.dtype == np.intp
    np.testing.assert_array_equal(dataset.images, images)
    np.testing.assert_array_equal(dataset.labels, labels)
    return True


# Images that are accepted


@pytest.mark.parametrize("images", FORMS.values(), ids=FORMS)
@pytest.mark.parametrize("make", [np.asarray, list, tuple, np.ndarray.tolist], ids=lambda f: f.__name__)
def test_every_form_of_images_gives_the_same_dataset(images, make):
    dataset = Dataset(make(images), LABELS, classes=10)
    assert same(dataset)
    assert (dataset.images.dtype, dataset.scale, dataset.classes) == (np.uint8, 1 / 255, 10)


@given(
    images=hnp.arrays(
        dtype=st.one_of(hnp.integer_dtypes(), hnp.unsigned_integer_dtypes()),
        shape=hnp.array_shapes(min_dims=2, max_dims=3, max_side=5),
        elements=st.integers(0, 127),
    ),
    order=st.sampled_from("CF"),
    step=st.sampled_from([1, 2, -1]),
)
def test_integers_of_any_width_and_byte_order_become_the_same_bytes(images, order, step):
    given_images = np.asarray(images, order=order)[::step]
    dataset = Dataset(given_images, np.zeros(len(given_images), int))
    assert dataset.images.dtype == np.uint8
    assert same(dataset, given_images.reshape(len(given_images), -1), 0)


@given(
    images=hnp.arrays(
        dtype=hnp.floating_dtypes(sizes=(16, 32, 64)),
        shape=hnp.array_shapes(min_dims=2, max_dims=3, max_side=5),
        elements=st.floats(0, 1, width=16),
    ),
    order=st.sampled_from("CF"),
)
def test_floats_of_any_width_and_byte_order_keep_their_values(images, order):
    dataset = Dataset(np.asarray(images, order=order), np.zeros(len(images), int))
    assert dataset.images.dtype == (np.float64 if images.dtype.itemsize == 8 else np.float32)
    assert dataset.images.dtype.isnative
    assert same(dataset, images.reshape(len(images), -1), 0)


@pytest.mark.parametrize("dtype", [np.uint8, np.float32, np.float64])
@pytest.mark.parametrize("shape", [(2, 784), (2, 784, 1), (2, 28, 28), (2, 28, 28, 1)])
def test_arrays_that_fit_are_shared_and_stay_the_callers(dtype, shape):
    images, labels = np.ones(shape, dtype), np.array([0, 1])
    dataset = Dataset(images, labels)
    assert np.shares_memory(dataset.images, images)
    assert np.shares_memory(dataset.labels, labels)
    assert not dataset.images.flags.writeable
    assert not dataset.labels.flags.writeable
    assert images.flags.writeable
    assert labels.flags.writeable


@pytest.mark.parametrize("dtype", [np.uint8, np.int64, np.float16, np.float32, np.float64, np.longdouble])
def test_given_arrays_keep_their_values(dtype):
    images, labels = np.array([[0, 200], [255, 3]], dtype), np.array([[0], [1]], np.uint8)
    Dataset(images, labels)
    np.testing.assert_array_equal(images, np.array([[0, 200], [255, 3]], dtype))
    np.testing.assert_array_equal(labels, [[0], [1]])


def test_read_only_input_is_accepted():
    images, labels = PIXELS.copy(), LABELS.copy()
    images.setflags(write=False)
    labels.setflags(write=False)
    assert same(Dataset(images, labels))


def test_a_scaled_array_is_not_a_view_of_the_given_one():
    images = np.array([[0.0, 255.0]])
    dataset = Dataset(images, [0])
    assert not np.shares_memory(dataset.images, images)
    assert dataset.images.tolist() == [[0.0, 1.0]]


# The scale


@pytest.mark.parametrize(
    ("highest", "dtype", "scale", "kept"),
    [
        (1, bool, 1, np.uint8),
        (0, np.uint8, 1, np.uint8),
        (1, np.uint8, 1, np.uint8),
        (2, np.uint8, 1 / 16, np.uint8),
        (16, np.int8, 1 / 16, np.uint8),
        (17, np.int64, 1, np.uint8),  # no full scale, and no picture
        (17, np.uint8, 1 / 255, np.uint8),
        (255, np.uint8, 1 / 255, np.uint8),
        (256, np.uint16, 1 / 65535, np.float64),
        (65535, ">u2", 1 / 65535, np.float64),
        (65536, np.int32, 1, np.float64),
        (1, np.float32, 1, np.float32),
        (1.0001, np.float64, 1, np.float64),  # rounding
        (1.01, np.float64, 1, np.float64),  # as after a scaler that was fitted to other rows
        (16, np.float64, 1, np.float64),  # in two columns
        (255, np.float16, 1 / 255, np.float32),
        (255, np.longdouble, 1 / 255, np.float64),
        (256, np.float32, 1, np.float32),
    ],
)
def test_the_scale_is_one_over_the_smallest_full_scale_that_holds_the_largest_pixel(highest, dtype, scale, kept):
    images = np.array([[0, 0], [0, highest]], dtype)
    dataset = Dataset(images, [0, 1])
    assert (dataset.scale, dataset.images.dtype) == (scale, kept)
    expected = highest if kept == np.uint8 else float(highest) * scale
    assert dataset.images[1, 1] == pytest.approx(expected, rel=1e-6)
    assert dataset[1][0][1] == pytest.approx(float(highest) * scale, rel=1e-6)


@pytest.mark.parametrize("dtype", [np.int16, np.float32, np.float64])
def test_negative_values_are_no_pixels_and_stay(dtype):
    dataset = Dataset(np.array([[-1, 100]], dtype), [0])
    assert dataset.scale == 1
    assert dataset.images.tolist() == [[-1, 100]]


def test_a_given_scale_is_applied_on_use_to_bytes_and_at_once_to_floats():
    raw, scaled = (Dataset(np.array([[0, 8]], t), [0], scale=0.125) for t in (np.uint8, np.float32))
    assert (raw.scale, raw.images.tolist(), raw[0][0].tolist()) == (0.125, [[0, 8]], [0, 1])
    assert (scaled.scale, scaled.images.tolist(), scaled[0][0].tolist()) == (0.125, [[0, 1]], [0, 1])


@pytest.mark.parametrize("scale", [0, -1, float("nan"), float("inf"), True, "1", 1j])
def test_other_scales_are_refused(scale):
    assert complaint(scale=scale) == f"scale must be a positive number, got {scale!r}"


# Labels that are accepted


@pytest.mark.parametrize(
    "labels",
    [
        LABELS.astype(np.uint8),
        LABELS.astype(">i8"),
        LABELS.astype(np.uint64),
        LABELS[:, None],
        LABELS[:, None, None],
        LABELS.tolist(),
        tuple(LABELS),
        [np.int8(label) for label in LABELS],
        [3, np.uint8(0), np.int16(9), 1, 1, 4],
        LABELS[:, None].tolist(),
        ONE_HOT,
        ONE_HOT.astype(bool),
        ONE_HOT.astype(np.float16),
        ONE_HOT.astype(np.int8, order="F"),
        ONE_HOT.tolist(),
        list(ONE_HOT),
        [row[:, None] for row in ONE_HOT],
    ],
    ids=lambda labels: f"{type(labels).__name__} {np.shape(labels)} {np.asarray(labels).dtype}",
)
@pytest.mark.parametrize("classes", [10, None])
def test_every_form_of_labels_gives_the_same_dataset(labels, classes):
    dataset = Dataset(PIXELS, labels, classes=classes)
    assert same(dataset)
    assert dataset.classes == 10


def test_one_hot_labels_count_their_classes_even_where_some_do_not_occur():
    assert Dataset(np.zeros((2, 4)), np.eye(5)[[1, 2]]).classes == 5


# Refusals of images


@pytest.mark.parametrize(
    ("images", "sentence"),
    [
        ([], "images must not be empty, got shape (0,)"),
        (np.zeros((0, 784)), "images must not be empty, got shape (0, 784)"),
        (np.zeros((6, 0)), "images must have at least one pixel each, got shape (6, 0)"),
        ([[]] * 6, "images must have at least one pixel each, got shape (6, 0)"),
        (
            [[0, 1], [0, 1], [0, 1, 2]],
            "images must all have the same shape, got (3,) at index 2 after (2,) at index 0",
        ),
        (
            [np.zeros((28, 28)), np.zeros(784)],
            "images must all have the same shape, got (784,) at index 1 after (28, 28) at index 0",
        ),
        ([[[0, 1], [0]]], "images must hold rows of equal length, got a ragged list at index 0"),
        ([[0], (np.zeros(4), 7)], "images must hold rows of equal length, got a ragged tuple at index 1"),
        (np.array([[0, None]]), "images must be numbers, got dtype object"),
        ([[0], [None]], "images must be numbers, got dtype object at index 1"),
        ([np.zeros(3), None], "images must be numbers, got NoneType at index 1"),
        (np.array([["a"]]), "images must be numbers, got dtype <U1"),
        ([[0, 1], [0, "1"]], "images must be numbers, got dtype <U21 at index 1"),
        ("images", "images must be numbers, got str"),
        (None, "images must be numbers, got NoneType"),
        ({"images": PIXELS}, "images must be numbers, got dict"),
        (np.zeros((1, 4), complex), "images must be numbers, got dtype complex128"),
        (np.zeros((1, 4), "M8[s]"), "images must be numbers, got dtype datetime64[s]"),
        (
            np.zeros((6, 28, 28, 3)),
            "images must have shape (n, pixels), (n, height, width) or (n, height, width, 1), got (6, 28, 28, 3)",
        ),
        (5, "images must have shape (n, pixels), (n, height, width) or (n, height, width, 1), got ()"),
        (
            LABELS,
            "images must have shape (n, pixels), (n, height, width) or (n, height, width, 1), "
            "got (6,), the shape of labels",
        ),
        ([1, True], "images must all have the same type, got bool at index 1 after int64 at index 0"),
    ],
)
def test_refused_images(images, sentence):
    assert complaint(images) == sentence


@pytest.mark.parametrize("dtype", [np.float16, np.float32, ">f8", np.longdouble])
@pytest.mark.parametrize("value", ["nan", "inf", "-inf"])
def test_pixels_that_are_not_finite(dtype, value):
    images = np.zeros((5, 4), dtype)
    images[3, 2] = float(value)
    assert complaint(images) == f"images must be finite, got {value} in image 3, pixel 2"
    images[4, 0] = np.nan
    assert complaint(images) == f"images must be finite, got {value} in image 3, pixel 2"


@pytest.mark.skipif(np.finfo(np.longdouble).max == np.finfo(float).max, reason="long double is double")
def test_a_long_double_beyond_float64_is_not_finite():
    images = np.full((1, 2), np.finfo(np.longdouble).max)
    assert complaint(images) == "images must be finite, got inf in image 0, pixel 0"


# Refusals of labels


@pytest.mark.parametrize(
    ("labels", "sentence"),
    [
        ([], "labels must not be empty, got shape (0,)"),
        ([0, 1, 10, 2, 3, 11], "labels must be in 0..9, got 10 at index 2"),
        ([0, 1, 2, 10], "labels must be in 0..9, got 10 at index 3"),
        ([0, 1, 2, -1, 3, 4], "labels must be in 0..9, got -1 at index 3"),
        (np.array([0, 2**64 - 1], np.uint64), f"labels must be in 0..9, got {2**64 - 1} at index 1"),
        ([1, 2, 3, 4, 5, 10], "labels must be in 0..9, got 1..10: they seem to start at 1"),
        ([1.0, 1.5], "labels must be whole numbers or one-hot rows, got 1.5 at index 1"),
        (np.array([[1.0], [2.5]]), "labels must be whole numbers or one-hot rows, got 2.5 at index 1"),
        (np.array([True, False]), "labels must be integers or one-hot rows, got dtype bool"),
        ([1, 2, "3"], "labels must be numbers, got str at index 2"),
        ([1, None], "labels must be numbers, got NoneType at index 1"),
        ([1, True], "labels must all have the same type, got bool at index 1 after int64 at index 0"),
        ([1, 2.0], "labels must all have the same type, got float64 at index 1 after int64 at index 0"),
        (np.array(["7", "3"]), "labels must be numbers, got dtype <U1"),
        (
            np.array([7, 3], object),
            "labels must be an array of numbers, got one of objects: give what its .astype(float) returns",
        ),
        (None, "labels must be numbers, got NoneType"),
        ([[1], [2, 3]], "labels must all have the same shape, got (2,) at index 1 after (1,) at index 0"),
        ([[1, [2]]], "labels must hold rows of equal length, got a ragged list at index 0"),
        (7, "labels must have shape (n,), (n, 1) or one-hot (n, classes), got ()"),
        (
            PIXELS.reshape(6, 28, 28),
            "labels must have shape (n,), (n, 1) or one-hot (n, classes), got (6, 28, 28)",
        ),
        (np.eye(12)[LABELS], "labels must have 10 one-hot columns, got 12"),
    ],
)
def test_refused_labels(labels, sentence):
    assert complaint(labels=labels, classes=10) == sentence


@pytest.mark.parametrize(
    ("row", "found"),
    [
        ([0, 0, 0], "0 values other than 0"),
        ([0, 1, 1], "2 values other than 0"),
        ([1, 0, -1], "2 values other than 0"),
        ([0, 2, 0], "the value 2"),
        ([0, -1, 0], "the value -1"),
        ([0, np.nan, 0], "the value nan"),
        ([0, 0.5, 0], "the value 0.5"),
        ([False, False, False], "0 values other than 0"),
    ],
)
def test_refused_one_hot_rows(row, found):
    labels = np.stack([np.eye(3)[0], np.eye(3)[1], row]).astype(np.asarray(row).dtype)
    rule = "labels of shape (3, 3) must be one-hot rows, a single 1 among 0s"
    assert complaint(labels=labels) == f"{rule}, got {found} at index 2"


@pytest.mark.parametrize(
    ("labels", "sentence"),
    [
        ([1, 2, 10], "labels must start at 0, got 1..10: subtract 1, or say classes=11 if they are right"),
        ([2, 2, 2], "labels must start at 0, got 2..2: say classes=3 if they are right"),
        ([0, 1, -2, 4], "labels must not be negative, got -2 at index 2"),
    ],
)
def test_labels_from_which_the_classes_cannot_be_inferred(labels, sentence):
    assert complaint(labels=labels) == sentence


@pytest.mark.parametrize("classes", [0, -1, 2.0, True, "10"])
def test_other_numbers_of_classes_are_refused(classes):
    assert complaint(classes=classes) == f"classes must be a positive integer or None, got {classes!r}"


def test_swapped_images_and_labels():
    assert complaint(LABELS, PIXELS).endswith("got (6,), the shape of labels")
    sentence = complaint(ONE_HOT, np.full((6, 784), 7))
    rule = "labels of shape (6, 784) must be one-hot rows, a single 1 among 0s"
    assert sentence == f"{rule}, got 784 values other than 0 at index 0"


def test_the_counts_must_agree():
    sentence = complaint(np.zeros((1200, 1)), np.zeros(1199, int), names=("a.pkl", "b.pkl"))
    assert sentence == "a.pkl and b.pkl must have the same length, got 1,200 images and 1,199 labels"


def test_complaints_use_the_names_given():
    names = ("images in a.pkl", "labels in b.pkl")
    assert complaint([], names=names) == "images in a.pkl must not be empty, got shape (0,)"
    assert complaint(labels=[], names=names) == "labels in b.pkl must not be empty, got shape (0,)"


@given(
    images=hnp.arrays(
        st.one_of(hnp.scalar_dtypes(), st.just(np.dtype(object))), hnp.array_shapes(max_dims=4, max_side=3)
    ),
    labels=hnp.arrays(
        st.one_of(hnp.scalar_dtypes(), st.just(np.dtype(object))), hnp.array_shapes(max_dims=4, max_side=3)
    ),
)
def test_anything_is_a_dataset_of_finite_pixels_or_refused(images, labels):
    try:
        dataset = Dataset(images, labels)
    except DataError as error:
        assert "\n" not in str(error)
    else:
        assert len(dataset.images) == len(dataset.labels) > 0
        assert np.isfinite(dataset.images).all()
        assert 0 <= dataset.labels.min() <= dataset.labels.max() < dataset.classes


def test_tables_of_one_kind_get_one_scale():
    """Raw tables have maxima such as 251 and 301, and those of a fitted scaler such as 1 and 1.05."""
    rng = np.random.default_rng(0)
    for columns in (5, 64):
        for highest in (251, 301):
            table = rng.integers(0, highest, (50, columns))
            table[0, 0] = highest
            assert Dataset(table, np.arange(50)).scale == 1
        for highest in (0.9, 1.0, 1.05, 2.5):
            assert Dataset(rng.uniform(0, highest, (50, columns)), np.arange(50)).scale == 1


@pytest.mark.parametrize("dtype", [np.int64, np.float32, np.float64])
def test_whole_numbers_that_look_like_pixels_are_pixels(dtype):
    ramp = np.add.outer(np.arange(8), np.arange(8)).ravel()
    pictures = (np.random.default_rng(0).integers(1, 10, (60, 1)) * ramp).astype(dtype)
    assert 16 < pictures.max() < 255
    assert Dataset(pictures, np.arange(60)).scale == 1 / 255
    assert Dataset(pictures[:, :60].reshape(60, 6, 10), np.arange(60)).scale == 1 / 255
    assert Dataset(pictures[:, :60], np.arange(60)).scale == 1
