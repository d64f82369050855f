import dataclasses
import subprocess
import sys

import numpy as np
import pytest
from sklearn.datasets import load_breast_cancer, load_digits, load_iris, load_wine
from support.children import environment
from support.faults import FAULTS, enlarge, of_values

import cmlp
from cmlp import Dataset, Network
from cmlp.diagnosis import Severity, check

by_name = {"ids": lambda fault: fault.what, "argvalues": FAULTS}


def every_third(begin):
    """Return the faults, all but every third of them in the exhaustive run only: each has its turn in one test."""
    rest = [() if number % 3 == begin else pytest.mark.exhaustive for number in range(len(FAULTS))]
    return [pytest.param(fault, id=fault.what, marks=mark) for fault, mark in zip(FAULTS, rest, strict=True)]


TRAINED_ON = 15_000


def codes(report):
    return tuple(finding.code for finding in report)


# Faults in MNIST


@pytest.fixture(scope="module")
def train(mnist):
    return mnist["training images"], mnist["training labels"]


@pytest.fixture(scope="module")
def test(mnist):
    return mnist["test images"], mnist["test labels"]


@pytest.fixture(scope="module")
def network(train):
    network = Network(dtype="float32")
    network.train(Dataset(*train), 5, 3.0, mini_batch_size=10, progress=False)
    return network


@pytest.fixture(scope="module")
def unspoiled(train, test):
    """Accuracy of the probe where nothing is wrong."""
    return check(Dataset(train[0][:TRAINED_ON], train[1][:TRAINED_ON]), Dataset(*test)).accuracy


@pytest.mark.parametrize("fault", **by_name)
def test_a_fault_in_the_test_set_of_mnist(fault, train, test, network):
    report = check(Dataset(*train), fault.spoil(*test, 255), network)
    assert codes(report) == fault.in_test
    assert all(finding.where in ("test data", "both sets") for finding in report)
    if fault.repaired:
        assert report.findings[0].after == pytest.approx(network.test(Dataset(*test)), abs=0.5)
        assert network.test(report.repaired_test) == pytest.approx(report.findings[0].after)


@pytest.mark.parametrize("fault", every_third(0))
def test_a_fault_in_the_training_set_of_mnist(fault, train, test, unspoiled):
    if fault.in_train is None:
        pytest.skip("no fault there: more variety does no harm")
    report = check(fault.spoil(train[0][:TRAINED_ON], train[1][:TRAINED_ON], 255), Dataset(*test))
    assert codes(report) == fault.in_train
    assert all(finding.where in ("training data", "both sets") for finding in report)
    if fault.repaired:
        # Where the test set is repaired to match, the probe has learned from other pictures, with other luck.
        assert report.findings[0].after == pytest.approx(unspoiled, abs=1)


@pytest.mark.parametrize("fault", every_third(1))
def test_a_fault_in_both_sets_of_mnist(fault, train, test, unspoiled):
    if fault.in_both is None:
        pytest.skip("not to be told from sound data")
    spoiled = fault.spoil(train[0][:TRAINED_ON], train[1][:TRAINED_ON], 255), fault.spoil(*test, 255)
    report = check(*spoiled)
    assert codes(report) == fault.in_both
    if fault.in_both and fault.repaired:
        after = report.findings[0].after  # None where networks learn as well from what is wrong in both sets
        assert (report.accuracy if after is None else after) == pytest.approx(unspoiled, abs=0.5)


def test_sound_mnist_gives_no_finding(train, test, network):
    assert check(Dataset(*train)).ok
    assert check(Dataset(*train), Dataset(*test), network).ok
    for values in (np.float32, np.float64):
        sets = [Dataset((x[:12_000] / 255).astype(values), y[:12_000]) for x, y in (train, test)]
        assert check(*sets).ok
    for seed in range(3):
        half, other = np.split(np.random.default_rng(seed).permutation(60_000), 2)
        assert check(Dataset(train[0][half], train[1][half]), Dataset(train[0][other], train[1][other])).ok


