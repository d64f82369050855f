"""A network is copied as plain layers, to the last digits, or not at all."""

from itertools import pairwise

import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from cmlp.diagnosis.programs.activations import COMMON, FUNCTIONS, HIDDEN, OUTPUT
from cmlp.diagnosis.programs.replica import Piece
from cmlp.diagnosis.programs.replica_search import find_replica
from cmlp.diagnosis.programs.samples import Samples
from cmlp.diagnosis.programs.scalings import PLAIN, USUAL, Scaling
from cmlp.diagnosis.programs.subject import Subject

X = np.random.default_rng(0).random((12, 7))
CLASSES = 3
Y = np.arange(12) % CLASSES


class Net:
    """Layers in any form; `forward` says how they are computed."""

    def __init__(self, forward, **parameters):
        vars(self).update(parameters)
        self.rule = forward

    def forward(self, x):
        return self.rule(self, x)


def found_in(net):
    subject = Subject(net, Samples((X, Y), "train"), {}, {})
    subject.explore()
    instance = subject.renew(subject.instance())
    return subject, instance, find_replica(subject, instance)


def matches(net, acts=None, inputs=PLAIN):
    subject, instance, replica = found_in(net)
    assert replica is not None
    values, out = subject.values(instance), subject.outputs(instance, X)
    np.testing.assert_allclose(replica.run(values, X)[1][-1], out, rtol=1e-9, atol=1e-9 * np.abs(out).max())
    np.testing.assert_allclose(replica.inputs(X), inputs(X), rtol=1e-7, atol=1e-9)
    assert acts is None or replica.acts == acts
    applied(subject, instance, replica)
    return replica


def applied(subject, instance, replica):
    """A change of one layer gives the layer that is wanted, and leaves the others."""
    for layer, (w, _) in enumerate(replica.layers(subject.values(instance))):
        values = subject.values(instance)
        change, biases = np.random.default_rng(layer).normal(size=w.shape), np.arange(1.0, w.shape[1] + 1)
        replica.apply(values, layer, change, biases)
        before = replica.layers(subject.values(instance))
        for k, (new, old) in enumerate(zip(replica.layers(values), before, strict=True)):
            np.testing.assert_allclose(new[0] - old[0], change if k == layer else 0, atol=1e-9)
            if new[1] is not None:
                expected = biases.sum() if new[1].size == 1 else biases
                np.testing.assert_allclose(new[1] - old[1], expected if k == layer else 0, atol=1e-9)


def parameters(sizes):
    rng = np.random.default_rng(1)
    shapes = list(pairwise(sizes))
    return [rng.normal(size=shape) for shape in shapes], [rng.normal(size=other) for _, other in shapes]


def dense(acts, turned, biases, folded):
    def forward(net, x):
        for k, act in enumerate(acts):
            one = np.ones((len(x), 1))
            x = np.hstack([one, x] if folded == "first" else [x, one] if folded else [x])
            w = net.weights[k]
            x = FUNCTIONS[act][0](x @ (w.T if turned else w) + (net.biases[k] if biases else 0))
        return x

    return forward


@settings(max_examples=25, deadline=None)
@given(
    st.lists(st.integers(2, 9), max_size=2), st.data(), st.booleans(), st.booleans(),
    st.sampled_from(["", "first", "last"]),
)  # fmt: skip
def test_layers_are_found(hidden, data, turned, biases, folded):
    mixed = data.draw(st.booleans())
    names = st.sampled_from(COMMON if mixed else HIDDEN)
    first = data.draw(names)
    acts = (*(data.draw(names) if mixed else first for _ in hidden), data.draw(st.sampled_from(OUTPUT)))
    weights, some = parameters([7, *hidden, CLASSES])
    biases &= not folded
    if folded:
        weights = [np.vstack([w, w[:1]]) for w in weights]
    weights = [w.T.copy() for w in weights] if turned else weights
    net = Net(dense(acts, turned, biases, folded), weights=weights, **({"biases": some} if biases else {}))
    subject, instance, _ = found_in(net)
    assume(np.ptp(subject.outputs(instance, X), axis=0).all())  # few units of relu may all be dead
    matches(net)


@pytest.mark.parametrize("act", HIDDEN)
def test_each_activation_is_found(act):
    weights, biases = parameters([7, 5, CLASSES])
    replica = matches(Net(dense((act, "sigmoid"), False, True, ""), weights=weights, biases=biases))
    assert replica.acts == (act, "sigmoid")


@pytest.mark.parametrize("act", OUTPUT)
def test_each_output_is_found(act):
    weights, biases = parameters([7, 5, CLASSES])
    matches(Net(dense(("tanh", act), False, True, ""), weights=weights, biases=biases), ("tanh", act))


@pytest.mark.parametrize("inputs", [*USUAL, Scaling(1 / 0.31, -0.13 / 0.31), Scaling(1.7, 0.4), Scaling(0.5, -0.1)])
@pytest.mark.parametrize("out", ["sigmoid", "softmax"])
def test_each_scaling_of_the_inputs_is_found(inputs, out):
    weights, biases = parameters([7, 5, CLASSES])
    plain = dense(("tanh", out), False, True, "")
    net = Net(lambda net, x: plain(net, inputs(x)), weights=weights, biases=biases)
    matches(net, ("tanh", out), inputs)


