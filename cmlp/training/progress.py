"""How far a training is: a bar on a terminal or in a notebook, plain lines where stderr leads elsewhere."""

import sys
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from time import monotonic
from typing import Any, Literal, Self, TypeAlias

import numpy as np

from cmlp.errors import ModelError
from cmlp.notebook.frontend import Live, in_notebook
from cmlp.training.history import History
from cmlp.utils.text import shown

SECONDS_BETWEEN_LINES = 1.0  # so that thousands of quick epochs do not fill a log
TIMED_BAR = "epoch {n_fmt}, {elapsed} of %s, {desc}"  # where there is a limit of time, and none of epochs
BAR = "epoch {n_fmt}/{total_fmt} |{bar}| {remaining} left, {desc}"  # what matters less is cut off on the right
CURVE = "curve"

Shown: TypeAlias = bool | Literal["curve"] | None


def check_progress(value: Any) -> Shown:
    """Return whether and how to show progress, as `Network.train` takes it."""
    if value is None:
        return None
    if isinstance(value, str) and value == CURVE:
        return "curve"
    if not isinstance(value, bool | np.bool_):
        raise ModelError(f'progress must be True, False or "{CURVE}", got {shown(value)}')
    return bool(value)


class Progress:
    """Tells, epoch by epoch, how a training goes; a stderr that cannot be written ends nothing.

    Parameters
    ----------
    epochs : int or None
        How many there are in all; None if only the time is limited.
    images : int
        How many are used in each.
    show : bool or "curve", optional
        Whether to tell anything, and whether a notebook shows the history as it grows; by default, where stderr is a
        terminal or this is a notebook.
    done : int
        How many epochs are over already.
    resumed : bool
        Whether to tell after which epoch it goes on.
    seconds : float, optional
        How many there are left, where they are limited.
    """

    def __init__(
        self, epochs: int | None, images: int, show: Shown, done: int = 0, *, resumed: bool = False,
        seconds: float | None = None,
    ) -> None:  # fmt: skip
        self.epochs, self.images, self.before, self.done = epochs, images, done, done
        self.seconds, self.limit = 0.0, seconds or 0.0
        self.begun = self.told = monotonic()
        notebook = in_notebook()
        seen = notebook or _is_terminal()
        shown = sys.stderr is not None and (seen if show is None else bool(show))
        if resumed and shown:
            with _unless_written():
                print(f"goes on after epoch {done}", file=sys.stderr, flush=True)
        self.bar = self._new_bar() if shown and seen else None
        self.plain = shown and not seen
        self.with_curve = notebook and show == CURVE
        self.curve: Live | None = None
        self.waiting: str | None = None  # a line that came too soon after the one before

    def _new_bar(self) -> Any:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # a notebook without ipywidgets gets a bar of text
            from tqdm.auto import tqdm  # here, because it would make importing cmlp slower by a fifth

        done, total = self.done, self.epochs
        form = BAR if total is not None else TIMED_BAR % _time(self.limit)
        return tqdm(desc="loss ?", initial=done, total=total, bar_format=form, dynamic_ncols=True, file=sys.stderr)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        with _unless_written():
            if self.bar is not None:
                self.bar.close()
            elif self.waiting is not None:
                self._print_line()
        if self.curve is not None:
            self.curve.close()

    def epoch(self, history: History) -> None:
        """Tell how the last epoch of a history went."""
        if self.with_curve:
            self.curve = self.curve or Live(history)
            self.curve.update()
        if self.bar is None and not self.plain:
            return
        self.done += 1
        self.seconds += history.seconds[-1]
        speed = f", {self.images * (self.done - self.before) / self.seconds:,.0f} images/s" if self.seconds else ""
        with _unless_written():
            self._tell(f"{history.describe(-1)}{speed}")

    def _tell(self, text: str) -> None:
        if self.bar is not None:
            self.bar.set_description_str(text, refresh=False)
            self.bar.update()
            return
        of_all = "" if self.epochs is None else f"/{self.epochs}"
        left = self._left()
        self.waiting = f"epoch {self.done}{of_all}: {text}{f', {_time(left)} left' if left is not None else ''}"
        if monotonic() - self.told >= SECONDS_BETWEEN_LINES:
            self._print_line()

    def _print_line(self) -> None:
        print(self.waiting, file=sys.stderr, flush=True)
        self.waiting, self.told = None, monotonic()

    def _left(self) -> float | None:
        """Return the seconds left, if other epochs last as long as those since the beginning; None at the end."""
        gone = monotonic() - self.begun
        if self.epochs is None:
            return self.limit - gone if gone < self.limit else None
        return gone * (self.epochs - self.done) / (self.done - self.before) if self.done < self.epochs else None


def _time(seconds: float) -> str:
    hours, minutes = divmod(round(seconds) // 60, 60)
    return f"{hours}:{minutes:02}:{round(seconds) % 60:02}" if hours else f"{minutes}:{round(seconds) % 60:02}"


@contextmanager
def _unless_written() -> Iterator[None]:
    """Do without a stderr that refuses to be written, and with no exception that a handler of signals raises."""
    try:
        yield
    except OSError as error:
        if error.errno is None:
            raise
    except ValueError:
        if not getattr(sys.stderr, "closed", False):
            raise


def _is_terminal() -> bool:
    """Say whether somebody sees stderr."""
    try:
        return sys.stderr is not None and sys.stderr.isatty()
    except ValueError:  # it is closed
        return False
