"""Trials: a network of the same sizes is trained anew, or a copy of the given one further, and both are asked.

The given network is never changed. A trial takes a tenth of a second for 784-16-16-10, and two seconds
for networks of a million parameters; larger ones are not tried.
"""

from contextlib import suppress
from copy import deepcopy
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray

from cmlp.data.dataset import Dataset
from cmlp.diagnosis.evidence import FEWEST
from cmlp.errors import CmlpError, DataError
from cmlp.model.architecture import OUTPUTS
from cmlp.network import Network
from cmlp.training.optimizers import OptimizerName

ROWS = 10_000  # trained on at most so many, in 1 to 40 epochs: 90 % on MNIST, 96 % on the built-in digits
HELD_OUT = 2_000  # or a fifth, if that is fewer
ENOUGH = 100  # rows, or a half: fewer prove nothing
VISITS = 30_000  # rows seen in training
WORK = 8e9  # parameters times rows seen, in about two seconds
FEWEST_VISITS = 8_000  # with fewer no network learns enough to prove anything
MINI_BATCH = 10
# Of sigmoid units with the quadratic loss: 1 suits 784-100-10, which 3 kills, and 3 suits 64-16-16-16-16-10, which
# 1 leaves at 10 %; networks of many units learn with Adam only, as any others do: to 91 % on MNIST, and at the least to
# 75 % on the digits.
SGD_ETAS, ADAM_ETAS = (1.0, 3.0), (0.003, 0.001)
GAIN = 10.0  # points that a repair must bring
DEVIATIONS = 4.0
HALF = 0.5  # of the way from a constant answer to all right: who got so far has learned, and is not accused


