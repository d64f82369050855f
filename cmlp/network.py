"""The network: its parameters, and what one does with them."""

from __future__ import annotations  # so that `help` shows names such as Data, and not all that they stand for

from collections.abc import Callable, Iterable, Mapping, Sequence
from copy import deepcopy
from dataclasses import dataclass
from math import isfinite, isnan
from numbers import Real
from os import PathLike
from pathlib import Path
from typing import Any, Literal, Self

import numpy as np
from numpy.typing import ArrayLike, DTypeLike, NDArray

from cmlp.core.data_source import DataSource
from cmlp.core.engine import Engine
from cmlp.data.framing import Framing, framing_of, sample_images
from cmlp.data.picture_shapes import shape_of
from cmlp.data.pixels import ROUNDING, scaled
from cmlp.data.validation import check_class_names
from cmlp.errors import DataError, ModelError
from cmlp.model.about_data import about_data, origin_of
from cmlp.model.architecture import ActivationName, LossName, NormalizationName, make_architecture
from cmlp.model.evaluation import compute_outputs, decide
from cmlp.model.initializers import InitializerName, initialize
from cmlp.model.measured import Measured
from cmlp.model.parameters import LayerArrays
from cmlp.model.record import Model
from cmlp.model.samples import Data, Form, PixelScale, Samples, as_images
from cmlp.storage import write_model
from cmlp.training.callbacks import Callback, Callbacks
from cmlp.training.checkpointing import open_checkpoints
from cmlp.training.distortions import Distortions
from cmlp.training.early_stopping import make_early_stopping, stratified_split
from cmlp.training.epoch import new_state, take_step
from cmlp.training.history import History
from cmlp.training.loading import Loading
from cmlp.training.loop import Loop
from cmlp.training.measurements import Measurements
from cmlp.training.normalization import Unfolding
from cmlp.training.optimizers import LBFGS, Optimizer, OptimizerName
from cmlp.training.options import Options
from cmlp.training.progress import check_progress
from cmlp.training.random_state import generator, restore, state_of
from cmlp.training.schedules import Schedule, ScheduleName
from cmlp.utils.checks import check_count, check_flag, check_path, check_positive
from cmlp.utils.files import write_file
from cmlp.utils.suggestions import in_one_list, suggest_keywords

LEARNED = ("scale", "class_names", "settings", "_framing", "_pictures")  # by `Network.train` about its data


@dataclass(eq=False)
class _Call:
    """A call of `Network.train`, and what the network knew before it."""

    earlier: dict[str, Any]
    random: dict[str, Any]  # state of the generator
    loop: Loop | None = None
    is_nested: bool = False  # in a callback of another training, or beside it in a thread


