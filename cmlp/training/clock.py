"""A budget in time: which share of it a training has used, interruptions aside."""

from dataclasses import dataclass
from time import monotonic

MINUTE = 60.0


@dataclass
class Clock:
    """The seconds of a training, which may have a limit.

    Parameters
    ----------
    limit : float, optional
        How many seconds the training may last; by default it is limited otherwise.
    before : float, default 0.0
        How many it has lasted before it was interrupted.
    """

    limit: float | None = None
    before: float = 0.0
    _started: float | None = None

    def start(self) -> None:
        """Begin to count."""
        self._started = monotonic()

    @property
    def used(self) -> float:
        """How many seconds the training has lasted."""
        return self.before + (0.0 if self._started is None else monotonic() - self._started)

    @property
    def left(self) -> float | None:
        """How many seconds there are left, or None where there is no limit."""
        return None if self.limit is None else max(0.0, self.limit - self.used)

    @property
    def is_over(self) -> bool:
        """Whether there is no time left."""
        return self.left == 0

    def steps_in_all(self, done: int, coming: int) -> int:
        """Return how many steps there will be: of those that are done, the clock's share is known.

        Parameters
        ----------
        done : int
            Steps so far.
        coming : int
            Steps that will be taken in any case.

        Returns
        -------
        int
            At least one more than the number of the last of these.
        """
        share = 0.0 if self.limit is None else self.used / self.limit
        estimate = (done + 0.5) / share if share > 0 else 0.0
        return int(max(done + coming, min(estimate, 2.0**53)))
