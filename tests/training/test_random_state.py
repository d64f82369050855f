"""The state of a random generator goes to JSON and back, and a hostile one goes nowhere: NumPy would read beyond it."""

import copy
import json

import numpy as np
import pytest

from cmlp import ModelError
from cmlp.training.random_state import restore, state_of

KINDS = [np.random.PCG64, np.random.PCG64DXSM, np.random.MT19937, np.random.Philox, np.random.SFC64]


def used(kind, seed=3):
    rng = np.random.Generator(kind(seed))
    rng.random(5)
    rng.integers(5, dtype=np.int32)  # of 64 bits, half are left for the next time
    return rng


def some_numbers(rng):
    return [*rng.random(700), *rng.integers(9, size=3, dtype=np.int32), *rng.permutation(20)]


@pytest.mark.parametrize("kind", KINDS)
def test_round_trip(kind):
    rng, other = used(kind), used(kind, seed=9)
    state = json.loads(json.dumps(state_of(rng)))
    expected = some_numbers(rng)
    assert some_numbers(copy.deepcopy(other)) != expected
    restore(other, state)
    assert some_numbers(other) == expected


def changes(state, path=()):
    """Yield the paths of all values in nested dicts."""
    for key, value in state.items():
        yield (*path, key)
        if isinstance(value, dict):
            yield from changes(value, (*path, key))


WRONG = [None, "x", -1, 2**200, [], [1], [-1], [[1]], [1] * 700, [2**70] * 4, [2**70] * 624, {}, {"key": 1}]


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("wrong", WRONG, ids=lambda value: repr(value)[:20])
def test_hostile_states(kind, wrong):
    """Whatever stands in the place of a part, it is refused, and the generator stays as it was."""
    rng = used(kind)
    before = state_of(rng)
    for path in changes(before):
        state = copy.deepcopy(before)
        part = state
        for key in path[:-1]:
            part = part[key]
        part[path[-1]] = wrong
        with pytest.raises(ModelError, match=r"^the generator must be a \w+ with a state of its own, got"):
            restore(rng, state)
        assert state_of(rng) == before


@pytest.mark.parametrize("kind", KINDS)
def test_more_than_a_state(kind):
    rng = used(kind)
    with pytest.raises(ModelError, match="with a state of its own"):
        restore(rng, state_of(rng) | {"another": 1})


@pytest.mark.parametrize(
    ("kind", "keys", "ends"),
    [(np.random.MT19937, ("state", "pos"), (-1, 625)), (np.random.Philox, ("buffer_pos",), (-1, 5))],
)
def test_places_outside_of_the_buffer(kind, keys, ends):
    rng = used(kind)
    for end in ends:
        state = state_of(rng)
        (state if len(keys) == 1 else state[keys[0]])[keys[-1]] = end
        with pytest.raises(ModelError, match="with a state of its own"):
            restore(rng, state)


@pytest.mark.parametrize(
    "state", [None, [], "PCG64", {}, {"bit_generator": "MT19937"}, {"bit_generator": "PCG64"}], ids=repr
)
def test_no_state_at_all(state):
    with pytest.raises(ModelError, match=r"^the generator must be a PCG64 with a state of its own, got"):
        restore(np.random.default_rng(0), state)
