"""Explains what a step changed: by the right gradient, or by a faulty formula that gives exactly this change."""

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from cmlp.diagnosis.programs.deltas import RIGHT, Layer, hidden_deltas, hidden_right, output_deltas
from cmlp.diagnosis.programs.replica import FUNCTIONS, Replica, sigmoid, softmax

Array = NDArray[Any]
TARGETS = ((0.0, 1.0), (0.01, 0.99), (-1.0, 1.0), (0.1, 0.9), (0.05, 0.95), (-0.9, 0.9))
SMOOTHED = (0.1, 0.05, 0.2)  # shares that label smoothing gives to all classes alike
UNEQUAL = 0.05  # of the largest share of a sample, by which those of equal samples may differ
TIGHT = 1e-6
CLEAR, ENTRIES = 1e-3, 4  # so little is left of so many entries for each sample by no chance
ALONG, AGAINST = 0.95, 0.05  # shares of signs that agree
MOST_SIGNS = 2000  # that are compared
SHARES = np.logspace(-2, 3, 51)  # of the weights, as multiples of what makes both alike in size
STILL = 1e-9  # of the change of the weights, below which a bias is not moved


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


@dataclass(frozen=True)
class Change:
    """What a step did to the weights or the biases of a layer.

    Attributes
    ----------
    layer : int
    bias : bool
    index : int
        Of the block of parameters.
    formula : str or None
        What explains it; None if nothing does.
    inputs : str
        Which vector the gradient was made with: right, z, own.
    fit : Fit
    cosine : float
        Of the change and minus the slope of the loss.
    ratio : float
        How many times the slope, summed over the samples, was subtracted.
    moved : bool
    """

    layer: int
    bias: bool
    index: int
    formula: str | None
    inputs: str
    fit: Fit
    cosine: float
    ratio: float
    moved: bool


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
    return Fit(np.full(m, -1.0 if agree >= 0.5 else 1.0), 1.0 - max(agree, 1 - agree if agree < 0.02 else agree))


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


