"""What is known of one network while it is examined, and what was found so far."""

import re
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from cmlp.diagnosis.programs.access import attribute, unwrapped
from cmlp.diagnosis.programs.explanation import Explanation
from cmlp.diagnosis.programs.instances import Instance
from cmlp.diagnosis.programs.isolation import WALL, OutOfTime
from cmlp.diagnosis.programs.lines import line_that_changes, sources
from cmlp.diagnosis.programs.replica import Replica
from cmlp.diagnosis.programs.samples import Samples
from cmlp.diagnosis.programs.subject import Subject
from cmlp.diagnosis.report import Finding, Severity

Array = NDArray[Any]
JUDGED = 1500  # rows by which trials are judged
TRIAL = 0.8  # seconds of the processor for one trial
WAIT = 2.0  # seconds of the processor for a training with a few samples
GIVEN = 2.0  # for the training as it was given
FEWEST = 20  # samples, below which nothing is called sound
KNOWN = 0.8  # of the way to what a small network learns, below which nothing is called sound
MOST = 12_000  # samples that one trial trains on


@dataclass
class Step:
    """One step with a few samples: from which values, what it changed, and what explains it."""

    values: list[Array]
    changes: list[Array]
    x: Array
    y: Array
    eta: float
    explanation: Explanation | None = None
    noisy: bool = False
    adaptive: bool = False
    cosines: dict[str, float] = field(default_factory=dict)  # by block, against slopes measured by differences


