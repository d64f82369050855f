"""A step made by hand with a formula is named by it, or by one that gives the same numbers."""

from itertools import pairwise

import numpy as np
import pytest
from scipy.special import expit

from cmlp.diagnosis.programs.deltas import RIGHT, WORDS, words
from cmlp.diagnosis.programs.explanation import Explanation
from cmlp.diagnosis.programs.fits import cosine, fit
from cmlp.diagnosis.programs.replica import Piece, Replica
from cmlp.diagnosis.programs.targets import recovered_targets

M, SIZES = 6, (9, 7, 7, 4)
RATE = 1e-3
rng = np.random.default_rng(0)
X, Y = rng.random((M, SIZES[0])), np.array([0, 1, 2, 3, 1, 2])
EYE = np.eye(SIZES[-1])[Y]
REPLICA_OF = {
    acts: Replica(
        tuple(Piece(k, shape) for k, shape in enumerate(pairwise(SIZES))),
        tuple(Piece(3 + k, (size,)) for k, size in enumerate(SIZES[1:])),
        acts,
    )
    for hidden in ("sigmoid", "tanh", "relu", "identity")
    for out in ("sigmoid", "tanh", "softmax", "identity", "relu", "log_softmax")
    for acts in [(hidden, hidden, out)]
}


def softmax(z):
    e = np.exp(z - z.max(axis=1, keepdims=True))
    return e / e.sum(axis=1, keepdims=True)


F = {"sigmoid": expit, "tanh": np.tanh, "relu": lambda z: np.maximum(z, 0), "identity": lambda z: z, "softmax": softmax,
     "log_softmax": lambda z: np.log(softmax(z))}  # fmt: skip
SLOPE = {
    "sigmoid": lambda z: expit(z) * (1 - expit(z)), "tanh": lambda z: 1 - np.tanh(z) ** 2,
    "relu": lambda z: (z > 0) * 1.0, "identity": np.ones_like,
}  # fmt: skip
OF_A = {"sigmoid": lambda a: a * (1 - a), "tanh": lambda a: 1 - a * a, "relu": lambda a: (a > 0) * 1.0}


def through(s, slope):
    """Multiply by the whole Jacobian of softmax."""
    return np.stack([(np.diag(p) - np.outer(p, p)) @ g for p, g in zip(s, slope, strict=True)])


def values_of(scale=0.6):
    draw = np.random.default_rng(1)
    weights = [scale * draw.normal(size=shape) for shape in pairwise(SIZES)]
    return weights + [0.3 * draw.normal(size=size) for size in SIZES[1:]]


def forward(values, acts):
    zs, outs = [], [X]
    for k, act in enumerate(acts):
        zs.append(outs[-1] @ values[k] + values[3 + k])
        outs.append(F[act](zs[-1]))
    return zs, outs


