"""What files tell of the data that a network was trained on."""

from typing import Any

import numpy as np

from cmlp.data.origin import Origin, sample_checksum_of
from cmlp.model.inputs import LARGEST
from cmlp.model.ranges import ranges_of
from cmlp.model.samples import Samples


def about_data(samples: Samples, data: Any, features: int) -> dict[str, Any]:
    """Return what files tell of the training data.

    Parameters
    ----------
    samples : Samples
        The data as a network gets them.
    data : object
        The data as they were given.
    features : int
        How many numbers an image has.

    Returns
    -------
    dict
        As JSON has it.
    """
    about: dict[str, Any] = {"images": len(samples), "input": _input_of(samples)}
    if about["input"] == "float":
        about[LARGEST] = samples.largest
    names, ranges = getattr(data, "feature_names", None), ranges_of(samples)
    if isinstance(names, tuple) and len(names) == features:
        about["feature_names"] = list(names)
    return about if ranges is None else about | {"inputs": ranges}


def origin_of(samples: Samples, data: Any) -> dict[str, Any]:
    """Return the source that training data say they come from, or a checksum of some of them, as a setting.

    Parameters
    ----------
    samples : Samples
        The data as a network gets them.
    data : object
        The data as they were given.

    Returns
    -------
    dict
        Empty where there is neither.
    """
    origin = getattr(data, "_origin", None)
    if not isinstance(origin, Origin):
        if not isinstance(samples.images, np.ndarray):
            return {}
        origin = Origin(sample_checksum_of(samples.images))
    return {"origin": origin.describe()}


def _input_of(samples: Samples) -> str:
    """Return what kind of numbers the images were: integers of 0..255, or others that are used as they are."""
    return "float" if samples.pixel_scale is None else "uint8"