class Explanation:
    """For each array of parameters: the cosine with minus the gradient, and the formula that gives its change."""

    def __init__(
        self,
        replica: Replica,
        values: list[Array],
        changes: list[Array],
        x: Array,
        y: Array,
        *,
        tolerance: float,
        adaptive: bool = False,
    ) -> None:
        self.replica, self.values, self.changes = replica, values, changes
        self.tolerance, self.adaptive = tolerance, adaptive
        self.zs, self.outs = replica.run(values, x)
        self.layers, self.moves = replica.layers(values), _moves(replica, changes)
        self.last = len(self.layers) - 1
        self.eye = np.eye(self.outs[-1].shape[1])[y]
        self.arrays: list[Change] = []
        delta = self._output()
        for k in range(self.last - 1, -1, -1):
            delta = self._hidden(k, delta)
        self.arrays.sort(key=lambda change: (change.layer, change.bias))

    def _output(self) -> Array:
        """Explain the output layer, and return the delta that did."""
        act, best = self.replica.acts[-1], None
        for low, high in (
            *TARGETS,
            *((share / self.eye.shape[1], 1 - share + share / self.eye.shape[1]) for share in SMOOTHED),
        ):
            if best is not None and not best[0][0]:
                break
            target = low + (high - low) * self.eye
            for name, delta in output_deltas(act, self.zs[-1], self.outs[-1], target):
                weights, inputs = self._weights(self.last, delta)
                right = (name, act) in RIGHT
                rest = max(weights.rest, TIGHT)  # of formulas that are the same, the first one is taken
                key: tuple[Any, ...] = (rest > self.tolerance, weights.unequal, not right, rest)
                if self.adaptive:  # all formulas have nearly the same signs
                    key = (key[0], round(weights.rest, 3), not right)
                if best is None or key < best[0]:
                    best = key, name, right, delta, weights, inputs, target
        assert best is not None
        key, name, right, delta, weights, inputs, target = best
        self.target, self.explained = target, not key[0]
        self.right, self.formula = right and self.explained, name if self.explained else None
        self.reference = self._reference(name if right else None)
        if not self.explained:
            delta = self.reference[self.last]
            weights, inputs = self._weights(self.last, delta)
        self._add(self.last, self.formula, weights, inputs, delta)
        return delta

    def _hidden(self, k: int, above: Array) -> Array:
        replica, (matrix, _) = self.replica, self.layers[k + 1]
        layer = Layer(
            replica.acts[k],
            self.zs[k],
            self.outs[k + 1],
            self.outs[k],
            matrix,
            replica.acts[k + 1],
            self.zs[k + 1],
            self.outs[k + 2],
        )
        error = self.outs[-1] - self.target if k == self.last - 1 and self.formula not in ("error", None) else None
        moved = self.moves[k + 1][0]
        updated = matrix + moved if np.isfinite(moved).all() and moved.any() else None
        best = None
        for name, delta in hidden_deltas(layer, above, error, updated):
            weights, inputs = self._weights(k, delta)
            key = (
                weights.rest > self.tolerance,
                weights.unequal,
                -1 if name == "right" and weights.rest < self.tolerance else max(weights.rest, TIGHT),
            )
            if best is None or key < best[0]:
                best = key, name, delta, weights, inputs
        assert best is not None
        key, name, delta, weights, inputs = best
        if key[0]:
            delta = hidden_right(layer.act, layer.z, layer.a, above, matrix)
            weights, inputs = self._weights(k, delta)
        self._add(k, None if key[0] else name, weights, inputs, delta)
        return delta

    def _reference(self, formula: str | None) -> dict[int, Array]:
        """Return the deltas of the loss that the step follows best, by the right formulas."""
        act = self.replica.acts[-1]
        deltas = dict(output_deltas(act, self.zs[-1], self.outs[-1], self.target))
        names = (
            [formula] if formula else [n for n in ("softmax_ce", "mse", "error") if n in deltas and (n, act) in RIGHT]
        )
        made = {self.last: deltas[names[0]]}
        if formula is None:
            move = self.moves[self.last][0]
            scores = {n: abs(cosine(move, self.outs[-2].T @ deltas[n])) for n in names if np.isfinite(deltas[n]).all()}
            made[self.last] = deltas[max(scores, key=scores.__getitem__)] if scores else made[self.last]
        for k in range(self.last - 1, -1, -1):
            made[k] = hidden_right(
                self.replica.acts[k], self.zs[k], self.outs[k + 1], made[k + 1], self.layers[k + 1][0]
            )
        return made

    def _weights(self, k: int, delta: Array) -> tuple[Fit, str]:
        """Fit the change of the weights of a layer, made with its inputs, their sums, or its own outputs."""
        options = [("right", self.outs[k])]
        if k > 0:
            options.append(("z", self.zs[k - 1]))
        if self.outs[k + 1].shape[1] == self.outs[k].shape[1]:
            options.append(("own", self.outs[k + 1]))
        best: tuple[Fit, str] | None = None
        for name, inputs in options:
            found = fit(
                self.moves[k][0], np.einsum("ni,no->nio", inputs, delta), self.layers[k][0], adaptive=self.adaptive
            )
            if best is None or found.rest < best[0].rest - TIGHT:
                best = found, name
        assert best is not None
        return best

    def _biases(self, k: int, delta: Array, weights: Fit) -> tuple[Fit, str]:
        move = self.moves[k][1]
        assert move is not None
        if weights.unequal and move.shape == delta.shape[1:] and np.any(move):
            left = float(np.linalg.norm(move - weights.shares @ delta)) / float(np.linalg.norm(move))
            if left < self.tolerance:
                return Fit(weights.shares, left), "right"
        total = np.repeat(delta.sum(axis=1, keepdims=True), delta.shape[1], axis=1)
        best: tuple[Fit, str] | None = None
        for name, per in (
            ("right", delta),
            ("total", total),
            ("activation", self.outs[k + 1]),
            ("error", self._error(k, delta)),
        ):
            if name == "right" and move.size == 1:
                per = delta.sum(axis=1, keepdims=True)
            if per.shape[1:] != move.shape:
                continue
            found = fit(move, per, adaptive=self.adaptive)
            if best is None or found.rest < best[0].rest - TIGHT:
                best = found, name
            if name == "right" and found.rest < self.tolerance:
                break
        assert best is not None
        return best

    def _error(self, k: int, delta: Array) -> Array:
        if k == self.last:
            return np.asarray(self.outs[-1] - self.target)
        f = FUNCTIONS[self.replica.acts[k]][1](self.zs[k], self.outs[k + 1])
        with np.errstate(all="ignore"):
            error: Array = np.where(f != 0, delta / f, 0)
            return error

    def _add(self, k: int, formula: str | None, weights: Fit, inputs: str, delta: Array) -> None:
        right = np.einsum("ni,no->io", self.outs[k], self.reference[k])
        move, bias_move = self.moves[k]
        slope = self.reference[k].sum(axis=0)
        index, bias = self.replica.weights[k].index, self.replica.biases[k]
        self.arrays.append(
            Change(k, False, index, formula, inputs, weights, *self._direction(move, right), bool(np.any(move != 0)))
        )
        if bias_move is None:
            return
        found, name = self._biases(k, delta, weights)
        if bias_move.size == 1:
            slope = np.array([slope.sum()])
        moved = bool(np.linalg.norm(bias_move) > STILL * np.linalg.norm(move))
        self.arrays.append(
            Change(
                k,
                True,
                index if bias is None else bias.index,
                name if found.rest < 1e-2 else None,
                "right",
                found,
                *self._direction(bias_move, slope),
                moved,
            )
        )

    def _direction(self, move: Array, slope: Array) -> tuple[float, float]:
        if self.adaptive:
            signs = np.where(move == 0, 0, np.sign(slope))
            return cosine(np.sign(move), -signs), 1.0
        size = float(slope.ravel() @ slope.ravel())
        return cosine(move, -slope), -float(move.ravel() @ slope.ravel()) / size if size > 0 else 0.0

    @property
    def unknown(self) -> int:
        """Of how many arrays that moved no formula is known."""
        return sum(change.formula is None and change.moved for change in self.arrays)

    @property
    def worst(self) -> float:
        """How much is left of the change that is explained worst."""
        return max(change.fit.rest for change in self.arrays)

    @property
    def sound(self) -> bool:
        """Whether every change is that of the right gradient, with one rate and equal samples."""
        if not self.right or any(
            c.formula != ("right" if c.bias or c.layer < self.last else c.formula) for c in self.arrays
        ):
            return False
        steady = all(c.moved and c.inputs == "right" and not (c.fit.unequal and not c.bias) for c in self.arrays)
        ratios = np.array([c.ratio for c in self.arrays])
        return bool(steady and (ratios > 0).all() and np.ptp(ratios) < 0.1 * ratios.max())


