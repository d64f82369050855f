"""An accuracy that other code counted wrongly is explained by the mistake that gives this number."""

import numpy as np
import pytest

import cmlp
from cmlp.diagnosis.report import Severity
from cmlp.diagnosis.scoring import SCORE, examine_scoring

TRAIN, DIGITS = cmlp.load_digits()
# Without two in three of the ones, and with one image in twenty labelled 0, no two mistakes give the same number.
KEPT = DIGITS[(DIGITS.labels != 1) | (np.arange(len(DIGITS)) % 3 == 0)]
TEST = cmlp.Dataset(KEPT.images, np.where(np.arange(len(KEPT)) % 20 == 0, 0, KEPT.labels))


@pytest.fixture(scope="module")
def net():
    net = cmlp.Network([64, 16, 16, 10])
    net.train(TRAIN, 25, 3.0, mini_batch_size=10, progress=False)
    return net


def percent(right):
    return 100 * np.mean(right)


def labels_through_argmax(net):
    right = [np.argmax(net(image)) == np.argmax(label) for image, label in TEST]
    return percent(right)


def outputs_through_wrong_axis(net):
    right = [np.argmax(net(image)[None], axis=0)[0] == label for image, label in TEST]
    return percent(right)


def fraction(net):
    return net.test(TEST) / 100


def unscaled(net):
    return percent(net.predict(TEST.images.astype(float)) == TEST.labels)


def inverted(net):
    return percent(net.predict(1 - TEST.images / 16) == TEST.labels)


@pytest.mark.parametrize(
    ("mistake", "code", "verdict", "value"),
    [
        (
            labels_through_argmax,
            "labels-through-argmax",
            "Integer labels were put through argmax, which makes a 0 of each of them.",
            "the share of images predicted as 0",
        ),
        (
            outputs_through_wrong_axis,
            "outputs-through-wrong-axis",
            "The outputs were put through argmax along the wrong axis, and each became a 0.",
            "the share of images labelled 0",
        ),
        (
            fraction,
            "fraction-for-percent",
            "The accuracy is right, but a fraction and no percentage.",
            "the accuracy as a fraction",
        ),
        (
            unscaled,
            "unscaled-while-testing",
            "The network was asked about bytes as numbers in 0..16, without scaling.",
            "the accuracy on images that are not scaled",
        ),
        (
            inverted,
            "inverted-while-testing",
            "The network was asked about images with black and white swapped.",
            "the accuracy on inverted images",
        ),
    ],
)
@pytest.mark.parametrize("decimals", [2, 4])
def test_mistakes_are_told_by_their_number(net, mistake, code, verdict, value, decimals):
    claimed = round(float(mistake(net)), decimals)
    (finding,) = examine_scoring(net, TEST, claimed)
    assert finding.code == code
    assert finding.severity == Severity.ERROR
    assert finding.where == "scoring"
    assert finding.verdict == verdict
    start = f"claimed are {claimed:g} %, and network.test has {net.test(TEST):.2f} % on {len(TEST)} images; "
    assert finding.measured.startswith(start)
    assert f"{value}: " in finding.measured
    assert finding.repair == SCORE
    assert (finding.before, finding.after) == (claimed, net.test(TEST))


def test_the_repair_counts_right(net):
    names = {"np": np, "network": net, "test_images": TEST.images, "test_labels": TEST.labels}
    assert eval(SCORE, names) == net.test(TEST)


@pytest.mark.parametrize("decimals", [0, 1, 2, 10])
def test_a_right_claim_gives_nothing(net, decimals):
    assert examine_scoring(net, TEST, round(net.test(TEST), decimals)) == []


def test_a_claim_is_compared_with_its_own_decimals(net):
    actual = net.test(TEST)
    assert examine_scoring(net, TEST, round(actual)) == []
    assert examine_scoring(net, TEST, round(actual, 1) + 0.1) != []


def test_a_claim_that_nothing_explains(net):
    (finding,) = examine_scoring(net, TEST, 33.31)
    assert finding.code == "other-accuracy"
    assert finding.verdict == "The claimed accuracy is not the one that the network has on these data."
    assert finding.measured == f"claimed are 33.31 %, and network.test has {net.test(TEST):.2f} % on {len(TEST)} images"
    assert (finding.before, finding.after) == (33.31, net.test(TEST))


def test_every_mistake_that_fits_is_mentioned(net):
    (finding,) = examine_scoring(net, DIGITS, round(percent(DIGITS.labels == 0)))
    assert "the share of images predicted as 0" in finding.measured
    assert "the share of images labelled 0" in finding.measured


# A claim without a network


def test_a_claim_that_the_data_do_not_explain():
    train, test = cmlp.load_digits()
    report = cmlp.check(train, test, claimed_accuracy=10)
    (finding,) = report
    assert (finding.code, finding.severity, finding.before) == ("claim-unexplained", Severity.ERROR, 10)
    advice = "look at the code, with cmlp.check(train, test, network)."
    assert finding.verdict == f"A small network reaches {report.accuracy:.1f} % on these data; you claim 10 %: {advice}"
    assert report.accuracy > 95 and not report.ok


def test_a_claim_that_is_the_share_of_a_class():
    train, test = cmlp.load_digits()
    share = 100 * np.count_nonzero(test.labels == 8) / len(test)
    (finding,) = cmlp.check(train, test, claimed_accuracy=round(share, 2))
    assert f"{round(share, 2):g} % is the share of class '8'" in finding.measured


@pytest.mark.parametrize(("claimed", "said"), [(94, "needs no explanation"), (0.94, "may be a fraction: 94 %")])
def test_a_claim_that_is_not_low(claimed, said):
    train, test = cmlp.load_digits()
    report = cmlp.check(train, test, claimed_accuracy=claimed)
    assert report.ok and not report.findings and said in report.notes[-1]


def test_a_claim_that_the_data_explain():
    train, test = cmlp.load_digits()
    report = cmlp.check(train, cmlp.Dataset(16 - test.images, test.labels), claimed_accuracy=3)
    assert [finding.code for finding in report] == ["inverted"]
    assert "as they are, and 97" in report.notes[-1] and "repair them first" in report.notes[-1]
