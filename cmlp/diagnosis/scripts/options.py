"""Settings that a script keeps together: in what argparse returns, or in a dict of plain values."""

import ast
import copy
import re
from argparse import Namespace
from collections.abc import Iterator, Mapping
from dataclasses import replace
from types import SimpleNamespace
from typing import Any

from cmlp.diagnosis.programs.roles import role
from cmlp.diagnosis.report import Finding
from cmlp.diagnosis.scripts.state import Variables

KINDS = ("eta", "epochs", "size")
PLAIN = (int, float, str, bool, type(None))


def _fields(value: Any) -> dict[str, Any]:
    if isinstance(value, (Namespace, SimpleNamespace)) and not isinstance(value, Variables):
        return dict(vars(value))
    known = isinstance(value, dict) and value and all(isinstance(key, str) and key.isidentifier() for key in value)
    return dict(value) if known and all(isinstance(item, PLAIN) for item in value.values()) else {}


def _settings(variables: Mapping[str, Any]) -> Iterator[tuple[str, str, Any]]:
    """Yield where settings are kept: the variable, the field, and the value."""
    for name, kept in variables.items():
        for field, value in _fields(kept).items():
            if isinstance(value, int | float) and not isinstance(value, bool) and role(field) in KINDS:
                yield name, field, value


def settings_within(variables: Mapping[str, Any]) -> dict[str, Any]:
    """Return settings of a training that are kept in fields, by the names of these.

    Parameters
    ----------
    variables : mapping
        Those that the training reads, or its arguments.

    Returns
    -------
    dict
        Without those of which there are several, and without those that are variables themselves.
    """
    found = list(_settings(variables))
    kinds = [role(field) for _, field, _ in found] + [role(name) for name in variables]
    return {field: value for _, field, value in found if kinds.count(role(field)) == 1 and field not in variables}


def set_within(variables: dict[str, Any], settings: Mapping[str, Any]) -> None:
    """Give fields other values, in copies of what keeps them."""
    for name, field, _ in list(_settings(variables)):
        if field not in settings:
            continue
        changed = variables[name] = copy.copy(variables[name])
        if isinstance(changed, dict):
            changed[field] = settings[field]
        else:
            setattr(changed, field, settings[field])


def in_words(finding: Finding, variables: Mapping[str, Any], tree: ast.Module) -> Finding:
    """Return a finding with fields as the script writes them, ``args.lr``, and as they are given: ``--lr 0.1``."""
    known = settings_within(variables)
    for name, field, _ in _settings(variables):
        if field not in known:
            continue
        options = isinstance(variables[name], Namespace)
        own = f"{name}[{field!r}]" if isinstance(variables[name], dict) else f"{name}.{field}"
        option = option_of(field, tree) if options else ""
        said = re.compile(rf"(?<![\w.-]){re.escape(field)}( = |: (?=[\d.]))")
        repair = finding.repair and said.sub(f"{option} " if option else f"{own} = ", finding.repair)
        verdict, measured = (said.sub(rf"{own}\1", text) for text in (finding.verdict, finding.measured))
        finding = replace(finding, verdict=verdict, measured=measured, repair=repair)
    return finding


def option_of(field: str, tree: ast.Module) -> str:
    """Return the option of the command line whose value argparse keeps in a field, such as ``--batch-size``; or ""."""
    texts = (node.value for node in ast.walk(tree) if isinstance(node, ast.Constant) and isinstance(node.value, str))
    return next((text for text in texts if text.startswith("--") and text[2:].replace("-", "_") == field), "")
