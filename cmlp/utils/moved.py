"""Modules that have moved keep working under their old names for a version, and say where they are now."""

import sys
import warnings
from collections.abc import Sequence
from importlib import import_module
from importlib.abc import Loader, MetaPathFinder
from importlib.machinery import ModuleSpec
from types import ModuleType

MOVED = {
    "architecture": "model.architecture",
    "callbacks": "training.callbacks",
    "checks": "utils.checks",
    "extras": "utils.optional",
    "figures": "plotting.style",
    "files": "utils.files",
    "framing": "data.framing",
    "generators": "training.random_state",
    "history": "training.history",
    "initializers": "model.initializers",
    "lbfgs": "training.lbfgs",
    "layers": "model.parameters",
    "measures": "model.evaluation",
    "optimizers": "training.optimizers",
    "plots": "plotting.datasets",
    "progress": "training.progress",
    "samples": "model.samples",
    "schedules": "training.schedules",
    "scores": "reports.scores",
    "settings": "training.options",
    "threads": "model.threads",
    "validation": "data.validation",
}


class Forwarding(MetaPathFinder, Loader):
    """Finds a module of cmlp under its name in version 0.1."""

    def find_spec(
        self, name: str, path: Sequence[str] | None = None, target: ModuleType | None = None
    ) -> ModuleSpec | None:
        """Return a specification for a module that has moved, and None for all others."""
        package, _, module = name.rpartition(".")
        return ModuleSpec(name, self) if package == "cmlp" and module in MOVED else None

    def exec_module(self, module: ModuleType) -> None:
        """Put the module from where it is now in the place of an empty one."""
        old = module.__name__
        new = f"cmlp.{MOVED[old.rpartition('.')[2]]}"
        warnings.warn(f"{old} is now {new}; the old name goes with version 0.3", DeprecationWarning, stacklevel=2)
        sys.modules[old] = import_module(new)


def forward_old_names() -> None:
    """Let modules be imported under their old names."""
    sys.meta_path.append(Forwarding())
