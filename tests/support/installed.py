"""What an installation with some extras has: other distributions are hidden from Python and its children."""

import functools
import importlib.metadata
import os
import re
import tomllib
from pathlib import Path

from packaging.requirements import Requirement

ROOT = Path(__file__).parents[2]
HOOKS = Path(__file__).parent / "hooks"  # with a sitecustomize.py, which Python imports as it starts
HIDDEN = "CMLP_HIDDEN_MODULES"


def environment(named):
    """Return an environment in which Python finds cmlp, what it needs, and these extras and distributions."""
    path = [str(HOOKS), str(Path(_package()).parent)]
    return os.environ | {"PYTHONPATH": os.pathsep.join(path), HIDDEN: ",".join(hidden_modules(frozenset(named)))}


def _package():
    import cmlp

    return cmlp.__path__[0]


@functools.cache
def hidden_modules(named):
    """The names of modules that are installed here, and would not be with these extras and distributions alone."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    wanted = [Requirement(text) for text in project["dependencies"]]
    for name in named:
        wanted += [Requirement(text) for text in project["optional-dependencies"].get(name, [name])]
    present = {"cmlp"}
    while wanted:
        requirement = wanted.pop()
        name = _canonical(requirement.name)
        if name == "cmlp":
            for extra in requirement.extras:
                wanted += [Requirement(text) for text in project["optional-dependencies"][extra]]
        elif name not in present and (requirement.marker is None or requirement.marker.evaluate({"extra": ""})):
            present.add(name)
            wanted += _requirements(name)
    return sorted(module for module, owners in _owners().items() if not owners & present)


@functools.cache
def _owners():
    """The distributions that each module is part of."""
    found = importlib.metadata.packages_distributions()
    return {module: set(map(_canonical, names)) for module, names in found.items()}


def _requirements(distribution):
    try:
        return list(map(Requirement, importlib.metadata.requires(distribution) or []))
    except importlib.metadata.PackageNotFoundError:
        return []


def _canonical(name):
    return re.sub(r"[-_.]+", "-", name).lower()
