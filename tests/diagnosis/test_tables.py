"""Tables: no picture is seen in them, what was done to their columns is named and undone, and leaks are found."""

import warnings

import numpy as np
import pytest
from sklearn.datasets import load_iris, load_wine
from sklearn.model_selection import train_test_split
from sklearn.preprocessing import MinMaxScaler
from support.strangers import TABLE_FAULTS, cancer, clusters, codes, datasets, iris, lost, split, wine

from cmlp import Dataset, check

SQUARES = (16, 25, 36, 49, 64, 100, 256, 1024)


@pytest.mark.parametrize("columns", SQUARES)
@pytest.mark.parametrize("rows", [120, 600])
def test_a_table_of_square_width_is_no_picture(rows, columns):
    x, y = clusters(rows, columns, 4)
    report = check(*datasets(*split((x - x.mean(0)) / x.std(0), y)))
    assert codes(report) == [] and report.ok


def test_columns_of_different_units_are_standardised_one_by_one():
    (x, y), (a, b) = wine()
    wider = [(np.column_stack([v, v[:, :3] * 1e4]), labels) for v, labels in ((x, y), (a, b))]  # 16 columns
    report = check(*datasets(*wider))
    assert report.ok and report.accuracy > 90
    off = check(*datasets(wider[0], (wider[1][0], (b + 1) % 3)))
    assert codes(off) == ["labels-off-by-one"]


@pytest.mark.parametrize("case", TABLE_FAULTS, ids=lambda case: case.what)
@pytest.mark.parametrize("in_train", [False, True], ids=["test", "train"])
def test_what_was_done_to_columns_is_named(case, in_train):
    train, test = wine()
    if in_train and case.code in ("sentinel-values", "clipped-values", "other-units"):
        pytest.skip("a network that has learned with it is hardly worse")
    spoiled = (case.spoil(*train), test) if in_train else (train, case.spoil(*test))
    report = check(*datasets(*spoiled))
    assert codes(report) == [case.code], str(report)
    if report.findings[0].repair is not None:
        assert report.findings[0].after > max(80, report.accuracy + 20)
        assert check(report.repaired_train or datasets(*spoiled)[0], report.repaired_test).ok


def test_lost_values_are_named_where_they_cost_something():
    train, test = cancer()
    assert codes(check(*datasets(train, lost(*test)))) == ["values-lost"]


@pytest.mark.parametrize("in_train", [False, True])
def test_columns_of_one_value_are_named(in_train):
    sets = [list(part) for part in split(*clusters(900, 40, 6, spread=2.0))]
    spoiled = sets[0 if in_train else 1]
    spoiled[0] = np.where(np.arange(40) < 20, 0, spoiled[0])
    report = check(*datasets(*sets))
    assert codes(report) == ["constant-columns"], str(report)
    finding = report.findings[0]
    assert "20 of 40 columns" in finding.verdict and "columns 0, 1, 2" in finding.measured
    assert finding.severity.name == ("WARNING" if in_train else "ERROR")  # it has learned without them


@pytest.mark.parametrize("seed", [0, 2])
def test_zeros_of_counts_are_not_clipped(seed):
    """Where the other set was standardised by itself."""
    rng = np.random.default_rng(seed)
    rates, y = rng.gamma(0.5, 3, (6, 50)), rng.integers(0, 6, 1200)
    train, (a, b) = split(rng.poisson(rates[y]).astype(float), y)
    report = check(*datasets(train, ((a - a.mean(0)) / (a.std(0) + 1e-9), b)))
    assert codes(report) == ["different-scale"] and report.findings[0].after > 95


@pytest.mark.parametrize("seed", range(3))
@pytest.mark.parametrize("load", [load_iris, load_wine])
def test_a_training_set_that_was_scaled_and_a_test_set_that_was_not(load, seed):
    a, c, b, d = train_test_split(*load(return_X_y=True), random_state=seed)
    report = check(*datasets(((a - a.mean(0)) / a.std(0), b), (c, d)))
    assert codes(report) == ["different-scale"], str(report)
    assert report.findings[0].after > report.accuracy + 30


def test_a_table_of_which_most_is_zero_is_compared_without_a_warning():
    rng = np.random.default_rng(0)
    y = np.arange(600) % 3
    x = np.where(
        rng.random((600, 90)) < np.where(np.arange(90) % 3 == y[:, None], 0.08, 0.005), rng.random((600, 90)), 0
    )
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert codes(check(*datasets((x[:400], y[:400]), (x[400:], y[400:])))) == []


def test_weights_of_words_are_not_lost():
    """Most are 0, and the others differ."""
    rng = np.random.default_rng(0)
    topics = np.random.default_rng(1).dirichlet(np.full(400, 0.05), size=6)
    y = rng.integers(0, 6, 900)
    counts = np.array([rng.multinomial(60, topics[label]) for label in y])
    weights = counts / np.linalg.norm(counts, axis=1, keepdims=True)
    assert check(Dataset(weights[:600], y[:600]), Dataset(weights[600:], y[600:])).ok


