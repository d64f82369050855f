"""A copy shares nothing with what was given, and its parts share among each other what they shared before."""

import threading
from collections import defaultdict, namedtuple
from functools import partial
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest

from cmlp.diagnosis.programs.blocks import numbers_of
from cmlp.diagnosis.programs.copies import Copier, shared_memory
from cmlp.diagnosis.programs.leaves import Walk

W = np.ones((3, 2))
BIASES = [0.5, 0.5]
COUNT = 0
HELD = SimpleNamespace  # a class, and no parameters
Pair = namedtuple("Pair", ["one", "other"])


@pytest.fixture(autouse=True)
def module_as_before():
    yield
    changed = bool((W != 1).any()) or BIASES != [0.5, 0.5] or COUNT != 0
    W[...], BIASES[:] = 1, [0.5, 0.5]
    globals()["COUNT"] = 0
    assert not changed


class Net:
    def __init__(self, **held):
        self.W, self.layers = np.ones((3, 2)), [SimpleNamespace(W=np.ones(2)), Pair(np.ones(2), {"b": np.ones(2)})]
        self.layers[0].net = self
        self.last = self.layers[0]
        vars(self).update(held)

    def raise_all(self):
        for _, value in Walk(self).leaves:
            value += 1

    def untouched(self):
        return all((numbers_of(value) == 1).all() for _, value in Walk(self).leaves)


class Slotted:
    __slots__ = ("W", "guard")

    def __init__(self):
        self.W, self.guard = np.ones(2), threading.Lock()


def lines():
    yield 1


UNCOPYABLE = {
    "guard": threading.Lock, "log": Path(__file__).open, "source": lines, "event": threading.Event,
    "worker": threading.Thread,
}  # fmt: skip


def close(value):
    if hasattr(value, "close"):
        value.close()


@pytest.mark.parametrize("name", [None, *UNCOPYABLE])
def test_a_copy_shares_nothing_but_what_cannot_be_copied(name):
    held = {} if name is None else {name: UNCOPYABLE[name]()}
    net = Net(**held)
    copier = Copier()
    made = copier.copied(net)
    assert type(made) is Net
    assert copier.kept == list(held)
    assert all(vars(made)[key] is value for key, value in held.items())
    assert made.last is made.layers[0]
    assert made.layers[0].net is made
    assert isinstance(made.layers[1], Pair)
    made.raise_all()
    assert net.untouched()
    close(held.get(name))


@pytest.mark.parametrize("name", UNCOPYABLE)
def test_containers_of_what_cannot_be_copied(name):
    held = UNCOPYABLE[name]()
    net = Net(
        held=[held, np.ones(2)], named=defaultdict(list, {"a": held, "b": np.ones(2)}), pair=Pair(held, np.ones(2))
    )
    net.held.append(net.held)
    copier = Copier()
    made = copier.copied(net)
    assert made.held[0] is held
    assert made.held[2] is made.held
    assert isinstance(made.named, defaultdict)
    assert isinstance(made.pair, Pair)
    assert set(copier.kept) == {"an item", "'a'"}
    made.raise_all()
    assert net.untouched()
    close(held)


def test_an_attempt_that_fails_leaves_no_halves():
    """What stands before a lock in a list is copied once, what stands behind it is not forgotten."""
    first, last = np.ones(2), np.ones(2)
    net = Net(parts=[first, SimpleNamespace(guard=threading.Lock()), last], last_part=last, first_part=first)
    made = Copier().copied(net)
    assert len(made.parts) == 3
    assert made.parts[0] is made.first_part
    assert made.parts[2] is made.last_part
    made.raise_all()
    assert net.untouched()


def test_functions_in_a_namespace_share_its_copy():
    """What a function keeps is copied in whatever holds the function: a namespace, a partial function, a list."""
    state = SimpleNamespace(W=np.ones(2))

    def inner():
        return state.W

    def add(amount):
        inner()[...] += amount

    given = SimpleNamespace(state=state, add=add, more=partial(add, 2.0), steps=[add])
    made = Copier().copied(given)
    made.add(1.0)
    made.more()
    made.steps[0](3.0)
    assert made.state.W.tolist() == [7, 7]
    assert state.W.tolist() == [1, 1]


def test_slots_and_modules():
    given = Slotted()
    copier = Copier()
    made = copier.copied(given)
    assert copier.kept == ["guard"]
    made.W += 1
    assert (given.W == 1).all()
    net = Copier().copied(Net(np=np, kind=Net))
    assert net.np is np
    assert net.kind is Net


def test_what_cannot_be_copied_at_all_is_named():
    copier, given = Copier(), lines()
    assert copier.copied(given) is given
    assert copier.kept == ["generator"]


