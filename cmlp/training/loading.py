"""The ways to make a network from a file."""

from __future__ import annotations  # so that `help` shows names, and not all that they stand for

import warnings
from collections.abc import Sequence
from os import PathLike
from pathlib import Path
from typing import TYPE_CHECKING, Self

from cmlp.model.architecture import ActivationName, LossName
from cmlp.storage import Wanted, read_onnx_file, read_torch, remarks
from cmlp.training.saved import read_network

if TYPE_CHECKING:
    from cmlp.model.record import Model


class Loading:
    """A class of networks that are made from files; it has a `from_model`."""

    if TYPE_CHECKING:

        @classmethod
        def from_model(cls, model: Model) -> Self:
            """Return a network with the parameters of a model."""

    @classmethod
    def load(
        cls,
        path: str | PathLike[str],
        *,
        activation: ActivationName | Sequence[ActivationName] | None = None,
        loss: LossName | None = None,
        layers: Sequence[str] | None = None,
    ) -> Self:
        """Load a network from a file, of which nothing is ever executed.

        What the file is, is found out from its content: a file of `save` or a checkpoint of `train`; a file of the
        ``save`` of ``network2.py`` in Nielsen's book; a state_dict, a checkpoint or a Sequential of PyTorch, in
        ``torch.save`` or safetensors; Dense layers of Keras, in ``.keras`` or ``.h5``; a chain of layers in ONNX;
        weights and biases in a pickle, in npz or in a MAT file, as `W1`, `b1`, ..., `Theta1`, ... or lists. The page
        on files says more.

        Parameters
        ----------
        path : str or path
            The file.
        activation : str or sequence of str, optional
            As of `Network`, for files that do not say it. By default sigmoid for two lists of weights and biases, for
            Theta1, ... and for weights alone, and otherwise relu.
        loss : str, optional
            The same. By default quadratic where sigmoid is taken; otherwise cross_entropy, whose outputs are the
            softmax of the last layer, or mean_squared_error where there is one output.
        layers : sequence of str, optional
            The names of the layers in the order in which the network uses them, where the file does not tell.

        Returns
        -------
        Network
            Of the class on which it is called.

        Raises
        ------
        ModelError
            If this is no such file, or it is damaged; if it says itself what is given; or if nothing tells the order of
            its layers.
        OSError
            If it cannot be read.

        Warns
        -----
        UserWarning
            If a file does not say the activations, and neither does the caller: the answers depend on them. If a
            network of Nielsen's book was trained with the cross-entropy cost: its predictions are those of the book,
            but `loss` and further training use the quadratic cost.
        """
        model, _ = read_network(Path(path), Wanted(activation, loss, layers))
        for remark in remarks(model, str(path), "activation= and loss="):
            warnings.warn(remark, stacklevel=2)
        return cls.from_model(model)

    @classmethod
    def from_torch(
        cls,
        path: str | PathLike[str],
        activation: ActivationName | Sequence[ActivationName] | None = None,
        loss: LossName | None = None,
        *,
        layers: Sequence[str] | None = None,
    ) -> Self:
        """Load the Linear layers of PyTorch: a state_dict, a checkpoint that holds one, or a module.

        The order of the layers is that of the module where the file keeps it, as those of ``torch.save`` do, if the
        shapes agree; safetensors sorts the names, so that the order follows from the shapes, and from the numbers in
        names that are otherwise alike.

        Parameters
        ----------
        path : str or path
            A .pt or .pth file of ``torch.save``, in its present format or that before PyTorch 1.6, or a .safetensors
            file.
        activation : str or sequence of str, optional
            As of `Network`. By default what the modules of a Sequential say, and otherwise relu, because a state_dict
            does not say it.
        loss : str, optional
            The same; by default cross_entropy, with which the outputs are the softmax of PyTorch's logits, or
            mean_squared_error where there is one output.
        layers : sequence of str, optional
            The names of the layers in the order in which the network uses them, where the file does not tell.

        Returns
        -------
        Network
            Of the class on which it is called.

        Raises
        ------
        ModelError
            If the file holds anything else, or its layers do not fit together, or in several ways.
        OSError
            If it cannot be read.
        """
        return cls.from_model(read_torch(Path(path), Wanted(activation, loss, layers)))

    @classmethod
    def from_onnx(cls, path: str | PathLike[str], *, loss: LossName | None = None) -> Self:
        """Load a chain of layers in ONNX, such as `to_onnx` and the exporters of PyTorch, Keras and others write.

        Layers are products with constant weights: Gemm, or MatMul and Add. The activations are those of `Network`, of
        however many operators they are composed; scales and offsets of the inputs are kept. Needs ``cmlp[onnx]``.

        Parameters
        ----------
        path : str or path
            The file.
        loss : str, optional
            As of `Network`. By default the one that goes with the activation of the outputs: cross_entropy with
            softmax; otherwise quadratic, which tells labels apart, and mean_squared_error or binary_cross_entropy
            where there is one output.

        Returns
        -------
        Network
            Of the class on which it is called.

        Raises
        ------
        CmlpError
            If onnx is not installed.
        ModelError
            If it is no such file, or has other operators.
        OSError
            If it cannot be read.
        """
        return cls.from_model(read_onnx_file(Path(path), Wanted(loss=loss)))