def test_a_network_that_learned_a_fault_is_asked_about_test_data_with_the_same_fault(train, test):
    spoiled = Dataset(255 - train[0], train[1])
    network = Network([784, 30, 10], dtype="float32")
    network.train(spoiled, 3, 1.0, mini_batch_size=10, progress=False)
    report = check(spoiled, Dataset(*test), network)
    assert codes(report) == ("inverted",)
    assert report.findings[0].where == "training data"
    assert report.findings[0].after == pytest.approx(network.test(Dataset(255 - test[0], test[1])))


# Faults in the digits that come with cmlp

small = {"ids": lambda fault: fault.what, "argvalues": [fault for fault in FAULTS if fault.digits]}


@pytest.fixture(scope="module")
def digits():
    return tuple((dataset.images, dataset.labels) for dataset in cmlp.load_digits())


@pytest.mark.parametrize("fault", **small)
@pytest.mark.parametrize("place", ["in_test", "in_train", "in_both"])
def test_a_fault_in_the_digits(fault, place, digits):
    expected = getattr(fault, place)
    if expected is None:
        pytest.skip("no fault there")
    train, test = digits
    spoiled_train = Dataset(*train) if place == "in_test" else fault.spoil(*train, 16)
    spoiled_test = Dataset(*test) if place == "in_train" else fault.spoil(*test, 16)
    report = check(spoiled_train, spoiled_test)
    assert codes(report) == expected
    if fault.repaired and expected:
        assert report.findings[0].after == pytest.approx(check(Dataset(*train), Dataset(*test)).accuracy, abs=3)


@pytest.fixture(scope="module")
def enlarged(digits):
    return tuple((enlarge(images), labels) for images, labels in digits)


@pytest.mark.parametrize("fault", every_third(2))
def test_a_fault_in_enlarged_digits(fault, enlarged):
    train, test = enlarged
    report = check(Dataset(*train), fault.spoil(*test, 255))
    assert codes(report) == fault.in_test
    if fault.repaired:
        assert report.findings[0].after == pytest.approx(check(Dataset(*train), Dataset(*test)).accuracy, abs=1)


def test_training_rows_in_the_test_set_are_found(digits):
    (images, labels), (test_images, test_labels) = digits
    leaking = Dataset(np.append(test_images[:-40], images[:40], 0) / 16, np.append(test_labels[:-40], labels[:40]))
    report = check(Dataset(images, labels), leaking)
    assert codes(report) == ("shared-rows",)
    assert report.findings[0].verdict.startswith("40 of 360 test images are training images too")


def test_other_shares_of_the_classes_are_found(digits):
    train, (images, labels) = digits
    keep = (labels > 6) | (np.arange(len(labels)) % 4 == 0)
    assert codes(check(Dataset(*train), Dataset(images[keep], labels[keep]))) == ("label-drift",)


def test_labels_off_by_one_are_put_right_where_a_class_has_no_rows(digits):
    train, (images, labels) = digits
    used = labels > 1
    test_labels = labels[used] - 1
    report = check(Dataset(*train), Dataset(images[used], test_labels, classes=10))
    names = {"np": np, "test_labels": test_labels}
    exec(next(f.repair for f in report if f.code == "labels-off-by-one"), names)
    np.testing.assert_array_equal(names["test_labels"], labels[used])


def test_drawings_in_black_on_white_are_no_integer_division(enlarged):
    train, (images, labels) = enlarged
    drawn = np.where(images > 100, 0, 255).astype(np.uint8)
    assert codes(check(Dataset(*train), Dataset(drawn, labels))) == ("inverted",)
    assert check(Dataset(*train), Dataset(255 - drawn, labels)).ok


def test_other_names_of_the_same_labels_are_found(digits):
    names = [str(label) for label in range(10)]
    train, test = (Dataset(*part, class_names=some) for part, some in zip(digits, (names, names[::-1]), strict=True))
    assert codes(check(train, test)) == ("class-names-differ",)


