"""An array that notes which of its rows are read, for code that puts them into no variable."""

from typing import Any, Self

import numpy as np
from numpy.typing import NDArray

from cmlp.diagnosis.programs.watching import Log


class Recorded(np.ndarray):
    """Images whose reads are noted; what is computed from them is not watched.

    Attributes
    ----------
    log : Log or None
    rows : ndarray or None
        The numbers of the samples that its first axis has.
    """

    log: Log | None
    rows: NDArray[Any] | None

    @classmethod
    def of(cls, images: NDArray[Any], log: Log) -> Self:
        """Return a view of images that notes its reads."""
        made = images.view(cls)
        made.log, made.rows = log, np.arange(len(images))
        return made

    def __array_finalize__(self, other: Any) -> None:
        """Forget the rows: what comes of arithmetic is no image."""
        self.log = self.rows = None

    def __getitem__(self, key: Any) -> Any:
        """Note the rows that are read, if they are few, and hand them on."""
        made = super().__getitem__(key)
        first = key[0] if isinstance(key, tuple) and key else key
        if self.rows is None or first is None or first is Ellipsis:
            return made
        rows = np.atleast_1d(self.rows[first])
        whole = len(rows) > len(self.rows) // 2 and len(self.rows) > 1
        if self.log is not None and not whole and not self._again(rows):
            self.log.add(rows.tolist(), [])
        if isinstance(made, Recorded) and made.ndim == self.ndim:
            made.log, made.rows = (self.log if whole else None), rows
        return made

    def _again(self, rows: NDArray[Any]) -> bool:
        """Whether the same rows were read just before, as in the forward and in the backward pass."""
        log = self.log
        assert log is not None
        size = log.sizes[-1] if log.sizes else 0
        return size == len(rows) and log.rows[-size:] == rows.tolist()
