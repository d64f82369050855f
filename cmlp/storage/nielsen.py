"""Read networks of Nielsen's book: the JSON that ``save`` of its ``network2.py`` writes [1]_.

All its units are sigmoid, whatever the cost, and the prediction is the strongest output. Of cmlp's losses, "quadratic"
has both, so a network predicts what it did in the book. The book's cross-entropy is "binary_cross_entropy" here, which
predicts yes or no for each output; so training continues with the quadratic cost. The settings of the training keep
the name of the cost. The images of the book are bytes divided by 256, not by 255.

References
----------
.. [1] M. Nielsen, Neural Networks and Deep Learning, 2015, chapter 3.
"""

import json
from itertools import pairwise
from typing import Any, NoReturn

import numpy as np
from numpy.typing import NDArray

from cmlp.errors import ModelError
from cmlp.model.architecture import check_sizes, make_architecture
from cmlp.model.record import Model
from cmlp.utils.checks import check_name

FIELDS = {"sizes", "weights", "biases", "cost"}
COSTS = ("CrossEntropyCost", "QuadraticCost")
SCALE = 1 / 256
BEGINNING = 64  # bytes within which a JSON object begins


def is_json(content: bytes | bytearray) -> bool:
    """Return whether this begins like a JSON object, and not like a safetensors header, whose length has zero bytes."""
    beginning = content[:BEGINNING]
    return beginning.lstrip().startswith(b"{") and b"\0" not in beginning


def read_nielsen(content: bytes | bytearray, name: str) -> Model:
    """Return the network in a JSON file.

    Parameters
    ----------
    content : bytes
        The content of the file, for which `is_json` is true.
    name : str
        What error messages call the file.

    Returns
    -------
    Model

    Raises
    ------
    ModelError
        If it is not what the book's program writes.
    """
    try:
        found = json.loads(content, parse_constant=_refuse_constant)
    except (ValueError, RecursionError) as error:
        raise ModelError(f"{name} is not JSON, or is damaged: {str(error)[:200]}") from error
    if found.keys() != FIELDS:
        got = ", ".join(sorted(map(str, found)))[:200]
        raise ModelError(
            f"{name} must have the fields {', '.join(sorted(FIELDS))} of a network of Nielsen's, got {got}"
        )
    try:
        return _model(**found)
    except (ModelError, RecursionError) as error:  # lists may be too deep even to be shown
        raise ModelError(f"{name} does not hold a network: {str(error)[:300]}") from error


def _model(sizes: Any, weights: Any, biases: Any, cost: Any) -> Model:
    checked = check_sizes(sizes)
    check_name("cost", str(cost)[:200], COSTS)
    for field, given in (("weights", weights), ("biases", biases)):
        if not isinstance(given, list) or len(given) != len(checked) - 1:
            found = f"{len(given):,} of them" if isinstance(given, list) else str(given)[:40]
            raise ModelError(f"{field} must be a list of {len(checked) - 1} matrices, one per layer, got {found}")
    layers = list(enumerate(pairwise(checked)))
    return Model(
        make_architecture(checked, "sigmoid", "quadratic", 0.0, np.float64),
        [_matrix(f"weights[{layer}]", weights[layer], fan_out, fan_in) for layer, (fan_in, fan_out) in layers],
        [_matrix(f"biases[{layer}]", biases[layer], fan_out, 1)[:, 0] for layer, (_, fan_out) in layers],
        SCALE,
        training={"cost": cost},
    )


def _matrix(name: str, given: Any, rows: int, columns: int) -> NDArray[np.float64]:
    """Convert lists to a matrix; every element is checked, because NumPy would convert strings and more."""
    rule = f"{name} must be {rows:,} lists of {columns:,} finite numbers"
    if not isinstance(given, list) or len(given) != rows:
        raise ModelError(f"{rule}, got {f'{len(given):,} elements' if isinstance(given, list) else str(given)[:40]}")
    for i, row in enumerate(given):
        if not isinstance(row, list) or len(row) != columns:
            raise ModelError(f"{rule}, got {str(row)[:40]} at index {i}")
        if not all(type(value) in (int, float) for value in row):
            raise ModelError(f"{rule}, got something else in list {i}")
    try:
        matrix = np.array(given, np.float64)
    except OverflowError:
        matrix = np.full((1, 1), np.inf)
    if not np.isfinite(matrix).all():
        raise ModelError(f"{rule}, got some too large for float64")
    return matrix


def _refuse_constant(constant: str) -> NoReturn:
    raise ValueError(f"{constant} is not a number")
