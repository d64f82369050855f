"""Export networks to ONNX, C and HTML.

An export computes what the network computes, to the last digits of its arithmetic: the same activations, in forms that
do not overflow, and the same scaling of pixels.
"""

from cmlp.export.c import c_header
from cmlp.export.onnx import onnx_model

__all__ = ["c_header", "onnx_model"]
