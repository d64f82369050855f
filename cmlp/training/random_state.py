"""Random generators: what a seed stands for, and their state, as JSON has it."""

from typing import Any

import numpy as np

from cmlp.errors import ModelError
from cmlp.utils.text import shown

POSITIONS = {"MT19937": (("state", "pos"), 624), "Philox": (("buffer_pos",), 4)}  # which NumPy trusts, and their ends


def generator(seed: Any) -> np.random.Generator:
    """Return the generator that a seed stands for.

    Raises
    ------
    ModelError
        If it stands for none.
    """
    try:
        return np.random.default_rng(seed)
    except (TypeError, ValueError) as error:
        rule = "seed must be a non-negative integer, a numpy.random.Generator, or None for another one each time"
        raise ModelError(f"{rule}, got {shown(seed)}") from error


def state_of(rng: np.random.Generator) -> dict[str, Any]:
    """Return all that the next random numbers depend on."""
    state: dict[str, Any] = _listed(rng.bit_generator.state)
    return state


def restore(rng: np.random.Generator, state: Any) -> None:
    """Bring a generator to a state that `state_of` returned.

    Raises
    ------
    ModelError
        If it is not one of this kind of generator.
    """
    kind = type(rng.bit_generator).__name__
    rule = f"the generator must be a {kind} with a state of its own"
    if not isinstance(state, dict) or state.get("bit_generator") != kind:
        found = state.get("bit_generator") if isinstance(state, dict) else state
        raise ModelError(f"{rule}, got one of {str(found)[:40]!r}")
    try:
        _check_position(kind, state)
        rng.bit_generator.state = _formed(state, rng.bit_generator.state)
    except (AttributeError, KeyError, TypeError, ValueError, OverflowError) as error:
        raise ModelError(f"{rule}, got {str(state)[:80]}") from error


def _check_position(kind: str, state: dict[str, Any]) -> None:
    """Refuse places outside of the buffer, from which NumPy would read."""
    if kind in POSITIONS:
        keys, end = POSITIONS[kind]
        place: Any = state
        for key in keys:
            place = place[key]
        if not isinstance(place, int) or not 0 <= place <= end:
            raise ValueError(place)


def _listed(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _listed(part) for key, part in value.items()}
    return value.tolist() if isinstance(value, np.ndarray) else value


def _formed(value: Any, like: Any) -> Any:
    """Return a state with the arrays that the generator's own has; NumPy does not look whether they are as long."""
    if isinstance(like, dict):
        if value.keys() != like.keys():
            raise ValueError(value)
        return {key: _formed(value[key], like[key]) for key in like}
    if isinstance(like, np.ndarray):
        array = np.array(value, like.dtype)
        if array.shape != like.shape:
            raise ValueError(value)
        return array
    if type(value) is not type(like) or (isinstance(value, int) and value < 0):
        raise ValueError(value)
    return value
