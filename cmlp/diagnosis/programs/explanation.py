"""Explains what a step changed: by the right gradient, or by a faulty formula that gives exactly this change."""

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from cmlp.diagnosis.programs.activations import FUNCTIONS
from cmlp.diagnosis.programs.deltas import RIGHT, Layer, hidden_deltas, hidden_right, output_deltas
from cmlp.diagnosis.programs.fits import TIGHT, Fit, cosine, fit
from cmlp.diagnosis.programs.partly_updated import partly_updated
from cmlp.diagnosis.programs.replica import Replica

Array = NDArray[Any]
ALONG = 0.999  # cosine with minus the slope, from which on a change is along it
TARGETS = ((0.0, 1.0), (0.01, 0.99), (-1.0, 1.0), (0.1, 0.9), (0.05, 0.95), (-0.9, 0.9))
SMOOTHED = (0.1, 0.05, 0.2)  # shares that label smoothing gives to all classes alike
STILL = 1e-9  # of the change of the weights, below which a bias is not moved


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
        self.layers, self.moves = replica.layers(values), replica.layers(changes)
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
                if self.adaptive:  # all formulas have nearly the same signs, and a penalty may be all that is left
                    key = (key[0], round(weights.rest + (self._bias_rest(delta) if weights.own else 0), 3), not right)
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

    def _bias_rest(self, delta: Array) -> float:
        """Return how much a formula leaves of the change of the last biases, which no penalty hides."""
        move = self.moves[self.last][1]
        return fit(move, delta, adaptive=True).rest if move is not None and move.shape == delta.shape[1:] else 0.0

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
        part = None if updated is None or not key[0] else partly_updated(self.moves[k][0], layer, above, updated)
        if part is not None and part[1].rest < self.tolerance:
            delta, weights = part
            key, name, inputs = (False, *key[1:]), "updated", "right"
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
