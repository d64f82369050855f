"""What a network says: everything that leaves its parameters as they are."""

from math import isfinite, isnan
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from cmlp.architecture import Architecture
from cmlp.checks import check_count
from cmlp.core.engine import Engine
from cmlp.core.memory import Batch
from cmlp.errors import DataError, ModelError
from cmlp.layers import Layers
from cmlp.measures import accuracy, decide, evaluate, outputs_of
from cmlp.samples import Data, Form, Samples, as_images, as_samples, stack


class Predictor:
    """The part of `Network` that only reads: its parameters, and what can be computed with them."""

    architecture: Architecture
    activations: list[NDArray[Any]]
    scale: float

    def _make_engine(self) -> None:
        a = self.architecture
        self._engine = Engine(a.sizes, a.activations, a.loss, a.dropouts, a.dtype)
        self._form = Form(a.sizes[0], a.sizes[-1], not a.classifies, *a.target_range)
        weights, biases = self._engine.views(self._engine.parameters)
        self.weights, self.biases = Layers("weights", weights), Layers("biases", biases)

    @property
    def sizes(self) -> tuple[int, ...]:  # noqa: D102
        return self.architecture.sizes

    @property
    def dtype(self) -> np.dtype[Any]:
        """The type of the parameters."""
        return self.architecture.dtype

    def __call__(self, images: ArrayLike, threads: int | None = None) -> NDArray[Any]:
        """Return the output activations: (outputs,) for one image, (n, outputs) for a batch.

        Parameters
        ----------
        images : array_like or scipy.sparse matrix
            One image of shape (features,), (features, 1) or (height, width), or n of them along a first
            axis. uint8 pixels are multiplied by `scale`, others are used as they are.
        threads : int, optional
            How many share the images; the result has the same bits with any number. By default one where there is
            little to do, otherwise OMP_NUM_THREADS, or one per processor.
        """
        if threads is not None:
            check_count("threads", threads)
        output = self._engine.output_of_one(images, self.scale)
        if output is not None:
            return output
        batch, single = as_images(images, self.sizes[0])
        outputs = outputs_of(Batch(batch, self.scale), self._engine, threads)
        return outputs[0] if single else outputs

    def feedforward(self, images: ArrayLike) -> NDArray[Any]:
        """Return what calling the network returns, and keep every layer's part in `activations`."""
        batch, single = as_images(images, self.sizes[0])
        if isinstance(batch, tuple):
            raise DataError("feedforward keeps the activations of arrays, and got a sparse matrix")
        pixels = batch * self.scale if batch.dtype == np.uint8 else batch
        layers = [pixels.astype(self.dtype), *self._engine.activations(Batch(batch, self.scale))]
        self.activations = [layer[0] for layer in layers] if single else layers
        return self.activations[-1]

    def predict(self, images: ArrayLike, threads: int | None = None) -> Any:
        """Return what the network thinks: for one image, or for each of a batch along a first axis.

        Parameters
        ----------
        images, threads
            As for calling the network.

        Returns
        -------
        int or ndarray of intp (n,)
            The label of the strongest output, where the network was trained with labels.
        ndarray of bool (outputs,) or (n, outputs)
            Which outputs are above 1/2, with binary_cross_entropy.
        ndarray (outputs,) or (n, outputs)
            The outputs themselves, with the losses for numbers.

        Raises
        ------
        DataError
            If an output is not a number: the strongest is then unknown, and not 0.
        """
        outputs = self(images, threads)
        if outputs.ndim == 2:
            return decide(outputs, self.architecture, self._engine)
        if self.architecture.classifies:
            label = int(outputs.argmax())  # of a NaN, if there is any
            if not isnan(outputs[label]):
                return label
        return decide(outputs[np.newaxis], self.architecture, self._engine)[0]

    def test(self, data: Data, threads: int | None = None) -> float:
        """Return the accuracy in percent on a `Dataset`, two arrays (images, labels) or pairs (image, label).

        `threads` share the images as for calling the network.
        """
        return accuracy(self._samples(data, "test data", self.scale), self.architecture, self._engine, threads)

    def loss(self, images: ArrayLike, labels: ArrayLike) -> float:
        """Return the mean loss of images and labels given as for `gradient`."""
        return evaluate(self._batch(images, labels).batch(), self._engine)[1]

    def gradient(self, images: ArrayLike, labels: ArrayLike) -> tuple[list[NDArray[Any]], list[NDArray[Any]]]:
        """Return the gradient of the mean loss, without penalties and dropout; the network stays as it is.

        Parameters
        ----------
        images : array_like
            As for calling the network.
        labels : int, one-hot vector or target (outputs,), or as many of them as there are images

        Returns
        -------
        nabla_w, nabla_b : lists of ndarray, of the shapes of `weights` and `biases`
        """
        _, nabla = self._finite_gradient(self._batch(images, labels))
        nabla_w, nabla_b = self._engine.views(nabla)
        return nabla_w, nabla_b

    def _finite_gradient(self, samples: Samples) -> tuple[float, NDArray[Any]]:
        """Return the mean loss and its gradient (n_parameters,)."""
        loss, weight, nabla = self._engine.gradient(samples.batch())
        if not isfinite(loss):
            raise ModelError(f"the loss must be finite to have a gradient, got {loss}")
        return loss / weight, nabla

    def _samples(self, data: Data, name: str, scale: float | None) -> Samples:
        return as_samples(data, self._form, scale, name)

    def _batch(self, images: ArrayLike, labels: ArrayLike) -> Samples:
        """Return the samples of images and labels given apart, of one image or more."""
        batch, single = as_images(images, self.sizes[0])
        answers = [labels] if single else labels
        return stack(images if isinstance(batch, tuple) else batch, answers, self._form, self.scale, "the batch")
