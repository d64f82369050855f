"""Why is it 10 %? The check looks at data, network and history, names the fault, and tries the repair.

====================  ===============================================================================================
files                 `folder`, `raw`, `raw_labels`
measurements          `evidence`, `probe`, `behaviour`; what is luck: `significance`
faults inside a set   `one_set`: `pixels`, `rows`, `labels`, by the rule of `learning`
between two sets      `two_sets`, `pair`: `sizes`, `scales`, `leaks`, `classes`, `parts`, `alike`
repairs               `transforms`, `geometry`, `columns`; the best ones are found by `search`
networks              `training`, `case`, `trials`, `answers`, `regularisation`; a claim: `scoring`; `distorted`
what is not known     `doubts`
results               `report`, `sentences`; while it runs: `progress`
====================  ===============================================================================================
"""

from collections.abc import Callable, Iterator
from dataclasses import replace
from functools import partial
from typing import Any

import numpy as np

from cmlp.data.dataset import Dataset
from cmlp.diagnosis.classes import label_in_one_set
from cmlp.diagnosis.distorted import distortions_of, examine_distortions
from cmlp.diagnosis.doubts import excused, reasons_to_doubt, reasons_to_doubt_network
from cmlp.diagnosis.evidence import Evidence
from cmlp.diagnosis.one_set import examine_set
from cmlp.diagnosis.pair import Pair
from cmlp.diagnosis.probe import NetworkPredictor, Predictor, accuracy_if_any, make_probe
from cmlp.diagnosis.progress import progress_bar
from cmlp.diagnosis.report import Finding, Report, Severity
from cmlp.diagnosis.scoring import examine_claim, examine_scoring
from cmlp.diagnosis.training import examine_training
from cmlp.diagnosis.transforms import Diagnosis
from cmlp.diagnosis.two_sets import examine_pair
from cmlp.diagnosis.units import find_units
from cmlp.errors import DataError
from cmlp.network import Network
from cmlp.training.distortions import find_distortions
from cmlp.training.history import History
from cmlp.utils.checks import check_flag, check_positive, check_range
from cmlp.utils.suggestions import suggestion

__all__ = ["Finding", "Report", "Severity", "check"]

RUINOUS = 10.0  # points of accuracy that make a fault an error
NATURAL, NATURAL_RATIO = 0.02, 0.5  # share of equal rows in and between the sets, and how alike the two shares must be
UNKNOWABLE = {"labels-mismatched", "scrambled-pixels"}  # after these no accuracy means anything