def _moves(replica: Replica, changes: list[Array]) -> list[tuple[Array, Array | None]]:
    return [(w, b) for w, b in replica.layers(changes)]


def recovered_targets(
    replica: Replica, values: list[Array], changes: list[Array], x: Array, eta: float
) -> Array | None:
    """Return the targets at which a step aimed, of shape (samples, classes), from the change of the last matrix.

    That change is -c * inputs^T @ delta, so delta follows if there are no more samples than inputs, and y = a - delta,
    or a - delta / f'. c is chosen such that the targets come nearest to whole numbers.
    """
    m = len(x)
    zs, outs = replica.run(values, x)
    change, below = _moves(replica, changes)[-1][0], outs[-2]
    if not np.isfinite(change).all() or np.linalg.matrix_rank(below, tol=1e-8 * np.linalg.norm(below)) < m:
        return None
    delta = -np.linalg.pinv(below.T) @ change
    a, act = outs[-1], replica.acts[-1]
    bases = {"softmax": [a], "identity": [a, softmax(a), sigmoid(a)], "log_softmax": [np.exp(a)]}.get(act, [a])
    slopes = [np.ones_like(a)] + ([FUNCTIONS[act][1](zs[-1], a)] if act in ("sigmoid", "tanh") else [])
    factors = eta * np.array([1, 2, 1 / m, 2 / m, 0.5, 0.1, 0.2, 0.1 / m, 0.2 / m])
    best: tuple[float, Array] | None = None
    with np.errstate(all="ignore"):
        for slope in slopes:
            for base in bases:
                for scale in (*factors, *-factors):
                    y = base - delta / slope / scale
                    rest = float(np.abs(y - np.round(y)).max()) if np.isfinite(y).all() else np.inf
                    if best is None or rest < best[0]:
                        best = rest, y
    return best[1] if best is not None and best[0] < 0.1 else None
