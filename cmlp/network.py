"""The network: its parameters, and what one does with them."""

from collections.abc import Sequence
from itertools import pairwise
from math import isfinite, sqrt
from numbers import Integral, Real
from time import perf_counter
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, DTypeLike, NDArray

from cmlp.core.engine import Engine
from cmlp.errors import DataError, ModelError
from cmlp.history import History
from cmlp.samples import Data, Samples, as_images, as_samples, stack

LARGEST_LAYER = 2**31 - 1  # what an integer of BLAS holds
MOST_PARAMETERS = 2**31 - 1


class Layers(Sequence[NDArray[Any]]):
    """One array per layer, each a view of the parameter vector; what is assigned is written through."""

    def __init__(self, name: str, views: Sequence[NDArray[Any]]) -> None:
        self._name, self._views = name, views

    def __len__(self) -> int:
        return len(self._views)

    def __getitem__(self, index: Any) -> Any:
        return self._views[index]

    def __setitem__(self, index: int, values: ArrayLike) -> None:
        view, array = self._views[index], np.asarray(values)
        if array.shape != view.shape:
            raise ModelError(f"{self._name}[{index}] must have shape {view.shape}, got {array.shape}")
        view[...] = array

    def __repr__(self) -> str:
        return repr(list(self._views))


class Network:
    """A multilayer perceptron: sigmoid units in every layer, quadratic cost, stochastic gradient descent.

    The cost of an image is ``sum((a - y)**2)`` over the outputs ``a`` and the one-hot target ``y``. Weights
    are drawn from a normal distribution of variance ``2 / (fan_in + fan_out)`` [1]_, biases are zero. The
    notation is Nielsen's [2]_.

    Parameters
    ----------
    sizes : sequence of int
        Units per layer, from the pixels of an image to the classes.
    dtype : {"float64", "float32"}
        Type of the parameters and of all arithmetic.
    seed : int or numpy.random.Generator
        Where the weights and the order of the mini-batches come from; the same seed gives the same bits.

    Attributes
    ----------
    sizes : tuple of int
    weights : sequence of ndarray (fan_out, fan_in), one per layer
        Views of one vector; ``network.weights[0] = array`` writes into it.
    biases : sequence of ndarray (fan_out,), one per layer
    activations : list of ndarray
        What every layer, the image's pixels first, made of the last argument of `feedforward`.
    scale : float
        What uint8 pixels are multiplied by, 1/255 until training data with another scale are seen.
        Floating-point pixels are used as they are.
    rng : numpy.random.Generator

    References
    ----------
    .. [1] X. Glorot, Y. Bengio, Understanding the difficulty of training deep feedforward neural networks,
       AISTATS 2010, equation 12 for the variance.
    .. [2] M. Nielsen, Neural Networks and Deep Learning, 2015, chapters 1 and 2.

    Examples
    --------
    >>> import cmlp
    >>> train, test = cmlp.load_digits()
    >>> net = cmlp.Network([64, 16, 16, 10])
    >>> history = net.train(train, 25, 3.0, mini_batch_size=10)
    >>> net.test(test) > 95
    True
    """

    def __init__(
        self,
        sizes: Sequence[int] = (784, 16, 16, 10),
        *,
        dtype: DTypeLike = "float64",
        seed: int | np.random.Generator = 0,
    ) -> None:
        self._engine = Engine(_check_sizes(sizes), _check_dtype(dtype))
        self._name_parameters()
        self.activations: list[NDArray[Any]] = []
        self.scale = 1 / 255
        self.rng = np.random.default_rng(seed)
        for w in self.weights:
            fan_out, fan_in = w.shape
            w[...] = self.rng.standard_normal((fan_out, fan_in)) * sqrt(2 / (fan_in + fan_out))

    def _name_parameters(self) -> None:
        weights, biases = self._engine.views(self._engine.parameters)
        self.weights, self.biases = Layers("weights", weights), Layers("biases", biases)

    @property
    def sizes(self) -> tuple[int, ...]:  # noqa: D102
        return self._engine.sizes

    @property
    def dtype(self) -> np.dtype[Any]:
        """The type of the parameters."""
        return self._engine.dtype

    def __call__(self, images: ArrayLike) -> NDArray[Any]:
        """Return the output activations: (classes,) for one image, (n, classes) for a batch.

        Parameters
        ----------
        images : array_like
            One image of shape (features,), (features, 1) or (height, width), or n of them along a first
            axis. uint8 pixels are multiplied by `scale`, others are used as they are.
        """
        batch, single = as_images(images, self.sizes[0])
        outputs = self._engine.outputs(batch, self.scale)
        return outputs[0] if single else outputs

    def feedforward(self, images: ArrayLike) -> NDArray[Any]:
        """Return what calling the network returns, and keep every layer's part in `activations`."""
        batch, single = as_images(images, self.sizes[0])
        pixels = batch * self.scale if batch.dtype == np.uint8 else batch
        layers = [pixels.astype(self.dtype), *self._engine.activations(batch, self.scale)]
        self.activations = [layer[0] for layer in layers] if single else layers
        return self.activations[-1]

    def predict(self, images: ArrayLike) -> Any:
        """Return the label of the strongest output: an int for one image, (n,) for a batch.

        Raises
        ------
        DataError
            If an output is not a number: its strongest is then unknown, and not 0.
        """
        batch, single = as_images(images, self.sizes[0])
        labels = self._predict(batch, self.scale)
        return int(labels[0]) if single else labels

    def test(self, data: Data) -> float:
        """Return the accuracy in percent on a `Dataset` or on pairs (image, label)."""
        samples = self._samples(data, "test data", self.scale)
        return self._accuracy(samples)

    def loss(self, images: ArrayLike, labels: ArrayLike) -> float:
        """Return the mean cost of images and labels given as for `gradient`."""
        samples = self._batch(images, labels)
        outputs = self._engine.outputs(samples.images, samples.scale)
        return self._engine.loss(outputs, samples.labels) / len(samples.labels)

    def gradient(self, images: ArrayLike, labels: ArrayLike) -> tuple[list[NDArray[Any]], list[NDArray[Any]]]:
        """Return the gradient of the mean cost; the network stays as it is.

        Parameters
        ----------
        images : array_like
            As for calling the network.
        labels : int, one-hot vector, or as many of them as there are images

        Returns
        -------
        nabla_w, nabla_b : lists of ndarray, of the shapes of `weights` and `biases`
        """
        _, nabla = self._finite_gradient(self._batch(images, labels))
        nabla_w, nabla_b = self._engine.views(nabla)
        return nabla_w, nabla_b

    def gradient_step(self, mini_batch: Data, eta: float) -> float:
        """Take one step against the mean gradient of a mini-batch.

        Parameters
        ----------
        mini_batch : Dataset or pairs (image, label)
        eta : float
            Learning rate.

        Returns
        -------
        float
            The mean cost before the step.
        """
        _check_positive("eta", eta)
        samples = self._samples(mini_batch, "mini_batch", self.scale)
        loss, nabla = self._finite_gradient(samples)
        self._engine.parameters[...] -= self.dtype.type(eta) * nabla
        return loss / len(samples.labels)

    def train(
        self,
        training_data: Data,
        epochs: int,
        eta: float,
        *,
        mini_batch_size: int = 125,
        test_data: Data | None = None,
        training_accuracy: bool = False,
        progress: bool | None = None,
    ) -> History:
        """Train by stochastic gradient descent on mini-batches, shuffled anew in each epoch.

        Parameters
        ----------
        training_data : Dataset or pairs (image, label)
            Never changed, not even in order.
        epochs : int
            How many times every image is used.
        eta : float
            Learning rate: a step is eta times the gradient of the mini-batch's mean cost.
        mini_batch_size : int
            Images per step; the last mini-batch of an epoch holds what is left.
        test_data : Dataset or pairs (image, label), optional
            Measured after every epoch.
        training_accuracy : bool
            Whether the training data are measured after every epoch too.
        progress : bool, optional
            Whether to show a progress bar on stderr; by default, where stderr is a terminal.

        Returns
        -------
        History

        Raises
        ------
        DataError
            If the data break a rule.
        ModelError
            If the loss or a weight is no longer finite; the last finite weights are kept.
        """
        _check_count("epochs", epochs)
        _check_count("mini_batch_size", mini_batch_size)
        _check_positive("eta", eta)
        samples = self._samples(training_data, "training_data", None)
        self.scale = samples.pixel_scale or self.scale
        tested = None if test_data is None else self._samples(test_data, "test_data", self.scale)

        from tqdm import tqdm  # here, because it would make importing cmlp slower by a fifth

        history = History()
        with tqdm(total=epochs, unit="epoch", disable=None if progress is None else not progress) as bar:
            for epoch in range(1, epochs + 1):
                started = perf_counter()
                history.loss.append(self._train_epoch(samples, epoch, eta, mini_batch_size))
                history.seconds.append(perf_counter() - started)
                if training_accuracy:
                    history.training_accuracy.append(self._accuracy(samples))
                if tested is not None:
                    history.test_accuracy.append(self._accuracy(tested))
                bar.set_postfix_str(history.describe(-1), refresh=False)
                bar.update()
        return history

    def _train_epoch(self, samples: Samples, epoch: int, eta: float, mini_batch_size: int) -> float:
        """Return the mean loss of an epoch, whose mini-batches partition the samples."""
        n = len(samples.labels)
        size = min(mini_batch_size, n)
        order = self.rng.permutation(n).astype(np.intp, copy=False)
        before = self._engine.parameters.copy()
        loss, done = self._engine.train(*samples, order, size, eta)
        if done == n and np.isfinite(self._engine.parameters).all():
            return loss / n
        if not np.isfinite(self._engine.parameters).all():
            self._engine.parameters[...] = before
        where = f"epoch {epoch}, mini-batch {min(done // size + 1, -(-n // size)):,} of {-(-n // size):,}"
        raise ModelError(
            f"training stopped in {where}, because the loss is not finite; the last finite weights are kept, "
            f"and a smaller eta than {eta:g} may help"
        )

    def _finite_gradient(self, samples: Samples) -> tuple[float, NDArray[Any]]:
        loss, nabla = self._engine.gradient(*samples)
        if not isfinite(loss):
            raise ModelError(f"the loss must be finite to have a gradient, got {loss}")
        return loss, nabla

    def _accuracy(self, samples: Samples) -> float:
        return 100 * float(np.mean(self._predict(samples.images, samples.scale) == samples.labels))

    def _predict(self, images: NDArray[Any], scale: float) -> NDArray[np.intp]:
        outputs = self._engine.outputs(images, scale)
        unknown = np.isnan(outputs).any(axis=1)
        if unknown.any():
            cause = "its pixels" if np.isfinite(self._engine.parameters).all() else "the network's weights"
            found = f"image {unknown.argmax()} has outputs that are not numbers"
            raise DataError(f"{found}, because {cause} are not finite")
        labels: NDArray[np.intp] = outputs.argmax(axis=1)
        return labels

    def _samples(self, data: Data, name: str, scale: float | None) -> Samples:
        return as_samples(data, self.sizes[0], self.sizes[-1], scale, name)

    def _batch(self, images: ArrayLike, labels: ArrayLike) -> Samples:
        batch, single = as_images(images, self.sizes[0])
        return stack(batch, [labels] if single else labels, self.sizes[-1], self.scale, "the batch")

    def __getstate__(self) -> dict[str, Any]:
        state = {key: self.__dict__[key] for key in ("activations", "scale", "rng")}
        return state | {"sizes": self.sizes, "dtype": self.dtype, "parameters": self._engine.parameters}

    def __setstate__(self, state: dict[str, Any]) -> None:
        self._engine = Engine(state.pop("sizes"), state.pop("dtype"))
        self._engine.parameters[...] = state.pop("parameters")
        self._name_parameters()
        self.__dict__.update(state)

    def __repr__(self) -> str:
        layers = "-".join(map(str, self.sizes))
        count = f"{self._engine.parameters.size:,} parameters"
        return f"{type(self).__name__}({layers}, sigmoid, quadratic cost, {self.dtype}, {count})"


