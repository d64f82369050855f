"""Export a network to ONNX, with the scaling of pixels."""

import json
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import DTypeLike

from cmlp.errors import ModelError
from cmlp.export.onnx_activations import activate
from cmlp.export.onnx_graph import BATCH, Graph, Values
from cmlp.export.parameters import PRODUCER, Parameters, decides, parameters_of, producer_version
from cmlp.model.architecture import MULTILABEL, Architecture, check_dtype
from cmlp.model.inputs import INPUTS, Input
from cmlp.model.record import Model
from cmlp.utils.checks import check_name
from cmlp.utils.optional import require
from cmlp.utils.text import counted

OPSET, IR_VERSION = 13, 7  # of ONNX 1.8, 2020: the oldest with all that is needed here, for the oldest runtimes
Described: TypeAlias = dict[str, str]
LARGEST_FILE = 2**31 - 2**20  # what protobuf can write, without room for what is no parameter


def onnx_model(model: Model, *, input: Input = "uint8", dtype: DTypeLike | None = None) -> bytes:
    """Export a network to ONNX; the bytes are the same for the same network.

    The input of the graph is ``images`` (n, features), its output is ``outputs`` (n, outputs), the activations of the
    output layer. A network that predicts labels also has the output ``labels``, int64 (n,), the index of the strongest
    output; one that predicts yes or no has ``labels``, bool (n, outputs), whether each output is above 1/2. The
    metadata have ``class_names``, a list in JSON, and ``feature_names``, another, where the inputs have names. The
    activations are those of `Network`, with the exact gelu (erf).

    Parameters
    ----------
    model : Model
        The network, ``network.model``.
    input : {"uint8", "float"}
        Type of the images: "uint8" (the default), which the graph multiplies by the network's scale, or floats of type
        `dtype`, which are used as they are.
    dtype : {"float64", "float32"}, optional
        The type of the arithmetic and of the outputs; by default that of the network.

    Returns
    -------
    bytes

    Raises
    ------
    MissingExtraError
        If onnx, which is the extra ``cmlp[onnx]``, is not installed.
    ModelError
        If a weight or a bias is not finite, or there are too many for an ONNX file.
    """
    architecture, parameters = model.architecture, parameters_of(model, dtype)
    inputs, outputs = _values(architecture, check_name("input", input, INPUTS), parameters.dtype)
    size = parameters.count * parameters.dtype.itemsize
    if size > LARGEST_FILE:
        raise ModelError(f"an ONNX file must be smaller than 2 GiB, got parameters of {counted(size, 'byte')}")
    onnx = require("onnx", "onnx", "onnx", "the export to ONNX")
    graph = Graph(onnx, parameters.dtype)
    images = "images"
    if input == "uint8":
        images = graph.add("Mul", graph.cast(images), graph.constant("scale", parameters.scale[0]))
    _add_layers(graph, parameters, architecture.activations, images)
    _add_answers(graph, architecture)
    return _serialized(onnx, graph.proto(inputs, outputs), model)


def signature(architecture: Architecture, input: Input, dtype: DTypeLike | None = None) -> tuple[Described, Described]:
    """Return the inputs and the outputs of the graph of `onnx_model`, each with its type and shape."""
    kept = architecture.dtype if dtype is None else check_dtype(dtype)
    inputs, outputs = _values(architecture, check_name("input", input, INPUTS), kept)
    return _described(inputs), _described(outputs)


def _described(values: Values) -> Described:
    return {name: f"{dtype} ({', '.join(map(str, shape))})" for name, (dtype, shape) in values.items()}


def _values(architecture: Architecture, input: Input, dtype: np.dtype[Any]) -> tuple[Values, Values]:
    """Return type and shape of inputs and outputs."""
    of_inputs, of_outputs = (BATCH, architecture.sizes[0]), (BATCH, architecture.sizes[-1])
    outputs: Values = {"outputs": (dtype, of_outputs)}
    if architecture.classifies:
        outputs = {"labels": (np.dtype(np.int64), (BATCH,))} | outputs
    elif architecture.loss == MULTILABEL:
        outputs = {"labels": (np.dtype(np.bool_), of_outputs)} | outputs
    return {"images": (np.dtype(np.uint8) if input == "uint8" else dtype, of_inputs)}, outputs


def _add_layers(graph: Graph, parameters: Parameters, activations: tuple[str, ...], a: str) -> None:
    for layer, (w, b) in enumerate(zip(parameters.weights, parameters.biases, strict=True)):
        constants = graph.constant(f"weights.{layer}", w), graph.constant(f"biases.{layer}", b)
        a = activate(graph, activations[layer], graph.add("Gemm", a, *constants, transB=1))


def _add_answers(graph: Graph, architecture: Architecture) -> None:
    """Name the newest value the outputs, and add the labels."""
    outputs = graph.rename_last("outputs")
    if architecture.classifies:
        graph.add("ArgMax", outputs, axis=1, keepdims=0)
        graph.rename_last("labels")
    elif architecture.loss == MULTILABEL:
        graph.add("Greater", outputs, graph.constant("half", 0.5))
        graph.rename_last("labels")


def _serialized(onnx: Any, graph: Any, model: Model) -> bytes:
    proto = onnx.helper.make_model(
        graph,
        opset_imports=[onnx.helper.make_opsetid("", OPSET)],
        ir_version=IR_VERSION,
        producer_name=PRODUCER,
        producer_version=producer_version(),
        doc_string=f"A multilayer perceptron: {model.architecture}",
    )
    names = {"class_names": model.names if decides(model.architecture) else None, "feature_names": model.feature_names}
    onnx.helper.set_model_props(proto, {key: json.dumps(value) for key, value in names.items() if value is not None})
    content: bytes = proto.SerializeToString(deterministic=True)
    return content
