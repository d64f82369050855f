"""Optional dependencies: imported where they are needed; the error says how to install a missing one."""

from importlib import import_module
from typing import Any

from cmlp.errors import MissingExtraError


def require(module: str, library: str, extra: str, user: str) -> Any:
    """Import a module of an optional library.

    Parameters
    ----------
    module : str
        The module, such as "PIL.Image".
    library : str
        The name of the library, for the error message.
    extra : str
        The extra of cmlp that installs it.
    user : str
        What needs it, for the error message.

    Returns
    -------
    module

    Raises
    ------
    MissingExtraError
        If the library is not installed; the message says how to install it.
    """
    try:
        return import_module(module)
    except ImportError as error:
        if (error.name or "").startswith("cmlp."):  # a fault of our own, which no installation mends
            raise
        raise MissingExtraError(f'{user} needs {library}: pip install "cmlp[{extra}]"', name=module) from error