@dataclass(frozen=True)
class Trials:
    """What networks of some sizes learn from a training set within a moment.

    Attributes
    ----------
    network : Network
        The given one.
    train : Dataset
    """

    network: Network
    train: Dataset

    @cached_property
    def _order(self) -> NDArray[np.intp]:
        return np.random.default_rng(0).permutation(len(self.train)).astype(np.intp)

    @cached_property
    def fitted(self) -> Dataset:
        """The rows that trials train on."""
        return self.train[np.sort(self._order[self._count : self._count + min(ROWS, self.visits)])]

    @cached_property
    def held_out(self) -> Dataset:
        """The rows that trials are judged by; the given network may have seen them."""
        return self.train[np.sort(self._order[: self._count])]

    @property
    def _count(self) -> int:
        n = len(self.train)
        return min(HELD_OUT, max(n // 5, min(n // 2, ENOUGH)))

    @property
    def visits(self) -> int:
        """Rows that a trial sees in all epochs together."""
        parameters = sum(w.size for w in self.network.weights)
        return int(min(VISITS, WORK / parameters))

    @property
    def possible(self) -> bool:
        """Whether there are rows enough, and the network is small enough."""
        return len(self.train) >= FEWEST and self.visits >= FEWEST_VISITS

    @cached_property
    def constant(self) -> float:
        """Accuracy in percent of the best constant answer."""
        return 100 * float(np.bincount(self.held_out.labels).max()) / len(self.held_out)

    @cached_property
    def given(self) -> float:
        """Accuracy in percent of the given network on the held out rows, 0 if its outputs are not finite."""
        return self.reached(self.network)

    @cached_property
    def finite(self) -> bool:
        """Whether the outputs of the given network are numbers."""
        try:
            self.network.test(self.held_out)
        except DataError:
            return False
        return True

    @property
    def textbook(self) -> bool:
        """Whether the network has sigmoid units and the quadratic loss, and so is trained as in the books."""
        architecture = self.network.architecture
        return {*architecture.activations} == {"sigmoid"} and architecture.loss == "quadratic"

    @property
    def etas(self) -> tuple[float, ...]:
        """What is tried, each if those before it do not help."""
        return SGD_ETAS + ADAM_ETAS[:1] if self.textbook else ADAM_ETAS

    def new(self, dropout: Any = None) -> Network:
        """Return a new network that has the architecture of the given one, perhaps with another dropout."""
        a = self.network.architecture
        rates = a.dropouts[:-1] if dropout is None or len(a.sizes) == 2 else dropout
        return Network(
            a.sizes, activation=a.activations, loss=a.loss, dropout=rates,
            normalization=a.describe_normalization().get("normalization"), dtype=a.dtype, seed=0,
        )  # fmt: skip

    @property
    def new_line(self) -> str:
        """The line of Python that makes such a network."""
        return f"network = {described(self.network)}"

    def training_line(self, eta: float) -> str:
        """Return the line of Python that trains as a trial does."""
        optimizer = ', optimizer="adam"' if eta in ADAM_ETAS else ""
        return f"network.train(train, {self.epochs}, {eta}, mini_batch_size={MINI_BATCH}{optimizer})"

    @cached_property
    def retrained(self) -> tuple[Network, float, float]:
        """A new network, its accuracy in percent and its eta."""
        tried = []
        for eta in self.etas:
            tried.append((self.trained(self.new(), self.fitted, eta), eta))
            if self.convincing(self.given, self.reached(tried[-1][0])):
                break
        network, eta = max(tried, key=lambda trial: self.reached(trial[0]))
        return network, self.reached(network), eta

    @cached_property
    def continued(self) -> tuple[Network, float]:
        """A copy of the given network, trained further with the eta of `retrained`, and its accuracy in percent."""
        network = self.trained(deepcopy(self.network), self.fitted, self.retrained[2])
        return network, self.reached(network)

    @property
    def epochs(self) -> int:
        """Epochs of a trial."""
        return min(40, max(1, round(self.visits / len(self.fitted))))

    def trained(self, network: Network, data: Dataset, eta: float, *, lmbda: float = 0.0) -> Network:
        """Train a network, and return it; what it was before the loss became infinite, if it did."""
        rows = data[: self.visits]
        optimizer: OptimizerName = "adam" if eta in ADAM_ETAS else "sgd"
        with suppress(CmlpError):  # the last finite weights are kept, and judged like others
            network.train(
                rows, self.epochs, eta, mini_batch_size=MINI_BATCH, optimizer=optimizer, lmbda=lmbda, progress=False
            )
        return network

    def learned(self, percent: float) -> float:
        """How far an accuracy is on the way from a constant answer (0) to all right (1)."""
        return (percent - self.constant) / (100 - self.constant) if self.constant < 100 else 1.0

    def reached(self, network: Network, rows: Dataset | None = None) -> float:
        """Return the accuracy in percent on the held out rows, 0 for a network whose outputs are not finite."""
        try:
            return network.test(self.held_out if rows is None else rows)
        except DataError:
            return 0.0

    def convincing(self, before: float, after: float) -> bool:
        """Whether an accuracy is so much better than another one that it explains what was wrong."""
        enough = after - before >= beyond_luck(before, after, len(self.held_out), GAIN)
        return enough and self.learned(before) < HALF * self.learned(after)


def described(network: Network, sizes: tuple[int, ...] | None = None) -> str:
    """Return the expression that makes a network of the same architecture, perhaps of other `sizes`."""
    a = network.architecture
    hidden = a.activations[0]
    simple = a.activations == (hidden,) * (len(a.activations) - 1) + (OUTPUTS.get(a.loss, hidden),)
    activation = hidden if simple else list(a.activations)
    settings = {
        "activation": (activation, "sigmoid"),
        "loss": (a.loss, "quadratic"),
        "dropout": (list(a.dropouts[:-1]), [0.0] * (len(a.dropouts) - 1)),
        "normalization": (a.describe_normalization().get("normalization"), None),
        "dtype": (a.dtype.name, "float64"),
    }
    given = [f"{name}={value!r}" for name, (value, default) in settings.items() if value != default]
    return f"cmlp.Network({', '.join([str(sizes or a.sizes), *given])})"


def beyond_luck(before: float, after: float, rows: int, points: float) -> float:
    """Return the difference of two accuracies from which on it is no luck: so many points, or more for few rows."""
    share = (before + after) / 200
    return max(points, DEVIATIONS * 100 * float(np.sqrt(2 * share * (1 - share) / rows)))
