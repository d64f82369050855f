"""Single and half precision: whether a network computes in them, and numbers that keep their values there."""

from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from cmlp.diagnosis.programs.blocks import Block
from cmlp.diagnosis.programs.paths import put_at, step_into
from cmlp.diagnosis.programs.tensors import as_array

if TYPE_CHECKING:
    from cmlp.diagnosis.programs.instances import Instance
    from cmlp.diagnosis.programs.subject import Subject

Array = NDArray[Any]


def single(x: Array) -> Array:
    """Return the nearest numbers of single precision, which keep their values where the data are of that type."""
    return np.asarray(x.astype(np.float32).astype(float))


def is_single(subject: "Subject", instance: "Instance") -> bool:
    """Whether a network computes in single precision."""
    arrays = [as_array(step_into(instance.network, block.paths[0])) for block in subject.blocks]
    return subject.framework.single_precision or any(a is not None and a.dtype.itemsize < 8 for a in arrays)


def widen(network: Any, blocks: list[Block]) -> None:
    """Keep parameters of half precision as doubles: a short step changes the three digits of the others by chance."""
    for block in blocks:
        for path in block.paths:
            value = step_into(network, path)
            if isinstance(value, np.ndarray) and value.dtype == np.float16 and value.base is None:
                put_at(network, path, value.astype(float))
