import numpy as np
import pytest
from sklearn.datasets import load_wine
from support.faults import RENAMED, moved_each, of_values, pictures, rows, shifted, transposed, turned, with_header

from cmlp import Dataset, check
from cmlp.diagnosis import columns, geometry, transforms

rng = np.random.default_rng(3)
IMAGES = rng.integers(0, 256, (40, 36), dtype=np.uint8)
IMAGES[0, :2] = 0, 255
LABELS = np.arange(40) % 10
SIDE = (6, 6)
DOWN = (np.arange(10) - 1) % 10
ORDER = rng.permutation(36)


def by_code(code):
    return next(repair for repair in transforms.symmetries(SIDE) if repair.code == code)


def swapped(x):
    return rows(pictures(x)[:, ::-1, ::-1].transpose(0, 2, 1))


CASES = {
    "transposed": (by_code("transposed"), transposed(IMAGES), LABELS),
    "mirrored-left-right": (by_code("mirrored-left-right"), rows(pictures(IMAGES)[:, :, ::-1]), LABELS),
    "mirrored-up-down": (by_code("mirrored-up-down"), rows(pictures(IMAGES)[:, ::-1]), LABELS),
    "rotated-90": (by_code("rotated-90"), turned(IMAGES, 1), LABELS),
    "rotated-180": (by_code("rotated-180"), turned(IMAGES, 2), LABELS),
    "rotated-270": (by_code("rotated-270"), turned(IMAGES, 3), LABELS),
    "transposed-rotated-180": (by_code("transposed-rotated-180"), swapped(IMAGES), LABELS),
    "shifted": (transforms.shifted(SIDE, -2, -1), shifted(IMAGES, 2, 1), LABELS),
    "reshaped": (transforms.reshaped(), IMAGES.reshape(36, -1).T, LABELS),
    "inverted": (transforms.inverted(), 255 - IMAGES, LABELS),
    "wrapped-values": (transforms.wrapped_values(np.dtype(np.uint8)), IMAGES - np.uint8(128), LABELS),
    "signed-bytes": (transforms.signed_bytes(), IMAGES.view(np.int8), LABELS),
    "labels-shifted": (transforms.shifted_labels(3), IMAGES, np.roll(LABELS, 3)),
    "labels-off-by-one": (transforms.renamed_labels("labels-off-by-one", DOWN), IMAGES, (LABELS + 1) % 10),
    "labels-renamed": (transforms.renamed_labels("labels-renamed", np.argsort(RENAMED)), IMAGES, RENAMED[LABELS]),
}  # fmt: skip


def run(line, images, labels, other=IMAGES):
    """Return images and labels after the line, which speaks of test data."""
    names = {"np": np, "test_images": images, "test_labels": labels, "train_images": other}
    exec("import scipy.ndimage\n" + line, names)
    return names["test_images"], names["test_labels"]


@pytest.mark.parametrize("code", CASES)
def test_a_repair_undoes_its_fault(code):
    repair, images, labels = CASES[code]
    assert repair.code == code
    repaired = repair.apply(Dataset(images, labels, classes=10))
    np.testing.assert_array_equal(repaired.images, IMAGES)
    np.testing.assert_array_equal(repaired.labels, LABELS)
    assert repaired.scale == 1 / 255


@pytest.mark.parametrize("code", CASES)
def test_the_line_shown_does_the_same(code):
    repair, images, labels = CASES[code]
    found, names = run(repair.written_for("test"), images, labels)
    np.testing.assert_array_equal(found, IMAGES)
    np.testing.assert_array_equal(names, LABELS)


def test_inverting_swaps_the_ends_of_any_range():
    values = rng.uniform(-1, 3, (9, 16))
    values[0, :2] = -1, 3
    repair = transforms.inverted()
    np.testing.assert_allclose(repair.apply(Dataset(values, np.arange(9))).images, 2 - values)
    bright = np.array([[100, 255], [101, 180]], np.uint8)
    np.testing.assert_array_equal(repair.apply(Dataset(bright, [0, 1])).images, [[255, 100], [254, 175]])


