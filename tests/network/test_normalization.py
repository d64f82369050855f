"""Networks with batch normalisation: trained unfolded, seen by everybody folded."""

import copy
import pickle

import numpy as np
import pytest
from support import formulas

import cmlp
from cmlp import Network
from cmlp.core.data_source import DataSource
from cmlp.errors import ModelError


@pytest.fixture(scope="module")
def digits():
    return cmlp.load_digits()


def make_network(dtype="float64", **settings):
    usual = {"activation": "relu", "loss": "cross_entropy", "normalization": "batch", "seed": 1}
    return Network([64, 32, 16, 10], dtype=dtype, **usual | settings)


def same(one, other):
    return one.engine.parameters.tobytes() == other.engine.parameters.tobytes()


class StopAt:
    """A callback that ends a training after a step."""

    def __init__(self, step):
        self.step = step

    def on_batch_end(self, event):
        return event.step == self.step


@pytest.mark.parametrize(("dtype", "tolerance"), [("float64", 1e-12), ("float32", 1e-6)])
@pytest.mark.parametrize("activation", ["relu", "gelu", "sigmoid"])
def test_the_folded_network_answers_as_the_unfolded_one(digits, activation, dtype, tolerance):
    train, test = digits
    network = make_network(dtype, activation=activation, dropout=0.1)
    network.train(train, 3, 0.2)
    source = DataSource(np.ascontiguousarray(test.images), test.scale)
    unfolded = network._trained_engine.outputs(source)
    assert np.abs(network(test.images) - unfolded).max() < tolerance
    assert np.abs(network(test.images[7]) - unfolded[7]).max() < tolerance
    assert network.test(test) > 60


def test_files_and_exports_are_of_a_plain_network(digits, tmp_path):
    train, test = digits
    network = make_network()
    network.train(train, 2, 0.2)
    network.save(tmp_path / "net")
    loaded = Network.load(tmp_path / "net")
    assert loaded.architecture == network.architecture.plain == network.model.architecture
    assert loaded.settings["normalization"] == "batch"
    np.testing.assert_array_equal(loaded(test.images), network(test.images))
    plain = Network([64, 32, 16, 10], activation="relu", loss="cross_entropy", initializer=network.weights)
    plain.biases = network.biases
    assert same(plain, network)
    network.to_html(tmp_path / "page.html", test)
    assert "32" in cmlp.export.c_header(network.model, "net")


def test_onnx(digits, tmp_path):
    reference = pytest.importorskip("onnx.reference", reason="onnx is not installed")
    train, test = digits
    network = make_network("float32")
    network.train(train, 2, 0.2)
    network.to_onnx(tmp_path / "net.onnx")
    session = reference.ReferenceEvaluator(str(tmp_path / "net.onnx"))
    (outputs,) = (each for each in session.run(None, {session.input_names[0]: test.images[:50]}) if each.ndim == 2)
    assert np.abs(outputs - network(test.images[:50])).max() < 1e-6


@pytest.mark.parametrize("kind", ["uint8", "float"])
@pytest.mark.parametrize("dtype", ["float64", "float32"])
def test_any_number_of_threads_gives_the_same_bits(digits, kind, dtype):
    train, _ = digits
    images = train.images if kind == "uint8" else train.images / 16
    found = set()
    for threads in (1, 2, 3):
        network = make_network(dtype, dropout=0.1)
        network.train((images, train.labels), 2, 0.01, optimizer="adamw", mini_batch_size=200, threads=threads)
        found.add(network.engine.parameters.tobytes())
    assert len(found) == 1


