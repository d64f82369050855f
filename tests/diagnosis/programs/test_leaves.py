"""Numbers are found in every structure, are read and written there, and are called as Python calls them."""

from collections import namedtuple
from types import SimpleNamespace

import numpy as np
import pytest

from cmlp.diagnosis.programs.blocks import blocks_of
from cmlp.diagnosis.programs.leaves import Walk, attributes
from cmlp.diagnosis.programs.own_code import own_code
from cmlp.diagnosis.programs.paths import spelled, step_into

rng = np.random.default_rng(0)
W = rng.normal(size=(3, 2))
V = rng.normal(size=(2, 2))
Layer = namedtuple("Layer", ["weights", "bias"])


class Slotted:
    __slots__ = ("W", "__b", "unset")

    def __init__(self):
        self.W, self.__b = rng.normal(size=(3, 2)), rng.normal(size=2)


class SlottedToo(Slotted):
    __slots__ = "V"

    def __init__(self):
        super().__init__()
        self.V = rng.normal(size=(2, 2))


def view():
    theta = rng.normal(size=8)
    return SimpleNamespace(theta=theta, W=theta[:6].reshape(3, 2), b=theta[6:])


def linked():
    first, last = (SimpleNamespace(W=rng.normal(size=(3, 3))) for _ in range(2))
    first.next, last.before = last, first
    return SimpleNamespace(first=first)


def neurons(make):
    return SimpleNamespace(
        layers=[
            SimpleNamespace(neurons=[make(3) for _ in range(4)]),
            SimpleNamespace(neurons=[make(4) for _ in range(2)]),
        ]
    )


def with_bias():
    return SimpleNamespace(W=rng.normal(size=(3, 2)), b=rng.normal(size=2))


def neuron(n):
    return SimpleNamespace(weights=rng.normal(size=n).tolist(), bias=float(rng.normal()))


def closure():
    W, b = rng.normal(size=(3, 2)), 0.5

    def predict(x):
        return [row @ W + b for row in x]

    return predict


def of_module(x):
    return [helped(row) for row in x]


def helped(row):
    return row @ W @ V


def of_objects(*items):
    made = np.empty(len(items), dtype=object)
    made[:] = items
    return made


class Bound:
    def __init__(self):
        self.W = rng.normal(size=(3, 2))

    def predict(self, x):
        return x @ self.W


STRUCTURES = {
    "attributes": (with_bias, {"W": (3, 2), "b": (2,)}),
    "lists": (lambda: SimpleNamespace(weights=[rng.normal(size=(3, 2)), rng.normal(size=(2, 2))]),
     {"weights[0]": (3, 2), "weights[1]": (2, 2)}),
    "dict": (lambda: {"W1": rng.normal(size=(3, 2)), 2: rng.normal(size=2)}, {"['W1']": (3, 2), "[2]": (2,)}),
    "nested dicts": (lambda: SimpleNamespace(p={"hidden": {"W": rng.normal(size=(3, 2))}}),
     {"p['hidden']['W']": (3, 2)}),
    "tuples": (lambda: [(rng.normal(size=(3, 2)), rng.normal(size=2))], {"[0][0]": (3, 2), "[0][1]": (2,)}),
    "tuples of floats": (lambda: SimpleNamespace(b=(0.5, 1.5)), {"b[:]": (2,)}),
    "named tuples": (lambda: {"l": Layer(rng.normal(size=(3, 2)), 0.5)}, {"['l'][0]": (3, 2)}),
    "slots": (SlottedToo, {"W": (3, 2), "V": (2, 2), "_Slotted__b": (2,)}),
    "layers": (lambda: SimpleNamespace(layers=[with_bias(), with_bias()]),
     {"layers[0].W": (3, 2), "layers[0].b": (2,), "layers[1].W": (3, 2), "layers[1].b": (2,)}),
    "linked": (linked, {"first.W": (3, 3), "first.next.W": (3, 3)}),
    "neurons": (lambda: neurons(neuron),
     {"layers[0].neurons[:].weights": (4, 3), "layers[0].neurons[:].bias": (4,),
      "layers[1].neurons[:].weights": (2, 4), "layers[1].neurons[:].bias": (2,)}),
    "neurons as dicts": (lambda: [[{"weights": rng.normal(size=3).tolist()} for _ in range(4)]],
     {"[0][:]['weights']": (4, 3)}),
    "neurons with arrays": (lambda: neurons(lambda n: SimpleNamespace(w=rng.normal(size=n))),
     {"layers[0].neurons[:].w": (4, 3), "layers[1].neurons[:].w": (2, 4)}),
    "neurons of single precision": (lambda: [SimpleNamespace(bias=np.float32(0.5)) for _ in range(3)],
     {"[:].bias": (3,)}),
    "lists of lists": (lambda: SimpleNamespace(W=rng.normal(size=(3, 2)).tolist(), b=[0.0, 1]),
     {"W": (3, 2), "b": (2,)}),
    "one vector with views": (view, {"theta": (8,), "W": (3, 2), "b": (2,)}),
    "one bias": (lambda: SimpleNamespace(b=0.5, rate=0.1), {"b": ()}),
    "objects in an array": (lambda: SimpleNamespace(weights=of_objects(np.zeros((3, 2)), np.ones((2, 2)), None)),
     {"weights[0]": (3, 2), "weights[1]": (2, 2)}),
    "integers": (lambda: SimpleNamespace(W=np.arange(6).reshape(3, 2), sizes=[3, 2]), {"W": (3, 2)}),
    "closure": (closure, {"W": (3, 2), "b": ()}),
    "bound method": (lambda: Bound().predict, {"W": (3, 2)}),
    "module": (lambda: of_module, {"W": (3, 2), "V": (2, 2)}),
    "read-only": (lambda: SimpleNamespace(W=np.broadcast_to(np.ones(2), (3, 2))), {"W": (3, 2)}),
}  # fmt: skip


