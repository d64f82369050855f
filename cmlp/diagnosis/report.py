"""The result of a check: findings, each with its evidence and the effect of the repair."""

from collections import Counter
from collections.abc import Iterator
from dataclasses import asdict, dataclass, field
from enum import IntEnum
from functools import partial
from textwrap import wrap
from typing import Any

from cmlp.data.dataset import Dataset
from cmlp.diagnosis.cards import finding_card
from cmlp.notebook.cards import card, cut, safe
from cmlp.utils.text import counted

COLUMNS = 80
MOST_FINDINGS = 12  # that a notebook or a repr shows of a report
HANGING = " " * 14
LONGEST = 300  # characters of a line of a repr


class Severity(IntEnum):
    """The severity of a finding: an error by itself ruins the accuracy or stops the training."""

    NOTE = 1
    WARNING = 2
    ERROR = 3


def percent(share: float, digits: int = 1) -> str:
    """Format a fraction in percent, as all findings do: 0.123 is "12.3 %"."""
    return f"{100 * share:.{digits}f} %"


def number_of_rows(number: int) -> str:
    """Say how many rows there are: "1 row", "1,000 rows"."""
    return counted(number, "row")


@dataclass(frozen=True, repr=False)
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
        return self.text(COLUMNS)

    def text(self, columns: int | None = None) -> str:
        """Return the finding in lines of at most so many columns, or one line for each thing that it says.

        Parameters
        ----------
        columns : int, optional
            Maximum length of a line; 80 in ``str(finding)``, and by default as long as a line gets.

        Returns
        -------
        str
            The lines.
        """
        lines = _wrapped(f"{self.severity.name.lower()}: {self.verdict} [{self.code}]", "    ", columns)
        lines += _wrapped(f"    measured: {self.measured}", HANGING, columns)
        if self.repair is not None:
            lines += _code("    repair:   ", self.repair, columns)
        if self.after is not None:
            before = "not to be measured" if self.before is None else f"{self.before:.1f} %"
            lines.append(f"    accuracy: {before} before, {self.after:.1f} % after the repair")
        return "\n".join(lines)

    def __repr__(self) -> str:
        return f"{type(self).__name__}({self._in_short()})"

    def _in_short(self) -> str:
        after = "" if self.after is None else f" {self.after:.1f} % after the repair"
        return cut(f"{self.severity.name.lower()}: {self.verdict} [{self.code}]{after}", LONGEST)

    def _repr_html_(self) -> str:
        return card(type(self).__name__, [self.where], finding_card(self))


@dataclass(frozen=True, repr=False)
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
    unknown : tuple of str, default ()
        Why nothing can be said: the data may be sound or not.
    praise : str, default "the data are sound"
        What is said where nothing was found.

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
    unknown: tuple[str, ...] = ()
    praise: str = "the data are sound"

    @property
    def ok(self) -> bool:
        """Whether the data are sound: nothing graver than a note was found, and it would have been."""
        return not self.problems and not self.unknown

    @property
    def problems(self) -> tuple[Finding, ...]:
        """The findings that are graver than a note."""
        return tuple(finding for finding in self.findings if finding.severity > Severity.NOTE)

    def __iter__(self) -> Iterator[Finding]:
        return iter(self.findings)

    def __len__(self) -> int:
        return len(self.findings)

    def __str__(self) -> str:
        return self.text(COLUMNS)

    def __repr__(self) -> str:
        lines = [f"{type(self).__name__}({', '.join(self._in_short())})"]
        lines += [f"  {finding._in_short()}" for finding in self.findings[:MOST_FINDINGS]]
        return "\n".join(lines + ([f"  and {self._hidden:,} more"] if self._hidden else []))

    def _in_short(self) -> list[str]:
        """Return how many findings there are of each kind, or that there are none, and the accuracy."""
        counts = Counter(finding.severity for finding in self.findings)
        parts = [counted(counts[kind], kind.name.lower()) for kind in sorted(counts, reverse=True)]
        if self.ok:
            parts.insert(0, f"nothing found: {self.praise}")
        elif self.unknown and not self.problems:
            parts.insert(0, cut(f"nothing can be said, because {'; and '.join(self.unknown)}", LONGEST))
        return parts + ([] if self.accuracy is None else [f"accuracy {self.accuracy:.1f} %"])

    @property
    def _hidden(self) -> int:
        return max(len(self.findings) - MOST_FINDINGS, 0)

    def _repr_html_(self) -> str:
        parts = [finding_card(finding) for finding in self.findings[:MOST_FINDINGS]]
        parts += [f"<p class='cmlp-remark'>and {self._hidden:,} more findings</p>"] if self._hidden else []
        parts += [f"<p class='cmlp-remark'>note: {safe(note)}</p>" for note in self.notes[:MOST_FINDINGS]]
        return card(type(self).__name__, self._in_short(), *parts)

    def text(self, columns: int | None = None) -> str:
        """Return the report in lines of at most so many columns, or with whole sentences in a line.

        Parameters
        ----------
        columns : int, optional
            Maximum length of a line; 80 in ``str(report)``, and by default as long as a line gets.

        Returns
        -------
        str
            The lines.
        """
        parts = [finding.text(columns) for finding in self.findings]
        if self.ok:
            parts.insert(0, f"Nothing found: {self.praise}.")
        elif not self.problems:
            reasons = "; and ".join(self.unknown)
            parts.insert(0, "\n".join(_wrapped(f"Nothing can be said, because {reasons}.", "", columns)))
        return "\n\n".join(parts + ["\n".join(_wrapped(f"note: {note}", "    ", columns)) for note in self.notes])

    def to_dict(self) -> dict[str, Any]:
        """Return the report in a form that JSON can represent, without the repaired data.

        Returns
        -------
        dict
            The keys ``"ok"``, ``"accuracy"``, ``"findings"``, ``"notes"`` and ``"unknown"``.
        """
        findings = [asdict(finding) | {"severity": finding.severity.name.lower()} for finding in self.findings]
        lists = {"findings": findings, "notes": list(self.notes), "unknown": list(self.unknown)}
        return {"ok": self.ok, "accuracy": self.accuracy} | lists


def _wrapped(text: str, indent: str, columns: int | None) -> list[str]:
    if columns is None:
        return [text]
    return wrap(text, columns, subsequent_indent=indent, break_on_hyphens=False)


def _code(name: str, code: str, columns: int | None) -> list[str]:
    """Return Python in lines that say the same: broken between statements, and at spaces inside brackets."""
    if columns is None:
        return [name + code]
    lines: list[str] = []
    for statement in map(partial(_breakable, columns=columns), code.split("; ")):
        lines.append(HANGING if lines else name)
        depth = 0
        for word in statement.split(" "):
            if depth and len(lines[-1]) + 1 + len(word) > columns:
                lines.append(HANGING + word)
            else:
                lines[-1] += word if len(lines[-1]) == len(HANGING) else f" {word}"
            depth += sum(word.count(bracket) for bracket in "([{") - sum(word.count(bracket) for bracket in ")]}")
    return lines


def _breakable(statement: str, columns: int) -> str:
    """Return an assignment that is too long with brackets around its right side, which change nothing."""
    target, equals, value = statement.partition(" = ")
    return f"{target} = ({value})" if equals and len(HANGING) + len(statement) > columns else statement
