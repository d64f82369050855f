"""The learning-rate range test: for which eta the loss falls, and where it no longer does."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

import numpy as np
from numpy.typing import ArrayLike, NDArray

from cmlp.core.data_source import DataSource
from cmlp.core.engine import Engine
from cmlp.errors import ModelError
from cmlp.model.architecture import OUTPUTS, Architecture
from cmlp.model.samples import Data, Samples
from cmlp.network import Network
from cmlp.notebook.cards import card
from cmlp.notebook.curves import chart
from cmlp.reports.charts import eta_chart
from cmlp.training.callbacks import Event
from cmlp.training.optimizers import LBFGS, Optimizer, OptimizerName
from cmlp.training.options import Options
from cmlp.training.random_state import generator
from cmlp.utils.checks import check_count, check_positive
from cmlp.utils.suggestions import suggest_keywords
from cmlp.utils.text import counted, shown

if TYPE_CHECKING:
    from matplotlib.figure import Figure

FEWEST = 20  # steps
FIRST = 10  # steps that say where the loss begins
TRIED = (1_000, 4_000, 16_000)
MEMORY = 0.9  # share that the running mean keeps, by which a diverging loss is noticed
DIVERGED = 4.0  # times the lowest running mean, and above the loss of constant answers
WIDTH = 40  # part of the sweep over which losses are smoothed
FALLEN = 0.7  # of the way to the lowest loss, at the suggestion
MARGIN = 5.0  # between the suggestion and the eta with the lowest loss, at least
LEARNED = 0.1  # of the loss of constant answers, that the lowest loss must be below it


@dataclass(frozen=True, eq=False, repr=False)
class EtaTest:
    """A learning-rate range test; made by `find_eta`.

    A notebook shows it as a curve; nobody uses the suggestion unasked.

    Parameters
    ----------
    etas : ndarray (steps,)
        The learning rate of each step.
    losses : ndarray (steps,)
        The mean loss of each mini-batch before its step.
    smoothed : ndarray (steps,)
        The same without most of the noise.
    constant : float
        The loss of an answer that is the same for all images, the mean of the targets.
    suggestion : float or None
        Where the smoothed loss has fallen 70 % of the way from `constant` to its minimum, and at most a fifth of the
        eta of the minimum; None if it hardly fell, as that of a network that is trained already.

    Examples
    --------
    >>> train, test = cmlp.load_digits()
    >>> net = cmlp.Network([64, 16, 16, 10])
    >>> found = cmlp.find_eta(net, train, mini_batch_size=10)
    >>> 1 < found.suggestion < 10
    True
    >>> figure = found.plot()
    """

    etas: NDArray[np.float64]
    losses: NDArray[np.float64]
    smoothed: NDArray[np.float64]
    constant: float
    suggestion: float | None

    def plot(self, title: str = "") -> "Figure":
        """Plot the loss by eta, on a logarithmic axis, with the suggestion.

        Parameters
        ----------
        title : str, optional
            Heading of the figure.

        Returns
        -------
        matplotlib.figure.Figure
            The figure, which a notebook shows; ``figure.savefig("eta.png")`` writes it.

        Raises
        ------
        MissingExtraError
            If matplotlib is not installed, which ``cmlp[plot]`` does.
        """
        limits = self._limits()
        return eta_chart(self.etas, self.losses, self.smoothed, self.suggestion, limits, title)

    def _limits(self) -> tuple[float, float]:
        """Return the losses to draw: from the lowest to somewhat above those before the loss rises."""
        risen = min(float(self.smoothed.max()), self.constant)  # after an explosion, no higher than constant answers
        low, high = float(self.smoothed.min()), max(float(self.smoothed[: self._lowest + 1].max()), risen)
        return low - 0.05 * (high - low or 1), high + 0.2 * (high - low or 1)

    @property
    def _lowest(self) -> int:
        return int(self.smoothed.argmin())

    def _content(self) -> list[str]:
        lowest, loss = self._lowest, float(self.smoothed[self._lowest])
        none = "no suggestion: it hardly learned, and may with more steps"
        if self.constant - self.losses[:FIRST].mean() > LEARNED * abs(self.constant):
            none = "no suggestion: the network is trained already, and hardly learned more; try an untrained one"
        return [
            none if self.suggestion is None else f"suggestion: eta {self.suggestion:.2g}",
            f"lowest loss {loss:.4g} at eta {self.etas[lowest]:.2g}, {self.constant:.4g} by constant answers",
            f"{counted(len(self.etas), 'step')} from eta {self.etas[0]:.2g} to {self.etas[-1]:.2g}",
        ]

    def __repr__(self) -> str:
        return f"{type(self).__name__}({'; '.join(self._content())})"

    def _repr_html_(self) -> str:
        marks = {} if self.suggestion is None else {self.suggestion: f"{self.suggestion:.2g}"}
        lines = {"each step": self.losses.tolist(), "mean": self.smoothed.tolist()}
        curves = chart(
            "loss", lines, self.etas.tolist(), x_name="eta", colours=dict.fromkeys(lines, "blue"),
            faint="each step", marks=marks, logarithmic=True, limits=self._limits(),
        )  # fmt: skip
        return card("Learning-rate range test", self._content(), curves)


class _Recorder:
    """Notes the loss of every step, and ends the training when all are done, or when it diverges.

    Where the loss is far below that of constant answers, mini-batches differ by many times the mean: it diverges only
    where it is worse than constant answers, too.
    """

    def __init__(self, steps: int, constant: float) -> None:
        self.steps, self.constant, self.losses = steps, constant, list[float]()
        self.mean, self.lowest = 0.0, np.inf

    def on_batch_end(self, event: Event) -> bool:
        self.losses.append(event.loss)
        done = len(self.losses)
        self.mean = MEMORY * self.mean + (1 - MEMORY) * event.loss
        mean = self.mean / (1 - MEMORY**done)
        if done > FIRST:
            self.lowest = min(self.lowest, mean)
        scale = max(abs(self.lowest), abs(self.constant) / DIVERGED)  # losses may be 0, and negative
        diverged = mean > max(self.constant, self.lowest + (DIVERGED - 1) * scale)
        return bool(done >= self.steps or diverged)


@suggest_keywords
def find_eta(
    network: Network,
    training_data: Data,
    *,
    low: float = 1e-5,
    high: float = 100.0,
    steps: int | None = None,
    mini_batch_size: int = 125,
    optimizer: OptimizerName | Optimizer = "sgd",
    lmbda: float = 0.0,
    l1: float = 0.0,
    max_norm: float | None = None,
    clip_norm: float | None = None,
    clip_value: float | None = None,
    label_smoothing: float = 0.0,
    class_weight: Mapping[int, float] | Literal["balanced"] | None = None,
    sample_weight: ArrayLike | None = None,
    seed: int | np.random.Generator = 0,
    threads: int | None = None,
) -> EtaTest:
    """Find for which learning rates a network learns: the learning-rate range test [1]_.

    A copy of the network is trained while eta grows by the same factor with each step, until the loss explodes. Where
    it falls, the network learns; the suggestion is where it has fallen most of the way. The network itself stays as it
    is, its random numbers included, and nothing is done with the suggestion.

    Parameters
    ----------
    network : Network
        A new one, or one that is to be trained further.
    training_data : Dataset, two arrays (images, labels) or pairs (image, label)
        As for `Network.train`.
    low, high : float, default 1e-5 and 100.0
        The first and the last eta.
    steps : int, optional
        Number of steps, at least 20; with few of them a slow learner does not show what it can. By default 1,000, and
        where the loss hardly falls, once more from the beginning with 4,000, and with 16,000.
    mini_batch_size : int, default 125
        Images per step; the suggestion is for this size.
    optimizer : str or Optimizer, default "sgd"
        As for `Network.train`, but not lbfgs; the suggestion is for this one.
    lmbda, l1 : float, default 0.0
        Strengths of the penalties, as for `Network.train`.
    max_norm, clip_norm, clip_value : float, optional
        Limits of weights and gradients, as for `Network.train`.
    label_smoothing : float, default 0.0
        As for `Network.train`.
    class_weight : dict of label and weight, or "balanced"; optional
        As for `Network.train`.
    sample_weight : array_like (n,), optional
        As for `Network.train`.
    seed : int or numpy.random.Generator, default 0
        Source of the order of the images and of dropout; the same seed gives the same losses.
    threads : int, optional
        As for `Network.train`.

    Returns
    -------
    EtaTest
        The losses by eta and the suggestion, with `EtaTest.plot`.

    Raises
    ------
    DataError
        If the data break a rule.
    ModelError
        If a setting breaks a rule, or the loss is not finite at the lowest eta already.

    References
    ----------
    .. [1] L. N. Smith, Cyclical learning rates for training neural networks, WACV 2017.

    Examples
    --------
    >>> train, test = cmlp.load_digits()
    >>> net = cmlp.Network([64, 30, 10], activation="relu", loss="cross_entropy")
    >>> found = cmlp.find_eta(net, train, optimizer="adam")
    >>> history = net.train(train, 15, found.suggestion, optimizer="adam")
    >>> net.test(test) > 90
    True
    """
    settings: dict[str, Any] = {
        "mini_batch_size": mini_batch_size, "optimizer": optimizer, "lmbda": lmbda, "l1": l1, "max_norm": max_norm,
        "clip_norm": clip_norm, "clip_value": clip_value, "label_smoothing": label_smoothing,
        "class_weight": class_weight, "sample_weight": sample_weight, "threads": threads,
    }  # fmt: skip
    if not isinstance(network, Network):
        raise ModelError(f"network must be a cmlp.Network, got {shown(network)}")
    if steps is not None and check_count("steps", steps) < FEWEST:
        raise ModelError(f"steps must be at least {FEWEST}, got {steps}")
    if check_positive("low", low) >= check_positive("high", high):
        raise ModelError(f"low must be below high, got {low:g} and {high:g}")
    if isinstance(Options.of(settings).optimizer, LBFGS):
        raise ModelError(
            "lbfgs has no learning rate, it finds the length of each step itself: find_eta tests the others"
        )
    data: Any = list(training_data) if isinstance(training_data, Iterator) else training_data
    for number in TRIED if steps is None else (steps,):
        found = _sweep(network.copy(), data, np.geomspace(low, high, number), generator(seed), settings)
        if found.suggestion is not None:
            break
    return found


def _sweep(
    network: Network, data: Any, etas: NDArray[np.float64], rng: np.random.Generator, settings: dict[str, Any]
) -> EtaTest:
    """Train a network, step by step with another eta, and judge the losses."""
    samples = network._samples(data, "training_data", None)
    weighted = samples.weighted(settings["sample_weight"], settings["class_weight"], network.sizes[-1], network.dtype)
    constant = constant_loss(weighted, network.architecture, settings["label_smoothing"])
    network.rng, recorder = rng, _Recorder(len(etas), constant)
    factors = (etas / etas[0]).tolist()

    def schedule(step: int) -> float:
        return float(factors[min(step, len(etas) - 1)])  # to the end of an epoch, which nobody waits for

    try:
        eta = float(etas[0])
        network.train(data, len(etas), eta, schedule=schedule, callbacks=recorder, progress=False, **settings)
    except ModelError:
        if not recorder.losses:
            raise  # a setting, or data, that no training takes; later on, the loss is no longer finite
    return _judged(etas[: len(recorder.losses)], np.array(recorder.losses), constant)


def _judged(etas: NDArray[np.float64], losses: NDArray[np.float64], constant: float) -> EtaTest:
    """Return a test with its smoothed losses and the suggestion."""
    smoothed = _smoothed(losses, len(losses) / WIDTH)
    lowest = int(smoothed.argmin())
    begin = min(float(smoothed[0]), constant)
    if begin - smoothed[lowest] < LEARNED * abs(constant):
        return EtaTest(etas, losses, smoothed, constant, None)
    fallen = etas[np.argmax(smoothed <= begin - FALLEN * (begin - smoothed[lowest]))]
    return EtaTest(etas, losses, smoothed, constant, float(min(fallen, etas[lowest] / MARGIN)))


def _smoothed(values: NDArray[np.float64], width: float) -> NDArray[np.float64]:
    """Return means of values, weighted by a bell curve of some width around each."""
    reach = int(np.ceil(3 * width))
    bell = np.exp(-0.5 * (np.arange(-reach, reach + 1) / width) ** 2)
    full = slice(reach, reach + len(values))
    sums = np.convolve(values, bell)[full]
    means: NDArray[np.float64] = sums / np.convolve(np.ones(len(values)), bell)[full]
    return means


def constant_loss(samples: Samples, architecture: Architecture, smoothing: float) -> float:
    """Return the loss of outputs that are the mean of the targets, whatever the image."""
    outputs, loss = architecture.sizes[-1], architecture.loss
    if samples.labels is not None:
        counts = np.bincount(samples.labels, samples.weights, minlength=outputs)
        mean = counts / counts.sum() * (1 - smoothing) + smoothing / outputs
    else:
        assert samples.targets is not None
        mean = np.average(samples.targets, axis=0, weights=samples.weights)
    activation = OUTPUTS.get(loss, "identity")
    inverse = {"identity": mean, "softmax": _log(mean), "exponential": _log(mean)}
    engine = Engine((1, outputs), (activation,), loss, (0.0,), np.dtype(np.float64))
    engine.views(engine.parameters)[1][0][...] = inverse.get(activation, _log(mean) - _log(1 - mean))
    blank = np.zeros((len(samples), 1))
    source = DataSource(blank, 1.0, samples.labels, samples.targets, samples.weights, smoothing, None)
    _, total, weight = engine.evaluate(source)
    return total / (weight or 1.0)


def _log(shares: NDArray[np.float64]) -> NDArray[np.float64]:
    logarithms: NDArray[np.float64] = np.log(np.maximum(shares, 1e-12))
    return logarithms