def test_several_things_share_what_they_shared():
    net = Net()
    copier = Copier()
    made, method, layer = copier.copied(net), copier.copied(net.raise_all), copier.copied(net.last)
    assert method.__self__ is made
    assert layer is made.last
    method()
    assert net.untouched()


def closures():
    W, steps = np.ones((3, 2)), 0

    def step():
        nonlocal W, steps
        W, steps = W - 1, steps + 1
        return step

    def forward():
        return W, steps

    return step, forward


def test_closures_are_isolated_and_stay_together():
    step, forward = closures()
    copier = Copier()
    my_step, my_forward = copier.copied(step), copier.copied(forward)
    assert my_step() is my_step
    assert my_forward()[1] == 1
    assert (my_forward()[0] == 0).all()
    assert forward()[1] == 0
    assert (forward()[0] == 1).all()


def test_functions_among_the_attributes_are_isolated():
    net = Net()
    net.forward = lambda: net.W
    net.step = lambda: net.raise_all()
    net.table = {"forward": net.forward, "sum": np.sum}
    made = Copier().copied(net)
    assert made.forward() is made.W
    assert made.table["forward"]() is made.W
    assert made.table["sum"] is np.sum
    made.step()
    assert net.untouched()


def of_module():
    W[...] -= 1
    BIASES[0] -= 1
    return changed_here()


def changed_here():
    return W, [bias for bias in BIASES]  # noqa: C416


def in_a_comprehension():
    return [W.__isub__(1) for _ in range(1)]


def counts():
    global COUNT
    COUNT += 1
    return COUNT


TABLE = {"W": np.ones(2)}


def with_defaults(seen=[], *, table=TABLE):  # noqa: B006
    seen.append(1)
    table["W"] += 1
    with_defaults.calls = getattr(with_defaults, "calls", 0) + 1
    with_defaults.held += 1
    return seen, table["W"]


with_defaults.held = np.ones(2)


def test_variables_of_modules_are_isolated():
    copier = Copier()
    changed, biases = copier.copied(of_module)()
    assert (changed == 0).all()
    assert biases == [-0.5, 0.5]
    assert copier.copied(changed_here)()[0] is changed
    assert (Copier().copied(in_a_comprehension)()[0] == 0).all()
    count = Copier().copied(counts)
    assert (count(), count()) == (1, 2)


def test_defaults_and_attributes_of_functions_are_isolated():
    assert Copier().copied(with_defaults)()[0] == [1]
    seen, table = Copier().copied(with_defaults)()
    assert seen == [1]
    assert (table == 2).all()
    assert not hasattr(with_defaults, "calls")
    assert (with_defaults.held == 1).all()
    assert (TABLE["W"] == 1).all()


def test_functions_that_keep_nothing_are_not_copied():
    def double(x):
        return HELD(x=2 * x)

    assert Copier().copied(double) is double or double.__closure__
    assert Copier().copied(np.mean) is np.mean
    assert Copier().copied(close) is close
    assert Copier().copied(Net) is Net


def test_what_copies_hide_is_found():
    """A copy that fails by a method of theirs is made of its attributes."""

    class Refuses(Net):
        def __deepcopy__(self, memo):
            raise RuntimeError

    net = Refuses()
    made = Copier().copied(net)
    assert made is not net
    made.raise_all()
    assert net.untouched()


class Flat:
    """Layers that are windows into one vector, by rows and by columns, and a gradient of the same kind."""

    def __init__(self, order="C"):
        self.theta = np.arange(12.0)
        self.gradient = np.zeros((3, 4), order=order)
        self.W, self.b = self.theta[:8].reshape(4, 2), self.theta[10:7:-1]
        self.parts = [self.gradient[:, 0], self.gradient[1:].T]


@pytest.mark.parametrize("order", ["C", "F"])
def test_layers_of_one_vector_stay_its_windows(order):
    net = Flat(order)
    copied = Copier(shared_memory([net])).copied(net)
    np.testing.assert_array_equal(copied.b, [10, 9, 8])
    copied.theta += 100
    copied.gradient[1, 0] = 5
    np.testing.assert_array_equal(copied.W, 100 + np.arange(8.0).reshape(4, 2))
    np.testing.assert_array_equal(copied.b, [110, 109, 108])
    assert copied.parts[0].tolist() == [0, 5, 0] and copied.parts[1][0].tolist() == [5, 0]
    assert not net.gradient.any() and net.theta.tolist() == list(range(12))


def test_rows_of_much_data_are_copied_alone(monkeypatch):
    monkeypatch.setattr("cmlp.diagnosis.programs.copies.MOST_BYTES", 1000)
    data = np.zeros((100, 4))
    assert shared_memory([{"train": data[:90], "test": data[90:]}]) == []
