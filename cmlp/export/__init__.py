"""Networks for other programs: ONNX, and C.

What an export answers is what the network answers, to the last digits of its arithmetic: the same activations, in forms
that do not overflow, and the same treatment of pixels.
"""

from cmlp.export.c import c_header
from cmlp.export.onnx import onnx_model

__all__ = ["c_header", "onnx_model"]