def test_outliers_in_a_few_pixels_make_no_copies(train, test):
    """Pixels that are constant in the training set, divided by a deviation of almost 0, become huge."""
    mean, deviation = train[0][:1000].mean(0), train[0][:1000].std(0) + 1e-7
    sets = [Dataset((x[:n] - mean) / deviation, y[:n]) for (x, y), n in ((train, 1000), (test, 300))]
    assert not {"duplicate-rows", "scrambled-pixels"} & set(codes(check(*sets)))


def test_test_data_of_another_kind_are_found(digits):
    train, (images, labels) = digits
    noise = np.random.default_rng(0).integers(0, 17, images.shape, dtype=np.uint8)
    strange = Dataset(np.where(noise > 8, images, noise), labels)
    assert codes(check(Dataset(*train), strange)) == ("sets-differ",)


def test_tables_of_another_scale_are_found():
    table = load_wine()
    order = np.random.default_rng(0).permutation(len(table.data))
    values = (table.data - table.data.mean(0)) / table.data.std(0)
    train = Dataset(table.data[order[:100]], table.target[order[:100]])
    test = Dataset(values[order[100:]], table.target[order[100:]])
    report = check(train, test)
    assert codes(report) == ("different-scale",)
    assert report.findings[0].before < 60 < 90 < report.findings[0].after


# Sound data


