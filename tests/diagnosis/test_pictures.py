"""Pictures of other kinds than the digits, and what is done to them or to a part of them."""

import warnings

import numpy as np
import pytest
from support.strangers import PICTURE_FAULTS, codes, datasets, large_digits

from cmlp import Dataset, check


@pytest.fixture(scope="module")
def digits():
    return large_digits()


def both(digits, change):
    return datasets(*((change(x), y) for x, y in digits))


SOUND = {
    "oblong": lambda x: x[:, :, 3:21],
    "a strip whose number of pixels is a square": lambda x: x[:, 10:16],
    "signed": lambda x: (x / 127.5 - 1).astype(np.float32).reshape(len(x), -1),
    "standardised": lambda x: ((x - 60.0) / 80).reshape(len(x), -1),
    "white paper": lambda x: 255 - x,
    "two values": lambda x: (x > 100).astype(np.uint8),
    "symmetric": lambda x: ((x.astype(int) + x[:, :, ::-1]) // 2).astype(np.uint8),
    "noisy": lambda x: (x + np.random.default_rng(0).normal(0, 40, x.shape)).clip(0, 255).astype(np.uint8),
}


@pytest.mark.parametrize("what", SOUND)
def test_sound_pictures_give_no_finding(digits, what):
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        report = check(*both(digits, SOUND[what]))
    assert codes(report) == [] and report.ok


def test_oblong_pictures_are_turned_back(digits):
    (x, y), (a, b) = digits
    x, a = x[:, :, 3:21], a[:, :, 3:21]
    report = check(*datasets((x, y), (255 - a[:, ::-1], b)))
    assert set(codes(report)) == {"inverted", "mirrored-up-down"}
    np.testing.assert_array_equal(report.repaired_test.pictures(), a)


@pytest.mark.parametrize("case", PICTURE_FAULTS, ids=lambda case: case.what)
def test_geometry_is_named_for_what_it_is(digits, case):
    train, test = digits
    report = check(*datasets(train, case.spoil(*test)))
    assert codes(report)[0] == case.code and "permuted-pixels" not in codes(report)
    assert report.findings[0].after > 75 and (report.accuracy or 0) < 70


def test_halved_pictures_are_resized_and_not_padded(digits):
    train, (a, b) = digits
    (finding,) = check(*datasets(train, (a[:, ::2, ::2], b))).problems
    assert "scipy.ndimage.zoom" in finding.repair and "% on test data that are cut or padded" in finding.measured


# What was chosen by test rows is judged by others


def test_a_permutation_does_not_explain_what_it_was_fitted_to(digits):
    train, (a, b) = digits
    draw = np.random.default_rng(0)
    noise = np.where(draw.random(a.shape) < 0.6, draw.integers(0, 256, a.shape), a).astype(np.uint8)
    assert "permuted-pixels" not in codes(check(*datasets(train, (noise, b))))


def test_a_test_set_of_one_label_gets_no_invented_error(digits):
    train, (a, b) = digits
    report = check(*datasets(train, (a[b == 3], b[b == 3])))
    assert not set(codes(report)) - {"missing-classes", "one-class", "label-drift"}


def test_few_rows_are_compared_as_far_as_they_allow(digits):
    train, (a, b) = digits
    assert codes(check(*datasets(train, (255 - a[:49], b[:49])))) == ["inverted"]
    few = check(*datasets(train, (a[:8], b[:8])))
    assert codes(few) == [] and not few.ok


# Parts


def test_the_last_rows_are_found_and_named(digits):
    train, (a, b) = digits
    spoiled = a.copy()
    spoiled[-100:] = 255 - spoiled[-100:]
    report = check(*datasets(train, (spoiled, b)))
    assert codes(report) == ["inverted"]
    assert f"rows {len(a) - 100} to {len(a) - 1} of the test data only" in report.findings[0].verdict
    np.testing.assert_array_equal(report.repaired_test.pictures(), a)


def test_labels_of_the_last_rows_are_found(digits):
    train, (a, b) = digits
    b = b.copy()
    b[-120:] = np.random.default_rng(0).permutation(b[-120:])
    report = check(*datasets(train, (a, b)))
    assert codes(report) == ["labels-partly-wrong"]
    assert f"to {len(a) - 1} of the test data" in report.findings[0].measured


def test_a_part_of_the_training_data_is_found(digits):
    (x, y), test = digits
    y = y.copy()
    y[-200:] = np.random.default_rng(0).permutation(y[-200:])
    (finding,) = check(*datasets((x, y), test)).problems
    assert (finding.code, finding.where) == ("labels-partly-wrong", "training data")
    assert "to 1,07" in finding.measured


def test_rows_here_and_there_are_found(digits):
    train, (a, b) = digits
    chosen = np.random.default_rng(0).random(len(a)) < 0.12
    report = check(*datasets(train, (np.where(chosen[:, None, None], 255 - a, a), b)))
    assert codes(report) == ["inverted"] and "of the rows only" in report.findings[0].verdict


def test_a_class_that_is_another_one_is_found(digits):
    train, (a, b) = digits
    report = check(*datasets(train, (a, np.where(b == 9, 4, b))))
    assert "class-differs" in codes(report) or "missing-classes" in codes(report)
    inverted = np.where((b == 4)[:, None, None], 255 - a, a)
    assert codes(check(*datasets(train, (inverted, b)))) == ["class-differs"]


# Inside a set


def test_an_empty_class_is_no_fault(digits):
    empty = [(x * (y != 0)[:, None, None].astype(np.uint8), y) for x, y in digits]
    assert codes(check(*datasets(*empty))) == []


def test_sorted_labels_are_no_fault(digits):
    ordered = [(x[np.argsort(y)], np.sort(y)) for x, y in digits]
    assert codes(check(*datasets(*ordered))) == []


def test_one_grey_level_makes_no_other_image(digits):
    (x, y), (a, b) = digits
    half = len(a) // 2
    leaking = np.concatenate([np.where(x[:half] < 255, x[:half] + 1, 254).astype(np.uint8), a[half:]])
    report = check(*datasets((x, y), (leaking, np.append(y[:half], b[half:]))))
    assert codes(report) in (["near-duplicates"], ["shared-rows"])
    one_pixel = x[:half].copy()
    one_pixel[:, 5, 5] ^= 255
    report = check(*datasets((x, y), (np.concatenate([one_pixel, a[half:]]), np.append(y[:half], b[half:]))))
    assert codes(report) == ["near-duplicates"]


# The report


def test_classes_have_their_names(digits):
    names = [f"number {label}" for label in range(10)]
    train, test = (Dataset(x, y, class_names=names) for x, y in digits)
    keep = np.flatnonzero(train.labels != 7)
    (finding,) = check(train[keep], test).problems
    assert "label number 7" in finding.verdict


def test_large_pictures_take_a_moment():
    rng = np.random.default_rng(0)
    y = np.arange(300) % 3
    x = np.zeros((300, 160, 160), np.uint8)
    for image, label in zip(x, y, strict=True):
        corner = rng.integers(30, 60, 2)
        image[corner[0] : corner[0] + 30 + 25 * label, corner[1] : corner[1] + 90 - 25 * label] = 200
    x += rng.integers(0, 30, x.shape, dtype=np.uint8)
    report = check(*datasets((x[:200], y[:200]), (x[200:], y[200:])))
    assert codes(report) == [] and report.ok
