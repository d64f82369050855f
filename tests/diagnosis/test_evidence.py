import numpy as np
import pytest

import cmlp
from cmlp import Dataset
from cmlp.diagnosis.evidence import Evidence, correlation, nearest, smoothness

rng = np.random.default_rng(4)


@pytest.fixture(scope="module")
def digits():
    return Evidence("training data", cmlp.load_digits()[0])


def test_nearest_neighbours_are_those_of_the_distance_matrix():
    values = rng.normal(size=(60, 5)).astype(np.float32) + 100
    distances = np.linalg.norm(values[:, None].astype(float) - values, axis=2)
    np.fill_diagonal(distances, np.inf)
    np.testing.assert_array_equal(nearest(values), distances.argmin(axis=1))


def test_smoothness_is_the_correlation_of_neighbouring_pixels():
    ramp = np.add.outer(np.arange(8.0), np.arange(8.0)).reshape(1, 64)
    assert smoothness(ramp, (8, 8)) == pytest.approx(1)
    assert abs(smoothness(rng.normal(size=(500, 64)), (8, 8))) < 0.02
    checks = (np.indices((8, 8)).sum(axis=0) % 2).reshape(1, 64).astype(float)
    assert smoothness(checks, (8, 8)) == pytest.approx(-1)


def test_correlation_is_numpys_and_zero_for_constants():
    a, b = rng.normal(size=(2, 50))
    assert correlation(a, b) == pytest.approx(np.corrcoef(a, b)[0, 1])
    assert correlation(a, np.ones(50)) == 0


def test_measurements_on_the_digits(digits):
    assert digits.agreement > 0.95
    assert digits.chance == pytest.approx(0.1, abs=0.002)
    assert digits.excess > 0.95
    assert not digits.at_chance
    assert digits.smoothness == pytest.approx(0.54, abs=0.02)
    assert digits.range == (0.0, 1.0)
    assert (digits.levels, digits.shape, digits.background, digits.blank.sum()) == (17, (8, 8), 0, 0)


def test_labels_in_disorder_agree_by_chance(digits):
    dataset = Dataset(digits.dataset.images, rng.permutation(digits.dataset.labels))
    assert Evidence("test data", dataset).at_chance


def test_rows_are_equal_in_any_type_and_scale(digits):
    images, labels = digits.dataset.images, digits.dataset.labels
    assert len(np.unique(digits.hashes)) == len(images)
    for other in (images / 16, (images / 16).astype(np.float32), images / 8 - 1):
        np.testing.assert_array_equal(Evidence("test data", Dataset(other, labels)).hashes, digits.hashes)


def test_blank_images_are_counted():
    images = rng.integers(0, 256, (3000, 16), dtype=np.uint8)
    images[[5, 2999]] = [[0], [9]]
    assert Evidence("test data", Dataset(images, np.zeros(3000, int))).blank.sum() == 2


def test_short_rows_and_oblongs_have_no_shape():
    for pixels, shape in ((4, None), (9, None), (15, None), (16, (4, 4)), (784, (28, 28))):
        assert Evidence("test data", Dataset(np.ones((2, pixels)), [0, 1])).shape == shape
