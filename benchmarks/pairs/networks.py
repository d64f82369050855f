"""Networks that are bad for reasons of their own, and networks that are sound, on sound data."""

from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from functools import cache
from itertools import product

import numpy as np
from sklearn.datasets import load_breast_cancer, load_wine

import cmlp
from cmlp import Dataset, Network
from pairs import pictures


@dataclass(frozen=True)
class Subject:
    """A network to be examined.

    Attributes
    ----------
    name : str
    held_out : bool
    codes : set of str
        Any of which names the reason; empty for a sound network.
    make : function that returns the network, its history and its training and test data
    source : function that returns the data
    """

    name: str
    held_out: bool
    codes: frozenset[str]
    make: Callable[[], tuple]
    source: Callable[[], tuple]


# Data


def digits():
    return cmlp.load_digits()


def fashion():
    x, y = pictures.fashion(np.random.default_rng(0), 4000)
    return Dataset(x[:3000], y[:3000], classes=10), Dataset(x[3000:], y[3000:], classes=10)


def mnist():
    x, y = pictures.mnist(np.random.default_rng(0), 4000)
    return Dataset(x[:3000], y[:3000], classes=10), Dataset(x[3000:], y[3000:], classes=10)


def shapes():
    x, y = pictures.shapes(np.random.default_rng(0), 1500)
    return Dataset(x[:1000], y[:1000], classes=5), Dataset(x[1000:], y[1000:], classes=5)


def _table(load):
    bunch = load()
    order = np.random.default_rng(1).permutation(len(bunch.data))
    values = ((bunch.data - bunch.data.mean(0)) / bunch.data.std(0))[order]
    half, y = 2 * len(order) // 3, bunch.target[order]
    classes = len(bunch.target_names)
    return Dataset(values[:half], y[:half], classes=classes), Dataset(values[half:], y[half:], classes=classes)


def wine():
    return _table(load_wine)


def cancer():
    return _table(load_breast_cancer)


# Networks


RELU = {"activation": "relu", "loss": "cross_entropy"}
SIGMOID = {}


def built(data, hidden=(30,), **architecture):
    return Network((data.images.shape[1], *hidden, data.classes), seed=1, **architecture)


def fitted(network, data, eta=None, epochs=25, **settings):
    adam = network.architecture.loss == "cross_entropy"
    settings = {"mini_batch_size": 20, "optimizer": "adam" if adam else "sgd", "progress": False} | settings
    history = None
    with suppress(cmlp.ModelError):  # the last finite weights are kept
        history = network.train(data, epochs, eta or (0.005 if adam else 2.0), **settings)
    return network, history


def with_weights(network, draw):
    rng = np.random.default_rng(4)
    for w in network.weights:
        w[...] = draw(rng, w.shape)
    return network


def changed(data, images=None, labels=None):
    return Dataset(data.images if images is None else images, data.labels if labels is None else labels,
                   scale=data.scale if data.images.dtype == np.uint8 else 1.0, classes=data.classes)  # fmt: skip


def opposite(data):
    return changed(data, data.images.max() - data.images)


def rows_for_columns(data):
    return changed(data, data.pictures().transpose(0, 2, 1))


def unscaled(data):
    return Dataset(data.images.astype(float), data.labels, scale=1.0, classes=data.classes)


def renamed(data):
    return changed(data, labels=(data.labels + 1) % data.classes)


def outputs_rolled(network, history):
    network.weights[-1][...] = np.roll(network.weights[-1], 2, axis=0)
    network.biases[-1][...] = np.roll(network.biases[-1], 2)
    return network, history


def not_finite(network, history):
    network.weights[0][0, 0] = np.nan
    return network, history


def trained(on=lambda data: data, start=None, hidden=(30,), lmbda=0.0, l1=0.0, **settings):
    """Return a function that makes and trains a network: on changed data, from given weights, or by settings."""

    def make(data, **architecture):
        network = built(data, hidden, **architecture)
        if start is not None:
            network = with_weights(network, start)
        rows = on(data)
        return fitted(network, rows, lmbda=lmbda * len(rows), l1=l1 * len(rows), **settings)

    return make


