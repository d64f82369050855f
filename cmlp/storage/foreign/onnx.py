"""Read networks in ONNX: Gemm, or MatMul and Add, with the activations that cmlp has, however they are composed."""

import json
from collections.abc import Mapping
from math import prod
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from cmlp.data.validation import check_class_names
from cmlp.errors import DataError, ModelError
from cmlp.model.record import Model
from cmlp.storage.container import read_file
from cmlp.storage.foreign.layers import RELU, Wanted, loss_of, model_of, number_type
from cmlp.storage.foreign.onnx_graph import Follower, Graph, Inputs, Product, Unread, activation_of
from cmlp.storage.foreign.order import Layer, Unfit
from cmlp.utils.optional import require
from cmlp.utils.text import escaped

MOST_NODES = 10_000
BYTES = 2  # the code of uint8
EXTERNAL = 1  # the code of a tensor in another file
CODES = {1: "f4", 2: "u1", 3: "i1", 4: "u2", 5: "i2", 6: "i4", 7: "i8", 9: "u1", 10: "f2", 11: "f8", 12: "u4", 13: "u8"}


def is_onnx(start: bytes) -> bool:
    """Return whether a file may be one of ONNX: a number, its version, and then texts or the graph."""
    return len(start) > 8 and start[0] == 8 and 0 < start[1] < 64 and start[2] in b"\x12\x1a\x22\x32\x3a\x42\x72"


def read_onnx(path: Path, wanted: Wanted) -> Model:
    """Read the network in an ONNX file; needs onnx, which is the extra ``cmlp[onnx]``.

    Raises
    ------
    CmlpError
        If onnx is not installed.
    ModelError
        If it is no chain of products with weights and known activations, or is damaged.
    """
    if wanted.activation is not None or wanted.layers is not None:
        raise Unfit("an ONNX file says its activations and the order of its layers itself: give the file alone")
    onnx = require("onnx", "onnx", "onnx", "reading ONNX files")
    content = bytes(read_file(path))
    try:
        proto = onnx.ModelProto.FromString(content)
        graph = _followed(onnx, proto.graph, len(content))
        answer = _answer(graph, [output.name for output in proto.graph.output])
        return _model(proto, graph, answer, wanted)
    except (ModelError, DataError):
        raise
    except Exception as error:  # what protobuf raises for damaged files is not specified
        raise ModelError(f"it is a damaged file of ONNX: {escaped(str(error), 200)}") from error


def _followed(onnx: Any, proto: Any, size: int) -> Graph:
    """Return what is known of all values of a graph."""
    if len(proto.node) > MOST_NODES:
        raise ModelError(f"it must have at most {MOST_NODES:,} operators, got {len(proto.node):,}")
    constants = {tensor.name: _array(tensor, size) for tensor in proto.initializer}
    inputs = {value.name: Inputs(np.ones(1), np.zeros(1)) for value in proto.input if value.name not in constants}
    if len(inputs) != 1:
        raise ModelError(f"it must have one input, got {len(inputs)}")
    graph = Graph(constants | inputs)
    for node in proto.node:
        attributes = {each.name: _attribute(onnx, each, size) for each in node.attribute}
        if node.op_type == "Constant" and node.output:
            value = attributes.get("value", attributes.get("value_float", attributes.get("value_floats")))
            graph.values[node.output[0]] = Unread("Constant") if value is None else np.asarray(value)
        else:
            domain = "" if node.domain in ("", "ai.onnx") else f"{node.domain}."
            first = node.name or (node.output[0] if node.output else "")
            graph.add(domain + node.op_type, list(node.input), list(node.output), attributes, first)
    return graph


def _attribute(onnx: Any, attribute: Any, size: int) -> Any:
    if attribute.type == onnx.AttributeProto.TENSOR:
        return _array(attribute.t, size)
    kinds = onnx.AttributeProto
    known = attribute.type in (kinds.FLOAT, kinds.INT, kinds.STRING, kinds.FLOATS, kinds.INTS)
    return onnx.helper.get_attribute_value(attribute) if known else None


