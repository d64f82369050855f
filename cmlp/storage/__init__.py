"""What cmlp keeps on disk: models and checkpoints, in the layout of safetensors, with a checksum.

Nothing in these files is ever executed. The floors, from the ground: ``container`` (arrays and a description, sealed),
``models``, and what other programs wrote: ``nielsen``, ``torch``.
"""

from cmlp.storage.models import read_model, write_model

__all__ = ["read_model", "write_model"]
