"""Expresses what a step changed by the gradients of single samples: how much each counts, and what is left."""

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

Array = NDArray[Any]
UNEQUAL = 0.05  # of the largest share of a sample, by which those of equal samples may differ
TIGHT = 1e-6
CLEAR, ENTRIES = 1e-3, 4  # so little is left of so many entries for each sample by no chance
ALONG, AGAINST = 0.95, 0.05  # shares of signs that agree
MOST_SIGNS = 2000  # that are compared
SHARES = np.logspace(-2, 3, 51)  # of the weights, as multiples of what makes both alike in size


@dataclass(frozen=True)
class Fit:
    """A change as a sum of gradients of single samples: their shares, and how much is left of it."""

    shares: Array
    rest: float
    own: float = 0.0  # share of the weights themselves, as of a penalty

    @property
    def unequal(self) -> bool:
        """Whether samples count differently."""
        return float(np.ptp(self.shares)) > UNEQUAL * float(np.abs(self.shares).max(initial=1e-300))


def fit(change: Array, per_sample: Array, own: Array | None = None, *, adaptive: bool = False) -> Fit:
    """Express a change by the gradients of single samples.

    Parameters
    ----------
    change : ndarray
    per_sample : ndarray of shape (m, ...)
        One gradient for each sample.
    own : ndarray, optional
        The weights, of which a penalty adds a share.
    adaptive : bool
        Whether steps have the sign of the gradient only, as the first one of Adam.
    """
    m = len(per_sample)
    base, flat = per_sample.reshape(m, -1), change.ravel()
    total = base.sum(axis=0)
    if adaptive:
        return _by_signs(flat, total, m, own)
    norm = float(np.linalg.norm(flat))
    if norm == 0 or not np.isfinite(norm) or not np.isfinite(base).all():
        return Fit(np.zeros(m), 1.0)
    size = float(total @ total)
    rest = 1.0
    if size > 0:
        c = float(flat @ total) / size
        rest = float(np.linalg.norm(flat - c * total)) / norm
        if rest < TIGHT:
            return Fit(np.full(m, c), rest)
        with_own = _with_own(flat, total, own, norm, rest, m)
        if with_own is not None:
            return with_own
        if rest < 1e-3:
            return Fit(np.full(m, c), rest)
    return _by_samples(flat, base, norm)


def _by_signs(flat: Array, total: Array, m: int, own: Array | None) -> Fit:
    clear = np.abs(total) > 1e-3 * max(float(np.abs(total).max(initial=0)), 1e-300)
    agree = float(np.mean(np.sign(flat[clear]) == -np.sign(total[clear]))) if clear.any() else 0.0
    if AGAINST < agree < ALONG and own is not None:
        share, better = share_of_weights(flat[clear], total[clear], own.ravel()[clear])
        if better >= ALONG:
            return Fit(np.full(m, -1.0), 1.0 - better, -share)
    return Fit(np.full(m, -1.0 if agree >= 0.5 else 1.0), 1.0 - (1 - agree if agree < AGAINST else agree))


def share_of_weights(change: Array, slope: Array, own: Array) -> tuple[float, float]:
    """Return with which share of the weights a slope has the signs of minus a change, and how many of them agree.

    Steps of Adam have the signs of what they are made of, and a penalty of `share` times the weights is part of that.
    """
    pick = np.random.default_rng(4).permutation(len(change))[:MOST_SIGNS]
    signs, slope, own = -np.sign(change[pick]), slope[pick], own[pick]
    size = float(np.median(np.abs(slope))) / max(float(np.median(np.abs(own))), 1e-300)
    grid = size * np.concatenate([-SHARES, SHARES])
    agree = [float(np.mean(np.sign(slope + share * own) == signs)) for share in grid]
    best = int(np.argmax(agree))
    return float(grid[best]), agree[best]


def _with_own(flat: Array, total: Array, own: Array | None, norm: float, rest: float, m: int) -> Fit | None:
    if own is None or not np.any(own):
        return None
    both = np.stack([total, own.ravel()])
    shares = np.linalg.lstsq(both.T, flat, rcond=None)[0]
    left = float(np.linalg.norm(flat - shares @ both)) / norm
    if left < TIGHT or (left < 1e-2 and left < rest / 50):
        return Fit(np.full(m, shares[0]), left, float(shares[1]))
    return None


def _by_samples(flat: Array, base: Array, norm: float) -> Fit:
    m = len(base)
    gram = base @ base.T
    if not np.isfinite(gram).all() or not gram.any():
        return Fit(np.zeros(m), 1.0)
    c = np.linalg.lstsq(gram + 1e-14 * np.trace(gram) / m * np.eye(m), base @ flat, rcond=None)[0]
    rest = float(np.linalg.norm(flat - c @ base)) / norm
    largest = np.abs(c).max(initial=1e-300)
    few = rest > CLEAR or len(flat) < ENTRIES * m
    if few and rest < 0.02 and np.sum(np.abs(c) > 0.02 * largest) > m - 1 and np.ptp(c) / largest > 0.5:
        rest = max(rest, 0.5)  # as many free numbers as samples fit small layers by chance
    return Fit(c, rest)


def cosine(one: Array, other: Array) -> float:
    """Return the cosine of the angle between two arrays; 0 where one has no direction."""
    size = float(np.linalg.norm(one)) * float(np.linalg.norm(other))
    return float(one.ravel() @ other.ravel()) / size if size > 0 and np.isfinite(size) else 0.0