class Examination:
    """The subject, the data it is judged by, and the findings.

    Parameters
    ----------
    subject : Subject
    train : Samples
    test : Samples or None
        Rows of `train` are held out without it.
    seconds : float
        Of the processor, for everything.
    progress : callable
        Told what is being tried.
    """

    def __init__(
        self, subject: Subject, train: Samples, test: Samples | None, seconds: float, progress: Callable[[str], None]
    ) -> None:
        self.subject, self.train, self.test = subject, train, test
        self.progress = progress
        self.began, self.seconds = time.process_time(), seconds
        self.clock = time.monotonic()
        self.hangs = False  # whether its training does not return even for a few images
        self.findings: list[Finding] = []
        self.notes: list[str] = []
        self.replica: Replica | None = None
        self.step: Step | None = None
        self.given: float | None = None  # accuracy in percent of what its own training makes
        self.trained: Instance | None = None
        self.batch: int | None = None
        self.cost = 1e-4  # seconds for one sample
        self.summed: float | None = None  # how many times the mean gradient one step takes, by eta
        self.repairs: dict[str, Any] = {}
        self.facts: dict[str, Any] = {}
        self._split()

    def _split(self) -> None:
        rng = np.random.default_rng(5)
        n = len(self.train)
        if self.test is not None:
            pick = rng.permutation(len(self.test))[:JUDGED]
            self.judged_x, self.judged_y = self.test.x[pick], self.test.y[pick]
            self.usable = np.arange(n)
        else:
            order = rng.permutation(n)
            held = min(JUDGED, max(1, n // 4))
            self.judged_x, self.judged_y = self.train.x[order[:held]], self.train.y[order[:held]]
            self.usable = np.sort(order[held:]) if n > 1 else order
        self.order = rng.permutation(self.usable)
        counts = np.bincount(self.judged_y[self.judged_y >= 0], minlength=1)
        self.chance = 100 * float(counts.max()) / max(1, len(self.judged_y))

    def count_from_one(self) -> bool:
        """Take the label 1 for the first class, where that is the smallest one; return whether it is."""
        given = [samples for samples in (self.train, self.test) if samples is not None]
        if not all(samples.from_one for samples in given):
            return False
        for samples in given:
            samples.count_from_one()
        self._split()
        return True

    # Time

    @property
    def left(self) -> float:
        """Seconds of the processor that are left, or a part of those on the clock."""
        clock = self.seconds - (time.monotonic() - self.clock) / WALL
        return min(self.seconds - (time.process_time() - self.began), clock)

    @contextmanager
    def bounded(self, seconds: float, seed: int | None = 0, instance: Instance | None = None) -> Iterator[None]:
        """Run code of theirs within so many seconds, and within the time that is left."""
        with self.subject.care(max(0.2, min(seconds, self.left)), seed, instance):
            yield

    @property
    def visits(self) -> float:
        """How many samples reach its steps in all of its training."""
        each = self.facts.get("visits", len(self.usable))
        return float((self.subject.epochs or 1) * each)

    @property
    def budget(self) -> int:
        """How many samples a trial can train on."""
        return int(np.clip(TRIAL / self.cost, 500, MOST))

    # Findings

    def found(
        self,
        code: str,
        severity: Severity,
        verdict: str,
        measured: str,
        repair: str | None = None,
        *,
        where: str = "training",
        before: float | None = None,
        after: float | None = None,
    ) -> Finding:
        """Note a finding."""
        finding = Finding(code, severity, where, verdict, measured, repair, before, after)
        self.findings.append(finding)
        return finding

    def note(self, text: str) -> None:
        """Note what could not be found out."""
        if text not in self.notes:
            self.notes.append(text)

    @property
    def unknown(self) -> list[str]:
        """Why nothing can be said of the network."""
        if self.given is None and self.subject.runs is None:
            return ["no way was found to run the network"]
        if self.given is None:
            return ["the network was not trained"]
        if len(self.usable) < FEWEST:
            return [f"there are only {len(self.usable)} samples"]
        reference = self.facts.get("reference")
        if reference is not None and self.given < self.chance + KNOWN * (reference - self.chance):
            part = self.facts.get("stopped") or self.facts.get("shortened")
            when = "after the part of its training that was examined" if part else "after its training"
            return [f"{when} it has {self.given:.1f} % right, where a small network has {reference:.1f} %"]
        return []

    @property
    def codes(self) -> set[str]:
        """The codes of what was found."""
        return {finding.code for finding in self.findings}

    @property
    def grave(self) -> set[str]:
        """The codes of what is more than a note."""
        return {finding.code for finding in self.findings if finding.severity > Severity.NOTE}

    def change(self, code: str, **changes: Any) -> None:
        """Change all findings of a code."""
        self.findings = [replace(f, **changes) if f.code == code else f for f in self.findings]

    def error_note(self, what: str, error: BaseException) -> str:
        """Say why something could not be done."""
        if isinstance(error, OutOfTime):
            return f"{what} took too long and was stopped."
        return f"{what} failed: {type(error).__name__}: {str(error)[:120]}"

    # Names and places

    def name_of(self, index: int) -> str:
        """Return what a block of parameters is called."""
        name = self.subject.blocks[index].name
        return self.subject.root_name + name if name.startswith("[") or not name else name

    def place_of(self, kind: str) -> str:
        """Return file, line and name of the function that steps, trains or runs, as "script.py:57, update"."""
        function = self.function(kind)
        code = attribute(unwrapped(function), "__code__", None) if function is not None else None
        if code is None:
            return ""
        return f"{Path(code.co_filename).name}:{code.co_firstlineno}, {code.co_name}"

    def function(self, kind: str) -> Any:
        """Return the function that steps, trains or runs, if there is one."""
        subject = self.subject
        if subject.functions.get(kind):
            return subject.functions[kind]
        name = {
            "forward": subject.runs.name if subject.runs else None,
            "fit": subject.trains,
            "step": subject.steps.name if subject.steps else subject.trains,
        }[kind]
        return attribute(subject.given, name, None) if name else None

    def line_like(self, pattern: str) -> str:
        """Return the first line of its training that looks like a pattern, as "script.py:57: for k in range(n):"."""
        for found in sources(self.function("fit"), self.subject.given):
            for number, line in found:
                if re.search(pattern, line):
                    return found.place(number, line)
        return ""

    def line_of(self, index: int) -> str:
        """Return the line that changes a block, as "script.py:57: self.W1 -= lr * dW1", if it can be found."""
        for kind in ("step", "fit"):
            found = list(sources(self.function(kind), self.subject.given))
            line = line_that_changes(found, self.name_of(index))
            if line:
                return line
        return ""

    def beside(self, index: int) -> str:
        """Return the line that changes a block, or else the function that steps, as it stands behind a sentence."""
        line = self.line_of(index) or self.place_of("step")
        return f" ({line})" if line else ""


def finite(values: list[Array]) -> bool:
    """Whether all numbers are finite."""
    return all(np.isfinite(value).all() for value in values)