@pytest.mark.parametrize("least", [0, 1e-8])
def test_means_and_deviations_that_it_keeps_are_found(least):
    weights, biases = parameters([7, 5, CLASSES])
    mean, std = X.mean(axis=0), X.std(axis=0)
    plain = dense(("relu", "softmax"), False, True, "")
    net = Net(
        lambda net, x: plain(net, (x - net.mean) / (net.std + least)),
        weights=weights,
        biases=biases,
        mean=mean,
        std=std,
    )
    matches(net, ("relu", "softmax"), Scaling(1 / (std + least), -mean / (std + least)))


def cut(theta, sizes, style, turned, order):
    """Read one vector, independently of the replica."""
    taken, weights, biases = iter(theta), [], []
    shapes = list(pairwise(sizes))

    def read(shape):
        return np.array([next(taken) for _ in range(int(np.prod(shape)))]).reshape(shape, order=order)

    for one, other in shapes:
        rows = one + style.startswith("folded")
        w = read((other, rows)).T if turned else read((rows, other))
        if style == "folded first":
            w, b = w[1:], w[0]
        elif style == "folded last":
            w, b = w[:-1], w[-1]
        weights.append(w)
        if style.startswith("folded"):
            biases.append(b)
        elif style == "W b W b":
            biases.append(read((other,)))
    if style == "W W b b":
        biases = [read((other,)) for _, other in shapes]
    return weights, biases


@pytest.mark.parametrize("sizes", [(7, 5, CLASSES), (7, 4, 6, CLASSES), (7, CLASSES)])
@pytest.mark.parametrize("style", ["W b W b", "W W b b", "folded first", "folded last"])
@pytest.mark.parametrize("turned", [False, True])
@pytest.mark.parametrize("order", ["C", "F"])
def test_one_vector_in_any_order(sizes, style, turned, order):
    def forward(net, x):
        for w, b in zip(*cut(net.theta, sizes, style, turned, order), strict=True):
            x = np.tanh(x @ w + b)
        return x

    total = sum((one + 1) * other for one, other in pairwise(sizes))
    matches(Net(forward, theta=np.random.default_rng(2).normal(size=total), sizes=list(sizes)))


def test_one_bias_for_a_layer():
    (w, v), _ = parameters([7, 5, CLASSES])
    net = Net(lambda net, x: np.tanh(np.tanh(x @ net.W + net.b1) @ net.V), W=w, V=v, b1=np.array([0.5]))
    matches(net, ("tanh", "tanh"))


def skip(net, x):
    h = np.tanh(x @ net.weights[0])
    return (h + np.tanh(h @ net.weights[1])) @ net.weights[2]


def convolution(net, x):
    w = net.weights[0]
    rows = np.stack([np.convolve(row, w[:, 0], "same") for row in x])
    return np.tanh(rows) @ net.weights[1]


def normed(net, x):
    h = x @ net.weights[0]
    return np.tanh((h - h.mean(axis=1, keepdims=True)) / h.std(axis=1, keepdims=True)) @ net.weights[1]


OTHER = {
    "skip": (skip, [(7, 5), (5, 5), (5, CLASSES)]),
    "convolution": (convolution, [(3, 2), (7, CLASSES)]),
    "normed": (normed, [(7, 5), (5, CLASSES)]),
    "sine": (lambda net, x: np.sin(x @ net.weights[0]) @ net.weights[1], [(7, 5), (5, CLASSES)]),
    "cosine outputs": (lambda net, x: np.cos(np.tanh(x @ net.weights[0]) @ net.weights[1]), [(7, 5), (5, CLASSES)]),
    "relu of 1e-3": (lambda net, x: np.maximum(x @ net.weights[0], 1e-3) @ net.weights[1], [(7, 5), (5, CLASSES)]),
    "softmax over images": (
        lambda net, x: FUNCTIONS["softmax"][0]((np.tanh(x @ net.weights[0]) @ net.weights[1]).T).T,
        [(7, 5), (5, CLASSES)],
    ),
    "two ways": (lambda net, x: x @ net.weights[0] @ net.weights[1] + x @ net.weights[2], [(7, 5), (5, 3), (7, 3)]),
}


@pytest.mark.parametrize("structure", OTHER)
def test_other_structures_have_no_replica(structure):
    forward, shapes = OTHER[structure]
    rng = np.random.default_rng(3)
    assert found_in(Net(forward, weights=[rng.normal(size=shape) for shape in shapes]))[2] is None


def test_many_equal_layers_take_no_time():
    """The orders of eight matrices of one size are not all tried."""
    weights, _ = parameters([7, *[5] * 8, CLASSES])
    matches(Net(dense(("tanh",) * 9, False, False, ""), weights=weights), ("tanh",) * 9)


def test_pieces_lie_in_one_vector():
    values = [np.arange(12.0)]
    assert Piece(0, (2, 3), 4, turned=True, order="F").of(values).tolist() == [[4, 5], [6, 7], [8, 9]]
    assert Piece(0, (2, 3), 4, folded="last").inputs == 1
    assert Piece(0, (2, 3), 4, turned=True).outputs == 2


def test_outputs_that_are_seldom_negative_are_told_apart():
    """Images alone would not tell this ReLU from no activation."""
    weights, _ = parameters([7, 3, 5, CLASSES])
    weights = [np.vstack([w, w[:1]]) for w in weights]
    matches(Net(dense(("tanh", "tanh", "relu"), False, False, "first"), weights=weights), ("tanh", "tanh", "relu"))
