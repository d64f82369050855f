"""Data as they are found: what the loader refuses is explained and repaired, and the rest is checked."""

import os
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from cmlp.data.class_names import read_class_names
from cmlp.data.dataset import Dataset
from cmlp.data.formats.columns import Label
from cmlp.data.formats.files import Options
from cmlp.data.formats.loading import load, read_parts
from cmlp.data.formats.names import TEST, TRAIN
from cmlp.data.loading import DATA_FILES, TEST_FILES, TRAINING_FILES
from cmlp.data.pickles import read_pickle
from cmlp.data.writing import write_data
from cmlp.diagnosis import check
from cmlp.diagnosis.evidence import Evidence
from cmlp.diagnosis.raw import RawSet, cut, exchange_files, make_arrays, make_finite, rows_first
from cmlp.diagnosis.raw_labels import drop_strays, make_integers, name_words, start_at_zero
from cmlp.diagnosis.report import Finding, Report, Severity
from cmlp.errors import DataError
from cmlp.network import Network
from cmlp.training.distortions import Distortions

LARGER = 3  # times as many test as training images are remarkable: MNIST has a sixth


@dataclass(frozen=True)
class FolderReport:
    """What was found in a folder, and its data with all repairs.

    Attributes
    ----------
    report : Report
    train, test : Dataset or None
        The data with every repair applied, None where they could not be read.
    is_single : bool
        Whether there is a single set, and so no test data.
    """

    report: Report
    train: Dataset | None
    test: Dataset | None
    is_single: bool = False

    @property
    def repaired(self) -> bool:
        """Whether the data are others than in the folder."""
        return self.train is not None and any(finding.repair for finding in self.report.problems)


def check_folder(
    folder: str | os.PathLike[str], *, network: Network | None = None, distortions: Distortions | None = None
) -> FolderReport:
    """Find what is wrong with the four pickles of a data folder.

    Parameters
    ----------
    folder : str or path
        The data folder, from which nothing is executed and in which nothing is changed.
    network : Network, optional
        Trained on these data.
    distortions : Distortions, optional
        With which a network is to be trained on them.

    Returns
    -------
    FolderReport

    Raises
    ------
    DataError
        If the folder is none, or has none of the four files.
    """
    root = Path(folder)
    if not any((root / file).exists() for file in DATA_FILES):
        raise DataError(f"{root} must be a folder with {', '.join(DATA_FILES)}, got none of them")
    findings: list[Finding] = []
    raw = {
        name: _read(root, name, files, findings)
        for name, files in (("training data", TRAINING_FILES), ("test data", TEST_FILES))
    }
    sets = [found for found in raw.values() if found is not None]
    train, test = _datasets(sets, raw["training data"], raw["test data"])
    findings += [finding for found in sets for finding in found.findings]
    findings += _unlikely_sizes(train, test)
    return _checked(findings, train, test, network, distortions)


def check_source(
    source: str | os.PathLike[str],
    *,
    network: Network | None = None,
    label: Label | None = None,
    header: bool | None = None,
    distortions: Distortions | None = None,
) -> FolderReport:
    """Find what is wrong with images and labels in any format that `load` reads.

    Parameters
    ----------
    source : str or path
        A file, or a folder, from which nothing is executed and in which nothing is changed.
    network : Network, optional
        Trained on these data.
    label, header : optional
        As `load` takes them.
    distortions : Distortions, optional
        With which a network is to be trained on these data.

    Returns
    -------
    FolderReport
        Without test data where the source holds a single set, which is then the training data.

    Raises
    ------
    DataError
        If nothing can be read there.
    OSError
        If the source cannot be read.
    """
    root = Path(source)
    if any((root / file).exists() for file in DATA_FILES):
        return check_folder(root, network=network, distortions=distortions)
    try:
        train, test = load(root, label=label, header=header)
    except DataError as error:
        return _check_refused(root, error, network, distortions, Options(label, header))
    report = _checked(_unlikely_sizes(train, test), train, test, network, distortions)
    return replace(report, is_single=test is None)


def _check_refused(
    root: Path, refusal: DataError, network: Network | None, distortions: Distortions | None, options: Options
) -> FolderReport:
    """Explain why a source is refused, or raise the refusal where that is all that can be said."""
    try:
        parts = read_parts(root, label=options.label, header=options.header)
    except DataError:
        raise refusal from None
    first = parts.get(TRAIN) or next(iter(parts.values()))
    second = parts.get(TEST)
    train = RawSet("training data", first.images, first.labels, first.names)
    test = None
    if second is not None and second is not first:
        test = RawSet("test data", second.images, second.labels, second.names)
    sets = [found for found in (train, test) if found is not None]
    datasets = _datasets(sets, train, test)
    findings = [finding for found in sets for finding in found.findings]
    if not findings:
        raise refusal
    report = _checked(findings + _unlikely_sizes(*datasets), *datasets, network, distortions)
    return replace(report, is_single=test is None)


def write_repaired(
    result: FolderReport, source: str | os.PathLike[str], target: str | os.PathLike[str], *, force: bool = False
) -> None:
    """Write the repaired data to another folder.

    Parameters
    ----------
    result : FolderReport
        What was found, with the repaired data.
    source : str or path
        Where the data are.
    target : str or path
        The other folder.
    force : bool
        Whether files that are there are replaced; by default they are not.

    Raises
    ------
    DataError
        If there is nothing to write, or a file to be written is there already and is not to be replaced.
    """
    if Path(source).resolve() == Path(target).resolve():
        raise DataError(f"the repaired data must be written to another folder than {source}")
    if result.train is None or (result.test is None and not result.is_single):
        raise DataError("the repaired data cannot be written, as a part of them could not be read")
    names = read_class_names(Path(source)) if Path(source).is_dir() else None
    kept = names if names is not None and len(names) == result.train.classes else None
    write_data(target, result.train, result.test, class_names=kept, force=force)


