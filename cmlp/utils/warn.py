"""Warnings that name the line of the caller, however deep in the package they arise."""

import sys
import warnings
from collections.abc import Callable
from types import TracebackType

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


class Reworded:
    """A context whose warnings are given in other words, at its end.

    Parameters
    ----------
    change : function
        Returns what is said in the place of a text.
    """

    def __init__(self, change: Callable[[str], str]) -> None:
        self.change = change
        self.catching = warnings.catch_warnings(record=True)
        self.caught: list[warnings.WarningMessage] = []

    def __enter__(self) -> None:
        caught = self.catching.__enter__()
        self.caught = [] if caught is None else caught
        warnings.simplefilter("always")

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self.catching.__exit__(kind, error, traceback)
        for each in self.caught:
            if each.category is UserWarning:
                warn(self.change(str(each.message)))
            else:
                warnings.warn_explicit(each.message, each.category, each.filename, each.lineno)
