"""From the layers of other programs' files to a model: numbers, activations and loss."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from cmlp.errors import ModelError
from cmlp.model.architecture import make_architecture
from cmlp.model.record import Model
from cmlp.storage.foreign.order import Layer, Unfit, declared, is_open
from cmlp.utils.text import escaped

UNSAID = "does not say its activations"
LOSSES = {"softmax": "cross_entropy", "exponential": "poisson"}


@dataclass(frozen=True)
class Wanted:
    """What the caller says of a network whose file may not say it; None where he does not.

    Attributes
    ----------
    activation, loss : as for `Network`
    layers : sequence of str
        The names of the layers in their order.
    """

    activation: str | Sequence[str] | None = None
    loss: str | None = None
    layers: Sequence[str] | None = None

    @property
    def is_empty(self) -> bool:
        """Whether nothing is said."""
        return self.activation is None and self.loss is None and self.layers is None


NOTHING = Wanted()


@dataclass(frozen=True)
class Convention:
    """The activation of the hidden layers and the loss that networks in files of a kind mostly have."""

    activation: str
    loss: str


SIGMOID = Convention("sigmoid", "quadratic")  # of the film, of Nielsen's book, and of the course with Theta1 and Theta2
RELU = Convention("relu", "cross_entropy")


def model_of(layers: Sequence[Layer], wanted: Wanted, convention: Convention, **more: Any) -> Model:
    """Return the model of layers in their order; what is not said is that of the convention.

    Parameters
    ----------
    layers : sequence of Layer
        One or more that fit together.
    wanted : Wanted
        What the caller says.
    convention : Convention
        What is taken for what nobody says.
    **more
        Further fields of the model.

    Returns
    -------
    Model
        With `unsaid` if its answers depend on the convention, and a note if the order of its layers depends on that in
        the file alone.

    Raises
    ------
    ModelError
        If activations or loss are none, or do not go together.
    """
    sizes = [layers[0].weights.shape[1], *(len(layer.weights) for layer in layers)]
    activation = convention.activation if wanted.activation is None else wanted.activation
    usual = convention.loss if isinstance(activation, str) else loss_of(activation, sizes[-1])
    loss = wanted.loss or ("mean_squared_error" if usual == "cross_entropy" and sizes[-1] == 1 else usual)
    unsaid = UNSAID if wanted.activation is None and (len(layers) > 1 or wanted.loss is None) else ""
    notes = [] if wanted.layers is not None or not is_open(layers) else [declared(layers)]
    try:
        architecture = make_architecture(sizes, activation, loss, 0.0, layers[0].weights.dtype)
    except ModelError as error:
        raise Unfit(str(error)) from error
    weights, biases = [layer.weights for layer in layers], [layer.biases for layer in layers]
    return Model(architecture, weights, biases, **({"unsaid": unsaid, "notes": notes} | more))


def loss_of(activations: Sequence[Any], outputs: int) -> str:
    """Return the loss that goes with the activation of the outputs, and tells labels apart where there are several."""
    last = str(activations[-1]) if len(activations) else ""
    if outputs == 1:
        return {"sigmoid": "binary_cross_entropy", "exponential": "poisson"}.get(last, "mean_squared_error")
    return LOSSES.get(last, "quadratic")


def number_type(arrays: Sequence[tuple[str, NDArray[Any]]], *, mixed: bool) -> np.dtype[Any]:
    """Return the type of a network with these arrays, after a look at each.

    Parameters
    ----------
    arrays : sequence of (str, ndarray)
        The arrays and what messages call them.
    mixed : bool
        Whether float32 beside float64 is float64, and not a fault.

    Raises
    ------
    ModelError
        If one holds other things than finite numbers.
    """
    types = set()
    for name, array in arrays:
        if array.dtype.kind not in "fiu":
            raise ModelError(f"{escaped(name)} must hold real numbers, got {array.dtype}")
        if not np.isfinite(array).all():
            raise ModelError(f"all numbers must be finite, got NaN or infinity in {escaped(name)}")
        types.add(
            np.dtype("f4")
            if array.dtype == np.float16
            else array.dtype
            if array.dtype == np.float32
            else np.dtype("f8")
        )
    if len(types) > 1 and not mixed:
        raise ModelError("all numbers must have the same type, got F64 and F32")
    return np.result_type(*types)
