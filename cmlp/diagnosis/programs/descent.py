"""Steps down the right gradient, in the layers of a replica."""

from typing import Any

import numpy as np

from cmlp.diagnosis.programs.deltas import hidden_right, output_deltas
from cmlp.diagnosis.programs.examination import Array, Step
from cmlp.diagnosis.programs.explanation import Explanation
from cmlp.diagnosis.programs.replica import Replica

USUAL = {"identity": "softmax_ce", "tanh": "mse", "relu": "mse"}  # losses of outputs; "error" of all others


class Descent:
    """Steps with the loss of a network itself if that is known, and else with the usual one.

    Parameters
    ----------
    replica : Replica
    step : Step or None
        What is known of its own steps.
    factor : float
        By which the gradient of each sample is multiplied.
    shrink : float
        The share of the weights that each step takes away from them.
    adam : Adam, optional
        What makes steps of the gradients.
    """

    def __init__(
        self, replica: Replica, step: Step | None, factor: float, shrink: float, adam: "Adam | None" = None
    ) -> None:
        self.replica, self.factor, self.shrink, self.adam = replica, factor, shrink, adam
        explanation = None if step is None else step.explanation
        self.targets = _targets(replica, explanation)
        right = explanation is not None and explanation.right
        own = explanation.formula if explanation is not None and right else None
        self.loss = own or USUAL.get(replica.acts[-1], "error")

    def step(self, values: list[Array], x: Array, y: Array) -> None:
        """Take a step with a mini-batch, in place."""
        replica = self.replica
        zs, outs = replica.run(values, x)
        layers = replica.layers(values)
        deltas = output_deltas(replica.acts[-1], zs[-1], outs[-1], self.targets[y])
        delta = next(made for name, made in deltas if name == self.loss)
        moves = []
        with np.errstate(all="ignore"):
            for k in range(len(layers) - 1, -1, -1):
                weights = -self.factor * (outs[k].T @ delta) - self.shrink * layers[k][0]
                moves.append((k, weights, -self.factor * delta.sum(axis=0)))
                if k:
                    delta = hidden_right(replica.acts[k - 1], zs[k - 1], outs[k], delta, layers[k][0])
            for k, weights, biases in moves:
                if self.adam is not None:
                    weights, biases = self.adam.step((k, "w"), weights), self.adam.step((k, "b"), biases)
                replica.apply(values, k, weights, biases)


def _targets(replica: Replica, explanation: Explanation | None) -> Array:
    """Return the target of each class: those of its own steps, where they are known."""
    eye = np.eye(replica.weights[-1].outputs)
    if explanation is not None and explanation.explained and explanation.right:
        low, high = explanation.target.min(), explanation.target.max()
        return np.asarray(low + (high - low) * eye)
    return eye


class Adam:
    """The moments of Kingma and Ba (2014), with their usual settings, for the slopes of several arrays."""

    def __init__(self, eta: float) -> None:
        self.eta = eta
        self.kept: dict[Any, tuple[int, Array, Array]] = {}

    def step(self, key: Any, downhill: Array) -> Array:
        """Return the change of an array, of which minus the slope is given."""
        t, first, second = self.kept.get(key, (0, np.zeros_like(downhill), np.zeros_like(downhill)))
        t, first, second = t + 1, 0.9 * first + 0.1 * downhill, 0.999 * second + 0.001 * downhill**2
        self.kept[key] = t, first, second
        return self.eta * (first / (1 - 0.9**t)) / (np.sqrt(second / (1 - 0.999**t)) + 1e-8)