# formulas of the output layer: from z, a and targets y
OUTPUT = {
    "sigmoid": {
        "mse": lambda z, a, y: (a - y) * a * (1 - a), "error": lambda z, a, y: a - y,
        "of_a": lambda z, a, y: (a - y) * SLOPE["sigmoid"](a), "at_z": lambda z, a, y: (a - y) * z * (1 - z),
        "bce_no_f": lambda z, a, y: (a - y) / (a * (1 - a)), "square": lambda z, a, y: (a - y) ** 2,
        "sign": lambda z, a, y: np.sign(a - y), "twice": lambda z, a, y: (a - y) * (a * (1 - a)) ** 2,
        "f_alone": lambda z, a, y: a * (1 - a), "outputs": lambda z, a, y: a,
        "softmax_of_sigmoid": lambda z, a, y: (softmax(a) - y) * a * (1 - a),
        "derivative of tanh": lambda z, a, y: (a - y) * (1 - a * a),
    },
    "tanh": {
        "mse": lambda z, a, y: (a - y) * (1 - a * a), "error": lambda z, a, y: a - y,
        "softmax_of_tanh": lambda z, a, y: (softmax(a) - y) * (1 - a * a),
        "derivative of sigmoid": lambda z, a, y: (a - y) * a * (1 - a),
        "sigmoid' of z": lambda z, a, y: (a - y) * SLOPE["sigmoid"](z),
        "of_a": lambda z, a, y: (a - y) * SLOPE["tanh"](a),
    },
    "softmax": {
        "error": lambda z, a, y: a - y, "mse": lambda z, a, y: through(a, a - y),
        "diagonal": lambda z, a, y: (a - y) * a * (1 - a), "no_jacobian": lambda z, a, y: -y / a,
        "no_jacobian_diagonal": lambda z, a, y: -y * (1 - a),
        "softmax_twice": lambda z, a, y: through(a, softmax(a) - y),
        "nll_of_probabilities": lambda z, a, y: through(a, -y),
    },
    "identity": {
        "error": lambda z, a, y: a - y, "softmax_ce": lambda z, a, y: softmax(a) - y,
        "softmax_mse": lambda z, a, y: through(softmax(a), softmax(a) - y), "sigmoid_ce": lambda z, a, y: expit(a) - y,
        "nll_of_logits": lambda z, a, y: -y,
        "softmax_twice": lambda z, a, y: through(softmax(a), softmax(softmax(a)) - y),
        "diagonal": lambda z, a, y: (softmax(a) - y) * softmax(a) * (1 - softmax(a)),
    },
    "relu": {
        "mse": lambda z, a, y: (a - y) * (z > 0), "error": lambda z, a, y: a - y,
        "softmax_of_relu": lambda z, a, y: (softmax(a) - y) * (z > 0),
    },
    "log_softmax": {"error": lambda z, a, y: np.exp(a) - y, "nll_of_logits": lambda z, a, y: -y},
}  # fmt: skip
# formulas of a hidden layer: from its act, z, a, the delta above, the matrix above, the layer above and what is below
HIDDEN = {
    "right": lambda h: h.back * SLOPE[h.act](h.z),
    "none": lambda h: h.back,
    "of_a": lambda h: h.back * SLOPE[h.act](h.a),
    "at_z": lambda h: h.back * OF_A[h.act](h.z),
    "twice": lambda h: h.back * SLOPE[h.act](h.z) ** 2,
    "activation": lambda h: h.back * h.a,
    "unweighted": lambda h: SLOPE[h.act](h.z),
    "only_sums": lambda h: h.above.sum(axis=1, keepdims=True) * SLOPE[h.act](h.z),
    "not_transposed": lambda h: (h.above @ h.matrix) * SLOPE[h.act](h.z),
    "of_next": lambda h: h.back * SLOPE[h.act](h.next_z),
    "of_below": lambda h: h.back * OF_A[h.act](h.below),
    "derivative of relu": lambda h: h.back * (h.z > 0),
    "derivative of sigmoid": lambda h: h.back * h.a * (1 - h.a),
    "derivative of tanh": lambda h: h.back * (1 - h.a**2),
    "sigmoid' of z": lambda h: h.back * SLOPE["sigmoid"](h.z),
    "tanh' of z": lambda h: h.back * SLOPE["tanh"](h.z),
}


class At:
    """What formulas of a hidden layer are made of."""

    def __init__(self, k, values, acts, zs, outs, above):
        self.act, self.z, self.a, self.below = acts[k], zs[k], outs[k + 1], outs[k]
        self.above, self.matrix, self.next_z = above, values[k + 1], zs[k + 1]
        self.back = above @ self.matrix.T


def step(acts, output="right", hidden=("right", "right"), *, rate=RATE, low=0.0, high=1.0, decay=0.0, formula=None):
    """Return values and what a step by hand changes of them, with formulas for the output and the hidden layers."""
    values = values_of()
    zs, outs = forward(values, acts)
    target = low + (high - low) * EYE
    deltas = [(formula or OUTPUT[acts[-1]][output])(zs[-1], outs[-1], target)]
    for k in (1, 0):
        deltas.insert(0, HIDDEN[hidden[k]](At(k, values, acts, zs, outs, deltas[0])))
    changes = [-rate * (outs[k].T @ delta + decay * values[k]) for k, delta in enumerate(deltas)]
    return values, changes + [-rate * delta.sum(axis=0) for delta in deltas]


def explained(acts, values, changes, tolerance=1e-4, **keywords):
    return Explanation(REPLICA_OF[acts], values, changes, X, Y, tolerance=tolerance, **keywords)


def of_weights(found):
    return {change.layer: change for change in found.arrays if not change.bias}


def same(acts, one, other, layer=2):
    """Whether two formulas of a layer give the same numbers, or multiples: then each is a right name."""

    def made(name):
        names = ["right", "right", output_of(acts)]
        names[layer] = name
        return step(acts, names[2], names[:2])[1][layer]

    return abs(cosine(made(one), made(other))) > 1 - 1e-9


def output_of(acts):
    return "error" if acts[-1] in ("softmax", "identity", "log_softmax") else "mse"


