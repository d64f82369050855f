"""A script, run in a child until it trains, and examined there: ``cmlp check --script my_script.py``."""

import os
import shutil
import signal
import tempfile
from dataclasses import dataclass, replace
from math import isfinite
from pathlib import Path
from typing import Any

from cmlp.diagnosis.programs.face import PRAISE, STAGES
from cmlp.diagnosis.progress import progress_bar
from cmlp.diagnosis.report import Finding, Report, Severity
from cmlp.diagnosis.scripts.process import CHILD, Outcome, run_child
from cmlp.errors import DataError, ModelError
from cmlp.utils.text import printable, shown

RUNS = 4  # of a script, each in another folder


@dataclass(frozen=True)
class ScriptReport:
    """What is known of a script.

    Parameters
    ----------
    report : Report
        What was found.
    caught : str, optional
        The line of the script with which it began to train, where it was stopped; None if it did not.
    interrupted : bool
        Whether Ctrl-C ended the check before it had finished.
    """

    report: Report
    caught: str | None = None
    interrupted: bool = False


def check_script(
    path: str | os.PathLike[str],
    folder: str | os.PathLike[str] | None = None,
    seconds: float = 60.0,
    *,
    progress: bool | None = None,
    child: str = CHILD,
) -> ScriptReport:
    """Run a script until it trains a network, and find out what is wrong with it.

    The script runs in a process of its own, in which it can type nothing, write no files and take no more than its
    time. Where it calls a function that trains, or where a loop of its top level turns out to train, it is stopped.

    Parameters
    ----------
    path : path-like
        The script.
    folder : path-like, optional
        Where the files are that it reads; by default its own folder.
    seconds : float
        How much of the processor's time it may use, the examination included.
    progress : bool, optional
        Whether to show on stderr what is being tried; by default, where stderr is a terminal.
    child : str
        The module that runs the script.

    Returns
    -------
    ScriptReport
        What was found.

    Raises
    ------
    DataError
        If the script cannot be run: it is no Python, or a file or a package is missing.
    ModelError
        If seconds is not a positive number.
    OSError
        If the script or the folder does not exist.
    """
    script, folders = _checked(path, folder, seconds)
    scratch = Path(tempfile.mkdtemp(prefix="cmlp-script-"))
    try:
        with progress_bar(progress, STAGES + 1) as bar:
            return _in_folders(script, folders, folder, float(seconds), scratch, child, bar)
    finally:
        shutil.rmtree(scratch, ignore_errors=True)


def _checked(path: Any, folder: Any, seconds: Any) -> tuple[Path, list[Path]]:
    """Check the arguments; return the script, and the folders from which its relative paths may lead somewhere."""
    given = Path(path)
    given.stat()  # its error names the path
    if not given.is_file():
        raise DataError(f"{printable(str(path))} must be a Python script, and is a folder: name the file in it")
    if isinstance(seconds, bool) or not isinstance(seconds, int | float) or not seconds > 0 or not isfinite(seconds):
        raise ModelError(f"seconds must be a positive number, got {shown(seconds)}")
    script = given.resolve()
    if folder is None:
        return script, [script.parent, Path.cwd(), script.parent.parent]
    place = Path(folder)
    place.stat()
    if not place.is_dir():
        raise DataError(f"folder must be the folder with the files that the script reads, got the file {place}")
    place = place.resolve()
    return script, [place, place.parent, script.parent]


def _in_folders(
    script: Path, folders: list[Path], given: Any, seconds: float, scratch: Path, child: str, bar: Any
) -> ScriptReport:
    """Run the script in the first folder, and again in another where that has the file that was missing."""
    tried: list[Path] = []
    while True:
        place = next(folder for folder in folders if folder not in tried)
        tried.append(place)
        ending = [str(folder) for folder in folders] if given is not None else []
        request = {"path": str(script), "folder": str(place), "folders": ending, "scratch": str(scratch)}
        outcome = run_child(request | {"seconds": seconds}, scratch, child, bar)
        wanted = outcome.facts.get("missing")
        if wanted is None:
            return _report_of(outcome, seconds)
        folders = [f for f in folders if f in tried or (not Path(wanted).is_absolute() and (f / wanted).exists())]
        if len(tried) == RUNS or all(folder in tried for folder in folders):
            raise DataError(_no_file(outcome.facts["place"], wanted, given, tried[0]))


def _no_file(place: str, wanted: str, folder: Any, where: Path) -> str:
    name = printable(wanted)
    if folder is not None:
        return f"{place}: the script wants {name}, which is not in {printable(str(folder))}, the folder of --folder"
    advice = "name the folder with its files by --folder FOLDER"
    return f"{place}: the script wants {name}, which is not there (it ran in {printable(str(where))}): {advice}"


def _report_of(outcome: Outcome, seconds: float) -> ScriptReport:
    facts = outcome.facts
    caught = facts.get("caught")
    if "report" in facts:
        return ScriptReport(report_from(facts["report"]), caught, outcome.interrupted)
    if outcome.interrupted and caught is None:
        raise KeyboardInterrupt
    if "error" in facts and not outcome.interrupted:
        raise DataError(facts["error"])
    report = Report(notes=tuple(facts.get("notes", ())), unknown=(_reason(outcome, seconds),))
    return ScriptReport(report, caught, outcome.interrupted)


def _reason(outcome: Outcome, seconds: float) -> str:
    """Return why a child has made no report."""
    stage = "was examined" if "caught" in outcome.facts else "ran"
    if outcome.interrupted:
        return f"the check was interrupted while the script {stage}"
    if "unknown" in outcome.facts:
        return str(outcome.facts["unknown"])
    if "failed" in outcome.facts:
        return f"the examination failed ({outcome.facts['failed']})"
    if outcome.late or outcome.code == -getattr(signal, "SIGXCPU", 24):
        return f"the time was over while the script {stage}: more is given with --seconds {2 * seconds:g}"
    code = outcome.code or 0
    how = f"signal {-code}" if code < 0 else f"exit code {code}"
    return f"the script ended its process while it {stage.replace('was examined', 'was being examined')}, with {how}"


def report_from(facts: dict[str, Any]) -> Report:
    """Return the report of which `Report.to_dict` has made a dict.

    Parameters
    ----------
    facts : dict
        What `Report.to_dict` returned.

    Returns
    -------
    Report
        The same, without repaired data.
    """
    findings = [
        Finding(**(finding | {"severity": Severity[finding["severity"].upper()]})) for finding in facts["findings"]
    ]
    report = Report(tuple(findings), tuple(facts["notes"]), facts["accuracy"])
    return replace(report, unknown=tuple(facts["unknown"]), praise=PRAISE)
