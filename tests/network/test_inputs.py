"""What is given in another form than it should be works, or is refused in a sentence that says what to do."""

import re

import numpy as np
import pytest
from scipy import sparse

import cmlp
from cmlp import DataError, ModelError, Network

pd = pytest.importorskip("pandas")
RNG = np.random.default_rng(0)
X, Y = RNG.random((30, 6)), np.arange(30) % 3
BYTES = RNG.integers(0, 256, (30, 6), dtype=np.uint8)
DATA = cmlp.Dataset(BYTES, Y)


class Like:
    """What has the attributes of a Dataset, none of them checked."""

    def __init__(self, images=BYTES, scale=1 / 255, **more):
        self.images, self.labels, self.scale = images, Y, scale
        vars(self).update(more)


def network(**settings):
    return Network([6, 4, 3], seed=1, **settings)


class TestImagesWithLabels:
    @pytest.mark.parametrize(
        "ask",
        [Network.predict, Network.__call__, Network.feedforward, lambda net, data: net.loss(data, Y)],
        ids=["predict", "call", "feedforward", "loss"],
    )
    def test_where_images_belong(self, ask):
        for data, found in [(DATA, "Dataset"), (Like(), "Like")]:
            with pytest.raises(DataError) as error:
                ask(network(), data)
            assert str(error.value) == f"images must come without labels here, got a {found}: give its `images`"
        for data in ((X, Y), list(zip(X, Y, strict=True))):
            with pytest.raises(DataError, match=r"^images must have 6 pixels each and come without labels, got a ragg"):
                ask(network(), data)

    @pytest.mark.parametrize(
        "data", [(X, Y.tolist()), (X.tolist(), Y), (sparse.csr_array(X), Y.tolist()), (pd.DataFrame(X), Y.tolist())]
    )
    def test_one_of_them_a_list(self, data):
        one, other = network(), network()
        one.train(data, 1, 0.1)
        other.train((data[0] if sparse.issparse(data[0]) else X, Y), 1, 0.1)
        assert one.engine.parameters.tobytes() == other.engine.parameters.tobytes()
        assert one.test(data) == other.test((X, Y))

    @pytest.mark.parametrize("pixels", [X, X.astype(np.float32), BYTES, pd.DataFrame(X), sparse.csr_array(X)], ids=str)
    @pytest.mark.parametrize("labels", [Y, Y.tolist(), pd.Series(Y)], ids=["array", "list", "series"])
    def test_exchanged(self, pixels, labels):
        for net in (network(), Network([6, 1], loss="mean_squared_error")):
            with pytest.raises(DataError, match=r"^training_data must be images and labels in this order, got .* exch"):
                net.train((labels, pixels), 1, 0.1)

    @pytest.mark.parametrize(
        ("data", "end"),
        [
            ((X.tolist(), Y.tolist()), "got list at index 0: make arrays of both lists"),
            ((DATA, DATA), "got Dataset at index 0: give one of them"),
            (X, "got ndarray: give its labels apart"),
            ((X, X, Y, Y), "got ndarray at index 0"),
        ],
    )
    def test_what_is_neither_arrays_nor_pairs(self, data, end):
        with pytest.raises(DataError) as error:
            network().train(data, 1, 0.1)
        assert str(error.value) == f"training_data must be a Dataset, two arrays or pairs (image, label), {end}"

    def test_labels_as_a_second_argument(self):
        with pytest.raises(ModelError, match=r"^epochs must be .*, got ndarray of shape \(30,\)$"):
            network().train(X, Y, 1)


SCALES = [np.nan, np.inf, -np.inf, 0, -1, True, "1/255", None, 1j, np.array(0.5), 1e300, 1e37, 1e-300, 10**400]


