"""The order of layers: what the shapes, the names and the file say; and refused where they do not."""

from itertools import pairwise, permutations, product

import numpy as np
import pytest

from cmlp import ModelError
from cmlp.storage.foreign.order import Layer, is_open, natural, ordered


def layers(*specs):
    """Return layers of a name, a number of inputs and one of outputs each."""
    return [Layer(name, np.zeros((fan_out, fan_in)), np.zeros(fan_out), name) for name, fan_in, fan_out in specs]


def names(*specs, filed=False, **said):
    return [layer.name for layer in ordered(layers(*specs), filed=filed, **said)]


HIDDEN = ("fc1", 784, 64), ("hidden", 64, 64), ("hidden2", 64, 64), ("out", 64, 10)


def test_hidden_comes_before_hidden2_in_any_order_of_the_file():
    for order in permutations(HIDDEN):
        assert names(*order) == ["fc1", "hidden", "hidden2", "out"]
    assert names(*HIDDEN, filed=True) == ["fc1", "hidden", "hidden2", "out"]


@pytest.mark.parametrize(
    ("first", "second"),
    [
        *[("linear", "linear2"), ("dense", "dense_1"), ("fc9", "fc10"), ("a.2", "a.10"), ("h.linear", "h2.linear")],
        *[("dense_2", "dense_10"), ("layer1.0", "layer1.2"), ("layer1.9", "layer2.0"), ("", "2"), ("fc_a", "fc2_a")],
        ("l08", "l9"),
    ],
)
def test_numbers_in_names(first, second):
    assert natural(first) < natural(second)
    assert names((second, 5, 5), (first, 5, 5)) == [first, second]


def test_all_small_networks_against_every_order():
    """With every order that fits tried, the answer is the only one, or the file's, and otherwise refused."""
    seen = set()
    for sizes in product((2, 3), repeat=4):
        specs = [(name, sizes[k], sizes[k + 1]) for k, name in enumerate(("one", "other", "third"))]
        for order in permutations(specs):
            fitting = [
                [spec[0] for spec in way]
                for way in permutations(order)
                if all(before[2] == after[1] for before, after in pairwise(way))
            ]
            filed = [spec[0] for spec in order]
            for in_file in (True, False):
                try:
                    found = names(*order, filed=in_file)
                    assert found in fitting and (len(fitting) == 1 or (in_file and found == filed))
                except ModelError:
                    found = None
                    assert len(fitting) > 1 and not (in_file and filed in fitting)
                seen.add((len(fitting), in_file, found is None))
    assert {(1, True, False), (1, False, False), (6, False, True), (6, True, False)} <= seen


@pytest.mark.parametrize("filed", [True, False])
def test_shapes_alone_tell_it_apart_from_names_and_file(filed):
    assert names(("fc2", 4, 5), ("fc1", 5, 6), filed=filed) == ["fc2", "fc1"]


def test_a_file_that_contradicts_the_numbers_is_refused():
    with pytest.raises(ModelError, match="another order than the numbers in their names"):
        names(("fc2", 4, 4), ("fc1", 4, 4), filed=True)


@pytest.mark.parametrize(("first", "second"), [("out", "hid"), ("decoder.0", "encoder.0"), ("net.head", "net.fc")])
def test_a_file_that_contradicts_the_words_is_refused(first, second):
    declared = [(first, 5, 8), (second, 8, 5)]
    for specs in (declared, [(first, 4, 4), (second, 4, 4)]):
        with pytest.raises(ModelError, match="another order than the words in their names: give the order"):
            names(*specs, filed=True)
    assert names((second, 8, 5), (first, 5, 8), filed=True) == [second, first]


def test_an_order_of_the_declaration_alone_is_told_from_one_that_follows():
    assert is_open(layers(("a", 5, 8), ("b", 8, 5))) and is_open(layers(("a", 4, 4), ("b", 4, 4)))
    assert not is_open(layers(("a", 5, 8), ("b", 8, 6))) and not is_open(layers(("h1", 4, 4), ("h2", 4, 4)))
    assert is_open(layers(("h1", 4, 4), ("h2", 4, 4)), numbered=False)


def test_what_is_ambiguous_is_refused_with_the_way_out():
    with pytest.raises(ModelError) as refused:
        names(("decoder", 32, 64), ("encoder", 64, 32))
    assert str(refused.value) == (
        "its layers fit together in several orders, and neither their shapes nor their names say in which order they "
        'follow: give the order in which the network uses them, as in Network.load(path, layers=["decoder", "encoder"])'
    )
    assert names(("decoder", 32, 64), ("encoder", 64, 32), names=["encoder", "decoder"]) == ["encoder", "decoder"]
    for wrong in (["encoder"], ["encoder"] * 2, "encoder", ["encoder", "x"], 3):
        with pytest.raises(ModelError, match=r"^layers must be the names of its layers in their order, which are"):
            names(("decoder", 32, 64), ("encoder", 64, 32), names=wrong)
    with pytest.raises(ModelError, match="as many inputs as the one before it has outputs"):
        names(("a", 2, 3), ("b", 3, 4), names=["b", "a"])


@pytest.mark.parametrize("filed", [True, False])
def test_layers_that_do_not_fit_together(filed):
    with pytest.raises(ModelError, match=r"outputs, got a \(3, 2\) and then b \(5, 4\)$"):
        names(("a", 2, 3), ("b", 4, 5), filed=filed)
    with pytest.raises(ModelError, match="as many inputs"):
        names(("a", 2, 3), ("b", 3, 4), ("c", 3, 4), filed=filed)


def test_hundreds_of_layers_take_no_time():
    assert names(*((f"net.{k}", 8, 8) for k in reversed(range(500)))) == [f"net.{k}" for k in range(500)]
    with pytest.raises(ModelError):
        names(*((f"{chr(97 + k % 26)}{k}", k % 7, 3 * k % 7) for k in range(500)))
