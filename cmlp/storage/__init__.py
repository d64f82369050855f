"""What cmlp keeps on disk: models and checkpoints, in the layout of safetensors, with a checksum.

Nothing in these files is ever executed. The floors, from the ground: ``container`` (arrays and a description, sealed);
``nielsen`` and ``torch``, what other programs wrote; ``models``; ``checkpoints``.
"""

from cmlp.storage.models import read_model, write_model
from cmlp.storage.torch import read_torch

__all__ = ["read_model", "read_torch", "write_model"]