class TestScales:
    @pytest.mark.parametrize("scale", SCALES, ids=repr)
    def test_of_what_is_like_a_dataset(self, scale):
        for net in (network(), network(dtype="float32")):
            before = net.scale, net.engine.parameters.tobytes()
            for call in (
                lambda net=net: net.train(Like(scale=scale), 1, 0.1),
                lambda net=net: net.test(Like(scale=scale)),
                lambda net=net: net.train(DATA, 1, 0.1, validation_data=Like(scale=scale)),
            ):
                with pytest.raises(DataError, match=r"^scale of (training_data|test data|validation_data) must "):
                    call()
            assert before == (net.scale, net.engine.parameters.tobytes())

    @pytest.mark.parametrize("scale", [np.nan, 0, -1, "1", None, np.inf], ids=repr)
    def test_beside_floats(self, scale):
        with pytest.raises(DataError, match=r"^scale of training_data must be a positive number, got "):
            network().train(Like(X, scale), 1, 0.1)

    @pytest.mark.parametrize("scale", [scale for scale in SCALES if scale is not None], ids=repr)
    @pytest.mark.parametrize(
        "images", [BYTES, BYTES.astype(int), X.astype(np.float32), BYTES > 99], ids=lambda x: x.dtype
    )
    def test_of_a_dataset(self, images, scale):
        if scale == 1e37 and images.max() <= 1:
            assert np.isfinite(cmlp.Dataset(images, Y, scale=scale).scaled(np.float32)).all()
            return
        with pytest.raises(
            DataError, match=r"^scale must (be a positive number|keep the pixels finite and above 0 in f)"
        ):
            cmlp.Dataset(images, Y, scale=scale)

    def test_of_wide_numbers(self):
        for images in (X * 1e10, BYTES.astype(int) * 1000):
            assert np.isfinite(cmlp.Dataset(images, Y, scale=1e290).images).all()
            with pytest.raises(
                DataError, match=r"^scale must keep the pixels finite and above 0 in float64, got 1e\+30"
            ):
                cmlp.Dataset(images, Y, scale=1e307)


UNORDERED = {
    "set": {"ant", "bee", "cow"},
    "frozenset": frozenset(("ant", "bee", "cow")),
    "dict": {"ant": 0, "bee": 1, "cow": 2},
    "dict_keys": {"ant": 0, "bee": 1, "cow": 2}.keys(),
    "generator": (name for name in ("ant", "bee", "cow")),
    "int": 3,
}
WRONG = [
    "abc",
    b"abc",
    [1, 2, 3],
    ["ant", "ant", "bee"],
    ["ant", None, "bee"],
    ["ant", "", "bee"],
    [b"a", b"b", b"c"],
    [],
]


class TestClassNames:
    @pytest.mark.parametrize("names", [*UNORDERED.values(), *WRONG], ids=repr)
    def test_other_names_are_refused_at_every_door(self, names, tmp_path):
        rule = "class_names must be (3 )?different strings, one per class in the order of the labels, got "
        found = next((f"{kind}: give a list$" for kind, value in UNORDERED.items() if value is names), "")
        named = network()
        named.class_names = names
        for door in (
            lambda: cmlp.Dataset(BYTES, Y, class_names=names),
            lambda: cmlp.Dataset(BYTES, Y, class_names=names, classes=3),
            lambda: network().train(Like(class_names=names), 1, 0.1),
            lambda: named.train((BYTES, Y), 1, 0.1),
            lambda: named.save(tmp_path / "network"),
            lambda: named.to_html(tmp_path / "page"),
        ):
            with pytest.raises(DataError, match=f"^{rule}{found}"):
                door()
        assert not list(tmp_path.iterdir())

    @pytest.mark.parametrize("make", [tuple, list, np.array, pd.Index, pd.Series], ids=lambda make: make.__name__)
    def test_whatever_has_an_order(self, make, tmp_path):
        names = make(["ant", "bee", "cow"])
        named = network()
        named.train(cmlp.Dataset(BYTES, Y, class_names=names), 1, 0.1)
        assert named.class_names == ("ant", "bee", "cow")
        named.class_names = names
        named.save(tmp_path / "network")
        assert Network.load(tmp_path / "network").class_names == ("ant", "bee", "cow")


@pytest.mark.parametrize("seed", [-1, 1.5, "a", -1.0, [1, -2], [[1.5]], {}, object])
def test_a_seed_that_is_none(seed):
    rule = "seed must be a non-negative integer, a numpy.random.Generator, or None for another one each time, got "
    with pytest.raises(ModelError, match=f"^{re.escape(rule)}"):
        Network([2, 2], seed=seed)


@pytest.mark.parametrize("seed", [0, np.int64(3), 2**100, None, [1, 2], np.random.default_rng(1)], ids=repr)
def test_a_seed_that_is_one(seed):
    assert np.isfinite(Network([2, 2], seed=seed).weights[0]).all()
