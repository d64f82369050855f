"""What one can measure of a network, whatever it predicts: accuracy, loss, sizes."""

from __future__ import annotations  # so that `help` shows names such as Data, and not all that they stand for

from collections.abc import Sequence
from typing import Any

from numpy.typing import ArrayLike

from cmlp.core.engine import Engine
from cmlp.model.architecture import Architecture
from cmlp.model.evaluation import Evaluation, accuracy, evaluate, evaluation_of
from cmlp.model.samples import Data, Form, PixelScale, Samples, as_images, as_samples, stack
from cmlp.model.summary import Summary
from cmlp.notebook.cards import card, safe
from cmlp.notebook.diagram import MOST_UNITS, diagram
from cmlp.utils.text import counted


class Measured:
    """The part of a network that answers questions about it, and changes nothing."""

    architecture: Architecture
    engine: Engine
    scale: float
    class_names: tuple[str, ...] | None
    settings: dict[str, Any]
    _form: Form

    def test(self, data: Data, threads: int | None = None) -> float:
        """Return the accuracy on test data, in percent.

        Parameters
        ----------
        data : Dataset, two arrays (images, labels) or pairs (image, label)
            Images and labels, or the yes-or-no answers of binary_cross_entropy.
        threads : int, optional
            As for calling the network.

        Returns
        -------
        float
            Between 0 and 100.

        Raises
        ------
        DataError
            If the data break a rule, or an output is not a number.
        ModelError
            If the loss is one for numbers, which are never right, only near.
        """
        return accuracy(self._samples(data, "test data", self._pixel_scale), self.architecture, self.engine, threads)

    def evaluate(self, data: Data, threads: int | None = None) -> Evaluation:
        """Return the loss on test data, and the accuracy where there is one, whatever the network predicts.

        Parameters
        ----------
        data : Dataset, two arrays (images, labels) or pairs (image, label)
            Images, or rows of a table or sparse matrix, with labels, yes-or-no answers or numbers.
        threads : int, optional
            As for calling the network.

        Returns
        -------
        Evaluation
            With `loss`, and with `accuracy` in percent or, for a loss for numbers, `r2`;
            ``loss, accuracy = net.evaluate(test)`` works as well.

        Raises
        ------
        DataError
            If the data break a rule, or an output is not a number.

        Examples
        --------
        >>> train, test = cmlp.load_digits()
        >>> net = cmlp.Network([64, 16, 10])
        >>> history = net.train(train, 25, 3.0, mini_batch_size=10)
        >>> net.evaluate(test).accuracy == net.test(test)
        True
        """
        samples = self._samples(data, "test data", self._pixel_scale)
        return evaluation_of(samples, self.architecture, self.engine, threads)

    def loss(self, images: ArrayLike, labels: ArrayLike) -> float:
        """Return the mean loss.

        Parameters
        ----------
        images : array_like or scipy.sparse matrix
            One image, or n of them along a first axis, as for calling the network.
        labels : int, one-hot vector or target (outputs,), or as many of them as there are images
            What the outputs should be.

        Returns
        -------
        float
            Without penalties and dropout.

        Raises
        ------
        DataError
            If images or labels break a rule.
        """
        return evaluate(self._batch(images, labels).source(), self.engine)[1]

    def summary(self) -> Summary:
        """Return what the network consists of: layers, shapes, parameters, bytes and multiplications.

        Returns
        -------
        Summary
            ``print(net.summary())`` writes it as a table; a notebook shows one.

        Examples
        --------
        >>> print(cmlp.Network([64, 16, 10]).summary())
        Network(64-16-10, sigmoid, quadratic loss, float64)
        layer     activation  weights  biases  parameters  bytes  multiply-adds
        hidden 1  sigmoid     16 x 64      16       1,040  8,320          1,024
        output    sigmoid     10 x 16      10         170  1,360            160
        all                                         1,210  9,680          1,184
        """
        return Summary(type(self).__name__, self.architecture)

    @property
    def _pixel_scale(self) -> PixelScale:
        """What integers are multiplied by: those other than bytes only if the network was trained on such."""
        return PixelScale(self.scale, self.scale if self.settings.get("input") == "uint8" else 1.0)

    def _samples(self, data: Data, name: str, scale: PixelScale | None) -> Samples:
        return as_samples(data, self._form, scale, name)

    def _batch(self, images: ArrayLike, labels: ArrayLike) -> Samples:
        """Return the samples of images and labels given apart, of one image or more."""
        batch, single = as_images(images, self.architecture.sizes[0], self._pixel_scale)
        answers = [labels] if single else labels
        return stack(images if isinstance(batch, tuple) else batch, answers, self._form, self._pixel_scale, "the batch")

    def __repr__(self) -> str:
        return f"{type(self).__name__}({self.architecture}, {counted(self.engine.parameters.size, 'parameter')})"

    def _repr_html_(self) -> str:
        a = self.architecture
        about = [str(a), counted(self.engine.parameters.size, "parameter")]
        kinds = ["inputs", *(name.replace("_", " ") for name in a.activations)]
        return card(
            type(self).__name__, about, diagram(a.sizes, kinds, self._names_in_short()), _trained(self.settings)
        )

    def _names_in_short(self) -> Sequence[str]:
        """Return what the outputs are called, where there are few of them; anybody may set `class_names`."""
        outputs, names = self.architecture.sizes[-1], self.class_names
        if outputs > MOST_UNITS:
            return ()
        if isinstance(names, list | tuple) and len(names) == outputs:
            return tuple(map(str, names))
        return tuple(map(str, range(outputs))) if self.architecture.classifies else ()


def _trained(settings: Any) -> str:
    """Return what is known of the last training; a file may hold anything there."""
    known = settings if isinstance(settings, dict) else {}
    optimizer = known.get("optimizer")
    name = optimizer.get("name") if isinstance(optimizer, dict) else None
    numbers = [known.get(key) for key in ("images", "epochs", "eta", "mini_batch_size")]
    if not isinstance(name, str) or not all(isinstance(number, int | float) for number in numbers):
        return ""
    images, epochs, eta, size = numbers
    samples = counted(images, "sample") if isinstance(images, int) else f"{images:,} samples"
    text = f"trained on {samples}: {name}, epochs {epochs:,}, eta {eta:g}, mini-batch size {size:,}"
    return f"<p class='cmlp-remark'>{safe(text, 300)}</p>"