def check(
    train: Any,
    test: Any = None,
    network: Any = None,
    history: History | None = None,
    *,
    claimed_accuracy: float | None = None,
    progress: bool | None = None,
    forward: Callable[..., Any] | None = None,
    fit: Callable[..., Any] | None = None,
    step: Callable[..., Any] | None = None,
    score: Callable[..., Any] | None = None,
    seconds: float = 30.0,
    distortions: Any = None,
    **settings: Any,
) -> Report:
    """Find what is wrong with data, a network or its training, with the evidence, the repair and what it brings.

    Every diagnosis is tried: its repair is applied and the accuracy measured again. Sound data give no findings
    graver than a note; where that proves nothing, because there are too few rows or too little is learned, the report
    says so (`Report.unknown`). Nothing that is given is changed.

    The network may be anybody's: an object with arrays of parameters and methods that run and train it, a dict of
    parameters with functions, a module of PyTorch, a model of Keras, an estimator of scikit-learn, or a function that
    predicts. Copies of it are run, stepped and trained, and what they do is explained: an epoch that sees few images, a
    derivative that is missing, numbers that overflow, with the place in the file where it can be known. What could not
    be found out is said in a note, with the keyword that would help.

    Parameters
    ----------
    train : Dataset or object
        What the network learns from: a Dataset, or images and labels in the form that the asker's own code takes, such
        as a list of pairs (image, label), a tuple of two arrays with samples in rows or columns, or records with the
        label first or last; labels may be integers, words, or vectors.
    test : Dataset or object, optional
        What it is tested on; without it, only faults inside the training set can be found.
    network : object, optional
        A network that is examined. If it is a `cmlp.Network`, it must have been trained on `train`; any other is given
        as it is before its training. Without it, accuracies are those of a small network, trained on at most 10,000
        rows within a second.
    history : History, optional
        What `Network.train` returned.
    claimed_accuracy : float, optional
        The test accuracy in percent that other code has counted: for a `cmlp.Network`, or without one, where it is
        held against what a small network reaches on these data.
    progress : bool, optional
        Whether to show a progress bar on stderr where the check takes longer than a second; by default, where
        stderr is a terminal.
    forward : callable, optional
        A function that takes the network and images and returns its outputs, or the labels that it predicts; by
        default a method is looked for.
    fit : callable, optional
        A function that takes the network, the training data and the settings, and trains it; what it returns is taken
        for the network where it is one. By default a method is looked for.
    step : callable, optional
        A function that takes the network and a mini-batch, and takes one step; by default a method is looked for.
    score : callable, optional
        A function that takes the network and test data, and returns an accuracy; by default a method is looked for.
    seconds : float, default 30.0
        How long a network that is not of cmlp may be examined, in seconds of the processor.
    distortions : Distortions, True or "default"; optional
        With which a network is to be trained: it is measured whether they make classes alike. By default those that a
        `cmlp.Network` was trained with. Any other network gets them as one of its settings.
    **settings : object
        The settings of its training, under the asker's own names: ``epochs=25, eta=0.005``.

    Returns
    -------
    Report
        The findings, the most severe first, and the repaired data.

    Raises
    ------
    DataError
        If the data are not understood, or a Dataset is empty.
    ModelError
        If claimed_accuracy is not in [0, 100], progress is neither True nor False, seconds is not positive, a function
        is none, or the network is a class that needs arguments.
    TypeError
        If there are settings, and no network that could take them.

    Examples
    --------
    >>> import cmlp
    >>> train, test = cmlp.load_digits()
    >>> cmlp.check(train, test).ok
    True
    >>> inverted = cmlp.Dataset(16 - test.images, test.labels)
    >>> [finding.code for finding in cmlp.check(train, inverted)]
    ['inverted']
    """
    functions = {"forward": forward, "fit": fit, "step": step, "score": score}
    progress = None if progress is None else check_flag("progress", progress)
    if network is not None and not issubclass(type(network), Network):  # whatever it says of its class
        settings |= {} if distortions is None else {"distortions": distortions}
        return _check_program(train, test, network, functions, settings, seconds, progress)
    _refuse_settings(functions | settings, network)
    distortions = find_distortions(distortions)
    train, test = _as_dataset(train, "train"), _as_dataset(test, "test")
    _check_arguments(train=(train, Dataset), test=(test, Dataset), history=(history, History))
    notes = _notes_on(network, history, claimed_accuracy, has_test=test is not None)
    with progress_bar(progress) as bar:
        first, second = _evidence(train, test)
        if not first.shape:
            notes.append(f"Rows of {train.images.shape[1]} values are no pictures: their pixels were not looked at.")
        diagnoses, repaired = examine_set(first, second)
        bar.update()
        wrong = {diagnosis.finding.code for diagnosis in diagnoses if diagnosis.finding.severity == Severity.ERROR}
        if test is None or second is None:
            findings = [diagnosis.finding for diagnosis in diagnoses] + _trained(network, history, train, None, wrong)
            unknown = [] if wrong else excused(reasons_to_doubt(repaired), network, train)
            unknown += reasons_to_doubt_network(network, first.probe, train)
            leak = label_in_one_set(repaired)
            findings += [] if leak is None or wrong else [leak]
            findings += _further(repaired, None, network, findings, distortions)
            return _report(findings, notes, unknown, None, _changed(train, repaired.dataset), None)
        found, mended = examine_set(second, repaired)
        diagnoses += found
        bar.update()
        pair = _compare(repaired, mended, diagnoses)
        bar.update()
        before, after, whose = _scores(train, test, network, pair, changed=repaired.dataset is not train)
        bar.update()
        findings = [_scored(diagnosis, before, after) for diagnosis in diagnoses + pair.diagnoses]
        findings += _trained(network, history, train, pair.matched, wrong)
        findings += _further(pair.train, pair.test, network, findings, distortions)
        if network is not None and claimed_accuracy is not None:
            findings += examine_scoring(network, test, claimed_accuracy)
        elif claimed_accuracy is not None:
            faulty = any(finding.severity == Severity.ERROR for finding in findings)
            claims, told = examine_claim(claimed_accuracy, before, after, test, faulty=faulty)
            findings, whose = findings + claims, whose + told
    unknown = excused(pair.unknown, network, test) + reasons_to_doubt_network(network, pair.judge, test)
    datasets = _changed(train, pair.train.dataset), _changed(test, pair.test.dataset)
    return _report(findings, notes + pair.notes + whose, unknown, before, *datasets)


