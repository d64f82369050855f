"""A compiled multilayer perceptron: images and labels in, digits out, and fast.

What is named in PLACES is imported when it is first asked for: importing cmlp costs next to nothing.
"""

from importlib import import_module
from importlib.machinery import EXTENSION_SUFFIXES
from pathlib import Path
from typing import Any

__version__ = "0.2.0"

PLACES = {
    "cmlp.training.callbacks": ["Event"],
    "cmlp.diagnosis": ["Finding", "Report", "check"],
    "cmlp.data": ["Dataset", "Sets", "load", "load_digits", "load_test_data", "load_training_data", "read_picture"],
    "cmlp.training.distortions": ["Distortions"],
    "cmlp.errors": ["CmlpError", "DataError", "MissingExtraError", "ModelError"],
    "cmlp.training.history": ["History"],
    "cmlp.model.evaluation": ["Evaluation"],
    "cmlp.model.summary": ["Summary"],
    "cmlp.network": ["Network"],
    "cmlp.reports.confusion": ["plot_confusion"],
    "cmlp.reports.eta_test": ["EtaTest", "find_eta"],
    "cmlp.training.optimizers": ["LBFGS", "SGD", "Adam", "AdamW", "Momentum", "Nadam", "Nesterov", "RMSprop"],
    "cmlp.training.schedules": ["Adaptive", "Cosine", "Exponential", "InverseScaling", "OneCycle", "Step"],
}
__all__ = [name for names in PLACES.values() for name in names]
ESTIMATORS = ["MLPClassifier", "MLPRegressor"]  # not in __all__, because they need scikit-learn


def __getattr__(name: str) -> Any:
    for module, names in PLACES.items():
        if name in names:
            value = globals()[name] = getattr(import_module(module), name)
            return value
    if name in ESTIMATORS:
        from cmlp.utils.optional import require

        return getattr(require("cmlp.estimators", "scikit-learn", "sklearn", f"cmlp.{name}"), name)
    raise AttributeError(f"module 'cmlp' has no attribute {name!r}")


def __dir__() -> list[str]:
    return sorted([*__all__, *ESTIMATORS, "__version__"])


def _compiled(package: Path) -> bool:
    return any((package / "core" / f"engine{suffix}").exists() for suffix in EXTENSION_SUFFIXES)


def _package_path() -> list[str]:
    """Return where the modules of cmlp are: not in a source folder that was never compiled, if there is a choice.

    Python puts the current folder first, so in a checkout this file is found before the installed one.
    """
    import sys

    here = Path(__file__).parent
    if _compiled(here):
        return [str(here)]
    for folder in map(Path, sys.path):
        if _compiled(folder / "cmlp"):
            return [str(folder / "cmlp")]
    raise ImportError(f"cmlp is not compiled in {here} and installed nowhere else: run `pip install .` there first")


__path__ = _package_path()

from cmlp.utils.moved import forward_old_names  # noqa: E402 (Python must first know where the package is)

forward_old_names()