class Network(Measured, Loading, Unfolding):
    """A multilayer perceptron; by default that of 3Blue1Brown: sigmoid units, quadratic cost.

    The notation is Nielsen's [1]_: the activations of a layer are ``a = f(W @ a_before + b)``. Biases begin at zero,
    but for orthogonal weights, beside which they bring the weighted sums to where the activation is nearly straight.

    Parameters
    ----------
    sizes : sequence of int, default (784, 16, 16, 10)
        Units per layer, from the pixels of an image to the classes.
    activation : str or sequence of str, default "sigmoid"
        One name for all hidden layers, in which case the output layer uses the activation that fits the loss: sigmoid
        with quadratic, softmax with cross_entropy, identity for numbers; or one name per layer with weights: identity,
        sigmoid, tanh, relu, leaky_relu (slope 0.01), elu, gelu, silu, softplus, exponential, and softmax in the last
        layer.
    loss : str, default "quadratic"
        Loss of one image with outputs a and target y. For labels: quadratic, ``sum((a - y)**2)``, or cross_entropy,
        ``-sum(y * log(a))`` with softmax outputs. For several yes-or-no answers: binary_cross_entropy,
        ``-sum(y * log(a) + (1 - y) * log(1 - a))`` with sigmoid outputs. For numbers: mean_squared_error,
        half_squared_error (``sum((a - y)**2) / 2``), mean_absolute_error, huber (quadratic below 1), poisson
        (``mean(a - y * log(a))``), summed_poisson (the sum of the same).
    initializer : str or sequence of array_like, optional
        Distribution of the first weights: glorot, he or lecun, each with _normal or _uniform; orthogonal, for deep
        networks; zeros; or the weights (fan_out, fan_in) of every layer. By default what fits the hidden layers:
        glorot_normal, but he_normal for relu, leaky_relu, elu, gelu and silu, and orthogonal for softplus and
        exponential.
    dropout : float or sequence of float, default 0.0
        Fraction of each hidden layer's units that is left out in each step of training, in [0, 1).
    normalization : {"batch", "none"} or sequence of them, optional
        What training does between product and activation: batch normalisation [2]_, of all hidden layers, or of those
        for which a sequence says "batch" and not "none" or None. Each unit's weighted sums, without bias, are divided
        by their standard deviation in the mini-batch after their mean is taken away, multiplied by a factor that is
        learned, and the bias is added. When training ends, all of it is folded into weights and biases, by running
        averages: the network is then a plain one, and so are its files and exports. By default none.
    dtype : {"float64", "float32"}, default "float64"
        Type of the parameters and of all arithmetic.
    seed : int or numpy.random.Generator, default 0
        Source of the first weights and of the order of the mini-batches. The same seed gives the same bits on one
        kind of processor and one build, however many threads there are.

    Attributes
    ----------
    architecture : Architecture
        Sizes, activations, loss, dropout, normalisation and type.
    engine : Engine
        The compiled core, which owns the parameters.
    activations : list of ndarray
        The activations of every layer, beginning with the pixels, for the last argument of `feedforward`.
    scale : float
        Factor of uint8 pixels: 1/255 until training data with another scale are seen, 1 after floats beyond [0, 1].
        Other integers are multiplied by it too, if the network was trained on integers; floating-point pixels are used
        as they are.
    class_names : tuple of str, or None
        What the labels are called.
    settings : dict
        Settings of the last training.
    rng : numpy.random.Generator
        The source of all random numbers.

    Raises
    ------
    ModelError
        If an argument breaks a rule.

    References
    ----------
    .. [1] Michael Nielsen, Neural Networks and Deep Learning, 2015, chapters 1 to 3.
    .. [2] Sergey Ioffe and Christian Szegedy, Batch normalization, ICML 2015.

    Examples
    --------
    >>> import cmlp
    >>> train, test = cmlp.load_digits()
    >>> net = cmlp.Network([64, 16, 16, 10])
    >>> history = net.train(train, 25, 3.0, mini_batch_size=10)
    >>> net.test(test) > 95
    True
    """

    _loops: list[Loop]  # of the trainings under way, the innermost last

    @in_one_list
    @suggest_keywords
    def __init__(
        self,
        sizes: Sequence[int] = (784, 16, 16, 10),
        *,
        activation: ActivationName | Sequence[ActivationName] = "sigmoid",
        loss: LossName = "quadratic",
        initializer: InitializerName | Sequence[ArrayLike] | None = None,
        dropout: float | Sequence[float] = 0.0,
        normalization: NormalizationName | Sequence[NormalizationName | None] | None = None,
        dtype: DTypeLike = "float64",
        seed: int | np.random.Generator = 0,
    ) -> None:
        self.architecture = make_architecture(sizes, activation, loss, dropout, dtype, normalization)
        self._make_engine()
        self.activations: list[NDArray[Any]] = []
        self.scale = 1 / 255
        self.class_names: tuple[str, ...] | None = None
        self._framing: Framing | None = None
        self._pictures: tuple[NDArray[Any], tuple[int, int] | None, float] | None = None
        self.settings: dict[str, Any] = {}
        self.rng = generator(seed)
        initialize(self.weights, self.biases, self.architecture.activations, initializer, self.rng)

    @property
    def sizes(self) -> tuple[int, ...]:
        """The number of units of each layer, from the pixels to the classes."""
        return self.architecture.sizes

    @property
    def dtype(self) -> np.dtype[Any]:
        """The type of the parameters and of all arithmetic."""
        return self.architecture.dtype

    @property
    def weights(self) -> LayerArrays:
        """The weights (fan_out, fan_in) of each layer: views of one vector.

        What is assigned, ``net.weights[0] = array`` or ``net.weights = arrays``, is written into them.
        """
        return LayerArrays("weights", self.engine.views(self.engine.parameters)[0])

    @weights.setter
    def weights(self, values: Sequence[ArrayLike]) -> None:
        self.weights[:] = values

    @property
    def biases(self) -> LayerArrays:
        """The biases (fan_out,) of each layer: views of one vector, into which assigned values are written."""
        return LayerArrays("biases", self.engine.views(self.engine.parameters)[1])

    @biases.setter
    def biases(self, values: Sequence[ArrayLike]) -> None:
        self.biases[:] = values

    @property
    def framing(self) -> Framing | None:
        """How the training images lie in their frame, if they were pictures; measured when it is asked for."""
        if self._pictures is not None:
            self._framing, self._pictures = framing_of(*self._pictures), None
        return self._framing

    @property
    def model(self) -> Model:
        """The record that files and exports are made of; its arrays are those of the network, not copies."""
        names = None if self.class_names is None else check_class_names(self.class_names, self.sizes[-1])
        plain = self.architecture.plain
        return Model(plain, self.weights, self.biases, self.scale, names, self.framing, self.settings)

    def __call__(self, images: ArrayLike, threads: int | None = None) -> NDArray[Any]:
        """Return the output activations of one image or of a batch.

        Parameters
        ----------
        images : array_like or scipy.sparse matrix
            One image of shape (features,), (features, 1) or (height, width), or n of them along a first axis. Bytes
            are multiplied by `scale`, floats are used as they are.
        threads : int, optional
            Number of threads that share the images; it does not change a bit of the result. By default one where
            there is little to do, otherwise OMP_NUM_THREADS, or one per processor.

        Returns
        -------
        ndarray
            Of shape (outputs,) for one image, (n, outputs) for a batch.

        Raises
        ------
        DataError
            If the images have another number of pixels, or are not numbers.
        """
        if threads is not None:
            check_count("threads", threads)
        output = self.engine.output_of_one(images, self.scale)
        if output is not None:
            return output
        batch, single = as_images(images, self.sizes[0], self._pixel_scale)
        outputs = compute_outputs(DataSource(batch, self.scale), self.engine, threads)
        return outputs[0] if single else outputs

    def feedforward(self, images: ArrayLike) -> NDArray[Any]:
        """Return the output activations, and keep those of every layer in `activations`.

        Parameters
        ----------
        images : array_like
            As for calling the network, but no sparse matrix.

        Returns
        -------
        ndarray
            Of shape (outputs,) for one image, (n, outputs) for a batch.

        Raises
        ------
        DataError
            If the images have another number of pixels, or are not numbers.
        """
        batch, single = as_images(images, self.sizes[0], self._pixel_scale)
        if isinstance(batch, tuple):
            raise DataError("feedforward keeps the activations of arrays, and got a sparse matrix")
        with np.errstate(over="ignore"):  # an infinity is one in the core, too
            pixels = scaled(batch, self.scale).astype(self.dtype)
        layers = [pixels, *self.engine.activations(DataSource(batch, self.scale))]
        self.activations = [layer[0] for layer in layers] if single else layers
        return self.activations[-1]

    def predict(self, images: ArrayLike, threads: int | None = None) -> Any:
        """Return the predicted labels or values.

        Parameters
        ----------
        images : array_like or scipy.sparse matrix
            One image, or n of them along a first axis, as for calling the network.
        threads : int, optional
            As for calling the network.

        Returns
        -------
        int or ndarray
            With a loss for labels, the label of the largest output: an int for one image, an array (n,) for a batch.
            With binary_cross_entropy, whether each output is above 1/2, and with a loss for numbers, the outputs
            themselves: arrays (outputs,) or (n, outputs).

        Raises
        ------
        DataError
            If the images have another number of pixels or are not numbers, or if an output is not a number.

        Examples
        --------
        >>> import cmlp
        >>> train, test = cmlp.load_digits()
        >>> net = cmlp.Network([64, 16, 16, 10])
        >>> history = net.train(train, 25, 3.0, mini_batch_size=10)
        >>> image, label = test[0]
        >>> net.predict(image), label
        (3, 3)
        """
        outputs = self(images, threads)
        if outputs.ndim == 2:
            return decide(outputs, self.architecture, self.engine)
        if self.architecture.classifies:
            label = int(outputs.argmax())  # of a NaN, if there is any
            if not isnan(outputs[label]):
                return label
        return decide(outputs[np.newaxis], self.architecture, self.engine)[0]

    def gradient(self, images: ArrayLike, labels: ArrayLike) -> tuple[list[NDArray[Any]], list[NDArray[Any]]]:
        """Return the gradient of the mean loss, without penalties and dropout; normalisation is folded.

        Parameters
        ----------
        images : array_like or scipy.sparse matrix
            One image, or n of them along a first axis, as for calling the network.
        labels : int, one-hot vector or target (outputs,), or as many of them as there are images
            What the outputs should be.

        Returns
        -------
        nabla_w : list of ndarray
            The gradient by the weights, of their shapes.
        nabla_b : list of ndarray
            The gradient by the biases, of their shapes.

        Raises
        ------
        DataError
            If images or labels break a rule.
        ModelError
            If the loss is not finite.
        """
        _, nabla = self._finite_gradient(self._batch(images, labels))
        nabla_w, nabla_b = self.engine.views(nabla)
        return nabla_w, nabla_b

    def gradient_step(self, mini_batch: Data, eta: float) -> float:
        """Take one step of gradient descent along `gradient`.

        Parameters
        ----------
        mini_batch : Dataset, two arrays (images, labels) or pairs (image, label)
            The images of the step.
        eta : float
            Learning rate.

        Returns
        -------
        float
            The mean loss before the step.

        Raises
        ------
        DataError
            If the mini-batch breaks a rule.
        ModelError
            If eta is not a positive number, or the loss is not finite.
        """
        check_positive("eta", eta)
        loss, nabla = self._finite_gradient(self._samples(mini_batch, "mini_batch", self._pixel_scale))
        self.engine.parameters[...] -= self.dtype.type(eta) * nabla
        return loss

    @suggest_keywords
    def train(
        self,
        training_data: Data,
        epochs: int | None,
        eta: float,
        *,
        minutes: float | None = None,
        mini_batch_size: int = 125,
        optimizer: OptimizerName | Optimizer = "sgd",
        schedule: ScheduleName | Schedule | Callable[[int], float] | None = None,
        lmbda: float = 0.0,
        l1: float = 0.0,
        max_norm: float | None = None,
        clip_norm: float | None = None,
        clip_value: float | None = None,
        label_smoothing: float = 0.0,
        averaging: float = 0.0,
        distortions: Distortions | bool | Literal["default"] | None = None,
        class_weight: Mapping[int, float] | Literal["balanced"] | None = None,
        sample_weight: ArrayLike | None = None,
        validation_data: Data | float | None = None,
        patience: int | None = None,
        monitor: Literal["loss", "accuracy"] = "loss",
        test_data: Data | None = None,
        training_accuracy: bool = False,
        callbacks: Callback | Sequence[Callback] = (),
        threads: int | None = None,
        checkpoint: str | PathLike[str] | None = None,
        checkpoint_every: int | str = 1,
        resume: bool = False,
        progress: bool | Literal["curve"] | None = None,
    ) -> History:
        """Train on mini-batches, reshuffled before each epoch.

        A call that is refused leaves the network as it was.

        Parameters
        ----------
        training_data : Dataset, two arrays (images, labels) or pairs (image, label)
            Never changed, not even in order.
        epochs : int or None
            How many times every image is used; with L-BFGS, the number of iterations. None where `minutes` are given.
        eta : float
            Learning rate: with sgd, a step is eta times the gradient of the mini-batch's mean loss.
        minutes : float, optional
            How long the training lasts, with all that is measured, instead of a number of epochs: it ends within an
            epoch, and where the schedule depends on the length of a training, it follows the share of the time that is
            used. What was used before an interruption counts when the training is resumed. The bits of the result
            depend on the clock.
        mini_batch_size : int, default 125
            Images per step; the last mini-batch of an epoch holds what is left.
        optimizer : str or Optimizer, default "sgd"
            One of sgd, momentum, nesterov, rmsprop, adam, adamw, nadam and lbfgs, or an object with settings of one's
            own, such as ``cmlp.Adam(beta_1=0.8)``.
        schedule : str, Schedule or function of the step, optional
            What eta is multiplied by: constant, step, exponential, invscaling, adaptive, cosine or one_cycle.
        lmbda, l1 : float, default 0.0
            Strengths of the L2 and L1 penalties on n training images, as in Nielsen's chapter 3:
            ``lmbda / (2 n) * sum(w**2)`` and ``l1 / n * sum(|w|)`` are added to the mean loss.
        max_norm : float, optional
            Maximum norm of a unit's incoming weights.
        clip_norm, clip_value : float, optional
            Maximum norm of a gradient, and maximum absolute value of its elements.
        label_smoothing : float, default 0.0
            Fraction of each label's 1 that is shared among all classes, in [0, 1).
        averaging : float, default 0.0
            Decay of the exponential moving average of the parameters, in [0, 1); the network ends with the average.
        distortions : Distortions, True or "default"; optional
            How the training pictures are distorted, afresh in each epoch; True and "default" stand for
            ``cmlp.Distortions()``. By default they are not. The settings that the network keeps have all lengths.
        class_weight : dict of label and weight, or "balanced"; optional
            Factor of the loss of each class, by default 1; "balanced" gives all classes the same total weight.
        sample_weight : array_like (n,), optional
            Factor of the loss of each image, by default 1.
        validation_data : as training_data, or float; optional
            Measured after every epoch; a float is the fraction of each class that is split off the training data.
        patience : int, optional
            Number of epochs in a row without a better value on the validation data after which training stops; the
            best weights are then restored.
        monitor : {"loss", "accuracy"}, default "loss"
            The value that early stopping watches.
        test_data : as training_data, optional
            Its accuracy is measured after every epoch.
        training_accuracy : bool, default False
            Whether to measure the accuracy on the training data after every epoch.
        callbacks : function of an Event, object with on_epoch_end or on_batch_end, or several of them; default ()
            Training stops if one returns True.
        threads : int, optional
            Number of threads that share the images; it does not change a bit of the result. By default one where
            there is little to do, otherwise OMP_NUM_THREADS, or one per processor.
        checkpoint : str or path, optional
            File to which the training is written from time to time; the checkpoint before stays beside it, with
            ``.previous`` at the end of its name.
        checkpoint_every : int or str, default 1
            Epochs between two checkpoints, or the time between them: ``"30s"``, ``"5min"``, ``"1h"``.
        resume : bool, default False
            Whether to go on from the checkpoint, if there is one. With the same data and settings, of which only
            `epochs` or `minutes` may be larger, unless the schedule depends on them as cosine does, the training ends
            with the same bits as without the interruption, on the same kind of processor and the same build.
        progress : bool or "curve", optional
            Whether to show progress: a bar in a notebook or on a terminal, and plain lines on stderr elsewhere. By
            default there is a bar, but there are no lines. "curve" also shows in a notebook losses and accuracies as
            they come.

        Returns
        -------
        History
            Losses, accuracies and durations, epoch by epoch.

        Raises
        ------
        DataError
            If the data break a rule.
        ModelError
            If a setting breaks a rule, or the loss or a weight is no longer finite; the last finite weights are kept.
            Also if a checkpoint is damaged, or belongs to another training.
        KeyboardInterrupt
            After Ctrl-C; the weights are those after the last whole step, which a checkpoint then holds.
        OSError
            If no checkpoint can be written at the beginning, also when resumed; a warning if a later one cannot.

        Examples
        --------
        >>> import cmlp
        >>> train, test = cmlp.load_digits()
        >>> net = cmlp.Network([64, 30, 10], activation="relu", loss="cross_entropy")
        >>> history = net.train(train, 20, 0.001, mini_batch_size=16, optimizer="adam", test_data=test)
        >>> len(history), history.test_accuracy[-1] > 90
        (20, True)
        """
        arguments = locals()
        call = _Call({name: vars(self)[name] for name in LEARNED}, state_of(self.rng))
        try:
            try:
                call.loop, learned = self._prepare(Options.of(arguments), arguments)
                call.is_nested = bool(self._loops)
                vars(self).update(learned)
                call.loop.begin()
                return self._run(call.loop)
            finally:
                self._end(call)
        finally:  # a signal may have interrupted that
            self._end(call)

    def _end(self, call: _Call) -> None:
        """End a call of `train`; where it was refused or is nested, the network knows again what it knew before."""
        begun = call.loop is not None and call.loop.has_begun
        if call.loop in self._loops:
            self._loops.remove(call.loop)
        if call.loop is not None and begun:
            call.loop.fold()
        if call.is_nested or not begun:
            vars(self).update(call.earlier)
        if not begun:
            restore(self.rng, call.random)

    def _run(self, loop: Loop) -> History:
        """Run a training, which `stop` can end."""
        self._loops.append(loop)
        try:
            return loop.run()
        finally:
            if loop in self._loops:
                self._loops.remove(loop)

    def _prepare(self, options: Options, arguments: Mapping[str, Any]) -> tuple[Loop, dict[str, Any]]:
        """Check all arguments of `train`; return the training, and what the network learns about its data."""
        path = arguments["checkpoint"]
        path = None if path is None else check_path("checkpoint", path)
        checkpoints = open_checkpoints(path, arguments["checkpoint_every"], arguments["resume"])
        rng = self.rng if checkpoints is None else checkpoints.begin(self.rng)
        data = arguments["training_data"]
        samples = self._samples(data, "training_data", None).weighted(
            arguments["sample_weight"], arguments["class_weight"], self.sizes[-1], self.dtype
        )
        options = options.for_pictures(samples, shape_of(data))
        samples, validation = self._validation(samples, arguments["validation_data"], rng)
        scale = self._scale_beside(samples)
        test_data = arguments["test_data"]
        loop = Loop(
            network=self,
            samples=samples,
            options=options,
            measurements=Measurements(
                training=samples if check_flag("training_accuracy", arguments["training_accuracy"]) else None,
                validation=validation,
                test=None if test_data is None else self._samples(test_data, "test_data", scale),
            ),
            early_stopping=make_early_stopping(arguments["patience"], arguments["monitor"], validation),
            callbacks=Callbacks(arguments["callbacks"]),
            checkpoints=checkpoints,
            threads=arguments["threads"],
            show_progress=check_progress(arguments["progress"]),
        )
        given = getattr(data, "class_names", self.class_names)
        names = None if given is None else check_class_names(given)
        pictures = None
        if isinstance(samples.images, np.ndarray):
            pictures = sample_images(samples.images), getattr(data, "picture_shape", None), samples.scale
        return loop, {
            "scale": scale.bytes,
            "class_names": None if names is None or len(names) != self.sizes[-1] else names,
            "settings": about_data(samples, data, self.sizes[0])
            | options.describe()
            | self.architecture.describe_normalization()
            | origin_of(samples, data),
            "_framing": None,
            "_pictures": pictures,
        }

    @suggest_keywords
    def train_on_batches(
        self,
        batches: Iterable[Data],
        eta: float,
        *,
        optimizer: OptimizerName | Optimizer = "sgd",
        lmbda: float = 0.0,
        distortions: Distortions | bool | Literal["default"] | None = None,
    ) -> list[float]:
        """Take a step for each mini-batch, for data larger than memory.

        Parameters
        ----------
        batches : iterable of Dataset, two arrays (images, labels) or pairs (image, label)
            Each is one step.
        eta : float
            Learning rate.
        optimizer : str or Optimizer, default "sgd"
            As for `train`, but not lbfgs; its memory of earlier steps begins with the first mini-batch.
        lmbda : float, default 0.0
            Strength of the L2 penalty: ``lmbda / 2 * sum(w**2)`` is added to the mean loss of each mini-batch.
        distortions : Distortions, True or "default"; optional
            How the pictures of each mini-batch are distorted, as for `train`.

        Returns
        -------
        list of float
            The mean loss of each mini-batch before its step.

        Raises
        ------
        DataError
            If a mini-batch breaks a rule; the steps before it were taken.
        ModelError
            If a setting breaks a rule, or the loss is no longer finite.

        Examples
        --------
        >>> import cmlp
        >>> train, test = cmlp.load_digits()
        >>> net = cmlp.Network([64, 16, 10])
        >>> losses = net.train_on_batches((train[i : i + 10] for i in range(0, 1000, 10)), 3.0)
        >>> len(losses)
        100
        """
        options = Options(eta=eta, optimizer=optimizer, lmbda=lmbda, distortions=distortions)
        losses: list[float] = []
        if isinstance(options.optimizer, LBFGS):
            raise ModelError("lbfgs needs all samples at once, and train_on_batches gets them one mini-batch at a time")
        state = new_state(options.optimizer, self._trained_engine)
        for batch in batches:
            name = f"mini-batch {len(losses) + 1:,}"
            samples = self._samples(batch, "mini-batch", self._pixel_scale)
            self._adopt_scale(samples, first=not losses)
            fitting = options.for_pictures(samples, shape_of(batch))
            with self._folded_afterwards(len(samples), name) as engine:
                losses.append(take_step(engine, samples, fitting, state, self.rng, name))
        return losses

    def _adopt_scale(self, samples: Samples, *, first: bool) -> None:
        """Take over the scale of the first mini-batch, of which the others must have the same."""
        scale = samples.pixel_scale
        if first and scale is not None:
            self.scale, self.settings = scale, self.settings | {"input": "uint8"}
        elif first:
            self.scale, self.settings = self._scale_beside(samples).bytes, {"input": "float"} | self.settings
        if scale not in (None, self.scale):
            raise DataError(f"all mini-batches must have the scale of the first, {self.scale:g}, got {scale:g}")

    def stop(self) -> None:
        """End the training that is under way, after its present step; any thread or callback may call it."""
        for loop in self._loops[-1:]:
            loop.stop()

    def _validation(self, samples: Samples, given: Any, rng: np.random.Generator) -> tuple[Samples, Samples | None]:
        """Return the samples to train and to validate with."""
        if given is None:
            return samples, None
        if isinstance(given, Real) and not isinstance(given, bool):
            training, validation = stratified_split(samples, float(given), rng)
            return samples.subset(training), samples.subset(validation)
        return samples, self._samples(given, "validation_data", self._scale_beside(samples))

    @classmethod
    def from_model(cls, model: Model) -> Self:
        """Return a network with a copy of the parameters of a stored model.

        Parameters
        ----------
        model : Model
            What `Network.model` returns, and what files hold.

        Returns
        -------
        Network
            Of the class on which it is called; only `Network.__init__` is, because a subclass's may want more.
        """
        a = model.architecture
        network = cls.__new__(cls)
        Network.__init__(
            network, a.sizes, activation=a.activations, loss=a.loss, initializer="zeros", dropout=a.dropouts[:-1],
            dtype=a.dtype,
        )  # fmt: skip
        for own, given in zip(network.weights + network.biases, [*model.weights, *model.biases], strict=True):
            own[...] = given
        network.scale, network.settings = model.scale, dict(model.training)
        network.class_names, network._framing = model.class_names, model.framing
        return network

    def copy(self) -> Self:
        """Return a network that is equal in everything and shares no memory with this one.

        Copied are the parameters, the architecture, `scale`, `class_names`, `settings` and `framing`, the last
        `activations`, attributes of one's own, and the state of `rng`: both draw the same random numbers from here on,
        and so train to the same bits. Not copied is a training that is under way: `stop` does not reach the copy, which
        has the weights of the present step. A pickle, or ``copy.deepcopy``, makes the same.

        Returns
        -------
        Network
            Of the same class, whose ``__init__`` is not called.

        Examples
        --------
        >>> net = cmlp.Network([64, 16, 10])
        >>> before = net.copy()
        >>> history = net.train(cmlp.load_digits()[0], 1, 3.0)
        >>> bool((before.weights[1] == net.weights[1]).any())
        False
        """
        return deepcopy(self)

    def save(self, path: str | PathLike[str]) -> None:
        """Save the network, atomically replacing an existing file.

        The file is in the safetensors format and has a checksum. It holds the parameters, the architecture, the
        treatment of pixels and the settings of the training; not the state of `rng`. Parameters that are not finite
        are saved as they are.

        Parameters
        ----------
        path : str or path
            The file, which `load` reads.

        Raises
        ------
        DataError
            If `class_names` are not one name per class.
        ModelError
            If another attribute was set to what a file cannot hold, such as a negative `scale`.
        OSError
            If it cannot be written; an existing file is unchanged.
        """
        write_model(self.model, Path(path))

    def to_html(self, path: str | PathLike[str], data: Data | None = None, *, title: str | None = None) -> None:
        """Write a page on which one draws, or sets inputs, and sees what the network makes of them.

        It is one file, which needs no server and loads and sends nothing.

        Parameters
        ----------
        path : str or path
            The file; an existing one is replaced atomically.
        data : as for `test`, optional
            Test images to step through: up to 200 of them, wrong ones first.
        title : str, optional
            Heading of the page.

        Raises
        ------
        DataError
            If the data break a rule.
        ModelError
            If a weight is not finite, or there are too many for a page.
        OSError
            If it cannot be written; an existing file is unchanged.
        """
        from cmlp.export.page import choose_examples, html_page  # here, because most who import cmlp export nothing

        samples = None if data is None else self._samples(data, "data", self._pixel_scale)
        examples = None if samples is None else choose_examples(samples, self.architecture, self.engine)
        write_file(Path(path), html_page(self.model, examples, title=title))

    def to_onnx(self, path: str | PathLike[str], *, input: Literal["uint8", "float"] | None = None) -> None:
        """Write the network as an ONNX file, for ONNX Runtime and other programs.

        Parameters
        ----------
        path : str or path
            The file; an existing one is replaced atomically.
        input : {"uint8", "float"}, optional
            Type of the images: bytes, to which the file applies `scale`, or floats, which are used as they are. By
            default float if the network was trained on floats, and otherwise uint8.

        Raises
        ------
        MissingExtraError
            If onnx, which is the extra ``cmlp[onnx]``, is not installed.
        ModelError
            If a weight is not finite.
        OSError
            If it cannot be written; an existing file is unchanged.
        """
        from cmlp.export.onnx import onnx_model  # here, because most who import cmlp export nothing

        model = self.model
        write_file(Path(path), onnx_model(model, input=input or model.input or "uint8"))

    def _make_engine(self) -> None:
        a = self.architecture
        self.engine = Engine(a.sizes, a.activations, a.loss, a.dropouts, a.dtype)
        self._form = Form(a.sizes[0], a.sizes[-1], not a.classifies, *a.target_range)
        self._loops = []
        self._normalised = None

    def _finite_gradient(self, samples: Samples) -> tuple[float, NDArray[Any]]:
        """Return the mean loss and its gradient (n_parameters,)."""
        loss, weight, nabla = self.engine.gradient(samples.source())
        if not isfinite(loss):
            raise ModelError(f"the loss must be finite to have a gradient, got {loss}")
        return loss / weight, nabla

    def _scale_beside(self, samples: Samples) -> PixelScale:
        """Return the scale of validation and test data beside samples to train with.

        Beside floats beyond [0, 1] integers are no pixels, even if they fit into bytes.
        """
        scale = samples.pixel_scale
        if scale is None:
            return PixelScale(1.0 if samples.largest > ROUNDING else self.scale, 1.0)
        return PixelScale(scale, scale)

    def __getstate__(self) -> dict[str, Any]:
        made = {"engine", "_form", "_loops", "_normalised"}  # anew by `_make_engine`
        kept = {name: value for name, value in vars(self).items() if name not in made}
        return kept | {"parameters": self.engine.parameters} | self._unfolded_state()

    def __setstate__(self, state: dict[str, Any]) -> None:
        vars(self).update({name: value for name, value in state.items() if name not in ("parameters", "unfolded")})
        self._make_engine()
        self.engine.parameters[...] = state["parameters"]
        self._restore_unfolded(state)
