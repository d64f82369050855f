"""Model files: safetensors with a checksum; and the files of other programs that are read.

Nothing in these files is executed. From the lowest module up: ``container`` (arrays, a description and a checksum in
one file); ``nielsen``, ``torch`` and the folder ``foreign`` (files of other programs); ``models``.
"""

from cmlp.storage.foreign.layers import Wanted
from cmlp.storage.foreign.matlab import upright
from cmlp.storage.foreign.reading import read_onnx_file, read_torch, refuse_folder
from cmlp.storage.models import model_writer, read_model, refuse_wanted, remarks, write_model

__all__ = [
    "Wanted", "model_writer", "read_model", "read_onnx_file", "read_torch", "refuse_folder", "refuse_wanted", "remarks",
    "upright", "write_model",
]  # fmt: skip