@pytest.mark.parametrize(
    "settings",
    [
        {},
        {"averaging": 0.9},
        {"validation_data": 0.2, "patience": 2, "monitor": "accuracy"},
        {"optimizer": "adamw", "clip_norm": 1.0, "max_norm": 3.0, "schedule": "cosine"},
    ],
    ids=str,
)
@pytest.mark.parametrize("dtype", ["float64", "float32"])
def test_resumed_within_an_epoch_it_ends_with_the_same_bits(digits, settings, dtype, tmp_path):
    train, test = digits
    path = tmp_path / "run"
    first = make_network(dtype, dropout=0.1)
    first.train(train, 4, 0.02, checkpoint=path, callbacks=StopAt(17), **settings)
    kept = Network.load(path)
    assert kept.architecture == first.architecture.plain
    if "patience" not in settings:  # which leaves the best, and a checkpoint goes on
        np.testing.assert_array_equal(kept(test.images), first(test.images))
    resumed, whole = make_network(dtype, dropout=0.1), make_network(dtype, dropout=0.1)
    history = resumed.train(train, 4, 0.02, checkpoint=path, resume=True, **settings)
    assert history.loss == whole.train(train, 4, 0.02, **settings).loss
    assert same(resumed, whole)
    assert resumed._trained_engine.parameters.tobytes() == whole._trained_engine.parameters.tobytes()
    np.testing.assert_array_equal(Network.load(path)(test.images), whole(test.images))


def test_a_checkpoint_is_of_this_normalisation(digits, tmp_path):
    train, _ = digits
    make_network().train(train, 1, 0.1, checkpoint=tmp_path / "run")
    with pytest.raises(
        ModelError, match=r"another training: normalization was \['batch', 'batch'\] there, and is None"
    ):
        make_network(normalization=None).train(train, 1, 0.1, checkpoint=tmp_path / "run", resume=True)


@pytest.mark.parametrize("copied", [copy.deepcopy, Network.copy, lambda net: pickle.loads(pickle.dumps(net))])
def test_a_later_training_goes_on_unfolded_and_so_do_copies(digits, copied):
    train, _ = digits
    whole, parts = make_network(), make_network()
    whole.train(train, 4, 0.1)
    parts.train(train, 2, 0.1)
    other = copied(parts)
    for network in (parts, other):
        network.train(train, 2, 0.1)
        assert same(network, whole)


def test_changed_weights_are_where_training_goes_on(digits):
    """Their answers are kept, and those of other units to the bit."""
    train, test = digits
    network = make_network()
    network.train(train, 3, 0.2)
    before = network._trained_engine.parameters.copy()
    network.weights[0][3] *= 2
    network.biases[0][3] += 1
    network.biases[2][...] += np.arange(10)
    expected, engine = network(test.images), network._trained_engine
    source = DataSource(np.ascontiguousarray(test.images), test.scale)
    assert np.abs(engine.outputs(source) - expected).max() < 1e-12
    changed = engine.views(before)[0][0] != engine.views(engine.parameters)[0][0]
    assert set(np.flatnonzero(changed.any(axis=1))) == {3}
    network.gradient_step(train[:100], 0.1)
    assert network.train(train, 1, 0.1).loss[0] < 2


def test_a_unit_whose_factor_is_zero_can_be_changed(digits):
    train, test = digits
    network = make_network()
    network.train(train, 1, 0.1)
    unfolded = network._unfolded()
    unfolded.engine.normalisation(unfolded.engine.parameters)[0][0][3] = 0
    unfolded.fold()
    assert not network.weights[0][3].any()
    network.weights[0][3] = 0.5
    source = DataSource(np.ascontiguousarray(test.images), test.scale)
    assert np.abs(network._trained_engine.outputs(source) - network(test.images)).max() < 1e-12


def test_callbacks_see_the_folded_network(digits):
    train, test = digits
    network, seen = make_network(), []

    def note(event):
        seen.append((event.network.test(test), event.history.test_accuracy[-1]))

    network.train(train, 3, 0.2, test_data=test, callbacks=note)
    assert all(one == other for one, other in seen)
    assert seen[-1][0] == network.test(test)


def test_the_best_network_of_early_stopping_is_folded(digits):
    train, test = digits
    network = make_network()
    kept = {}

    def keep(event):
        kept[event.history.validation_loss[-1]] = network.engine.parameters.tobytes()

    network.train(train, 12, 0.5, validation_data=test, patience=2, callbacks=keep)
    assert network.engine.parameters.tobytes() == kept[min(kept)]