def _check_program(
    train: Any,
    test: Any,
    network: Any,
    functions: dict[str, Any],
    settings: dict[str, Any],
    seconds: float,
    progress: bool | None,
) -> Report:
    from cmlp.diagnosis.programs.face import STAGES, check_program

    seconds = check_positive("seconds", seconds)
    with progress_bar(progress, STAGES) as bar:
        return check_program(
            train,
            test,
            network,
            functions,
            settings,
            seconds=seconds,
            bar=bar,
            check_data=partial(check, progress=False),
        )


def _refuse_settings(given: dict[str, Any], network: Network | None) -> None:
    """Refuse settings and functions, which are for networks that are not of cmlp."""
    names = [name for name, value in given.items() if value is not None]
    if not names:
        return
    if network is not None:
        raise TypeError(f"check() takes no {names[0]}= for a network of cmlp, whose training its history= describes")
    known = ["train", "test", "network", "history", "claimed_accuracy", "progress"]
    meant = suggestion(names[0], known) or ": it is for a network, which network= names"
    raise TypeError(f"check() got an unexpected keyword argument {names[0]!r}{meant}")


def _as_dataset(given: Any, name: str) -> Dataset | None:
    """Return data in any form as a Dataset."""
    from cmlp.diagnosis.programs.samples import Samples

    if given is None and name == "train":
        raise DataError("train must hold images and labels, got None; pass cmlp.Dataset(images, labels)")
    return given if given is None or isinstance(given, Dataset) else Samples(given, name).dataset()


def _notes_on(network: Network | None, history: History | None, claimed_accuracy: Any, *, has_test: bool) -> list[str]:
    """Check what is claimed, and say what is not looked at."""
    if claimed_accuracy is not None:
        claimed_accuracy = check_range("claimed_accuracy", claimed_accuracy, 0, 100, closed=True)
    if network is None:
        given = {"history": history} | ({} if has_test else {"claimed_accuracy": claimed_accuracy})
        needed = {"history": "network=", "claimed_accuracy": "test="}
        return [f"Without {needed[name]}, {name} says nothing." for name, value in given.items() if value is not None]
    if network.architecture.classifies:
        return []
    return ["The network answers with numbers and not with labels, and how it was trained was not looked at."]


def _evidence(train: Dataset, test: Dataset | None) -> tuple[Evidence, Evidence | None]:
    """Return what is to be measured; where one set shows that its rows are pictures, those of the other are, too."""
    first = Evidence("training data", train)
    if test is None:
        return first, None
    second = Evidence("test data", test)
    if first.shape is not None and second.shape is not None and (first.picture or second.picture):
        first, second = replace(first, like_pictures=True), replace(second, like_pictures=True)
    shared = float(np.isin(second.hashes, first.hashes).mean())
    repeats = min(first.repeated, shared) > NATURAL and shared < first.repeated / NATURAL_RATIO
    return replace(first, repeats=repeats), replace(second, repeats=repeats)


def _check_arguments(**given: tuple[Any, type]) -> None:
    for name, (value, kind) in given.items():
        if not isinstance(value, kind) and (value is not None or name == "train"):
            made = ", which is made as cmlp.Dataset(images, labels)" if kind is Dataset else ""
            raise DataError(f"{name} must be a {kind.__name__}, got {type(value).__name__}{made}")
        if isinstance(value, Dataset) and not len(value):
            raise DataError(f"{name} must not be empty, got {value}")


def _trained(
    network: Network | None, history: History | None, train: Dataset, test: Dataset | None, wrong: set[str]
) -> list[Finding]:
    """Examine network and training, unless the training data were `wrong` in themselves, which explains enough."""
    return [] if network is None or wrong else examine_training(network, history, train, test)


