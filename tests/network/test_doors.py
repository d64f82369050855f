"""What people bring to a network: it is read as they mean it, or refused before anything has changed."""

import copy
import pickle
import re
import threading

import numpy as np
import pytest
from scipy import sparse

import cmlp
from cmlp import DataError, ModelError, Network

RNG = np.random.default_rng(0)
BYTES = RNG.integers(0, 256, (60, 12), dtype=np.uint8)
BYTES[0, 0] = 255
LABELS = np.arange(60) % 3


def make_network(**settings):
    return Network([12, 5, 3], seed=1, **settings)


def bits(network):
    return [array.tobytes() for array in (*network.weights, *network.biases)]


def state(network):
    """Return all that a refused call must leave alone."""
    return (
        bits(network), network.scale, network.class_names, dict(network.settings),
        str(network.rng.bit_generator.state), network.framing,
    )  # fmt: skip


class TestParameters:
    def test_lists_of_arrays_are_written_into_the_network(self):
        network, twin = make_network(), make_network(initializer="zeros")
        twin.weights = [w.copy() for w in network.weights]
        twin.biases = [np.ones(5), np.zeros(3)]
        assert twin.engine.parameters.sum() == pytest.approx(sum(w.sum() for w in network.weights) + 5)
        network.biases[:] = twin.biases
        np.testing.assert_array_equal(network(BYTES[0]), twin(BYTES[0]))

    def test_a_step_as_in_nielsens_book(self):
        network, twin = make_network(), make_network()
        nabla_w, nabla_b = network.gradient(BYTES, LABELS)
        network.weights = [w - 0.5 * nw for w, nw in zip(network.weights, nabla_w, strict=True)]
        network.biases = [b[:, None] - 0.5 * nb[:, None] for b, nb in zip(network.biases, nabla_b, strict=True)]
        twin.gradient_step((BYTES, LABELS), 0.5)
        np.testing.assert_allclose(network.engine.parameters, twin.engine.parameters, rtol=1e-15)

    def test_what_is_saved_is_what_predicts(self, tmp_path):
        network = make_network()
        network.weights = [w * 2 for w in network.weights]
        network.save(tmp_path / "network")
        np.testing.assert_array_equal(Network.load(tmp_path / "network")(BYTES), network(BYTES))

    def test_layers_exchanged_while_they_are_assigned(self):
        network = Network([4, 4, 4], seed=2)
        first, second = (w.copy() for w in network.weights)
        network.weights = network.weights[::-1]
        np.testing.assert_array_equal(network.weights[0], second)
        np.testing.assert_array_equal(network.weights[1], first)

    @pytest.mark.parametrize(
        ("name", "values", "message"),
        [
            ("weights", [np.zeros((5, 12))], "weights must be 2 arrays, one per layer, got 1"),
            ("weights", 3, "weights must be 2 arrays, one per layer, got 1"),
            ("weights", [np.zeros((5, 12)), np.zeros((5, 3))], r"weights[1] must have shape (3, 5), got (5, 3)"),
            ("weights", [np.zeros((5, 12)), "many"], r"weights[1] must be numbers of shape (3, 5), got dtype <U4"),
            ("weights", [[[1], [1, 2]], []], r"weights[0] must be numbers of shape (5, 12), got a ragged list"),
            ("biases", [np.zeros(5), np.zeros((1, 3))], r"biases[1] must have shape (3,), got (1, 3)"),
            ("biases", [np.zeros(5), [1j, 0, 0]], r"biases[1] must be numbers of shape (3,), got dtype complex128"),
        ],
    )  # fmt: skip
    def test_what_does_not_fit_changes_nothing(self, name, values, message):
        network = make_network()
        before = state(network)
        with pytest.raises(ModelError) as error:
            setattr(network, name, values)
        assert str(error.value) == message
        assert state(network) == before

    @pytest.mark.parametrize("method", ["append", "extend", "pop", "clear", "reverse"])
    def test_no_layer_is_added_or_removed(self, method):
        network = make_network()
        arguments = {"append": [np.zeros(3)], "extend": [[np.zeros(3)]]}.get(method, [])
        with pytest.raises(ModelError, match=r"^weights has one array for each layer of the network"):
            getattr(network.weights, method)(*arguments)
        assert len(network.weights) == 2

    def test_a_copy_of_the_weights_is_no_view(self):
        network = make_network()
        for copied in (copy.deepcopy(network.weights), pickle.loads(pickle.dumps(network.weights))):
            before = bits(network)
            copied[0][...] = 7
            assert bits(network) == before and type(copied) is list


