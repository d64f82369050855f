"""Batch normalisation: the network that is trained, beside the plain one that it is folded into."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

import numpy as np
from numpy.typing import NDArray

from cmlp.core.engine import Engine
from cmlp.core.normalization import EPSILON
from cmlp.errors import ModelError
from cmlp.model.architecture import Architecture


class Normalised:
    """The unfolded network: weights, biases and factors that steps move, and running averages.

    Parameters
    ----------
    architecture : Architecture
        Of which some layers are normalised.
    plain : Engine
        What everybody else sees, with the weights to begin with.

    Attributes
    ----------
    engine : Engine
        What is trained.
    """

    def __init__(self, architecture: Architecture, plain: Engine) -> None:
        self.plain, self.engine = plain, normalised_engine(architecture)
        self.begin()

    def begin(self) -> None:
        """Begin with weights and biases of the plain network, factors of 1, and averages of mean 0 and variance 1."""
        parameters, plain = self.engine.parameters, self.plain.parameters.copy()
        parameters[: plain.size] = plain
        for gamma, mean, variance in filter(None, self.engine.normalisation(parameters)):
            gamma[...], mean[...], variance[...] = 1, 0, 1
        self._seen, self._is_new = plain, True

    def fold(self) -> None:
        """Let the plain network answer as this one does by its running averages."""
        self._seen, self._is_new = folded(self.engine, self.engine.parameters), False
        self.plain.parameters[...] = self._seen

    def take_changes(self) -> None:
        """Go on with the plain network, if anybody has changed it since it was folded: then its answers are kept."""
        plain = self.plain.parameters.copy()
        if (plain == self._seen).all():
            return
        if self._is_new:
            self.begin()
            return
        layers = zip(
            *self.engine.views(self.engine.parameters),
            *self.engine.views(plain),
            *self.engine.views(self._seen),
            self.engine.normalisation(self.engine.parameters),
            strict=True,
        )
        for w, b, new_w, new_b, old_w, old_b, layer in layers:
            changed = (new_w != old_w).any(axis=1) | (new_b != old_b)
            unfold(changed, w, b, new_w, new_b, layer)
        self._seen = plain

    def parameters(self) -> NDArray[Any] | None:
        """Return a copy of what is trained, or None where nothing was yet."""
        self.take_changes()
        return None if self._is_new else self.engine.parameters.copy()

    def restore(self, parameters: NDArray[Any]) -> None:
        """Go on with what `parameters` returned of a network that was equal to this one."""
        self.engine.parameters[...] = parameters
        self._seen, self._is_new = self.plain.parameters.copy(), False


class Unfolding:
    """The part of a network that trainings move: the network itself, or where layers are normalised one beside it."""

    architecture: Architecture
    engine: Engine
    _normalised: Normalised | None

    def _unfolded(self) -> Normalised | None:
        """Return what is trained where layers are normalised, otherwise None.

        It is kept beside the plain network, so that one training goes on where the one before ended, or from what
        somebody has made of weights and biases since.
        """
        if not self.architecture.normalizations:
            return None
        if self._normalised is None:
            self._normalised = Normalised(self.architecture, self.engine)
        self._normalised.take_changes()
        return self._normalised

    @property
    def _trained_engine(self) -> Engine:
        """The engine whose parameters trainings move: `engine`, or where layers are normalised the one beside it."""
        unfolded = self._unfolded()
        return self.engine if unfolded is None else unfolded.engine

    @contextmanager
    def _folded_afterwards(self, n: int, name: str) -> Iterator[Engine]:
        """Give the engine to take a step with n images, which complaints call `name`; the network then answers so.

        Parameters
        ----------
        n : int
            Size of the mini-batch.
        name : str
            What it is called.

        Yields
        ------
        Engine

        Raises
        ------
        ModelError
            If layers are normalised, and one image has no variance.
        """
        unfolded = self._unfolded()
        if unfolded is None:
            yield self.engine
            return
        if n < 2:
            raise ModelError(f"a mini-batch must have at least 2 images with batch normalization, got {n} in {name}")
        try:
            yield unfolded.engine
        finally:
            unfolded.fold()

    def _unfolded_state(self) -> dict[str, Any]:
        """Return what a copy needs to go on."""
        parameters = None if self._normalised is None else self._normalised.parameters()
        return {} if parameters is None else {"unfolded": parameters}

    def _restore_unfolded(self, state: Mapping[str, Any]) -> None:
        """Go on as the network that was copied."""
        if "unfolded" in state:
            self._normalised = Normalised(self.architecture, self.engine)
            self._normalised.restore(state["unfolded"])


def normalised_engine(architecture: Architecture) -> Engine:
    """Return an engine that trains a network, of which some layers may be normalised; its parameters are zeros."""
    a = architecture
    normalised = [name is not None for name in a.normalizations] or None
    return Engine(a.sizes, a.activations, a.loss, a.dropouts, a.dtype, normalised)


def folded(engine: Engine, vector: NDArray[Any]) -> NDArray[Any]:
    """Return the plain parameters that give the answers of a normalised engine with these.

    Parameters
    ----------
    engine : Engine
        Which knows where they are.
    vector : ndarray
        Of the size of its parameters.

    Returns
    -------
    ndarray
        Weights and biases, layer by layer: ``gamma / sqrt(variance + EPSILON)`` times the weights, and the bias less as
        much of the mean.
    """
    size = sum(w.size + b.size for w, b in zip(*engine.views(vector), strict=True))
    plain = vector[:size].copy()
    for w, b, layer in zip(*engine.views(plain), engine.normalisation(vector), strict=True):
        if layer is not None:
            gamma, mean, variance = (each.astype(np.float64) for each in layer)
            factor = gamma / np.sqrt(variance + EPSILON)
            np.multiply(w, factor[:, np.newaxis], out=w, casting="same_kind")
            b[...] = b - factor * mean
    return plain


def unfold(
    changed: NDArray[np.bool_],
    w: NDArray[Any],
    b: NDArray[Any],
    plain_w: NDArray[Any],
    plain_b: NDArray[Any],
    layer: tuple[NDArray[Any], NDArray[Any], NDArray[Any]] | None,
) -> None:
    """Write into w and b, for the changed units of a layer, what is folded into the plain weights and biases.

    The factor of a unit for which nothing is, because its gamma is 0, becomes 1.
    """
    if layer is None:
        w[changed], b[changed] = plain_w[changed], plain_b[changed]
        return
    gamma, mean, variance = layer
    deviation = np.sqrt(variance.astype(np.float64) + EPSILON)
    lost = changed & (np.abs(gamma) < deviation * np.finfo(gamma.dtype).tiny / EPSILON)
    gamma[lost] = deviation[lost]
    factor = gamma[changed] / deviation[changed]
    w[changed] = plain_w[changed] / factor[:, np.newaxis]
    b[changed] = plain_b[changed] + factor * mean[changed]


def check_variances(engine: Engine, vector: NDArray[Any], name: str) -> None:
    """Refuse running variances of a file that no mini-batch has; errors call the file `name`."""
    for layer in engine.normalisation(vector):
        if layer is not None and (layer[2] < 0).any():
            raise ModelError(f"the running variances of {name} must be at least 0, got {layer[2].min():g}")
