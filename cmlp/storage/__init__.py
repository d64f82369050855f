"""Model files: safetensors with a checksum; and the files of other programs that are read.

Nothing in these files is executed. From the lowest module up: ``container`` (arrays, a description and a checksum in
one file); ``nielsen`` and ``torch`` (files of other programs); ``models``.
"""

from cmlp.storage.models import model_writer, read_model, write_model
from cmlp.storage.torch import read_torch

__all__ = ["model_writer", "read_model", "read_torch", "write_model"]
