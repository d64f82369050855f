"""The search for a replica: orders of the layers, activations and scalings are tried until the outputs are the same."""

from collections.abc import Iterator
from itertools import islice, product
from typing import TYPE_CHECKING, Any

import numpy as np

from cmlp.diagnosis.programs.activations import COMMON, FUNCTIONS, HIDDEN, OUTPUT
from cmlp.diagnosis.programs.chains import Chain, chains_of
from cmlp.diagnosis.programs.precision import is_single, single
from cmlp.diagnosis.programs.replica import Array, Replica
from cmlp.diagnosis.programs.scalings import STARTS, USUAL, Scaling, kept_scalings

if TYPE_CHECKING:
    from cmlp.diagnosis.programs.instances import Instance
    from cmlp.diagnosis.programs.subject import Subject

LABELLED, AGREEING = 400, 0.995  # images, and the share of labels that must agree
RARE = 20  # of them, that must have another label than most have
EXACT, SINGLE = 1e-9, 2e-5  # how far outputs may differ, relative to the largest one
PROBES = 24
FITTED = 2  # orders of the matrices for which a scaling is searched
MOST_CHAINS = 256  # orders of equal matrices; the one in which they stand comes first


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
    found = list(islice(chains_of(subject, values, out.shape[1]), MOST_CHAINS))
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
    rare = labels != np.unique(labels)[np.argmax(np.unique(labels, return_counts=True)[1])]
    if rare.sum() < RARE:
        return None
    for weights, biases in islice(chains_of(subject, values, subject.samples.classes), MOST_CHAINS):
        for hidden in _hidden_activations(len(weights), every=True):
            replica = Replica(weights, biases, (*hidden, "identity"))
            agree = replica.run(values, x)[1][-1].argmax(axis=1) == labels
            if min(agree.mean(), agree[rare].mean()) >= AGREEING:
                return replica
    return None


def _probes(depth: int) -> Array:
    """Return inputs as of images, and such of both signs, so that each unit is seen on both sides of 0."""
    rng = np.random.default_rng(3)
    images = rng.random((6, depth)) * rng.random((6, depth)) * 0.5
    return single(np.concatenate([images, rng.normal(size=(PROBES - 6, depth))]))


def _hidden_activations(layers: int, *, every: bool) -> Iterator[tuple[str, ...]]:
    """Yield activations of the hidden layers: the same for all, then, for up to three layers, mixed ones."""
    yield from ((name,) * (layers - 1) for name in (HIDDEN if every else COMMON)) if layers > 1 else [()]
    mixed = min(layers - 1, 3)
    if mixed > 1 and every:
        for some in product(COMMON, repeat=mixed):
            if len(set(some)) > 1:
                yield *some, *some[-1:] * (layers - 1 - mixed)