def test_an_epoch_whose_last_mini_batch_is_one_image(digits):
    train, _ = digits
    network = make_network()
    network.train(train[:126], 3, 0.1)
    assert np.isfinite(network._trained_engine.parameters).all()


def test_train_on_batches(digits):
    """Whole epochs without shuffling, of equal mini-batches."""
    train, test = digits
    network, twin = make_network(), make_network()
    losses = network.train_on_batches([train[i : i + 50] for i in range(0, 1400, 50)] * 3, 0.2)
    for begin in range(0, 1400, 50):
        twin.train_on_batches([train[begin : begin + 50]], 0.2)
    assert losses[-1] < 0.5 * losses[0]
    assert network.test(test) > 60
    assert twin.train_on_batches([train[:50]], 0.2) == pytest.approx([losses[28]], rel=1e-12)


def test_what_does_not_go_together_is_refused_in_one_sentence(digits):
    train, _ = digits
    network = make_network()
    before = network.engine.parameters.copy()
    for rule, call in {
        "mini_batch_size must be at least 2 with batch normalization: ": lambda: network.train(
            train, 1, 0.1, mini_batch_size=1
        ),
        "training_data must have at least 2 images with batch normalization: ": lambda: network.train(
            train[:1], 1, 0.1
        ),
        "a mini-batch must have at least 2 images with batch normalization, got 1 in mini-batch 1": (
            lambda: network.train_on_batches([train[:1]], 0.1)
        ),
        "lbfgs has no mini-batches and so no normalization": lambda: network.train(train, 1, 1.0, optimizer="lbfgs"),
    }.items():
        with pytest.raises(ModelError) as caught:
            call()
        assert str(caught.value).startswith(rule)
    np.testing.assert_array_equal(network.engine.parameters, before)


@pytest.mark.parametrize(
    ("given", "found"),
    [
        ("layer", 'normalization must be one of "batch" or "none", got \'layer\''),
        (True, 'normalization must be one of "batch" or "none", got True'),
        (["batch"], "normalization must be a name, or 2 of them, one per hidden layer, got ['batch']"),
        (["batch", "none", None], "normalization must be a name, or 2 of them, one per hidden layer, got"),
        (["batch", 1], 'normalization must be one of "batch" or "none", got 1'),
    ],
)
def test_names(given, found):
    with pytest.raises(ModelError) as caught:
        make_network(normalization=given)
    assert str(caught.value).startswith(found)


def test_of_some_layers():
    network = make_network(normalization=["none", "batch"])
    assert network.architecture.normalizations == (None, "batch", None)
    assert "normalization none-batch" in repr(network)
    for nothing in (None, "none", [None, "none"]):
        assert make_network(normalization=nothing).architecture.normalizations == ()
    assert Network([64, 10], normalization="batch").architecture.normalizations == ()


def test_weights_of_samples_are_in_the_loss_alone(digits):
    """A sample of weight 0 is a part of the mini-batch's mean, as with PyTorch."""
    train, _ = digits
    rows, weights = train[:100], np.ones(100)
    weights[50:] = 0
    networks = [make_network() for _ in range(3)]
    networks[0].train(rows, 1, 0.1, mini_batch_size=100, sample_weight=weights)
    networks[1].train(rows[:50], 1, 0.1, mini_batch_size=50)
    networks[2].train(rows, 1, 1e-30, mini_batch_size=100)
    means = [net._trained_engine.normalisation(net._trained_engine.parameters)[0][1] for net in networks]
    assert formulas.distance([means[0]], [means[2]]) < 1e-12
    assert formulas.distance([means[1]], [means[2]]) > 1e-3


def test_find_eta_changes_nothing(digits):
    train, _ = digits
    network = make_network()
    before = network.engine.parameters.copy()
    assert cmlp.find_eta(network, train).suggestion > 0
    np.testing.assert_array_equal(network.engine.parameters, before)
