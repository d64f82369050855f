"""Whether Python runs in a notebook, and something there that is shown anew as it changes."""

import sys
from time import monotonic
from typing import Any

SECONDS_BETWEEN = 0.15  # two pictures of a curve: nobody sees more, and a browser has other things to do


def in_notebook() -> bool:
    """Say whether what is displayed goes to a notebook: a kernel of Jupyter runs Python, and no terminal."""
    interactive = sys.modules.get("IPython")  # which is there already if it runs us
    if interactive is None:
        return False
    try:
        shell = interactive.get_ipython()
        return shell is not None and "IPKernelApp" in shell.config
    except (AttributeError, TypeError):
        return False


class Live:
    """Something that a notebook shows as it is at the moment; call `update` as often as you like."""

    def __init__(self, shown: Any) -> None:
        self.shown = shown
        self.handle: Any = None
        self.drawn: float | None = None
        self.is_late = False

    def update(self) -> None:
        """Show what has changed, unless it was shown just now."""
        self.is_late = self.drawn is not None and monotonic() - self.drawn < SECONDS_BETWEEN
        if not self.is_late:
            self._draw()

    def close(self) -> None:
        """Show what was not shown yet."""
        if self.is_late:
            self._draw()

    def _draw(self) -> None:
        from IPython.display import display  # there, as `in_notebook` says

        if self.handle is None:
            self.handle = display(self.shown, display_id=True)
        else:
            self.handle.update(self.shown)
        self.is_late, self.drawn = False, monotonic()
