"""Whether images of two sets can be told apart, whatever their labels are."""

import numpy as np

from cmlp.data.dataset import Dataset
from cmlp.diagnosis.probe import make_probe
from cmlp.diagnosis.transforms import scaled

ROWS = 2000  # of each set
TOLD_APART = 65.0  # percent of the rows of two sets, of which a network says which set they are from


def alike(first: Dataset, second: Dataset) -> bool:
    """Say whether a network cannot tell from which of two sets an image is."""
    n = min(len(first), len(second), ROWS)
    draw = np.random.default_rng(4)
    images = np.concatenate([scaled(data[np.sort(draw.permutation(len(data))[:n])]) for data in (first, second)])
    probe = make_probe(Dataset(images, np.repeat([0, 1], n), scale=1.0, classes=2), pictures=False)
    return probe is not None and probe.expected < TOLD_APART
