"""A copy of somebody's forward pass as plain layers, accepted only if it gives the same outputs to the last digits.

With it gradients are exact, and everything about a step becomes arithmetic.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from itertools import count, islice, pairwise, product
from typing import TYPE_CHECKING, Any, Literal

import numpy as np
from numpy.typing import NDArray

from cmlp.diagnosis.programs.leaves import attributes, step_into
from cmlp.diagnosis.programs.scalings import PLAIN, STARTS, USUAL, Scaling, kept_scalings
from cmlp.diagnosis.programs.tensors import as_array

if TYPE_CHECKING:
    from cmlp.diagnosis.programs.subject import Instance, Subject

Array = NDArray[Any]
LABELLED, AGREEING = 400, 0.995  # images, and the share of labels that must agree
EXACT, SINGLE = 1e-9, 2e-5  # how far outputs may differ, relative to the largest one
ORDERS: tuple[Literal["C", "F"], ...] = ("C", "F")
PROBES = 24
MOST_SIZES = 12
FITTED = 2  # orders of the matrices for which a scaling is searched
MOST_CHAINS = 256  # orders of equal matrices; the one in which they stand comes first
MOST_BEGINNINGS = 20_000  # of chains, that are tried


def sigmoid(z: Array) -> Array:
    """Return the logistic function, without overflow."""
    small = np.exp(-np.abs(z))
    return np.asarray(np.where(z >= 0, 1, small) / (1 + small))


def softmax(z: Array) -> Array:
    """Return the softmax of each row, without overflow."""
    e = np.exp(z - z.max(axis=1, keepdims=True))
    return np.asarray(e / e.sum(axis=1, keepdims=True))


def _phi(z: Array) -> Array:
    from scipy.special import ndtr

    return np.asarray(ndtr(z))


def _gelu_tanh(z: Array) -> Array:
    return np.asarray(0.5 * z * (1 + np.tanh(np.sqrt(2 / np.pi) * (z + 0.044715 * z**3))))


Pair = tuple[Callable[[Array], Array], Callable[[Array, Array], Array]]


def _leaky(slope: float) -> Pair:
    return lambda z: np.where(z > 0, z, slope * z), lambda z, a: np.where(z > 0, 1.0, slope)


# name: the function of z, and its derivative as a function of z and a = f(z)
FUNCTIONS: dict[str, Pair] = {
    "sigmoid": (sigmoid, lambda z, a: a * (1 - a)),
    "tanh": (np.tanh, lambda z, a: 1 - a * a),
    "relu": (lambda z: np.maximum(z, 0), lambda z, a: (z > 0).astype(float)),
    "identity": (lambda z: z, lambda z, a: np.ones_like(z)),
    "leaky relu": _leaky(0.01),
    "leaky relu (0.1)": _leaky(0.1),
    "leaky relu (0.2)": _leaky(0.2),
    "leaky relu (0.3)": _leaky(0.3),
    "leaky relu (0.05)": _leaky(0.05),
    "leaky relu (0.001)": _leaky(0.001),
    "elu": (lambda z: np.where(z > 0, z, np.expm1(np.minimum(z, 0))), lambda z, a: np.where(z > 0, 1.0, a + 1)),
    "silu": (lambda z: z * sigmoid(z), lambda z, a: sigmoid(z) * (1 + z * (1 - sigmoid(z)))),
    "softplus": (lambda z: np.logaddexp(0, z), lambda z, a: sigmoid(z)),
    "gelu": (lambda z: z * _phi(z), lambda z, a: _phi(z) + z * np.exp(-z * z / 2) / np.sqrt(2 * np.pi)),
    "gelu (tanh)": (_gelu_tanh, lambda z, a: (_gelu_tanh(z + 1e-6) - _gelu_tanh(z - 1e-6)) / 2e-6),
    "scaled tanh": (lambda z: 1.7159 * np.tanh(2 * z / 3), lambda z, a: 1.7159 * 2 / 3 * (1 - (a / 1.7159) ** 2)),
    "softsign": (lambda z: z / (1 + np.abs(z)), lambda z, a: 1 / (1 + np.abs(z)) ** 2),
    "softmax": (softmax, lambda z, a: a * (1 - a)),
    "log_softmax": (lambda z: np.log(softmax(z)), lambda z, a: 1 - np.exp(a)),
}
HIDDEN = tuple(name for name in FUNCTIONS if name not in ("softmax", "log_softmax"))
OUTPUT = ("sigmoid", "softmax", "identity", "tanh", "relu", "log_softmax", "leaky relu", "scaled tanh", "softplus")
COMMON = ("sigmoid", "relu", "tanh", "leaky relu", "identity")


@dataclass(frozen=True)
class Piece:
    """Where the weights or biases of a layer are: in which block, from which number on, and how they lie."""

    index: int
    shape: tuple[int, ...]
    start: int = 0
    turned: bool = False
    order: Literal["C", "F"] = "C"
    folded: str = ""  # whether the "first" or the "last" input is a 1, whose weights are the biases

    def of(self, values: list[Array]) -> Array:
        """Return the numbers, as (inputs, outputs) for weights."""
        made = self._place(values).reshape(self.shape, order=self.order)
        return made.T if self.turned else made

    def add(self, values: list[Array], change: Array) -> None:
        """Add to the numbers, in place."""
        made = (change.T if self.turned else change).reshape(self.shape)
        place = self._place(values)
        place += made.ravel(order=self.order)

    def _place(self, values: list[Array]) -> Array:
        return values[self.index].reshape(-1)[self.start : self.start + self.size]

    @property
    def size(self) -> int:
        """How many numbers it has."""
        return int(np.prod(self.shape, dtype=int))

    @property
    def inputs(self) -> int:
        """How many units it takes, without the one that is 1."""
        return self.shape[1 if self.turned else 0] - bool(self.folded)

    @property
    def outputs(self) -> int:
        """How many units it has."""
        return self.shape[0 if self.turned else 1]


@dataclass(frozen=True)
class Replica:
    """Dense layers: where their weights and biases are, and the activations."""

    weights: tuple[Piece, ...]
    biases: tuple[Piece | None, ...]
    acts: tuple[str, ...]
    inputs: Scaling = PLAIN

    def layers(self, values: list[Array]) -> list[tuple[Array, Array | None]]:
        """Return weights of shape (inputs, outputs) and biases, layer by layer."""
        made: list[tuple[Array, Array | None]] = []
        for piece, bias in zip(self.weights, self.biases, strict=True):
            w = piece.of(values)
            if piece.folded == "first":
                made.append((w[1:], w[0]))
            elif piece.folded == "last":
                made.append((w[:-1], w[-1]))
            else:
                made.append((w, None if bias is None else bias.of(values).ravel()))
        return made

    def run(self, values: list[Array], x: Array) -> tuple[list[Array], list[Array]]:
        """Return weighted sums and activations, layer by layer; the first activations are the inputs."""
        zs: list[Array] = []
        outs = [self.inputs(x)]
        with np.errstate(all="ignore"):
            for (w, b), act in zip(self.layers(values), self.acts, strict=True):
                zs.append(outs[-1] @ w + (0 if b is None else b))
                outs.append(FUNCTIONS[act][0](zs[-1]))
        return zs, outs

    def apply(self, values: list[Array], layer: int, weights: Array, biases: Array) -> None:
        """Add to the weights (inputs, outputs) and biases of a layer, in place."""
        piece, bias = self.weights[layer], self.biases[layer]
        if piece.folded:
            parts = [biases[None], weights] if piece.folded == "first" else [weights, biases[None]]
            weights = np.concatenate(parts)
        piece.add(values, weights)
        if bias is not None:
            bias.add(values, (np.full(1, biases.sum()) if bias.size == 1 else biases).reshape(bias.shape))


def find_replica(subject: "Subject", instance: "Instance") -> Replica | None:
    """Return the replica of a network, or None if it is no chain of dense layers with known activations."""
    values = subject.values(instance)
    x = _probes(subject.samples.depth)
    out = subject.outputs(instance, x)
    if any(value.size == 0 for value in values):
        return None
    if out.ndim == 1:
        return _by_labels(subject, instance, values)
    if not np.isfinite(out).all():
        return None
    tolerance = SINGLE if is_single(subject, instance) else EXACT
    close = tolerance * max(float(np.abs(out).max()), 1e-3)
    found = list(islice(_chains(subject, values, out.shape[1]), MOST_CHAINS))
    tried = [(usual, found) for usual in USUAL]
    tried += [(kept, found[:FITTED]) for kept in kept_scalings(subject, instance)]
    for inputs, chains in tried:
        for weights, biases in chains:
            for hidden in _hidden_activations(len(weights), every=inputs.plain):
                z = Replica(weights, biases, (*hidden, "identity"), inputs).run(values, x)[0][-1]
                for act in OUTPUT:
                    with np.errstate(all="ignore"):
                        made = FUNCTIONS[act][0](z)
                    if np.allclose(made, out, rtol=tolerance * 10, atol=close):
                        return Replica(weights, biases, (*hidden, act), inputs)
    return _with_unknown_scaling(found[:FITTED], values, x, out, 10 * close)


def _with_unknown_scaling(
    chains: list["Chain"], values: list[Array], x: Array, out: Array, close: float
) -> Replica | None:
    """Return a replica whose images are scaled by two numbers, which least squares find."""
    from scipy.optimize import least_squares

    sums = np.allclose(out.sum(axis=1), 1) and out.min() >= 0
    outputs = ("softmax",) if sums else ("sigmoid",) if out.min() >= 0 and out.max() <= 1 else ("identity", "tanh")
    for (weights, biases), hidden, act in product(chains, ("sigmoid", "relu", "tanh"), outputs):
        acts = (*(hidden,) * (len(weights) - 1), act)

        def off(pair: Array, weights: Any = weights, biases: Any = biases, acts: tuple[str, ...] = acts) -> Array:
            replica = Replica(weights, biases, acts, Scaling(pair[0], pair[1]))
            return np.asarray(np.nan_to_num(replica.run(values, x)[1][-1] - out).ravel())

        for start in STARTS:
            pair = least_squares(off, start, xtol=1e-15, ftol=1e-15, gtol=1e-15, max_nfev=40).x
            if np.abs(off(pair)).max() < close:
                return Replica(weights, biases, acts, Scaling(float(pair[0]), float(pair[1])))
    return None


def _by_labels(subject: "Subject", instance: "Instance", values: list[Array]) -> Replica | None:
    """Return a replica that predicts the same labels, of a network that gives nothing else; its outputs are sums."""
    rng = np.random.default_rng(3)
    x = single(rng.random((LABELLED, subject.samples.depth)) * rng.random((LABELLED, 1)))
    labels = subject.outputs(instance, x)
    if len(np.unique(labels)) < 2:
        return None
    for weights, biases in islice(_chains(subject, values, subject.samples.classes), MOST_CHAINS):
        for hidden in _hidden_activations(len(weights), every=True):
            replica = Replica(weights, biases, (*hidden, "identity"))
            if np.mean(replica.run(values, x)[1][-1].argmax(axis=1) == labels) >= AGREEING:
                return replica
    return None


def _probes(depth: int) -> Array:
    """Return inputs as of images, and such of both signs, so that each unit is seen on both sides of 0."""
    rng = np.random.default_rng(3)
    images = rng.random((6, depth)) * rng.random((6, depth)) * 0.5
    return single(np.concatenate([images, rng.normal(size=(PROBES - 6, depth))]))


def single(x: Array) -> Array:
    """Return the nearest numbers of single precision, which keep their values where the data are of that type."""
    return np.asarray(x.astype(np.float32).astype(float))


def is_single(subject: "Subject", instance: "Instance") -> bool:
    """Whether a network computes in single precision."""
    arrays = [as_array(step_into(instance.network, block.paths[0])) for block in subject.blocks]
    return subject.framework.single_precision or any(a is not None and a.dtype.itemsize < 8 for a in arrays)


def _hidden_activations(layers: int, *, every: bool) -> Iterator[tuple[str, ...]]:
    """Yield activations of the hidden layers: the same for all, then, for up to three layers, mixed ones."""
    yield from ((name,) * (layers - 1) for name in (HIDDEN if every else COMMON)) if layers > 1 else [()]
    mixed = min(layers - 1, 3)
    if mixed > 1 and every:
        for some in product(COMMON, repeat=mixed):
            if len(set(some)) > 1:
                yield *some, *some[-1:] * (layers - 1 - mixed)


Chain = tuple[tuple[Piece, ...], tuple[Piece | None, ...]]


def _chains(subject: "Subject", values: list[Array], classes: int) -> Iterator[Chain]:
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
        if function is not None and hasattr(function, "__globals__"):
            roots += list(function.__globals__.values())
            roots += list(function.__code__.co_consts)
    found: list[int] = []
    for value in roots:
        parts = value if isinstance(value, (list, tuple)) else [value]
        found += [
            int(v) for v in parts if isinstance(v, (int, np.integer)) and not isinstance(v, bool) and 1 < v < 5000
        ]
    return sorted(set(found))[:MOST_SIZES]
