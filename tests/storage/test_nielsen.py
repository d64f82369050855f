"""The JSON of Nielsen's network2.py, against the feedforward of his book."""

import json
from contextlib import nullcontext
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from support import reference

from cmlp import ModelError, Network

SIZES = [6, 5, 4, 3]


def nielsens(cost="QuadraticCost", sizes=SIZES):
    """Return what `save` of network2.py dumps: biases are columns there."""
    rng = np.random.default_rng(1)
    return {
        "sizes": sizes,
        "weights": [rng.standard_normal((y, x)).tolist() for x, y in pairwise(sizes)],
        "biases": [rng.standard_normal((y, 1)).tolist() for y in sizes[1:]],
        "cost": cost,
    }


def write(path, content):
    path.write_text(content if isinstance(content, str) else json.dumps(content))
    return path


@pytest.mark.parametrize("cost", ["CrossEntropyCost", "QuadraticCost"])
def test_feedforward_and_accuracy_are_those_of_the_book(tmp_path, cost):
    data, doubts = (
        nielsens(cost),
        pytest.warns(UserWarning, match=r"loss\(\) and further training use the quadratic cost"),
    )
    with doubts if cost == "CrossEntropyCost" else nullcontext():
        network = Network.load(write(tmp_path / "network.json", data))
    images = np.random.default_rng(2).random((50, 6))
    biases = [np.array(b)[:, 0] for b in data["biases"]]
    expected = reference.feedforward([np.array(w) for w in data["weights"]], biases, images.T)[1][-1].T
    np.testing.assert_allclose(network(images), expected, rtol=1e-12)
    np.testing.assert_array_equal(network.predict(images), expected.argmax(axis=1))
    assert network.test((images, expected.argmax(axis=1))) == 100
    assert network.settings == {"cost": cost}


def test_bytes_are_scaled_as_in_the_book(tmp_path):
    """In mnist.pkl.gz, which the book loads, the first pixel with ink is 0.01171875 where MNIST has the byte 3."""
    network = Network.load(write(tmp_path / "network.json", nielsens()))
    assert 3 * network.scale == 0.01171875
    images = np.random.default_rng(2).integers(0, 256, (50, 6), np.uint8)
    np.testing.assert_allclose(network(images), network(images / 256), rtol=1e-12)


def test_it_trains_on_and_is_saved(tmp_path):
    network = Network.load(write(tmp_path / "network.json", nielsens()))
    images = np.random.default_rng(2).random((50, 6))
    network.train((images, np.arange(50) % 3), 1, 0.1, progress=False)
    network.save(tmp_path / "network.cmlp")
    np.testing.assert_array_equal(Network.load(tmp_path / "network.cmlp")(images), network(images))


@pytest.mark.parametrize("text", ["\n {}", " \t{", "{"])
def test_it_is_told_by_content(tmp_path, text):
    with pytest.raises(ModelError, match=r"is not JSON|must have the fields"):
        Network.load(write(tmp_path / "network", text))


def test_a_header_whose_length_looks_like_json_is_none(tmp_path):
    """Its length, 31,520 bytes, is written as a blank and a brace, and then zeros."""
    path, network = tmp_path / "network", Network([3, 2])
    network.settings = {"text": ""}
    network.save(path)
    network.settings = {"text": "x" * (31_520 - int.from_bytes(path.read_bytes()[:8], "little"))}
    network.save(path)
    assert path.read_bytes()[:8] == b" {\0\0\0\0\0\0"
    assert Network.load(path).settings == network.settings


def changed(field, *place, to):
    """Return the text of a network in which one thing is another."""
    data = nielsens()
    part = data
    for step in (field, *place)[:-1]:
        part = part[step]
    part[(field, *place)[-1]] = to
    return json.dumps(data)


