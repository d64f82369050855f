"""Toy sets of scikit-learn as they are: what scaling would bring, natural duplicates, and leaks."""

import numpy as np
import pytest
from sklearn.datasets import load_breast_cancer, load_digits, load_iris, load_wine
from sklearn.model_selection import train_test_split

from cmlp import Dataset, check


def sets(load, change=lambda x, y: x):
    x, y = load(return_X_y=True)
    a, c, b, d = train_test_split(change(x, y), y, test_size=0.25, random_state=0, stratify=y)
    return Dataset(a, b), Dataset(c, d)


def other_units(x, y):
    x = x.copy()
    x[:, 1] *= 1000
    return x


def found(report, code):
    return [finding for finding in report if finding.code == code]


@pytest.mark.parametrize(
    ("load", "change"),
    [
        (load_wine, lambda x, y: x),
        (load_breast_cancer, lambda x, y: x),
        (load_wine, other_units),
        (load_breast_cancer, other_units),
        (load_iris, other_units),
    ],
    ids=["wine", "breast cancer", "wine, other units", "breast cancer, other units", "iris, other units"],
)
def test_what_scaling_would_bring_is_found_without_a_network(load, change):
    train, test = sets(load, change)
    report = check(train, test)
    assert report.ok
    (finding,) = found(report, "unscaled-columns")
    assert finding.after > 90 > 60 > finding.before
    images = {"train_images": np.array(train.images), "test_images": np.array(test.images)}
    exec(finding.repair, {}, images)
    np.testing.assert_allclose(images["train_images"].mean(axis=0), 0, atol=1e-4)
    mended = check(Dataset(images["train_images"], train.labels), Dataset(images["test_images"], test.labels))
    assert mended.ok and not found(mended, "unscaled-columns")


@pytest.mark.parametrize("load", [load_iris, load_digits])
def test_what_needs_no_scaling_gets_no_advice(load):
    report = check(*sets(load))
    assert report.ok and not found(report, "unscaled-columns")


def test_a_single_set_is_told_the_same():
    (finding,) = found(check(Dataset(*load_wine(return_X_y=True))), "unscaled-columns")
    assert "test_images" not in finding.repair and "(column 12)" in finding.measured


@pytest.mark.parametrize("load", [load_iris, load_wine, load_breast_cancer])
def test_natural_duplicates_are_not_blamed_on_a_shuffle(load):
    """Rounded values, as people note them, make many rows equal, some of them with other labels."""
    x, y = load(return_X_y=True)
    coarse = np.round(x[:, :3] / x[:, :3].std(axis=0)) * x[:, :3].std(axis=0)
    text = str(check(Dataset(coarse, y)))
    assert "[duplicate-rows]" in text and "shuffle" not in text


@pytest.mark.parametrize("load", [load_iris, load_wine, load_breast_cancer])
@pytest.mark.parametrize("pair", [True, False], ids=["two sets", "one set"])
def test_a_feature_that_equals_the_label_is_a_leak(load, pair):
    train, test = sets(load, lambda x, y: np.column_stack([x, y]))
    report = check(train, test) if pair else check(train)
    (finding,) = report.problems
    assert finding.code == "label-column" and "leak" in finding.verdict
    assert f"Column {train.images.shape[1] - 1} " in finding.verdict
