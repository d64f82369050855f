"""The progress bar of a check: what is being tried."""

from typing import Any


def progress_bar(shown: bool | None, stages: int = 5) -> Any:
    """Return a bar on stderr, which appears after a second; by default only where stderr is a terminal.

    Parameters
    ----------
    shown : bool or None
        Whether it is shown.
    stages : int, default 5
        How many there are.
    """
    from tqdm import tqdm  # here, because importing it takes time that most programs do not need

    class Bar(tqdm):  # type: ignore[misc]
        monitor_interval = 0  # a thread that would outlive the check

    return Bar(total=stages, desc="check", delay=1, leave=False, disable=None if shown is None else not shown)
