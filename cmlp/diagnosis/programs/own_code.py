"""What is somebody's own, and not of a library: files, objects and methods."""

import os
import pathlib
import re
import sys
import sysconfig
from argparse import Namespace
from functools import partial
from types import FunctionType, SimpleNamespace
from typing import Any

from cmlp.diagnosis.programs.access import attribute

CMLP = str(pathlib.Path(__file__).parents[2]) + os.sep
LIBRARIES = re.compile(r"[\\/](site-packages|dist-packages|lib[\\/]python3\.?\d*t?)[\\/]")
STANDARD = sysconfig.get_path("stdlib") + os.sep


def own_code(filename: str) -> bool:
    """Whether a file is part of somebody's program rather than of a library."""
    return not (LIBRARIES.search(filename) or filename.startswith(("<frozen", CMLP, STANDARD)))


def is_own(value: Any) -> bool:
    """Whether an object is of a class of somebody's program, or one without a class of its own."""
    if issubclass(type(value), (SimpleNamespace, Namespace, partial)):
        return True
    module = type(value).__module__
    file = getattr(sys.modules.get(module), "__file__", None)
    return module == "__main__" or (file is not None and own_code(file))


def own_methods(network: Any) -> list[str]:
    """Return the names of the functions that the classes of an object define in somebody's program."""
    found: dict[str, None] = {}
    for kind in type(network).__mro__:
        file = getattr(sys.modules.get(kind.__module__), "__file__", None)
        if kind.__module__ == "__main__" or (file is not None and own_code(file)):
            found |= dict.fromkeys(
                name
                for name, value in vars(kind).items()
                if callable(value) or isinstance(value, (staticmethod, classmethod))
            )
    found |= dict.fromkeys(
        name for name, value in attribute(network, "__dict__", {}).items() if type(value) is FunctionType
    )
    return [name for name in found if not name.startswith("__")]