TEXT = json.dumps(nielsens())


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        (TEXT[:-1], "is not JSON, or is damaged: Expecting"),
        ('{"sizes": ' + "[" * 100_000, "is not JSON, or is damaged: maximum recursion depth exceeded"),
        (b'{"sizes": "\xff', "is not JSON, or is damaged: .*can't decode"),
        ('{"sizes": ' + "9" * 5000 + "}", "is not JSON, or is damaged: Exceeds the limit"),
        (changed("weights", 1, 2, 3, to=float("nan")), "is not JSON, or is damaged: NaN is not a number"),
        (changed("weights", 1, 2, 3, to=-float("inf")), "is not JSON, or is damaged: -Infinity is not a number"),
        ("{}", "must have the fields biases, cost, sizes, weights of a network of Nielsen's, got $"),
        ('{"layers": []}', "of a network of Nielsen's, got layers$"),
        (changed("more", to=1), "got biases, cost, more, sizes, weights$"),
        (changed("cost", to="LogLikelihoodCost"), 'cost must be one of "CrossEntropyCost" or "QuadraticCost", got'),
        (changed("cost", to=["QuadraticCost"]), "cost must be one of"),
        (changed("sizes", to=[6]), r"sizes must be at least two positive integers, got \[6\]"),
        (changed("sizes", to=[6, 5, 4, -3]), "sizes must be at least two positive integers below 2"),
        (changed("sizes", to=[6, 5, 4, 2**40]), "sizes must be at least two positive integers below 2"),
        (changed("sizes", to="6543"), "sizes must be at least two positive integers, got '6543'"),
        (changed("sizes", to="6" * 10_000), "sizes must be at least two positive integers, got '666666"),
        (changed("sizes", to={"0": 6, "1": 5}), "sizes must be at least two positive integers, got {"),
        (changed("sizes", to=[6, 5, 4, 3, 2]), "weights must be a list of 4 matrices, one per layer, got 3 of them"),
        (changed("biases", to=None), "biases must be a list of 3 matrices, one per layer, got None"),
        (changed("weights", 1, to=7), r"weights\[1\] must be 4 lists of 5 finite numbers, got 7"),
        (changed("weights", 1, to=[]), r"weights\[1\] must be 4 lists of 5 finite numbers, got 0 elements"),
        (changed("weights", 1, 2, to=[1, 2]), r"weights\[1\] must be .*, got \[1, 2\] at index 2"),
        (changed("weights", 1, 2, 3, to="1.5"), r"weights\[1\] must be .*, got something else in list 2"),
        (changed("weights", 1, 2, 3, to=True), r"weights\[1\] must be .*, got something else in list 2"),
        (changed("weights", 1, 2, 3, to=[[1.5]]), r"weights\[1\] must be .*, got something else in list 2"),
        (changed("weights", 1, 2, 3, to=10**400), r"weights\[1\] must be .*, got some too large for float64"),
        (changed("weights", 1, 2, 3, to=1).replace("1,", "1e999,"), "must be .*, got some too large for float64"),
        (changed("biases", 0, to=[0.5] * 5), r"biases\[0\] must be 5 lists of 1 finite numbers, got 0.5 at index 0"),
    ],
)
def test_what_is_no_network_of_the_book_is_refused(tmp_path, text, sentence):
    path = tmp_path / "network.json"
    path.write_bytes(text if isinstance(text, bytes) else text.encode())
    with pytest.raises(ModelError, match=sentence) as refused:
        Network.load(path)
    assert str(refused.value).startswith(f"{path} ") and len(str(refused.value)) < len(str(path)) + 340


@pytest.mark.parametrize("depth", [10, 100, *range(300, 1100, 20)])
def test_deep_lists(tmp_path, depth):
    path = tmp_path / "network.json"
    for field in ("sizes", "weights", "cost"):
        path.write_text(
            json.dumps(nielsens() | {field: 0}).replace(f'"{field}": 0', f'"{field}": {"[" * depth + "]" * depth}')
        )
        with pytest.raises(ModelError):
            Network.load(path)


@settings(max_examples=300, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.data())
def test_any_bytes_are_read_or_refused(tmp_path, data):
    content = bytearray(json.dumps(nielsens(sizes=[2, 1, 2])).encode())
    for _ in range(data.draw(st.integers(1, 4))):
        content[data.draw(st.integers(0, len(content) - 1))] = data.draw(st.integers(0, 255))
    path = tmp_path / "network.json"
    path.write_bytes(content[: data.draw(st.integers(0, len(content)))] if data.draw(st.booleans()) else content)
    try:
        network = Network.load(path)
    except ModelError as error:
        assert str(error).startswith(str(path))
    else:
        assert network.sizes == (2, 1, 2) and np.isfinite(network(np.ones(2))).all()


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(), lambda inner: st.lists(inner, max_size=4)
)


@settings(max_examples=200, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.sampled_from(["sizes", "weights", "biases", "cost"]), JSON)
def test_any_field_is_read_or_refused(tmp_path, field, value):
    with pytest.raises(ModelError):
        Network.load(write(tmp_path / "network.json", nielsens() | {field: value}))