@pytest.mark.parametrize("hidden", ["sigmoid", "tanh", "relu"])
@pytest.mark.parametrize(("act", "name"), [(act, name) for act, some in OUTPUT.items() for name in some])
def test_formulas_of_the_output_are_named(hidden, act, name):
    acts = (hidden, hidden, act)
    values, changes = step(acts, name)
    found = explained(acts, values, changes)
    assert found.formula == name or same(acts, found.formula, name)
    assert found.right == ((found.formula, act) in RIGHT)
    assert found.unknown == 0
    top = of_weights(found)[2]
    assert top.moved
    assert not top.fit.unequal
    if (name, act) in RIGHT:
        assert found.sound
        assert top.cosine == pytest.approx(1)
        assert top.ratio == pytest.approx(RATE)
    else:
        assert not found.sound


@pytest.mark.parametrize("act", ["sigmoid", "tanh", "relu"])
@pytest.mark.parametrize("name", HIDDEN)
def test_formulas_of_hidden_layers_are_named(act, name):
    if (name == f"derivative of {act}") or (act != "relu" and name == f"{act}' of z"):
        pytest.skip("it is right")
    acts = (act, act, "sigmoid")
    if name in ("at_z", "of_below", "of_a") and act == "relu":
        pytest.skip("the slope of a ReLU is the same at z and a; inputs are not negative")
    layer = 0 if name in ("not_transposed", "of_next") else 1  # the matrix above is square
    names = (name, "right") if layer == 0 else ("right", name)
    values, changes = step(acts, "mse", names)
    found = of_weights(explained(acts, values, changes))
    assert found[layer].formula == name or same(acts, found[layer].formula, name, layer)
    assert layer == 0 or found[0].formula == "right"
    right = step(acts, "mse")[1]
    for k, change in found.items():
        assert change.cosine == pytest.approx(cosine(changes[k], right[k]))
    assert explained(acts, values, changes).sound == (found[layer].formula == "right")


def test_an_update_that_comes_too_early_is_named():
    acts = ("sigmoid", "sigmoid", "sigmoid")
    values, changes = step(acts, "mse", rate=0.5)
    zs, outs = forward(values, acts)
    top = (outs[-1] - EYE) * outs[-1] * (1 - outs[-1])
    early = (top @ (values[2] + changes[2]).T) * outs[2] * (1 - outs[2])
    changes[1], changes[4] = -0.5 * outs[1].T @ early, -0.5 * early.sum(axis=0)
    assert of_weights(explained(acts, values, changes))[1].formula == "updated"
    passed_on = ((outs[-1] - EYE) @ values[2].T) * outs[2] * (1 - outs[2])
    changes[1], changes[4] = -0.5 * outs[1].T @ passed_on, -0.5 * passed_on.sum(axis=0)
    assert of_weights(explained(acts, values, changes))[1].formula == "error_passed_on"
    assert len(zs) == 3


@pytest.mark.parametrize("acts", [acts for acts in REPLICA_OF if acts[0] != "identity"])
@pytest.mark.parametrize("rate", [RATE, RATE / M, 2 * RATE, 50.0])
def test_right_gradients_are_sound(acts, rate):
    found = explained(acts, *step(acts, output_of(acts), rate=rate))
    assert found.sound
    assert [change.ratio for change in found.arrays] == pytest.approx([rate] * 6)
    assert [change.cosine for change in found.arrays] == pytest.approx([1] * 6)
    up = explained(acts, *step(acts, output_of(acts), rate=-rate))
    assert not up.sound
    assert [change.cosine for change in up.arrays] == pytest.approx([-1] * 6)


@pytest.mark.parametrize(("low", "high"), [(0.01, 0.99), (-1.0, 1.0), (0.1, 0.9), (0.05, 0.95), (-0.9, 0.9)])
@pytest.mark.parametrize("act", ["sigmoid", "tanh", "identity"])
def test_other_targets_are_sound(low, high, act):
    acts = ("tanh", "tanh", act)
    found = explained(acts, *step(acts, output_of(acts), low=low, high=high))
    assert found.sound
    np.testing.assert_allclose(found.target, low + (high - low) * EYE)


def test_a_penalty_is_sound_and_known():
    acts = ("sigmoid", "tanh", "softmax")
    REPLICA_OF[acts] = Replica(
        REPLICA_OF["tanh", "tanh", "softmax"].weights, REPLICA_OF["tanh", "tanh", "softmax"].biases, acts
    )
    found = explained(acts, *step(acts, "error", decay=0.05))
    top = of_weights(found)[2]
    assert found.formula == "error"
    assert found.right
    assert top.fit.own == pytest.approx(-RATE * 0.05)
    np.testing.assert_allclose(top.fit.shares, -RATE)
    assert all(change.formula == "right" for change in found.arrays if change.layer < 2)