def test_units_are_repaired_per_column_by_the_factor_that_was_meant():
    train, (a, b) = cancer()
    best = 22
    a = a.copy()
    a[:, best] *= 1000
    report = check(*datasets(train, (a, b)))
    assert codes(report) == ["other-units"]
    assert report.findings[0].repair.endswith(f"test_images[:, [{best}]] *= [0.001]")


def test_scalers_that_do_not_reach_1_are_no_fault():
    (x, y), (a, b) = iris()
    scaler = MinMaxScaler().fit(x)
    report = check(*datasets((scaler.transform(x), y), (scaler.transform(a), b)))
    assert codes(report) == [] and report.accuracy > 90


# Labels that are hard, few or unbalanced


@pytest.mark.parametrize("seed", range(6))
def test_hard_tables_are_not_accused(seed):
    for rows, spread in ((133, 3.0), (60, 2.0), (400, 6.0)):
        x, y = clusters(rows, 12, 3, seed, spread)
        assert codes(check(*datasets(*split(x, y)))) == []


def test_unbalanced_tables_are_not_accused():
    x, y = clusters(500, 8, 2)
    few = np.flatnonzero((y == 0) | (np.cumsum(y) <= 25))
    assert codes(check(*datasets(*split(x[few], y[few])))) == []


def test_categories_have_natural_copies():
    rng = np.random.default_rng(0)
    x = rng.integers(0, 2, (800, 6))
    y = (x.sum(axis=1) + (rng.random(800) < 0.1)) % 3
    report = check(*datasets(*split(x, y)))
    assert codes(report) == [] and "random.shuffle" not in str(report)


def test_one_outlier_makes_no_rows_equal():
    x, y = clusters(300, 5, 3)
    x[0, 0] = 1e7
    assert not any("duplicate" in finding.code for finding in check(*datasets(*split(x, y))))


# What cannot be known


@pytest.mark.parametrize("what", ["shuffled", "noise", "many classes", "few rows"])
def test_what_cannot_be_known_is_not_called_sound(what):
    rng = np.random.default_rng(0)
    x, y = clusters(600, 10, 1000 if what == "many classes" else 4)
    if what == "shuffled":
        y = rng.permutation(y)
    elif what == "noise":
        y = np.where(rng.random(600) < 0.4, rng.integers(0, 4, 600), y)
    elif what == "few rows":
        x, y = x[:20], y[:20]
    report = check(*datasets(*split(x, y)))
    assert codes(report) == [] and not report.ok and report.unknown
    assert "sound" not in str(report) and "Nothing can be said, because" in str(report)


def test_values_that_were_lost_in_both_sets_are_not_called_sound():
    x, y = clusters(600, 10, 4, spread=0.7)
    x[np.random.default_rng(0).random(x.shape) < 0.3] = 0
    assert not check(*datasets(*split(x, y))).ok


# Leaks


def test_a_table_is_not_its_own_test():
    train, _ = cancer()
    assert codes(check(*datasets(train, train))) == ["shared-rows"]
    few = tuple(array[:40] for array in train)
    assert codes(check(*datasets(train, few))) == ["shared-rows"]


def test_nearly_equal_rows_are_found():
    (x, y), (a, b) = cancer()
    half = len(a) // 2
    a[:half], b[:half] = x[:half] * (1 + 1e-4), y[:half]
    assert codes(check(*datasets((x, y), (a, b)))) == ["near-duplicates"]


def test_the_label_is_no_column():
    (x, y), (a, b) = clusters_split = split(*clusters(600, 6, 4))
    both = [(np.column_stack([v, 10 - 3 * labels]), labels) for v, labels in clusters_split]
    assert codes(check(*datasets(*both))) == ["label-column"]
    one = (np.column_stack([x, y]), y), (np.column_stack([a, np.zeros(len(b))]), b)
    assert "label-column" in codes(check(*datasets(*one)))


# Manners


def test_no_warning_of_numpy_whatever_the_values_are():
    x, y = clusters(300, 16, 3)
    for values in (x, -np.abs(x), np.zeros_like(x), np.full_like(x, 7.0), np.rint(x), x * 1e30, x * 1e-30):
        with warnings.catch_warnings():
            warnings.simplefilter("error")
            check(*datasets(*split(values.astype(np.float32), y)))


def test_names_and_types_are_kept_by_repairs():
    (x, y), (a, b) = wine()
    names = ("red", "white", "rosé")
    train, test = (Dataset(v.astype(np.float32), labels, class_names=names) for v, labels in ((x, y), (a, (b + 1) % 3)))
    repaired = check(train, test).repaired_test
    assert (repaired.class_names, repaired.images.dtype) == (names, np.float32)
    np.testing.assert_array_equal(repaired.labels, b)