def _read(root: Path, name: str, files: tuple[str, str], findings: list[Finding]) -> RawSet | None:
    """Return what two files hold, or None after a finding for each that cannot be read."""
    contents = []
    for file in files:
        try:
            contents.append(read_pickle(root / file))
        except FileNotFoundError:
            verdict = f"A file of the {name} is missing: {file}."
            findings.append(Finding("missing-file", Severity.ERROR, name, verdict, f"{root / file} is not there"))
        except (DataError, OSError) as error:
            verdict = f"A file of the {name} cannot be read: {file}."
            reason = error.strerror if isinstance(error, OSError) and error.strerror else str(error)
            findings.append(Finding("unreadable-file", Severity.ERROR, name, verdict, reason))
    if len(contents) < len(files):
        return None
    return RawSet(name, contents[0], contents[1], (str(root / files[0]), str(root / files[1])))


def _datasets(sets: list[RawSet], train: RawSet | None, test: RawSet | None) -> tuple[Dataset | None, Dataset | None]:
    """Apply every step, and return training and test data, None where they cannot be had."""
    for raw in sets:
        make_arrays(raw)
        exchange_files(raw)
    if train is not None and test is not None:
        _exchange_sets(train, test)
    for raw in sets:
        rows_first(raw)
        make_integers(raw)
    name_words(sets)
    start_at_zero(sets)
    for raw in sets:
        drop_strays(raw)
    _cut(sets)
    for raw in sets:
        make_finite(raw)
    sound = [raw for raw in sets if all(finding.repair is not None for finding in raw.findings)]
    classes = max((_classes(raw) for raw in sound if raw.arrays), default=0) or None
    first = train.dataset(classes) if train in sound and train is not None else None
    second = test.dataset(classes) if test in sound and test is not None else None
    if first is None or second is None or test is None:
        return first, second
    if first.images.dtype == second.images.dtype == np.uint8 and second.scale > first.scale:
        second = test.dataset(classes, first.scale)  # a few dark images are no images of fewer bits
    return first, second


def _classes(raw: RawSet) -> int:
    """Return how many classes the labels of a set need, 0 where they are no integers or one-hot rows."""
    labels = raw.labels
    if labels.size > len(labels):
        return int(labels.shape[1])
    return int(labels.max()) + 1 if labels.dtype.kind in "iu" else 0


def _cut(sets: list[RawSet]) -> None:
    """Cut sets with more images than labels or the reverse, beginning with the other one as the standard."""
    even = [raw for raw in sets if raw.arrays and len(raw.images) == len(raw.labels)]
    standard = None
    if even:
        finite = RawSet(even[0].name, even[0].images, even[0].labels, even[0].files)
        make_finite(finite)
        dataset = finite.dataset()
        standard = Evidence(even[0].name, dataset) if dataset is not None else None
    for raw in sets:
        cut(raw, standard)


def _exchange_sets(train: RawSet, test: RawSet) -> None:
    """Swap the images of both sets if each then has as many labels, and belongs to them."""
    if not (train.arrays and test.arrays):
        return
    counts = len(train.images), len(train.labels), len(test.images), len(test.labels)
    if counts[0] == counts[1] or (counts[0], counts[1]) != (counts[3], counts[2]):
        return
    what = "images" if counts[1] > counts[3] else "labels"
    mine, others = getattr(train, what), getattr(test, what)
    setattr(train, what, others)
    setattr(test, what, mine)
    verdict = f"The {what} of training and test data are in each other's file."
    measured = (
        f"{counts[0]:,} images for {counts[1]:,} labels in training, {counts[2]:,} for {counts[3]:,} in test data"
    )
    repair = f"train_{what}, test_{what} = test_{what}, train_{what}"
    train.findings.append(Finding("sets-swapped", Severity.ERROR, "both sets", verdict, measured, repair))


def _unlikely_sizes(train: Dataset | None, test: Dataset | None) -> list[Finding]:
    if train is None or test is None or len(test) < LARGER * len(train):
        return []
    verdict = "The test data are much larger than the training data, as if they were in each other's files."
    measured = f"{len(train):,} training and {len(test):,} test images; {LARGER} times as many are remarkable"
    return [Finding("test-larger", Severity.NOTE, "both sets", verdict, measured)]


def _checked(
    findings: list[Finding],
    train: Dataset | None,
    test: Dataset | None,
    network: Network | None,
    distortions: Distortions | None,
) -> FolderReport:
    """Check what could be read, and put its findings after those of the files."""
    if train is None:
        note = "The images were not examined, as the training data could not be read."
        return FolderReport(
            Report(tuple(findings), (note,), unknown=("the training data could not be read",)), None, test
        )
    found = check(train, test, network, distortions=distortions)
    scored = [replace(f, after=found.accuracy) if f.repair and f.severity == Severity.ERROR else f for f in findings]
    gravest_first = sorted([*scored, *found.findings], key=lambda finding: -finding.severity)
    accuracy = None if any(f.severity == Severity.ERROR for f in findings) else found.accuracy
    mended_train = found.repaired_train or train
    mended_test = found.repaired_test or test
    report = Report(tuple(gravest_first), found.notes, accuracy, mended_train, mended_test, found.unknown)
    return FolderReport(report, mended_train, mended_test)
