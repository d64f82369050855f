"""Training data in 0..1 beside test data in 0..255, and the other way round."""

from cmlp.diagnosis.programs.examination import Examination
from cmlp.diagnosis.programs.samples import Samples
from cmlp.diagnosis.report import Severity

APART = 8.0  # times by which the largest values differ, at least
BYTES = (100.0, 255.0)  # between which the largest value of bytes lies


def factor_between(train: Samples, test: Samples | None) -> float:
    """Return by what test images are multiplied to have the scale of the training images; 1 where they have it.

    Parameters
    ----------
    train, test : Samples
    """
    if test is None or train.low < 0 or test.low < 0:
        return 1.0
    small, large = sorted((train.high, test.high))
    if not 0.5 < small <= 1 or large < APART:
        return 1.0
    whole = 255.0 if BYTES[0] < large <= BYTES[1] else large
    return 1 / whole if test.high > train.high else whole


def put_on_one_scale(test: Samples, factor: float) -> None:
    """Multiply the test images, so that they hide no other fault."""
    test.x = test.x * factor
    test.one.dtype = test.x.dtype
    test.low, test.high = test.low * factor, test.high * factor


def report_scales(case: Examination, factor: float) -> None:
    """Say that the sets have two scales, and what the network reaches on one scale and on two.

    Parameters
    ----------
    case : Examination
        Its test data are on one scale with the training data.
    factor : float
        By which they were multiplied.
    """
    assert case.test is not None
    test, train = f"0..{case.test.high / factor:g}", f"0..{case.train.high:g}"
    divided = "test" if factor < 1 else "train"
    before = None
    if case.trained is not None and case.given is not None:
        with case.bounded(5.0):
            before = case.subject.accuracy(case.trained, case.judged_x / factor, case.judged_y)
    case.found(
        "different-scale",
        Severity.ERROR,
        f"The test images have values in {test}, and the training images in {train}: they have two scales.",
        f"the smallest and the largest value of {len(case.test):,} test images and {len(case.train):,} training images",
        f"{divided}_images = {divided}_images / {max(factor, 1 / factor):g}",
        where="test data",
        before=before,
        after=case.given if before is not None else None,
    )
