"""A compiled multilayer perceptron: images and labels in, digits out, and fast."""

from importlib.machinery import EXTENSION_SUFFIXES
from pathlib import Path

__version__ = "0.1.0"


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

from cmlp.callbacks import Event  # noqa: E402
from cmlp.data import Dataset, load_digits, load_test_data, load_training_data  # noqa: E402
from cmlp.errors import CmlpError, DataError, ModelError  # noqa: E402
from cmlp.history import History  # noqa: E402
from cmlp.network import Network  # noqa: E402
from cmlp.optimizers import LBFGS, SGD, Adam, AdamW, Momentum, Nadam, Nesterov, RMSprop  # noqa: E402
from cmlp.schedules import Adaptive, Cosine, Exponential, InverseScaling, OneCycle, Step  # noqa: E402

__all__ = [
    "LBFGS",
    "SGD",
    "Adam",
    "AdamW",
    "Adaptive",
    "CmlpError",
    "Cosine",
    "DataError",
    "Dataset",
    "Event",
    "Exponential",
    "History",
    "InverseScaling",
    "ModelError",
    "Momentum",
    "Nadam",
    "Nesterov",
    "Network",
    "OneCycle",
    "RMSprop",
    "Step",
    "load_digits",
    "load_test_data",
    "load_training_data",
]