WAYS_TO_GIVE_BYTES = {
    "int64": BYTES.astype(np.int64),
    "uint16": BYTES.astype(np.uint16),
    "big-endian": BYTES.astype(">i4"),
    "nested lists": BYTES.tolist(),
    "list of arrays": list(BYTES.astype(np.int32)),
    "Fortran order": np.asfortranarray(BYTES),
    "pictures": BYTES.reshape(-1, 3, 4),
    "sparse": sparse.csr_array(BYTES),
    "sparse int64": sparse.csr_matrix(BYTES.astype(np.int64)),
}


class TestIntegerPixels:
    """Integers mean the same at every door: in training, in tests, in predictions, and in a Dataset."""

    @pytest.mark.parametrize("images", WAYS_TO_GIVE_BYTES.values(), ids=WAYS_TO_GIVE_BYTES)
    @pytest.mark.parametrize("dtype", ["float64", "float32"])
    def test_like_bytes(self, images, dtype):
        network, twin = make_network(dtype=dtype), make_network(dtype=dtype)
        labels = LABELS if not isinstance(images, list) else np.array(LABELS)
        pairs = (images, labels) if not isinstance(images, list) else list(zip(images, labels, strict=True))
        network.train(pairs, 2, 1.0, mini_batch_size=20)
        twin.train(cmlp.Dataset(BYTES, LABELS), 2, 1.0, mini_batch_size=20)
        assert network.scale == twin.scale == 1 / 255
        np.testing.assert_allclose(network.engine.parameters, twin.engine.parameters, rtol=1e-5)
        given = images if not isinstance(images, list) else np.array(images)
        np.testing.assert_allclose(network(given), twin(BYTES), rtol=1e-5)
        assert network.test(pairs) == twin.test((BYTES, LABELS))

    def test_a_network_trained_on_floats_takes_integers_as_they_are(self):
        """Exclusive or, whose inputs somebody writes as floats once and as integers another time."""
        network = Network([2, 4, 2], seed=1)
        network.train((np.array([[0.0, 0], [0, 1], [1, 0], [1, 1]]), np.array([0, 1, 1, 0])), 3, 1.0)
        np.testing.assert_array_equal(network([0, 1]), network([0.0, 1.0]))
        np.testing.assert_array_equal(network(np.array([0, 1], np.uint8)), network([0.0, 1 / 255]))

    def test_a_saved_network_remembers(self, tmp_path):
        network = make_network()
        network.train((BYTES.astype(np.int64), LABELS), 1, 1.0)
        network.save(tmp_path / "network")
        loaded = Network.load(tmp_path / "network")
        np.testing.assert_array_equal(loaded(BYTES.astype(np.int64)), network(BYTES))

    def test_a_list_of_bytes_and_floats_is_refused(self):
        images = [BYTES[0], BYTES[1] / 255]
        with pytest.raises(DataError, match=r"must all be bytes, or all be floats, got float64 at index 1 after uint8"):
            make_network().train(list(zip(images, [0, 1], strict=True)), 1, 1.0)


class TestLabels:
    def test_whole_floats_are_labels(self):
        network, twin = make_network(), make_network()
        network.train((BYTES, LABELS.astype(float)), 1, 1.0)
        twin.train((BYTES, LABELS), 1, 1.0)
        assert bits(network) == bits(twin)

    @pytest.mark.parametrize("wrong", [0.5, np.nan, np.inf, -1.0, 3.0, 1e300])
    def test_other_floats_are_not(self, wrong):
        labels = LABELS.astype(float)
        labels[7] = wrong
        with pytest.raises(DataError, match=r"^labels of training_data must"):
            make_network().train((BYTES, labels), 1, 1.0)