@pytest.fixture(autouse=True)
def module_as_before():
    kept = W.copy(), V.copy()
    yield
    W[...], V[...] = kept


@pytest.mark.parametrize("structure", STRUCTURES)
def test_numbers_are_found_named_read_and_written(structure):
    make, expected = STRUCTURES[structure]
    root = make()
    blocks = {block.name: block for block in blocks_of(Walk(root))}
    assert {name: block.shape for name, block in blocks.items()} == expected
    for number, block in enumerate(blocks.values()):
        new = np.array(7.0 + number + np.arange(np.prod(block.shape, dtype=int)).reshape(block.shape))
        block.write(root, new)
        np.testing.assert_array_equal(block.read(root), new)
        new[...] = 0
        assert np.all(block.read(root) >= 7)
        assert block.kind == ("i" if structure == "integers" else "f")
        assert block.matrix == (len(block.shape) == 2)
    assert {block.name: block.shape for block in blocks_of(Walk(root))} == expected


@pytest.mark.parametrize(
    "structure",
    ["attributes", "dict", "layers", "neurons", "neurons as dicts", "lists of lists", "one vector with views"],
)
def test_names_are_python(structure):
    root = STRUCTURES[structure][0]()
    for path, value in Walk(root).leaves:
        name = spelled(path)
        assert eval(f"root{name if name.startswith('[') else '.' + name}", {"root": root}) is value
        assert step_into(root, path) is value


def test_a_read_copies():
    root = SimpleNamespace(W=np.ones((3, 2)))
    (block,) = blocks_of(Walk(root))
    block.read(root)[...] = 5
    assert (root.W == 1).all()


def test_arrays_are_written_in_place():
    """What others hold of them changes with them."""
    root = view()
    rows = [[0.0, 0.0], [0.0, 0.0]]
    root.rows, root.first = rows, rows[0]
    blocks = {block.name: block for block in blocks_of(Walk(root))}
    blocks["W"].write(root, np.full((3, 2), 5.0))
    assert (root.theta[:6] == 5).all()
    blocks["rows"].write(root, np.full((2, 2), 5.0))
    assert root.first == [5.0, 5.0]


def test_kinds_of_numbers_stay():
    root = SimpleNamespace(
        single=SimpleNamespace(b=np.float32(0.5)),
        pair=(0.5, 1.5),
        layer=Layer(0.5, 1.5),
        whole=np.arange(6).reshape(3, 2),
    )
    for block in blocks_of(Walk(root)):
        block.write(root, np.full(block.shape, 2.0))
    assert type(root.single.b) is np.float32
    assert root.pair == (2.0, 2.0)
    assert root.layer == Layer(2.0, 2.0)
    assert type(root.layer) is Layer
    assert root.whole.dtype == int


def test_what_stands_in_several_places():
    shared = np.ones((3, 2))
    walk = Walk(SimpleNamespace(weights=[shared, shared], again=shared))
    assert [spelled(path) for path, _ in walk.leaves] == ["weights[0]"]
    assert [(spelled(one), spelled(other)) for one, other in walk.twice] == [
        ("weights[0]", "weights[1]"),
        ("weights[0]", "again"),
    ]


def test_what_holds_no_numbers():
    root = SimpleNamespace(
        name="W", flag=True, kind=float, module=np, sizes=[3, 2], words=np.array(["a", "b"]), mask=np.array([True]),
        empty=np.zeros((0, 3)), count=3, long=list("ab" * 5000), fn=np.exp, lines=(line for line in "ab"),
        generator=np.random.default_rng(0), ragged=[[1], [1, 2]],
    )  # fmt: skip
    root.root = root
    assert blocks_of(Walk(root)) == []


def test_libraries_are_not_looked_into():
    assert own_code(__file__)
    assert not own_code(np.__file__)
    assert not own_code("<frozen importlib._bootstrap>")
    assert Walk(np.linalg.norm).leaves == []
    assert "__weakref__" not in attributes(Slotted())


def test_tensors():
    torch = pytest.importorskip("torch")

    class Net(torch.nn.Module):
        def __init__(self):
            super().__init__()
            self.inside, self.apart = torch.nn.Linear(3, 2), [torch.nn.Linear(2, 2)]

    root = Net()
    blocks = {block.name: block for block in blocks_of(Walk(root))}
    assert set(blocks) == {"inside.weight", "inside.bias", "apart[0].weight", "apart[0].bias"}
    blocks["inside.weight"].write(root, np.full((2, 3), 2.0))
    assert (root.inside.weight == 2).all()
    assert root.inside.weight.requires_grad
