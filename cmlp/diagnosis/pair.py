"""The two sets on the way to agreement, and the judge that compares them."""

from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from cmlp.data.dataset import Dataset
from cmlp.diagnosis.evidence import Evidence
from cmlp.diagnosis.probe import Probe
from cmlp.diagnosis.report import Finding, Severity
from cmlp.diagnosis.significance import CERTAIN, deviations
from cmlp.diagnosis.transforms import Diagnosis, Repair


@dataclass
class Pair:
    """The two sets, and what was found between them.

    Attributes
    ----------
    train, test : Evidence
        With all repairs so far.
    matched : Dataset
        The test set with the faults of the training set, for a network that has learned those.
    diagnoses : list of Diagnosis
    notes : list of str
    unknown : list of str
        Why nothing can be said, where nothing can.
    judge : Probe or None
        Trained on the training set as it came.
    """

    train: Evidence
    test: Evidence
    matched: Dataset
    diagnoses: list[Diagnosis] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    unknown: list[str] = field(default_factory=list)
    judge: Probe | None = None

    def found(self, code: str, severity: Severity, where: str, verdict: str, measured: str) -> None:
        """Add a finding that has no repair."""
        self.diagnoses.append(Diagnosis(Finding(code, severity, where, verdict, measured)))

    def repair(self, finding: tuple[str, str, str, str], repair: Repair, matching: Repair | None = None) -> None:
        """Add a finding (code, where, verdict, measured), and repair the set it speaks of.

        `matching` is the repair of the test set that brings it to the unrepaired training set instead.
        """
        code, where, verdict, measured = finding
        side = "train" if where == "training data" else "test"
        sets = {"train": self.train.dataset, "test": self.test.dataset}
        line = repair.written_for(side, sets[side], sets["train" if side == "test" else "test"])
        self.diagnoses.append(Diagnosis(Finding(code, Severity.ERROR, where, verdict, measured, line), repair))
        evidence: Evidence = getattr(self, side)
        setattr(self, side, evidence.repaired(repair.apply(evidence.dataset)))
        self.matched = (matching or repair).apply(self.matched)

    @property
    def named(self) -> set[str]:
        """The codes of what was found."""
        return {diagnosis.finding.code for diagnosis in self.diagnoses}

    @property
    def evidence_of_matched(self) -> Evidence:
        """The test set as the judge must see it."""
        return self.test.repaired(self.matched)


@dataclass(frozen=True)
class Gap:
    """By how much a set falls short of what its rows should reach.

    Attributes
    ----------
    expected, found : float
        Accuracy in percent on rows held out of the training set, weighted by the classes of the others; and of those.
    held_out, rows : float
        Of how many rows.
    """

    expected: float
    found: float
    held_out: float
    rows: int

    @property
    def points(self) -> float:
        """The difference."""
        return self.expected - self.found

    @property
    def deviations(self) -> float:
        """By how many standard deviations it falls short."""
        return deviations(self.expected, self.held_out, self.found, self.rows)

    @property
    def certain(self) -> bool:
        """Whether it is no luck."""
        return self.deviations >= CERTAIN

    @property
    def resolution(self) -> float:
        """The smallest loss in points that would not be taken for luck."""
        losses = np.arange(1.0, 101.0)
        seen = [deviations(self.expected, self.held_out, self.expected - loss, self.rows) >= CERTAIN for loss in losses]
        return float(losses[int(np.argmax(seen))]) if any(seen) else 100.0

    @property
    def measured(self) -> str:
        """Both, in words."""
        return (
            f"a network trained on the training data reaches {self.expected:.1f} % on rows held out of them and "
            f"{self.found:.1f} % on test data"
        )


def gap_of(judge: Probe, dataset: Dataset) -> Gap:
    """Return how the test data compare with rows held out of the training data."""
    expected, held_out = judge.expected_of(dataset.labels)
    return Gap(expected, judge.accuracy(dataset), held_out, len(dataset))


def rows_right(judge: Probe, dataset: Dataset) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return per row the share of right answers to be expected for its label, and the one found, both (n,)."""
    labels = dataset.labels
    known = np.append(judge.recall, np.zeros(max(0, int(labels.max()) + 1 - judge.classes)))
    return known[labels], judge.share_right(dataset)
