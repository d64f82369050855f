"""What is said of a script that has ended, or was stopped."""

import ast
import re
import sys
import traceback
from collections.abc import Iterable
from dataclasses import replace
from pathlib import Path

from cmlp.diagnosis.report import Finding, Severity
from cmlp.diagnosis.scripts.source import never_called


def told(findings: Iterable[Finding], known: list[Finding]) -> list[Finding]:
    """Return findings with the words of what is known of the script, where both are of the same fault."""
    by_code = {finding.code: finding for finding in known}
    made = []
    for finding in findings:
        own = by_code.pop(finding.code, finding)
        made.append(replace(own, severity=finding.severity, before=finding.before, after=finding.after))
    return [*by_code.values(), *made]


def missing_file(error: BaseException | None, seen: str | None) -> str | None:
    """Return the name of the file for the lack of which a script ended."""
    if isinstance(error, FileNotFoundError) and isinstance(error.filename, str):
        return error.filename
    if isinstance(error, OSError):
        found = re.match(r"(.+?) not found|.*name = '([^']+)'", str(error))
        return next((name for name in found.groups() if name), None) if found else None
    return seen if error is None or isinstance(error, SystemExit) else None


def never_scored(tree: ast.Module, path: Path) -> list[Finding]:
    """Return what is to be said of functions that score and are never called."""
    return [
        Finding(
            "never-scored",
            Severity.NOTE,
            "scoring",
            f"{name} is defined in line {line} and called nowhere: the script never says how good the network is.",
            f"every call in {path.name} was looked at",
        )
        for name, line in never_called(tree)
    ]


def sentence_of(error: BaseException, place: str) -> str:
    """Return what ended the script, and what to do about it."""
    match error:
        case ModuleNotFoundError(name=str(name)):
            return f"{place}: the script imports {name}, which is not installed here: install it in {sys.prefix}"
        case EOFError():
            return f"{place}: the script asks for input, and nothing is typed in a check: write the value into it"
        case SystemExit() if any(
            Path(f.filename).name == "argparse.py" for f in traceback.extract_tb(error.__traceback__)
        ):
            return f"{place}: the script wants arguments, and the check gives none: give them default values"
        case SystemExit():
            return f"{place}: the script ends itself with sys.exit({error.code!r}) before it trains: let it go on"
        case SyntaxError():
            return f"{error.filename}:{error.lineno}: {error.msg}; the script imports it, and cannot run before"
        case KeyboardInterrupt():
            return f"{place}: the script was interrupted before it trained"
    said = " ".join(f"{type(error).__name__}: {error}".split())[:300]
    return f"{place}: {said}; the script ends with this before it trains, with and without the check: mend it first"