@pytest.mark.parametrize("count", [8, 16])
def test_header_bytes_are_dropped(count):
    spoiled = with_header(IMAGES, count)
    repair = transforms.header_bytes(count)
    expected = IMAGES.copy()
    expected[-1, -count:] = 0  # what the header pushed out
    np.testing.assert_array_equal(repair.apply(Dataset(spoiled, LABELS)).images, expected)
    np.testing.assert_array_equal(run(repair.written_for("test"), spoiled, LABELS)[0], expected)


@pytest.mark.parametrize("repair", [transforms.shifted(SIDE, 2, 1), transforms.header_bytes(-5)])
def test_the_way_back_undoes_a_repair(repair):
    dataset = Dataset(IMAGES, LABELS, classes=10)
    there = repair.apply(dataset)
    assert not np.array_equal(there.images, IMAGES)
    back = repair.back().apply(there).images
    assert np.count_nonzero(back != IMAGES) <= 5  # dropping bytes loses the last
    np.testing.assert_array_equal(run(repair.written_for("test"), IMAGES, LABELS)[0], there.images)


def test_names_of_labels_and_orders_of_pixels_have_a_way_back():
    dataset = Dataset(IMAGES, LABELS, classes=10)
    for repair in (transforms.renamed_labels("labels-renamed", RENAMED), transforms.permuted_pixels(ORDER)):
        there = repair.apply(dataset)
        back = repair.back().apply(there)
        assert not (np.array_equal(there.images, IMAGES) and np.array_equal(there.labels, LABELS))
        np.testing.assert_array_equal(back.images, IMAGES)
        np.testing.assert_array_equal(back.labels, LABELS)
    assert transforms.inverted().back().code == "inverted"


@pytest.mark.parametrize(
    "change", [lambda v: v * 255, lambda v: v / 255, lambda v: 2 * v - 1, lambda v: (v - 0.1307) / 0.3081]
)
def test_ranges_are_matched(change):
    spoiled = of_values(change)(IMAGES, LABELS, 255)
    low, high = float(spoiled.images.min()), float(spoiled.images.max())
    expected = IMAGES / 255
    repair = transforms.rescaled((low, high))
    np.testing.assert_allclose(repair.apply(spoiled).images, expected, atol=1e-6)
    np.testing.assert_allclose(run(repair.written_for("test"), spoiled.images, LABELS)[0], expected, atol=1e-6)
    other = transforms.rescaled((low, high), (-1.0, 1.0))
    np.testing.assert_allclose(other.apply(spoiled).images, 2 * expected - 1, atol=1e-6)
    np.testing.assert_allclose(run(other.written_for("test"), spoiled.images, LABELS)[0], 2 * expected - 1, atol=1e-6)


def test_bytes_keep_their_type_when_only_their_scale_was_wrong():
    repaired = transforms.rescaled((0.0, 255.0)).apply(Dataset(IMAGES, LABELS, scale=1.0))
    assert repaired.images.dtype == np.uint8
    assert repaired.scale == 1 / 255


def test_features_get_the_moments_of_the_other_set():
    table, other = rng.normal(3, 2, (50, 7)), rng.normal(-1, 9, (40, 7))
    moments = [(values.mean(0), values.std(0)) for values in (table, other)]
    repair = transforms.standardised(*moments)
    repaired = repair.apply(Dataset(table, np.arange(50) % 2)).images
    np.testing.assert_allclose(repaired.mean(0), other.mean(0), rtol=1e-4)
    np.testing.assert_allclose(repaired.std(0), other.std(0), rtol=1e-4)
    np.testing.assert_allclose(run(repair.written_for("test"), table, None, other)[0], repaired, rtol=1e-4, atol=1e-4)


