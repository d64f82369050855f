"""The few samples of a step: of different classes, and of a size that saturates nothing."""

import numpy as np

from cmlp.diagnosis.programs.examination import Array, Examination
from cmlp.diagnosis.programs.precision import single


def gentle_samples(case: Examination, m: int) -> tuple[Array, Array]:
    """Return so many images and labels."""
    pick = distinct(case, m)
    return gentle(case, case.train.x[pick]), case.train.y[pick]


def gentle(case: Examination, x: Array) -> Array:
    """Return images that saturate nothing, whatever their range is; records of whole numbers stay such."""
    scaled = x / max(1.0, case.train.high, -case.train.low)
    records = case.train.records
    whole = records is not None and (case.train.one.dtype.kind in "iu" or records.of_whole_texts)
    return single(np.round(scaled) if whole else scaled)


def distinct(case: Examination, m: int) -> Array:
    """Return the numbers of samples of different classes, as far as there are so many."""
    order = np.random.default_rng(3).permutation(case.usable)
    _, first = np.unique(case.train.y[order], return_index=True)
    highest = order[first[-1]]  # where one-hot vectors are made as long as the largest label asks for
    picked = np.array([*[i for i in order[np.sort(first)] if i != highest][: m - 1], highest], dtype=int)
    rest = [i for i in order if i not in set(picked.tolist())][: m - len(picked)]
    return np.array([*picked, *rest], dtype=int)
