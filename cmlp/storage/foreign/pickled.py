"""Read pickles of weights, and files of ``torch.save``, without a look at any class and without executing anything."""

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np

from cmlp.data.pickle_records import Refused
from cmlp.errors import ModelError
from cmlp.model.record import Model
from cmlp.storage.foreign.checkpoints import activation_in, network_in
from cmlp.storage.foreign.collections import ObjectError, model_of_values, refused_object
from cmlp.storage.foreign.layers import RELU, Convention, Wanted, loss_of, model_of
from cmlp.storage.foreign.named import in_order
from cmlp.storage.foreign.objects import ObjectMachine, Stranger
from cmlp.storage.foreign.torch_modules import is_module, module_of, named_activations
from cmlp.storage.foreign.torch_pickles import Saved, nested_storage, read_legacy, read_zip
from cmlp.storage.foreign.variants import left_out
from cmlp.storage.torch import layers_of, model_of_state
from cmlp.utils.text import listed

JOBLIB = b"joblib.numpy_pickle"
NOT_USED = "is a module whose use of activations is in a program and not in the file"
MOST_PICKLES = 1000  # in one file
BEGINNING = 1 << 12  # bytes within which a file of joblib names the class of its arrays


def read_pickled(content: bytes | bytearray, wanted: Wanted) -> Model:
    """Return the network in a pickle; `content` is decompressed."""
    if JOBLIB in content[:BEGINNING]:
        raise ObjectError(f"it is {joblib_advice(content)}")
    machine = ObjectMachine(content, nested=nested_storage)
    return _checked(lambda: Saved(_values(machine), machine), wanted)


def _values(machine: ObjectMachine) -> Any:
    """Return the value of a pickle, or the tuple of those of several in a row, such as weights and then biases."""
    values = [machine.finished(machine.value())]
    while machine.position < len(machine.data) and len(values) < MOST_PICKLES:
        values.append(machine.finished(machine.value()))
    return values[0] if len(values) == 1 else tuple(values)


def read_torch_zip(path: Path, wanted: Wanted) -> Model:
    """Return the network in a zip file of ``torch.save``."""
    return _checked(lambda: read_zip(path), wanted)


def read_torch_legacy(content: bytes | bytearray, wanted: Wanted) -> Model:
    """Return the network in a file of ``torch.save`` before PyTorch 1.6."""
    return _checked(lambda: read_legacy(content), wanted)


def joblib_advice(content: bytes | bytearray) -> str:
    """Return what a file of joblib is, and how to bring what is in it."""
    for kind in ("MLPClassifier", "MLPRegressor"):
        if kind.encode() in content[:BEGINNING]:
            return refused_object(f"sklearn.neural_network.{kind}")
    return "a file of joblib, which pickles objects: save weights and biases with numpy.savez in Python"


def _checked(read: Any, wanted: Wanted) -> Model:
    try:
        saved = read()
        value, names = network_in(saved.value)
        told = None if wanted.activation is not None or is_module(value) else activation_in(saved.value)
        model = _model(value, saved.machine, wanted if told is None else replace(wanted, activation=told))
        if told is not None:
            note = f"names {told} beside the weights, which was taken for the activation of the hidden layers"
            model = replace(model, notes=[*model.notes, note])
        return replace(model, notes=[*model.notes, left_out(names[1:], names[:1])]) if names[1:] else model
    except Refused as refused:
        raise ModelError(f"{refused.found}; {refused.rule}") from None
    except MemoryError:
        raise ModelError("it needs more memory than there is") from None


def _model(value: Any, machine: ObjectMachine, wanted: Wanted) -> Model:
    if isinstance(value, Stranger) and is_module(value):
        return _model_of_module(value, machine, wanted)
    if (stranger := _stranger_in(value)) is not None:
        verb = "is" if stranger is value else "holds"
        raise ObjectError(f"it {verb} {refused_object(stranger.name, stranger.attributes)}")
    if (
        machine.storages
        and isinstance(value, Mapping)
        and any(key.endswith("weight") for key in value if isinstance(key, str))
    ):
        tensors = {str(key): tensor for key, tensor in value.items() if isinstance(tensor, np.ndarray)}
        return model_of_state(tensors, wanted, filed=True)
    return model_of_values(value, wanted, RELU if machine.storages else None)


def _stranger_in(value: Any) -> Stranger | None:
    """Return a value that is an object, or the first object among its parts, if none of them is an array."""
    if isinstance(value, Stranger):
        return value
    parts = list(value.values()) if isinstance(value, Mapping) else value if isinstance(value, list | tuple) else []
    strangers = [part for part in parts if isinstance(part, Stranger)]
    return (
        None
        if any(isinstance(part, np.ndarray | list | tuple | Mapping) for part in parts)
        else next(iter(strangers), None)
    )


def _model_of_module(module: Stranger, machine: ObjectMachine, wanted: Wanted) -> Model:
    """Return the network of a module; a Sequential says its activations, but not that of logits."""
    tensors, activations, leaves = module_of(module, machine)
    if activations is None or wanted.activation is not None or wanted.layers is not None:
        if activations is not None or wanted.activation is not None:
            return model_of_state(tensors, wanted, filed=True)
        return _model_of_own(tensors, named_activations(leaves), wanted)
    found = layers_of(tensors)
    layers = in_order(found, rows=True, filed=True, names=[each.name for each in found], mixed=False)
    last = activations[-1] or model_of(layers, wanted, RELU).architecture.activations[-1]
    said = [*(name or "identity" for name in activations[:-1]), last]
    loss = wanted.loss or loss_of(said, len(layers[-1].weights))
    return model_of(
        layers,
        Wanted(said, loss, [each.name for each in found]),
        RELU,
        unsaid="does not say what becomes of its outputs" if activations[-1] is None and wanted.loss is None else "",
    )


def _model_of_own(tensors: Any, names: list[str], wanted: Wanted) -> Model:
    """Return the network of a module whose program uses its activations: one for all, or one for each layer."""
    layers = in_order(layers_of(tensors), rows=True, filed=True, names=wanted.layers, mixed=False)
    different = list(dict.fromkeys(names))
    if len(different) < 2:
        model = model_of(layers, wanted, Convention(names[0], RELU.loss) if names else RELU)
        named = f"names {names[0]}, and {NOT_USED}" if names else NOT_USED
        return replace(model, unsaid=named) if model.unsaid else model
    if len(names) not in (len(layers) - 1, len(layers)):
        what = f"it names {listed(different)}, and its program alone says which layer has which"
        raise ModelError(f"{what}: say the activation of each layer, from the first to that of the outputs")
    last = model_of(layers, wanted, RELU).architecture.activations[-1:]
    said = [*names, *last][: len(layers)]
    loss = wanted.loss or loss_of(said, len(layers[-1].weights))
    return model_of(
        layers, replace(wanted, activation=said, loss=loss), RELU, unsaid=f"names {listed(names)}, and {NOT_USED}"
    )