@pytest.mark.parametrize(("old", "new"), [(8, 6), (6, 8), (9, 6), (6, 9)])
def test_pictures_are_cut_or_padded_around_their_centre(old, new):
    pictures_ = rng.integers(1, 256, (3, old, old), dtype=np.uint8)
    repair = geometry.framed((old, old), (new, new))
    found = repair.apply(Dataset(pictures_, [0, 1, 2])).pictures()
    cut, pad = max(0, (old - new) // 2), max(0, (new - old) // 2)
    size = min(old, new)
    np.testing.assert_array_equal(
        found[:, pad : pad + size, pad : pad + size], pictures_[:, cut : cut + size, cut : cut + size]
    )
    line, flat = repair.written_for("test"), pictures_.reshape(3, -1)
    np.testing.assert_array_equal(run(line, flat, None)[0], found.reshape(3, -1))


def test_every_image_is_centred():
    spots = np.zeros((40, 15, 15), np.uint8)
    spots[:, 6:9, 5:10] = rng.integers(100, 256, (40, 3, 5))
    repair = transforms.uncentred((15, 15), 7, 7)
    centred = repair.apply(Dataset(spots, LABELS)).images
    spoiled = moved_each(spots.reshape(40, -1))
    np.testing.assert_array_equal(repair.apply(Dataset(spoiled, LABELS)).images, centred)
    np.testing.assert_array_equal(run(repair.written_for("test"), spoiled, LABELS)[0], centred)


def test_wrapped_bytes_are_found_in_floats_too():
    wrapped = ((IMAGES - np.uint8(128)) / 255).astype(np.float32)
    repair = transforms.wrapped_values(wrapped.dtype)
    repaired = repair.apply(Dataset(wrapped, LABELS)).images
    np.testing.assert_allclose(repaired, IMAGES / 255, atol=1e-6)
    np.testing.assert_allclose(run(repair.written_for("test"), wrapped, LABELS)[0], IMAGES / 255, atol=1e-6)


def test_a_line_names_the_arrays_of_its_set():
    assert transforms.reshaped().written_for("train") == "train_images = train_images.T.reshape(train_images.shape)"
    assert transforms.permuted_pixels(ORDER).written_for("test") == "test_images = report.repaired_test.images"


# Lines that are run as they are printed


@pytest.mark.parametrize("bounds", [None, (0.0, 1.0)])
def test_the_line_of_a_repair_knows_that_the_other_set_has_bytes(bounds):
    others, values = Dataset(IMAGES, LABELS), rng.normal(3, 2, IMAGES.shape)
    own, theirs = Dataset(values, LABELS), others.scaled()
    moments = [(v.mean(0), v.std(0)) for v in (values, theirs)]
    repair = transforms.standardised(*moments, bounds)
    names = {"np": np, "train_images": IMAGES, "test_images": values}
    exec(repair.written_for("test", own, others), names)
    np.testing.assert_allclose(names["test_images"], repair.apply(own).images, atol=1e-5)
    assert bounds is None or 0 <= names["test_images"].min() <= names["test_images"].max() <= 1


def test_the_line_of_a_repair_knows_that_its_own_set_has_bytes():
    images = np.where(rng.random(IMAGES.shape) < 0.1, 255, IMAGES // 2).astype(np.uint8)
    own, others = Dataset(images, LABELS), Dataset(IMAGES, LABELS)
    repair = columns.sentinels(1.0, np.median(others.scaled(), axis=0))
    names = {"np": np, "train_images": IMAGES, "test_images": images}
    exec(repair.written_for("test", own, others), names)
    np.testing.assert_allclose(names["test_images"], repair.apply(own).images, atol=1e-6)
    assert "/" not in repair.written_for("test", Dataset(images, LABELS, scale=1.0), Dataset(IMAGES, LABELS, scale=1.0))


@pytest.mark.parametrize("value", [-9999999.0, -999.9, 1e9, -1.0])
def test_the_line_of_a_stand_in_finds_it(value):
    images = np.where(rng.random(IMAGES.shape) < 0.1, value, rng.normal(3, 2, IMAGES.shape))
    own, repair = Dataset(images, LABELS), columns.sentinels(value, np.full(36, 3.0, np.float32))
    names = {"np": np, "train_images": np.full_like(images, 3.0), "test_images": images}
    exec(repair.written_for("test", own, own), names)
    np.testing.assert_allclose(names["test_images"], repair.apply(own).images, rtol=1e-6)
    assert value not in names["test_images"]


def test_repairs_can_be_run_one_after_another():
    x, y = load_wine(return_X_y=True)
    order = np.random.default_rng(0).permutation(len(x))
    train, (a, b) = (x[order[:120]], y[order[:120]]), (x[order[120:]] * 1000, y[order[120:]])
    report = check(Dataset(*train), Dataset(a, b))
    names = {"np": np, "train_images": train[0], "test_images": a, "report": report}
    for finding in report:
        exec(finding.repair, names)
    np.testing.assert_allclose(names["test_images"], report.repaired_test.images, rtol=1e-5)
    assert report.findings[0].after > 85