REFUSED = {
    "threads": {"threads": 0},
    "epochs": {"epochs": 0},
    "patience without validation": {"patience": 3},
    "a fraction too large": {"validation_data": 1.5},
    "test data of another width": {"test_data": (BYTES[:, :5], LABELS)},
    "validation labels out of range": {"validation_data": (BYTES, LABELS + 1)},
    "weights of no class": {"class_weight": {0: 0, 1: 0, 2: 0}},
    "weight of a class that is none": {"class_weight": {3: 1.0}},
    "weights that are nothing in float32": {"sample_weight": np.full(60, 1e-200)},
    "callbacks": {"callbacks": 3},
    "monitor after a split": {"validation_data": 0.2, "patience": 2, "monitor": "f1"},
    "checkpoint_every": {"checkpoint_every": 5},
    "resume": {"resume": True},
    "another optimizer": {"optimizer": object()},
    "another schedule": {"schedule": "sometimes"},
}


@pytest.mark.parametrize("settings", REFUSED.values(), ids=REFUSED)
def test_a_refused_training_leaves_everything_as_it_was(settings):
    network = make_network(dtype="float32")
    network.train(cmlp.Dataset(BYTES, LABELS, scale=1 / 16, class_names=["ant", "bee", "cow"]), 1, 1.0)
    before = state(network)
    with pytest.raises((ModelError, DataError)):
        network.train(**{"training_data": (BYTES, LABELS), "epochs": 1, "eta": 1.0} | settings)
    assert state(network) == before


def test_the_labels_of_a_training_are_its_own():
    labels = LABELS.copy()

    def change(event):
        labels[:] = 10**9

    network, twin = make_network(), make_network()
    network.train((BYTES, labels), 3, 1.0, callbacks=change)
    twin.train((BYTES, LABELS), 3, 1.0)
    assert bits(network) == bits(twin)


class Named(Network):
    def __init__(self, name, sizes):
        super().__init__(sizes)
        self.name = name


class TestSubclasses:
    def test_attributes_survive_pickle_and_copy(self):
        network = Named("mine", [12, 5, 3])
        network.note = {"a": 1}
        for twin in (pickle.loads(pickle.dumps(network)), copy.deepcopy(network), copy.copy(network)):
            assert type(twin) is Named and twin.name == "mine" and twin.note == {"a": 1}
            assert bits(twin) == bits(network)

    def test_load(self, tmp_path):
        Named("mine", [12, 5, 3]).save(tmp_path / "network")
        loaded = Named.load(tmp_path / "network")
        assert type(loaded) is Named and loaded.sizes == (12, 5, 3)


class TestStop:
    def test_in_a_callback_that_trains(self):
        def callback(event):
            Network([12, 3]).train((BYTES, LABELS), 1, 1.0)
            event.network.train((BYTES, LABELS), 1, 1e-3)
            event.network.stop()

        network = make_network()
        assert len(network.train((BYTES, LABELS), 5, 1.0, callbacks=callback)) == 1

    def test_without_a_training(self):
        make_network().stop()

    def test_by_another_thread(self):
        network, begun = make_network(), threading.Event()
        worker = threading.Thread(
            target=network.train,
            args=((BYTES, LABELS), 10**7, 0.1),
            kwargs={"callbacks": lambda event: begun.set()},
        )
        worker.start()
        assert begun.wait(60)
        network.stop()
        worker.join(60)
        assert not worker.is_alive()


