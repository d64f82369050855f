"""What a check says: findings, each with its evidence, and what the repair brings."""

from collections.abc import Iterator
from dataclasses import asdict, dataclass, field
from enum import IntEnum
from textwrap import indent
from typing import Any

from cmlp.data.dataset import Dataset


class Severity(IntEnum):
    """How much a finding explains: an error by itself ruins the accuracy or stops the training."""

    NOTE = 1
    WARNING = 2
    ERROR = 3


def percent(share: float, digits: int = 1) -> str:
    """Write a share in percent, as all findings do: 0.123 is "12.3 %"."""
    return f"{100 * share:.{digits}f} %"


@dataclass(frozen=True)
class Finding:
    """One fault, and the measurement that shows it.

    Attributes
    ----------
    code : str
        Stable name, for programs: lower-case words and hyphens, such as "inverted".
    severity : Severity
    where : str
        "training data", "test data", "both sets", "network", "training" or "scoring".
    verdict : str
        One sentence for people.
    measured : str
        What was measured, and the threshold it was held against.
    repair : str or None
        One line of Python that repairs it, where that is possible.
    before, after : float or None
        Test accuracy in percent as things stand, and with the repair applied.
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
    """The findings of a check, the gravest first.

    Attributes
    ----------
    findings : tuple of Finding
    notes : tuple of str
        What was not checked, and why.
    accuracy : float or None
        Test accuracy in percent as things stand.
    repaired_train, repaired_test : Dataset or None
        The sets with every repair applied, where one was found.
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
        """Return the report, without the repaired sets, as JSON knows it."""
        findings = [asdict(finding) | {"severity": finding.severity.name.lower()} for finding in self.findings]
        return {"ok": self.ok, "accuracy": self.accuracy, "findings": findings, "notes": list(self.notes)}