@pytest.mark.parametrize("kept", [[5], [0], [0, 2, 4]])
def test_samples_that_do_not_count_are_known(kept):
    acts = ("tanh", "tanh", "softmax")
    shares = np.isin(np.arange(M), kept)[:, None] * 1.0
    found = explained(acts, *step(acts, formula=lambda z, a, y: shares * (a - y)))
    top = of_weights(found)[2]
    assert found.formula == "error"
    assert top.fit.unequal
    np.testing.assert_allclose(top.fit.shares, -RATE * shares[:, 0], atol=1e-6 * RATE)
    assert not found.sound


def test_what_nobody_writes_has_no_name():
    acts = ("tanh", "tanh", "sigmoid")
    values, changes = step(acts, formula=lambda z, a, y: np.random.default_rng(9).normal(size=a.shape))
    changes = [change + 1e-3 * np.random.default_rng(5).normal(size=change.shape) for change in changes]
    found = explained(acts, values, changes)
    assert found.formula is None
    assert found.unknown == len(changes)
    assert not found.sound
    assert not np.isnan([change.cosine for change in found.arrays]).any()


def test_still_arrays_are_seen():
    acts = ("tanh", "tanh", "softmax")
    values, changes = step(acts, "error")
    changes[0] = np.zeros_like(changes[0])
    changes[5] = np.zeros_like(changes[5])
    found = explained(acts, values, changes)
    assert {(c.layer, c.bias) for c in found.arrays if not c.moved} == {(0, False), (2, True)}
    assert not found.sound


@pytest.mark.parametrize("wrong", ["total", "activation"])
def test_wrong_biases_are_named(wrong):
    acts = ("tanh", "tanh", "softmax")
    values, changes = step(acts, "error")
    _, outs = forward(values, acts)
    delta = np.linalg.lstsq(X.T, changes[0], rcond=None)[0]  # times minus the rate
    changes[3] = np.full(7, delta.sum()) if wrong == "total" else -RATE * outs[1].sum(axis=0)
    (bias,) = (c for c in explained(acts, values, changes).arrays if c.bias and c.layer == 0)
    assert bias.formula == wrong


def test_wrong_inputs_are_named():
    acts = ("sigmoid", "sigmoid", "softmax")
    values, changes = step(acts, "error")
    zs, outs = forward(values, acts)
    top = outs[-1] - EYE
    changes[2] = -RATE * zs[1].T @ top
    assert of_weights(explained(acts, values, changes))[2].inputs == "z"
    delta = (top @ values[2].T) * outs[2] * (1 - outs[2])
    values, changes = step(acts, "error")
    changes[1] = -RATE * outs[2].T @ delta
    assert of_weights(explained(acts, values, changes))[1].inputs == "own"


def test_the_first_step_of_adam_is_known_by_its_signs():
    acts = ("tanh", "tanh", "softmax")
    values, changes = step(acts, "error")
    found = explained(acts, values, [1e-3 * np.sign(change) for change in changes], tolerance=0.05, adaptive=True)
    assert found.right
    assert all(change.cosine == pytest.approx(1) for change in found.arrays)


def test_targets_are_recovered():
    acts = ("tanh", "tanh", "softmax")
    wrong = np.eye(4)[(Y + 1) % 4]
    values, changes = step(acts, formula=lambda z, a, y: a - wrong)
    found = recovered_targets(REPLICA_OF[acts], values, changes, X, RATE)
    np.testing.assert_allclose(found, wrong, atol=1e-6)
    noise = [np.random.default_rng(1).normal(size=change.shape) for change in changes]
    assert recovered_targets(REPLICA_OF[acts], values, noise, X, RATE) is None


def test_fits_of_nothing():
    per = np.random.default_rng(0).normal(size=(3, 4, 2))
    assert fit(np.zeros((4, 2)), per).rest == 1
    assert fit(np.full((4, 2), np.nan), per).rest == 1
    assert fit(per.sum(axis=0), 0 * per).rest == 1
    assert cosine(np.zeros(2), np.ones(2)) == 0


def test_all_formulas_have_words():
    names = {name for some in OUTPUT.values() for name in some} | set(HIDDEN) | {"error_passed_on"}
    assert set(WORDS) <= names
    for name in names - {"right", *(name for name, _ in RIGHT)}:
        assert words(name) != name
    assert "sigmoid" in words("sigmoid' of z")