LARGE = "eta-too-large stuck weights-too-large hardly-trained non-finite-weights"
LARGE_WEIGHTS = "stuck weights-too-large eta-too-large"
OTHER_VALUES = "other-scale unscaled-inputs network-scale stuck"
BAD = {
    "never trained": ("hardly-trained", lambda d, **a: (built(d, **a), None)),
    "eta too small": ("hardly-trained", trained(eta=1e-5, epochs=10)),
    "one epoch of large batches": ("hardly-trained", trained(eta=1e-4, epochs=1, mini_batch_size=500)),
    "eta too large": (LARGE, trained(eta=100.0, epochs=5, optimizer="sgd")),
    "weights of 0": ("equal-units", trained(start=lambda rng, shape: np.zeros(shape))),
    "weights of 0.3": ("equal-units", trained(start=lambda rng, shape: np.full(shape, 0.3), epochs=3)),
    "weights too large": (LARGE_WEIGHTS, trained(start=lambda rng, shape: 30 * rng.normal(size=shape), epochs=2)),
    "trained with other labels": ("outputs-renamed", trained(on=renamed)),
    "outputs exchanged": ("outputs-renamed", lambda d, **a: outputs_rolled(*trained()(d, **a))),
    "too much weight decay": ("too-much-regularisation", trained(lmbda=0.3)),
    "too much l1": ("too-much-regularisation", trained(l1=0.2)),
    "weights bound": ("too-much-regularisation", trained(max_norm=0.01)),
    "gradient bound": ("too-much-regularisation", trained(eta=0.5, optimizer="sgd", clip_norm=1e-5)),
    "not a number": ("non-finite-weights", lambda d, **a: not_finite(*trained(epochs=2)(d, **a))),
    "other sizes": ("network-misfit", lambda d, **a: (Network((d.images.shape[1] + 1, 8, d.classes)), None)),
    "a class left out": ("class-never-answered", trained(on=lambda d: d[d.labels != 1])),
}
BAD_WITH_PICTURES = {
    "trained on inverted images": ("inverted hardly-trained", trained(on=opposite)),
    "trained on transposed images": ("transposed", trained(on=rows_for_columns)),
    "trained on larger values": (OTHER_VALUES, trained(on=unscaled, eta=0.05)),
}
SOUND = {
    "as usual": trained(),
    "two layers": trained(hidden=(24, 16)),
    "with weight decay": trained(lmbda=1e-4),
    "with label smoothing": trained(label_smoothing=0.1),
    "with dropout": lambda d, **a: trained()(d, dropout=0.2, **a),
    "by momentum": trained(eta=0.05, epochs=40, optimizer="momentum"),
    "stopped early": trained(epochs=8),
}
TUNING, HELD_OUT = (digits, wine, mnist), (fashion, cancer, shapes)


def subjects():
    """Return all networks, bad ones first."""
    sources = [s for s in TUNING + HELD_OUT if pictures.AVAILABLE.get(s.__name__, True)]
    for number, (source, (what, (codes, make))) in enumerate(
        product(sources, [*BAD.items(), *BAD_WITH_PICTURES.items()])
    ):
        if what in BAD_WITH_PICTURES and source in (wine, cancer):
            continue
        if what == "trained on transposed images" and source is shapes:  # which are symmetric
            continue
        if what == "a class left out" and source is cancer:  # which has two
            continue
        architecture = RELU if number % 2 else SIGMOID
        yield _subject(what, source, frozenset(codes.split()), make, architecture)
    for number, (source, (what, make)) in enumerate(product(sources, SOUND.items())):
        yield _subject(what, source, frozenset(), make, RELU if number % 2 else SIGMOID)


def _subject(what, source, codes, make, architecture):
    def made():
        train, test = source()
        network, history = make(train, **architecture)
        return network, history, train, test

    kind = "relu" if architecture else "sigmoid"
    return Subject(f"{what}, {source.__name__}, {kind}", source in HELD_OUT, codes, made, source)


@cache
def possible(source):
    """Return the accuracy in percent of a sound network."""
    train, test = source()
    return trained()(train, **RELU)[0].test(test)


def harmless(source, test):
    """Return the accuracy in percent from which on a network has learned: half of the way from a constant answer."""
    constant = 100 * np.bincount(test.labels).max() / len(test)
    return (constant + possible(source)) / 2


def accuracy_of(network, test):
    """Return the accuracy in percent, 0 for a network that cannot be asked."""
    try:
        return network.test(test)
    except cmlp.CmlpError:
        return 0.0


def examine_networks(arguments):
    """Print what is called wrongly, and return the rows of the table."""
    rows = {}
    for subject in [s for s in subjects() if arguments.match in s.name][:: arguments.every]:
        network, history, train, test = subject.make()
        accuracy = accuracy_of(network, test)
        if subject.codes and "class-never-answered" not in subject.codes and accuracy > harmless(subject.source, test):
            print(f"harmless {accuracy:6.1f} %  {subject.name}")
            continue
        report = cmlp.check(train, test, network, history, progress=False)
        found = {finding.code for finding in report if finding.severity > cmlp.diagnosis.Severity.NOTE}
        named = bool(found & subject.codes) if subject.codes else not found
        if arguments.verbose or not named:
            print(
                f"{'named' if named else 'MISSED':8}{accuracy:6.1f} %  {subject.name}  {' '.join(sorted(found))}",
                flush=True,
            )
        for who in ("all", "held out") if subject.held_out else ("all",):
            counts = rows.setdefault((bool(subject.codes), who), [0, 0])
            counts[0] += 1
            counts[1] += named
    for (bad, who), (number, right) in rows.items():
        what = "named right" if bad else "not accused"
        yield f"{'bad' if bad else 'sound'} networks, {who}: {right} of {number} {what}"