def _units(
    train: Evidence, network: Network | None, findings: list[Finding], prefixes: tuple[str, ...]
) -> list[Finding]:
    """Say what scaling the columns would bring, where nothing is wrong, and no network has shown that it learns."""
    if network is not None or any(finding.severity > Severity.NOTE for finding in findings):
        return []
    found = find_units(train, prefixes=prefixes)
    return [] if found is None else [found]


def _further(
    train: Evidence, test: Evidence | None, network: Network | None, findings: list[Finding], distortions: Any
) -> list[Finding]:
    """Say what scaling would bring, and what distortions cost, where the data are not in a disorder that explains more.

    The distortions are those of the network where none are given.
    """
    found = _units(train, network, findings, ("train",) if test is None else ("train", "test"))
    distortions = distortions or distortions_of(network)
    if distortions is None or any(finding.code in UNKNOWABLE for finding in findings):
        return found
    return found + examine_distortions(distortions, train.dataset, None if test is None else test.dataset)


def _compare(train: Evidence, test: Evidence, diagnoses: list[Diagnosis]) -> Pair:
    open_cases = [diagnosis.finding for diagnosis in diagnoses if diagnosis.repair is None]
    errors = {finding.code for finding in open_cases if finding.severity == Severity.ERROR}
    if errors & UNKNOWABLE:
        note = "The sets were not compared, as the labels or the pixels of one are in disorder."
        return Pair(train, test, test.dataset, notes=[note])
    return examine_pair(train, test, errors)


def _scores(
    train: Dataset, test: Dataset, network: Network | None, pair: Pair, *, changed: bool
) -> tuple[float | None, float | None, list[str]]:
    """Return the accuracy as things stand, the one with all repairs, and notes on whose they are.

    A given network has learned the faults that set the training data apart from the test data, and keeps them:
    it is asked about test data with the same faults. What it cannot have learned, because the training data
    were wrong in themselves (`changed`), is measured by a probe trained on the repaired ones.
    """
    pictures = pair.train.pictures
    asked = NetworkPredictor(network) if network is not None else _probe(train, pair, pictures)
    before = accuracy_if_any(asked, test)
    if all(diagnosis.repair is None for diagnosis in pair.diagnoses) and not changed and pair.test.dataset is test:
        return before, None, []
    if network is not None and not changed:
        return before, accuracy_if_any(asked, pair.matched), []
    after = accuracy_if_any(_probe(pair.train.dataset, pair, pictures), pair.test.dataset)
    if network is None:
        return before, after, []
    return before, after, ["The accuracy after the repair is that of a small network, trained on the repaired data."]


def _probe(train: Dataset, pair: Pair, pictures: bool) -> Predictor | None:
    known = pair.judge
    return known if known is not None and known.train is train else make_probe(train, pictures=pictures)


def _scored(diagnosis: Diagnosis, before: float | None, after: float | None) -> Finding:
    finding = diagnosis.finding
    if diagnosis.repair is None or (before is not None and after is not None and after < before):
        return replace(finding, before=before, repair=None if diagnosis.repair is None else finding.repair)
    small = before is not None and after is not None and after - before < RUINOUS
    severity = min(finding.severity, Severity.WARNING) if small else finding.severity
    return replace(finding, severity=severity, before=before, after=after)


def _in_order(findings: list[Finding]) -> Iterator[Finding]:
    """Return findings whose repairs can be run one after another: what is repaired as a whole is not repaired again."""
    whole = ""
    for finding in findings:
        images = (finding.repair or "").partition(" = ")[0]
        if whole.startswith(images + " = ") and images:
            yield replace(finding, repair=whole)
        else:
            yield finding
            whole = finding.repair if finding.repair and "report.repaired_" in finding.repair else whole


def _changed(given: Dataset, repaired: Dataset) -> Dataset | None:
    return None if repaired is given else repaired


def _report(
    findings: list[Finding],
    notes: list[str],
    unknown: list[str],
    accuracy: float | None,
    repaired_train: Dataset | None,
    repaired_test: Dataset | None,
) -> Report:
    gravest_first = sorted(findings, key=lambda finding: -finding.severity)
    return Report(
        tuple(_in_order(gravest_first)), tuple(notes), accuracy, repaired_train, repaired_test, tuple(unknown)
    )
