"""The report on anyone's network: on its data, and on its code."""

from collections.abc import Callable
from typing import Any

import numpy as np

from cmlp.data.dataset import Dataset
from cmlp.diagnosis.programs import examine
from cmlp.diagnosis.programs.examination import GIVEN, Examination
from cmlp.diagnosis.programs.judging import learned
from cmlp.diagnosis.programs.samples import Samples
from cmlp.diagnosis.programs.unlike_scales import factor_between, put_on_one_scale, report_scales
from cmlp.diagnosis.report import Finding, Report, Severity
from cmlp.errors import CmlpError, DataError, ModelError

STAGES = 9
UNCLEAR = 0.01  # of the label vectors, from which on they name no classes
PRAISE = "the data are sound, and the network learns"


def check_program(
    train: Any,
    test: Any,
    network: Any,
    functions: dict[str, Callable[..., Any] | None],
    settings: dict[str, Any],
    *,
    seconds: float,
    bar: Any,
    check_data: Callable[[Dataset, Dataset | None], Report],
) -> Report:
    """Check data and a network of anybody's.

    Parameters
    ----------
    train, test : object
        In the form in which the program takes them; `test` may be None.
    network : object
    functions : dict
        "forward", "fit", "step", "score".
    settings : dict
    seconds : float
        Of the processor.
    bar : tqdm
        Shows what is being tried.
    check_data : callable
        The check of the data alone.

    Returns
    -------
    Report
    """
    for name, function in functions.items():
        if function is not None and not callable(function):
            raise ModelError(f"{name} must be a function that takes the network first, got {type(function).__name__}")
    known = Samples(train, "train")
    judged = None if test is None else _like(Samples(test, "test"), known)

    def progress(what: str) -> None:
        bar.set_description(f"check: {what}")
        bar.update()

    unclear = _unclear_labels(known)
    if unclear is not None:
        why = "the labels of the training data name no classes"
        return Report((unclear,), unknown=(why,))
    factor = factor_between(known, judged)
    if judged is not None and factor != 1:
        put_on_one_scale(judged, factor)
    progress("the data")
    data, notes = _data(known, judged, check_data)
    case = examine(
        known,
        judged,
        network,
        functions,
        settings,
        seconds=seconds,
        progress=progress,
    )
    if factor != 1:
        report_scales(case, factor)
    return _joined(data, notes, case)


def _unclear_labels(train: Samples) -> Finding | None:
    """Return a finding where many label vectors have no single largest number, so that they name no class."""
    share = len(train.unclear) / len(train)
    if share < UNCLEAR:
        return None
    row = int(train.unclear[0])
    return Finding(
        "one-hot-labels",
        Severity.ERROR,
        "training data",
        "The label vectors are not one-hot: they have no single largest number.",
        f"{len(train.unclear):,} of {len(train):,} of them, the first that of row {row}: "
        f"{np.array2string(np.ravel(train.given_labels[row]), precision=3, threshold=12)}",
        f"labels = np.eye({train.classes})[labels], from the numbers of the classes",
    )


def _like(test: Samples, train: Samples) -> Samples:
    """Give the classes of the test data the numbers of those of the training data."""
    if test.depth != train.depth:
        raise DataError(f"test must have images of {train.depth} values, as train has, got {test.depth}")
    if test.vectors or train.vectors or np.array_equal(test.values, train.values):
        return test
    numbers = train.numbers_of(test.values[test.y])
    if (numbers >= 0).all():
        test.templates = {int(n): test.templates[int(y)] for n, y in zip(numbers, test.y, strict=True)}
        test.y, test.values, test.classes = numbers, train.values, train.classes
    return test


def _data(
    train: Samples, test: Samples | None, check_data: Callable[[Dataset, Dataset | None], Report]
) -> tuple[Report | None, list[str]]:
    try:
        return check_data(train.dataset(), None if test is None else test.dataset()), []
    except CmlpError as error:
        return None, [f"The data were not checked: {error}"]


def _joined(data: Report | None, notes: list[str], case: Examination) -> Report:
    findings: list[Finding] = list(case.findings)
    if data is not None:
        findings += [f for f in data.findings if f.code not in {g.code for g in findings}]
        wrong = [f for f in data.findings if f.severity == Severity.ERROR]
        if wrong:  # what is wrong with the data explains that a network does not learn from them
            findings = [f for f in findings if f.code != "learns-nothing"]
        if any(f.after is not None for f in data.findings):
            notes = ["The accuracies of findings on the data are those of a small network.", *notes]
    findings.sort(key=lambda finding: -finding.severity)
    unknown = list(case.unknown)
    if not learned(case, case.given):
        unknown += data.unknown if data is not None else ()
    return Report(
        tuple(findings),
        (*_learned(case), *case.notes, *notes, *(data.notes if data is not None else ())),
        case.given,
        data.repaired_train if data is not None else None,
        data.repaired_test if data is not None else None,
        tuple(unknown),
        PRAISE,
    )


def _learned(case: Examination) -> list[str]:
    """Say what its own training reaches."""
    if case.given is None:
        return []
    n, epochs = case.facts.get("given", (None, None))
    right = f"{case.given:.1f} % of the {'test images' if case.test is not None else 'images that were held out'} right"
    if n is None:
        return [f"It has {right}."]
    if case.facts.get("stopped"):
        return [f"After the first {GIVEN:g} s of its own training it has {right}."]
    often = "" if epochs is None else f" in {epochs} epoch{'' if epochs == 1 else 's'}"
    short = "a short trial of " if case.facts.get("shortened") or n < len(case.usable) else ""
    return [f"After {short}its own training with {n:,} images{often} it has {right}."]
