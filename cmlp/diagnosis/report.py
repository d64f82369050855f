"""The result of a check: findings, each with its evidence and the effect of the repair."""

from collections.abc import Iterator
from dataclasses import asdict, dataclass, field
from enum import IntEnum
from textwrap import indent
from typing import Any

from cmlp.data.dataset import Dataset


class Severity(IntEnum):
    """The severity of a finding: an error by itself ruins the accuracy or stops the training."""

    NOTE = 1
    WARNING = 2
    ERROR = 3


def percent(share: float, digits: int = 1) -> str:
    """Format a fraction in percent, as all findings do: 0.123 is "12.3 %"."""
    return f"{100 * share:.{digits}f} %"


@dataclass(frozen=True)
class Finding:
    """A fault, and the measurement that shows it.

    Parameters
    ----------
    code : str
        Stable identifier for programs: lower-case words and hyphens, such as "inverted".
    severity : Severity
        ``ERROR``, ``WARNING`` or ``NOTE``; an error by itself ruins the accuracy or stops the training.
    where : str
        "training data", "test data", "both sets", "network", "training" or "scoring".
    verdict : str
        The fault in one sentence.
    measured : str
        What was measured, and the threshold it was compared with.
    repair : str, optional
        One line of Python that repairs the fault, if that is possible.
    before : float, optional
        Test accuracy in percent without the repair.
    after : float, optional
        Test accuracy in percent with the repair.

    Examples
    --------
    >>> train, test = cmlp.load_digits()
    >>> inverted = cmlp.Dataset(16 - test.images, test.labels)
    >>> (finding,) = cmlp.check(train, inverted)
    >>> finding.code, finding.where, finding.severity.name
    ('inverted', 'test data', 'ERROR')
    """

    code: str
    severity: Severity
    where: str
    verdict: str
    measured: str
    repair: str | None = None
    before: float | None = None
    after: float | None = None

    def __str__(self) -> str:
        lines = [f"{self.severity.name.lower()}: {self.verdict} [{self.code}]", f"measured: {self.measured}"]
        if self.repair is not None:
            lines.append(f"repair:   {self.repair}")
        if self.after is not None:
            before = "not to be measured" if self.before is None else f"{self.before:.1f} %"
            lines.append(f"accuracy: {before} before, {self.after:.1f} % after the repair")
        return lines[0] + "\n" + indent("\n".join(lines[1:]), "    ")


@dataclass(frozen=True)
class Report:
    """The findings of a check, the most severe first.

    A report is iterated over, and has a length, like its `findings`.

    Parameters
    ----------
    findings : tuple of Finding, default ()
        The faults that were found.
    notes : tuple of str, default ()
        What was not checked, and why.
    accuracy : float, optional
        Test accuracy in percent without any repair.
    repaired_train : Dataset, optional
        The training data with all repairs applied, if there are any.
    repaired_test : Dataset, optional
        The test data with all repairs applied, if there are any.

    Examples
    --------
    >>> train, test = cmlp.load_digits()
    >>> report = cmlp.check(train, cmlp.Dataset(16 - test.images, test.labels))
    >>> report.ok, len(report)
    (False, 1)
    >>> cmlp.check(train, report.repaired_test).ok
    True
    """

    findings: tuple[Finding, ...] = ()
    notes: tuple[str, ...] = ()
    accuracy: float | None = None
    repaired_train: Dataset | None = field(default=None, repr=False)
    repaired_test: Dataset | None = field(default=None, repr=False)

    @property
    def ok(self) -> bool:
        """Whether nothing was found."""
        return not self.findings

    def __iter__(self) -> Iterator[Finding]:
        return iter(self.findings)

    def __len__(self) -> int:
        return len(self.findings)

    def __str__(self) -> str:
        parts = [str(finding) for finding in self.findings] or ["Nothing found: the data are sound."]
        return "\n\n".join(parts + [f"note: {note}" for note in self.notes])

    def to_dict(self) -> dict[str, Any]:
        """Return the report in a form that JSON can represent, without the repaired data.

        Returns
        -------
        dict
            The keys ``"ok"``, ``"accuracy"``, ``"findings"`` and ``"notes"``.
        """
        findings = [asdict(finding) | {"severity": finding.severity.name.lower()} for finding in self.findings]
        return {"ok": self.ok, "accuracy": self.accuracy, "findings": findings, "notes": list(self.notes)}