def _check_sizes(sizes: Sequence[int]) -> tuple[int, ...]:
    rule = "sizes must be at least two positive integers"
    if isinstance(sizes, str) or not isinstance(sizes, Sequence | np.ndarray) or len(sizes) < 2:
        raise ModelError(f"{rule}, got {sizes!r}")
    for size in sizes:
        if not isinstance(size, Integral) or isinstance(size, bool) or not 0 < size <= LARGEST_LAYER:
            raise ModelError(f"{rule} below 2**31, got {size!r}")
    if sum((fan_in + 1) * fan_out for fan_in, fan_out in pairwise(map(int, sizes))) > MOST_PARAMETERS:
        raise ModelError(f"sizes must give fewer than 2**31 parameters, got {tuple(sizes)}")
    return tuple(map(int, sizes))


def _check_dtype(dtype: DTypeLike) -> np.dtype[Any]:
    try:
        checked = np.dtype(dtype)
    except TypeError:
        checked = None
    if checked not in (np.float32, np.float64):
        raise ModelError(f"dtype must be float64 or float32, got {dtype!r}")
    return checked


def _check_count(name: str, value: int) -> None:
    if not isinstance(value, Integral) or isinstance(value, bool) or not 0 < value <= LARGEST_LAYER:
        raise ModelError(f"{name} must be a positive integer below 2**31, got {value!r}")


def _check_positive(name: str, value: float) -> None:
    if not isinstance(value, Real) or isinstance(value, bool) or not (isfinite(value) and value > 0):
        raise ModelError(f"{name} must be a positive number, got {value!r}")
