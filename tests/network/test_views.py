"""Attributes of arrays that a network, a dataset or an optimizer hands out are the caller's own."""

import warnings
from contextlib import suppress

import numpy as np
import pytest
from numpy.lib.stride_tricks import as_strided

import cmlp.training.options
from cmlp import ModelError, Network
from cmlp.core.data_source import DataSource
from cmlp.core.engine import Engine
from cmlp.core.state import OptimizerState

RNG = np.random.default_rng(0)
IMAGES, LABELS = RNG.random((40, 12)), np.arange(40) % 3
ENGINE = ((12, 5, 3), ("sigmoid", "sigmoid"), "quadratic", (0.0, 0.0), np.dtype(np.float64))

HANDED_OUT = {
    "parameters": lambda parts: parts["network"].engine.parameters,
    "weights": lambda parts: parts["network"].weights[0],
    "the last biases": lambda parts: parts["network"].biases[-1],
    "weights of a loop": lambda parts: next(iter(parts["network"].weights)),
    "weights in a sum of lists": lambda parts: (parts["network"].weights + parts["network"].biases)[0],
    "weights of the record": lambda parts: parts["network"].model.weights[1],
    "the memory behind the parameters": lambda parts: parts["network"].engine.parameters.base,
    "the memory behind the weights": lambda parts: parts["network"].weights[0].base,
    "images of a dataset": lambda parts: parts["data"].images,
    "labels of a dataset": lambda parts: parts["data"].labels,
    "pictures of a dataset": lambda parts: parts["data"].pictures(),
    "vectors of an optimizer": lambda parts: parts["state"].vectors["m"],
    "the memory behind an optimizer": lambda parts: parts["state"].vectors["m"].base,
}


def set_writeable(array):
    array.flags.writeable = False


def widen(array):
    array.strides = (4 * array.itemsize, *array.strides[1:])


CHANGES = {
    "dtype": lambda array: setattr(array, "dtype", np.uint8),
    "wider dtype": lambda array: setattr(array, "dtype", np.complex128),
    "shape": lambda array: setattr(array, "shape", (1, -1)),
    "no shape": lambda array: setattr(array, "shape", ()),
    "strides": widen,
    "zero strides": lambda array: setattr(array, "strides", (0,) * array.ndim),
    "writeable": set_writeable,
    "resize": lambda array: array.resize(100_000, refcheck=False),
    "resize to nothing": lambda array: array.resize(0, refcheck=False),
    "byte order": lambda array: setattr(array, "dtype", array.dtype.newbyteorder()),
    "data": lambda array: setattr(array, "data", np.zeros(2).data),
}


def outcome(change):
    """Return all bits of what is computed after a change, which may be refused."""
    parts = {
        "network": Network([12, 5, 3], seed=1),
        "data": cmlp.Dataset(IMAGES.reshape(40, 3, 4), LABELS),
        "state": OptimizerState("momentum", {"momentum": 0.9}, 83, np.dtype(np.float64)),
    }
    engine, source = Engine(*ENGINE), DataSource(IMAGES, 1.0, LABELS)
    engine.parameters[...] = parts["network"].engine.parameters
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)
        change(parts)
    network, data = parts["network"], parts["data"]
    losses = network.train(data, 2, 0.1, optimizer="adam", mini_batch_size=10).loss
    options = cmlp.training.options.Options(eta=0.1, mini_batch_size=10).for_images(40)
    loss = engine.train(source, np.arange(40), 0, 40, np.full(4, 0.1), parts["state"], options)
    arrays = [*network.weights, *network.biases, network(IMAGES), network(IMAGES[0]), engine.parameters]
    arrays += [data.images, data.labels, parts["state"].vectors["m"]]
    return [losses, loss, *(array.shape for array in arrays), *(array.tobytes() for array in arrays)]


@pytest.mark.parametrize("change", CHANGES.values(), ids=CHANGES)
@pytest.mark.parametrize("get", HANDED_OUT.values(), ids=HANDED_OUT)
def test_its_attributes_change_nothing_elsewhere(get, change):
    def changed(parts):
        with suppress(ValueError, AttributeError, TypeError):  # NumPy refuses some
            change(get(parts))

    assert outcome(changed) == outcome(lambda parts: None)


@pytest.mark.filterwarnings("ignore:Setting the dtype:DeprecationWarning")  # since NumPy 2.5
def test_images_of_a_source_keep_their_type():
    """Kernels of a wider type would read beyond the end of what became narrow."""
    images = IMAGES.astype(np.float32)
    source = DataSource(images, 1.0, LABELS)
    engine = Engine(*ENGINE)
    expected = engine.outputs(DataSource(images.copy(), 1.0, LABELS))
    images.dtype = np.float64
    assert np.array_equal(engine.outputs(source), expected)


def test_views_still_write_into_the_network():
    network = Network([12, 5, 3], seed=1)
    network.weights[0][...] = 2
    network.biases[1] -= 3
    network.engine.parameters[-1] += 1
    assert (network.weights[0] == 2).all() and network.biases[1].tolist() == [-3, -3, -2]
    assert not as_strided(network.engine.parameters, (1,)).flags.owndata


@pytest.mark.parametrize("index", [2, 5, -3, "0", 0.5, None])
@pytest.mark.parametrize("name", ["weights", "biases"])
def test_a_layer_that_there_is_not(name, index):
    network = Network([12, 5, 3], seed=1)
    with pytest.raises(ModelError, match=rf"^the index of {name} must be that of a layer, 0\.\.1, got {index!r}$"):
        getattr(network, name)[index] = np.zeros(3)
