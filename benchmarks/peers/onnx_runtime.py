"""ONNX Runtime, which only runs networks: Gemm and Sigmoid, as other libraries export them."""

import numpy as np
import onnxruntime
from onnx import TensorProto, helper, numpy_helper

NAME = "ONNX Runtime"


def version():
    return f"ONNX Runtime {onnxruntime.__version__}"


def make_graph(model):
    nodes, constants, last = [], [], "images"
    for layer, (w, b) in enumerate(zip(model.weights, model.biases, strict=True)):
        constants += [numpy_helper.from_array(w, f"w{layer}"), numpy_helper.from_array(b, f"b{layer}")]
        nodes.append(helper.make_node("Gemm", [last, f"w{layer}", f"b{layer}"], [f"z{layer}"], transB=1))
        last = f"a{layer}"
        nodes.append(helper.make_node("Sigmoid", [f"z{layer}"], [last]))
    inputs, outputs = (
        helper.make_tensor_value_info(name, TensorProto.FLOAT, ["n", size])
        for name, size in (("images", model.task.sizes[0]), (last, model.task.sizes[-1]))
    )
    graph = helper.make_graph(nodes, "mlp", [inputs], [outputs], constants)
    return helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=9)


def calls(model, images, threads):
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = threads
    session = onnxruntime.InferenceSession(
        make_graph(model).SerializeToString(), options, providers=["CPUExecutionProvider"]
    )

    def outputs(batch):
        return session.run(None, {"images": batch})[0]

    return [(NAME, outputs, np.atleast_2d(images.floats("float32")))]
