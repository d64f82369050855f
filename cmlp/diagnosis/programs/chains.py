"""Chains: orders of the matrices that lead from the inputs to the classes, with the biases that fit."""

from collections.abc import Iterator
from dataclasses import replace
from itertools import count, pairwise, product
from typing import TYPE_CHECKING, Any, Literal

import numpy as np

from cmlp.diagnosis.programs.access import has_attribute
from cmlp.diagnosis.programs.leaves import attributes
from cmlp.diagnosis.programs.replica import Array, Piece

if TYPE_CHECKING:
    from cmlp.diagnosis.programs.subject import Subject

Chain = tuple[tuple[Piece, ...], tuple[Piece | None, ...]]
MOST_BEGINNINGS = 20_000  # of chains, that are tried
MOST_SIZES = 12
ORDERS: tuple[Literal["C", "F"], ...] = ("C", "F")


def chains_of(subject: "Subject", values: list[Array], classes: int) -> Iterator[Chain]:
    """Yield orders of the matrices that lead from the inputs to the classes, with the biases that fit."""
    depth = subject.samples.depth
    if len(values) == 1 and max(values[0].shape, default=0) == values[0].size:
        yield from _of_one_vector(subject, values[0].size, depth, classes)
        return
    matrices, vectors = _parts(values, classes)
    for extra in (0, 1):
        for chain in _extended(matrices, depth, classes, (), extra, count(1)):
            biases = _biases(vectors, chain)
            if biases is not None:
                yield chain, biases


def _parts(values: list[Array], classes: int) -> tuple[list[Piece], list[Piece]]:
    """Return the matrices and the vectors; layers that are stacked in one array are taken one by one."""
    stacks = {v.shape[0]: v.shape for v in values if v.ndim == 3 and min(v.shape[1:]) > 1}
    matrices: list[Piece] = []
    vectors: list[Piece] = []
    for i, value in enumerate(values):
        shape, number = value.shape, value.shape[0] if value.ndim else 0
        stacked = value.ndim > 1 and number in stacks and value.size // number in stacks[number][1:]
        if stacked or (value.ndim == 3 and stacks.get(number) == shape):
            size = value.size // number
            pieces = [Piece(i, (size,) if stacked else shape[1:], k * size) for k in range(number)]
            (vectors if stacked else matrices).extend(pieces)
        elif value.ndim == 2 and (min(shape) > 1 or (classes == 2 and value.size > 2)):
            matrices.append(Piece(i, shape))
        else:
            vectors.append(Piece(i, shape))
    return matrices, vectors


def _extended(
    matrices: list[Piece], size: int, classes: int, chain: tuple[Piece, ...], extra: int, tried: Iterator[int]
) -> Iterator[tuple[Piece, ...]]:
    if next(tried) > MOST_BEGINNINGS:  # many matrices of one shape, which are no chain
        return
    used = {(piece.index, piece.start) for piece in chain}
    if size == classes and len(used) == len(matrices) and chain:
        yield chain
        return
    for part in matrices:
        if (part.index, part.start) in used:
            continue
        for turned in (False, True):
            shape = part.shape
            taken, given = (shape[1], shape[0]) if turned else shape
            if taken == size + extra:
                for folded in ("first", "last") if extra else ("",):
                    piece = replace(part, turned=turned, folded=folded)
                    if extra and chain and chain[0].folded != folded:
                        continue
                    yield from _extended(matrices, given, classes, (*chain, piece), extra, tried)


def _biases(vectors: list[Piece], chain: tuple[Piece, ...]) -> tuple[Piece | None, ...] | None:
    free = list(vectors)
    made: list[Piece | None] = []
    for piece in chain:
        fits = (v for v in free if v.size == piece.outputs)
        single = (v for v in free if v.size == 1)
        chosen = next(fits, next(single, None)) if not piece.folded else None
        if chosen is not None:
            free.remove(chosen)
        made.append(chosen)
    return None if free else tuple(made)


def _of_one_vector(subject: "Subject", total: int, depth: int, classes: int) -> Iterator[Chain]:
    """Yield ways to cut one vector of all parameters into layers."""
    for sizes in _possible_sizes(subject, total, depth, classes):
        shapes = list(pairwise(sizes))
        for style in ("W b W b", "W W b b", "folded first", "folded last"):
            for turned in (True, False):
                for order in ORDERS:
                    chain = _cut(shapes, style, turned=turned, order=order)
                    if chain is not None:
                        yield chain


def _cut(shapes: list[tuple[int, int]], style: str, *, turned: bool, order: Literal["C", "F"]) -> Chain | None:
    start, weights, biases = 0, [], []
    folded = style.split()[1] if style.startswith("folded") else ""
    for one, other in shapes:
        taken = one + bool(folded)
        shape = (other, taken) if turned else (taken, other)
        weights.append(Piece(0, shape, start, turned, order, folded))
        start += taken * other
        if style == "W b W b":
            biases.append(Piece(0, (other,), start))
            start += other
    if style == "W W b b":
        for _, other in shapes:
            biases.append(Piece(0, (other,), start))
            start += other
    return tuple(weights), tuple(biases) if biases else (None,) * len(weights)


def _possible_sizes(subject: "Subject", total: int, depth: int, classes: int) -> Iterator[tuple[int, ...]]:
    hidden, rest = divmod(total - classes, depth + classes + 1)
    if rest == 0 and hidden > 0:
        yield depth, hidden, classes
    numbers = _whole_numbers(subject)
    for one, other in product(numbers, repeat=2):
        if (depth + 1) * one + (one + 1) * other + (other + 1) * classes == total:
            yield depth, one, other, classes
    if (depth + 1) * classes == total:
        yield depth, classes


def _whole_numbers(subject: "Subject") -> list[int]:
    """Return whole numbers that the program names, among which its sizes are."""
    roots: list[Any] = [*attributes(subject.given).values(), *subject.settings.values()]
    for function in subject.functions.values():
        if function is not None and has_attribute(function, "__globals__"):
            roots += list(function.__globals__.values())
            roots += list(function.__code__.co_consts)
    found: list[int] = []
    for value in roots:
        parts = value if isinstance(value, (list, tuple)) else [value]
        found += [
            int(v) for v in parts if isinstance(v, (int, np.integer)) and not isinstance(v, bool) and 1 < v < 5000
        ]
    return sorted(set(found))[:MOST_SIZES]
