"""Weights that have a namesake: gradients, first values and copies beside W1 or Theta1 in a workspace."""

from collections.abc import Iterator, Mapping, Sequence

import numpy as np
from numpy.typing import NDArray

from cmlp.storage.foreign.named import TOKEN, role_of
from cmlp.utils.text import escaped, listed

PASSING = {"grad", "grads", "gradient", "gradients", "initial", "init", "rand", "random", "old", "prev", "previous",
           "delta", "velocity", "momentum", "num", "numgrad"}  # fmt: skip
MOST_NAMED = 6  # in a sentence
Arrays = dict[str, NDArray[np.generic]]


def without_variants(arrays: Mapping[str, NDArray[np.generic]]) -> tuple[Arrays, list[str]]:
    """Return the arrays without those that are variants of others, such as Theta1_grad and initial_Theta1 of Theta1.

    Parameters
    ----------
    arrays : mapping of str to ndarray
        By name.

    Returns
    -------
    arrays : dict of str to ndarray
        What is left.
    copies : list of str
        The variants that may be weights of another network, such as best_Theta1.
    """
    tokens = {name: tuple(TOKEN.findall(name.lower())) for name in arrays}
    plain = {found for found in tokens.values() if len(found) == 2 and found[1].isdigit()}
    variants = {
        name: set(found)
        for name, found in tokens.items()
        if len(found) > 2 and role_of(name)[0] and any(each in plain for each in _shorter(found))
    }
    kept = {name: array for name, array in arrays.items() if name not in variants}
    return kept, [name for name, found in variants.items() if not found & PASSING]


def left_out(names: Sequence[str], taken: Sequence[str]) -> str:
    """Return what one must know of weights that were left out for others, as the rest of a sentence."""
    what = listed(map(escaped, taken))
    return f"holds {listed(map(escaped, names[:MOST_NAMED]))} beside {what}, and the latter alone is taken"


def _shorter(tokens: tuple[str, ...]) -> Iterator[tuple[str, str]]:
    """Yield each word with each number behind it: Theta 1 of initial_Theta1, W 1 of W1_grad and of W_grad_1."""
    for place, word in enumerate(tokens):
        for number in tokens[place + 1 :]:
            if number.isdigit():
                yield word, number