@pytest.mark.parametrize(
    ("keywords", "meant"),
    [({"lr": 1.0}, "eta"), ({"batch_size": 3}, "mini_batch_size"), ({"n_epochs": 3}, "epochs"),
     ({"solver": "sgd"}, "optimizer"),
     ({"trainig_accuracy": True}, "training_accuracy")],
)  # fmt: skip
def test_an_unknown_argument_is_answered_by_the_one_that_was_meant(keywords, meant):
    message = f"""unexpected keyword argument '{next(iter(keywords))}': did you mean "{meant}"?"""
    with pytest.raises(TypeError, match=re.escape(message)):
        make_network().train((BYTES, LABELS), 1, 1.0, **keywords)


def test_an_argument_that_is_like_none():
    with pytest.raises(TypeError, match=r"^Network\.__init__\(\) got an unexpected keyword argument 'colour'$"):
        Network([2, 2], colour="red")


@pytest.mark.parametrize(
    ("weights", "images", "cause"),
    [(np.nan, np.ones((2, 12)), "the network's weights"), (1.0, np.full((2, 12), np.nan), "its pixels")],
)
def test_a_prediction_from_nan_names_what_is_not_finite(weights, images, cause):
    network = make_network()
    network.weights[0][0, 0] = weights
    for given in (images, images[0]):
        with pytest.raises(
            DataError, match=f"^image 0 has outputs that are not numbers, because {cause} are not finite"
        ):
            network.predict(given)


@pytest.mark.parametrize("fraction", [np.float32(0.2), np.float64(0.2), 0.2])
def test_a_fraction_may_be_a_number_of_numpy(fraction):
    history = make_network().train((BYTES, LABELS), 2, 1.0, validation_data=fraction)
    assert len(history.validation_loss) == 2


@pytest.mark.parametrize("optimizer", [cmlp.Adam, cmlp.Adam(), "adam"], ids=repr)
def test_an_optimizer_may_be_a_class(optimizer):
    network, twin = make_network(), make_network()
    network.train((BYTES, LABELS), 2, 0.01, optimizer=optimizer)
    twin.train((BYTES, LABELS), 2, 0.01, optimizer="adam")
    assert bits(network) == bits(twin)


class TestSeveralTrainings:
    def test_a_training_in_a_callback_leaves_the_scale_of_the_outer_one(self):
        done = []

        def callback(event):
            if not done:
                done.append(event.network.train((BYTES // 16, LABELS), 1, 1e-12))

        network = make_network()
        network.train((BYTES, LABELS), 3, 1.0, callbacks=callback)
        assert (network.scale, network.settings["epochs"]) == (1 / 255, 3)

    def test_stop_reaches_the_training_that_is_left_in_another_thread(self):
        network, begun, ended = make_network(), threading.Event(), threading.Event()

        def wait(event):
            begun.set()
            ended.wait(60)

        keywords = {"callbacks": wait, "progress": False}
        worker = threading.Thread(target=network.train, args=((BYTES, LABELS), 10**7, 0.1), kwargs=keywords)
        worker.start()
        assert begun.wait(60)
        network.train((BYTES, LABELS), 1, 0.1)
        network.stop()
        ended.set()
        worker.join(60)
        assert not worker.is_alive()

    def test_mini_batches_of_a_dataset_bring_their_scale(self):
        train, test = cmlp.load_digits()
        network = Network([64, 30, 10])
        network.train_on_batches((train[i : i + 10] for i in range(0, 500, 10)), 3.0)
        assert network.scale == train.scale
        assert network.test(test) == network.test((test.images, test.labels))
        with pytest.raises(DataError, match=r"^all mini-batches must have the scale of the first"):
            network.train_on_batches([train[:10], cmlp.Dataset(BYTES.repeat(6, axis=1)[:, :64], LABELS)], 3.0)


@pytest.mark.parametrize("factor", [-1.0, np.nan, None, "a"])
def test_a_schedule_of_ones_own_returns_numbers_of_at_least_0(factor):
    class Own(cmlp.Step):
        def factor(self, step, per_epoch, steps):
            return factor

    with pytest.raises(ModelError, match=r"^schedule must return a number of at least 0, got .* for step 0$"):
        make_network().train((BYTES, LABELS), 1, 1.0, schedule=Own(1))