@pytest.mark.parametrize("seed", range(50))
def test_halves_and_thirds_of_the_digits_give_no_finding(seed):
    bunch = load_digits()
    order = np.random.default_rng(seed).permutation(len(bunch.data))
    kind = (np.uint8, np.float32, np.float64)[seed % 3]
    values = (bunch.data if kind == np.uint8 else bunch.data / 16).astype(kind)
    for cut in (len(order) // 2, len(order) // 3):
        train, test = order[:cut], order[cut:]
        report = check(
            Dataset(values[train], bunch.target[train], classes=10),
            Dataset(bunch.data[test].astype(np.uint8), bunch.target[test], classes=10),
        )
        assert report.ok, str(report)


def test_a_few_digits_give_no_finding():
    """But luck may deal out so many hard ones that nothing can be said."""
    bunch, doubtful = load_digits(), 0
    for seed in range(20):
        order = np.random.default_rng(seed).permutation(len(bunch.data))
        train, test = order[:100], order[100:160]
        report = check(*(Dataset(bunch.data[rows], bunch.target[rows], classes=10) for rows in (train, test)))
        assert report.problems == (), str(report)
        doubtful += not report.ok
    assert doubtful <= 2


@pytest.mark.parametrize("load", [load_iris, load_wine, load_breast_cancer])
@pytest.mark.parametrize("kind", [np.float32, np.float64])
def test_sound_tables_give_no_finding(load, kind):
    bunch = load()
    for seed in range(8):
        order = np.random.default_rng(seed).permutation(len(bunch.data))
        for cut in (len(order) // 2, len(order) // 3, 2 * len(order) // 3):
            sets = [
                Dataset(bunch.data[rows].astype(kind), bunch.target[rows], classes=len(bunch.target_names))
                for rows in (order[:cut], order[cut:])
            ]
            report = check(*sets)
            assert report.ok, str(report)
            assert "no pictures" in report.notes[0]


def test_a_network_that_learned_is_not_accused(digits):
    train, test = Dataset(*digits[0]), Dataset(*digits[1])
    network = Network([64, 16, 16, 10])
    history = network.train(train, 25, 3.0, mini_batch_size=10, progress=False)
    report = check(train, test, network, history)
    assert report.ok
    assert report.accuracy == pytest.approx(network.test(test))


def test_tiny_data_work():
    xor = Dataset([[0, 0], [0, 1], [1, 0], [1, 1]], [0, 1, 1, 0])
    one = Dataset([[1.0, 2.0]], [0])
    for report in (check(xor), check(xor, xor), check(one, one)):
        assert not report.ok and not report.findings
        assert "too few different ones" in report.unknown[0]
    repeated = xor[np.arange(400) % 4]
    assert check(repeated, repeated).ok


def test_a_network_of_another_size_has_no_accuracy(digits):
    assert check(Dataset(*digits[0]), Dataset(*digits[1]), Network([63, 10])).accuracy is None


def test_rows_of_another_length_have_no_repair(digits):
    images, labels = digits[1]
    report = check(Dataset(*digits[0]), Dataset(images[:, :63], labels))
    assert codes(report)[0] == "different-size"
    assert report.findings[0].repair is None
    assert report.accuracy is None


# Manners


def test_the_same_data_give_the_same_report_and_stay_as_they_are(digits):
    before = np.random.get_state()[1].copy()  # noqa: NPY002
    spoiled = of_values(lambda v: 1 - v)(*digits[1], 16)
    images, labels = spoiled.images.copy(), spoiled.labels.copy()
    first, second = (check(Dataset(*digits[0]), spoiled) for _ in range(2))
    assert first.to_dict() == second.to_dict()
    np.testing.assert_array_equal(spoiled.images, images)
    np.testing.assert_array_equal(spoiled.labels, labels)
    np.testing.assert_array_equal(np.random.get_state()[1], before)  # noqa: NPY002


def test_reports_are_equal_in_every_process():
    """Nothing depends on the seed of Python's hashes."""
    code = """
import cmlp
train, test = cmlp.load_digits()
print(cmlp.check(train, cmlp.Dataset(test.images[:, ::-1], test.labels)).to_dict())
"""
    runs = [
        subprocess.run(
            [sys.executable, "-c", code],
            capture_output=True,
            text=True,
            check=True,
            env=environment() | {"PYTHONHASHSEED": seed},
        ).stdout
        for seed in "12"
    ]
    assert runs[0] == runs[1] and "rotated-180" in runs[0]


def test_the_gravest_finding_stands_first(digits):
    (images, labels), (test_images, test_labels) = digits
    leaking = np.append(test_images[:-40], images[:40], 0)
    report = check(Dataset(images, labels), Dataset(16 - leaking, np.append(test_labels[:-40], labels[:40])))
    assert codes(report) == ("inverted", "shared-rows")
    assert [finding.severity for finding in report] == [Severity.ERROR, Severity.WARNING]


def test_a_repair_that_brings_little_is_a_warning(digits):
    report = check(Dataset(*digits[0]), Dataset(*digits[1], scale=1 / 8))
    assert [(finding.code, finding.severity) for finding in report] == [("different-scale", Severity.WARNING)]
    assert report.findings[0].after - report.findings[0].before < 10


def test_the_repaired_sets_are_sound(digits):
    inverted = Dataset(16 - digits[1][0], digits[1][1])
    report = check(Dataset(*digits[0]), inverted)
    assert report.repaired_train is None
    np.testing.assert_array_equal(report.repaired_test.images, digits[1][0])
    assert check(Dataset(*digits[0]), report.repaired_test).ok


def test_a_report_is_frozen(digits):
    report = check(Dataset(*digits[0]))
    with pytest.raises(dataclasses.FrozenInstanceError):
        report.accuracy = 100.0


def test_a_claimed_accuracy_is_held_against_the_network():
    train, test = cmlp.load_digits()
    network = cmlp.Network([64, 16, 16, 10])
    network.train(train, 10, 3.0, mini_batch_size=10)
    zeros = 100 * float(np.mean(network.predict(test.images) == 0))
    assert cmlp.check(train, test, network, claimed_accuracy=network.test(test)).ok
    report = cmlp.check(train, test, network, claimed_accuracy=round(zeros, 2))
    assert [finding.code for finding in report] == ["labels-through-argmax"]


def test_progress_is_on_stderr_and_only_where_it_takes_long(capsys):
    train, test = cmlp.load_digits()
    cmlp.check(train, test, progress=True)
    assert capsys.readouterr().out == ""