def _array(tensor: Any, size: int) -> NDArray[Any]:
    """Return a constant, after comparing its shape with its numbers."""
    name = escaped(tensor.name) or "a constant"
    if tensor.data_location == EXTERNAL:
        raise ModelError(f"{name} lies in another file: onnx.save(onnx.load(path), path) in Python puts all into one")
    shape = tuple(tensor.dims)
    if tensor.data_type not in CODES or len(shape) > 8 or any(not 0 <= n <= 8 * size for n in shape):
        return np.empty(0)  # of a type or shape that no layer has
    dtype = np.dtype("<" + CODES[tensor.data_type])
    if tensor.HasField("raw_data"):
        values = np.frombuffer(tensor.raw_data, dtype)
    elif tensor.data_type == 10:
        values = np.array(tensor.int32_data, "u2").view("f2")
    else:
        fields = (tensor.float_data, tensor.int32_data, tensor.int64_data, tensor.double_data, tensor.uint64_data)
        values = np.array(next((part for part in fields if len(part)), ()), dtype)
    if values.size != prod(shape):
        raise ModelError(f"{name} of shape {shape} needs {prod(shape):,} numbers and has {values.size:,}")
    return values.reshape(shape)


def _answer(graph: Graph, outputs: list[str]) -> Follower:
    """Return the output that follows from the layers."""
    found = [graph.values.get(name) for name in outputs]
    answers = [each for each in found if isinstance(each, Follower)]
    if answers:
        return answers[0]
    unread = [each for each in found if isinstance(each, Unread)]
    if unread:
        why = unread[0].why and f": {unread[0].why}"
        raise ModelError(
            f"products with weights and activations are read, got the operator {escaped(unread[0].operator)}{why}"
        )
    raise ModelError("it must have products with weights, Gemm or MatMul, got none")


def _model(proto: Any, graph: Graph, answer: Follower, wanted: Wanted) -> Model:
    activations = [activation_of(answer)]
    products: list[Product] = [answer.product]
    while isinstance(products[0].before, Product):
        activations.insert(0, products[0].activation)
        products.insert(0, products[0].before)
    inputs = products[0].before
    assert isinstance(inputs, Inputs)
    arrays = [(product.name, array) for product in products for array in (product.weights, product.biases)]
    dtype = number_type(arrays, mixed=True)
    layers = [Layer(p.name, p.weights.astype(dtype), p.biases.astype(dtype), p.name) for p in products]
    more: dict[str, Any] = {"unsaid": ""} | _names(proto, len(layers[-1].weights), layers[0].weights.shape[1])
    layers[0], more["scale"] = _scaled(layers[0], inputs, _takes_bytes(proto.graph))
    said = Wanted(
        activations,
        wanted.loss or _loss(activations, graph, products[-1], proto.producer_name),
        [p.name for p in products],
    )
    return model_of(layers, said, RELU, **more)


def _takes_bytes(graph: Any) -> bool:
    constants = {tensor.name for tensor in graph.initializer}
    types = [value.type.tensor_type.elem_type for value in graph.input if value.name not in constants]
    return types == [BYTES]


def _scaled(first: Layer, inputs: Inputs, takes_bytes: bool) -> tuple[Layer, float]:
    """Return the first layer, and the scale of bytes; other scales and offsets go into weights and biases."""
    fan_in = first.weights.shape[1]
    scale, offset = np.broadcast_to(inputs.scale, (fan_in,)), np.broadcast_to(inputs.offset, (fan_in,))
    biases = first.biases + (first.weights @ offset).astype(first.biases.dtype)
    if takes_bytes and (scale == scale[0]).all() and scale[0] > 0:
        return first._replace(biases=biases), float(scale[0])
    is_plain = (scale == 1).all() and not offset.any()
    weights = (first.weights * scale).astype(first.weights.dtype)
    return first._replace(weights=weights, biases=biases), 1 / 255 if is_plain and not takes_bytes else 1.0


def _loss(activations: list[str], graph: Graph, last: Product, producer: str) -> str:
    """Return the loss that goes with the outputs; cmlp itself writes labels if there are any."""
    usual = loss_of(activations, len(last.weights))
    if producer != "cmlp" or activations[-1] in ("softmax", "exponential"):
        return usual
    if id(last) not in graph.labelled:
        return "mean_squared_error"
    return "binary_cross_entropy" if graph.answers_each else "quadratic"


def _names(proto: Any, outputs: int, inputs: int) -> dict[str, Any]:
    """Return the names of classes and inputs that cmlp writes into the metadata, where they are sound."""
    found: dict[str, Any] = {}
    told: Mapping[str, str] = {entry.key: entry.value for entry in proto.metadata_props}
    try:
        names = json.loads(told.get("class_names", "null"))
        if isinstance(names, list) and names != [str(label) for label in range(outputs)]:
            found["class_names"] = check_class_names(names, outputs)
        features = json.loads(told.get("feature_names", "null"))
    except (ValueError, RecursionError):  # of other programs
        return found
    if isinstance(features, list) and len(features) == inputs and all(isinstance(name, str) for name in features):
        found["training"] = {"feature_names": features}
    return found
