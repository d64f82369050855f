"""Warnings that name the line of the caller, however deep in the package they arise."""

import sys
import warnings

PACKAGE = __name__.partition(".")[0]


def warn(message: str) -> None:
    """Warn of something that the caller of cmlp should know, at the first line that is not of cmlp.

    Parameters
    ----------
    message : str
        One sentence.
    """
    level = 1
    frame = sys._getframe()
    while frame.f_back is not None and frame.f_globals.get("__name__", "").partition(".")[0] == PACKAGE:
        frame = frame.f_back
        level += 1
    warnings.warn(message, stacklevel=level)
