"""Data of every kind and type: the same numbers are the same training."""

import numpy as np
import pytest
from scipy import sparse

import cmlp
from cmlp import DataError, Network
from cmlp.core.simd import choose_simd_path, simd_path_names

SIZES = [24, 9, 5]
N = 70


def make_network(dtype="float64", sizes=SIZES):
    return Network(sizes, activation="tanh", loss="cross_entropy", dtype=dtype, seed=3)


def integers(share=0.3, seed=0):
    """Images of small integers, which every type can hold, and which are mostly zero."""
    rng = np.random.default_rng(seed)
    images = np.where(rng.random((N, 24)) < share, rng.integers(1, 17, (N, 24)), 0)
    return images, rng.integers(5, size=N)


def trained(images, labels, dtype="float64", sizes=SIZES):
    network = make_network(dtype, sizes)
    history = network.train((images, labels), 3, 0.05, mini_batch_size=16)
    return [*(w.copy() for w in network.weights), np.array(history.loss), network(images)]


def assert_same(actual, expected, tolerance=1e-11):
    for a, e in zip(actual, expected, strict=True):
        np.testing.assert_allclose(a, e, rtol=tolerance, atol=tolerance)


def on_disk(array, folder, offset=0):
    path = folder / "images.bin"
    path.write_bytes(bytes(offset) + array.tobytes())
    return np.memmap(path, array.dtype, "r", offset, array.shape)


def read_only(array):
    array = array.copy()
    array.setflags(write=False)
    return array


def unaligned(array):
    return np.frombuffer(b"\0" + array.tobytes(), np.uint8)[1:].view(array.dtype).reshape(array.shape)


LAYOUTS = {
    "read-only": read_only,
    "by columns": np.asfortranarray,
    "every second": lambda array: np.repeat(np.repeat(array, 2, axis=0), 3, axis=1)[::2, ::3],
    "backwards": lambda array: array[::-1, ::-1].copy()[::-1, ::-1],
    "unaligned": unaligned,
    "rows of a table": lambda array: np.hstack([array, array])[:, : array.shape[1]],
    "images": lambda array: array.reshape(len(array), 4, 6),
    "images of one colour": lambda array: array.reshape(len(array), 4, 6, 1),
}


class TestTypes:
    @pytest.mark.parametrize("dtype", ["float64", "float32"])
    @pytest.mark.parametrize("kind", ["f4", "f8", "i2", "i8", "u4", ">f4", ">f8", "f2", "g"])
    @pytest.mark.parametrize("share", [0.3, 0.9], ids=["sparse", "dense"])
    def test_numbers(self, share, kind, dtype):
        images, labels = integers(share)
        expected = trained(images.astype("f8"), labels, dtype)
        assert_same(trained(images.astype(kind), labels, dtype), expected, {"float64": 1e-11, "float32": 1e-4}[dtype])

    @pytest.mark.parametrize("dtype", ["float64", "float32"])
    @pytest.mark.parametrize("share", [0.3, 0.9], ids=["sparse", "dense"])
    @pytest.mark.parametrize("kind", ["u1", "u2", ">u2"])
    def test_pixels_are_scaled(self, kind, share, dtype):
        images, labels = integers(share)
        tolerance = {"float64": 1e-11, "float32": 1e-4}[dtype]
        assert_same(trained(images.astype(kind), labels, dtype), trained(images / 16, labels, dtype), tolerance)

    def test_bools(self):
        images, labels = integers()
        assert_same(trained(images > 0, labels), trained((images > 0).astype(float), labels))

    @pytest.mark.parametrize("layout", LAYOUTS.values(), ids=LAYOUTS)
    @pytest.mark.parametrize("kind", ["u1", "f4", "f8"])
    @pytest.mark.parametrize("dtype", ["float64", "float32"])
    def test_layouts(self, dtype, kind, layout):
        images, labels = integers()
        expected = trained(images.astype(kind), labels, dtype)
        given = layout(images.astype(kind))
        before = given.tobytes()
        *parameters, outputs = trained(given, labels, dtype)
        assert_same(parameters, expected[:-1], 0)
        # What lies in place is predicted by BLAS, and what does not, pixel by pixel: that may round differently.
        assert_same([outputs], expected[-1:], {"float64": 1e-12, "float32": 1e-5}[dtype])
        assert given.tobytes() == before

    @pytest.mark.parametrize("kind", ["u1", "f4", "f8"])
    @pytest.mark.parametrize("offset", [0, 16, 3])
    def test_files(self, kind, offset, tmp_path):
        images, labels = integers()
        given = on_disk(images.astype(kind), tmp_path, offset)
        assert_same(trained(given, labels), trained(images.astype(kind), labels), 0)
        assert_same(trained(given, on_disk(labels, tmp_path / "..")), trained(images.astype(kind), labels), 0)

    @pytest.mark.parametrize("kind", ["u1", "f4", "f8"])
    def test_one_image_at_a_time(self, kind):
        images, labels = integers()
        images = images.astype(kind)
        network = make_network()
        network.scale = 1 / 16
        together = network(images)
        for image, outputs in zip(images, together, strict=True):
            for one in (image, unaligned(image), np.repeat(image, 2)[::2], image.reshape(4, 6), image.tolist()):
                scale = 16 if isinstance(one, list) and kind == "u1" else 1  # numbers of a list are no bytes
                np.testing.assert_allclose(network(np.divide(one, scale) if scale > 1 else one), outputs, rtol=1e-12)
        losses = [network.loss(image, label) for image, label in zip(images, labels, strict=True)]
        assert np.mean(losses) == pytest.approx(network.loss(images, labels), rel=1e-12)


class TestPixelsThatAreMostlyZeroAtFirst:
    """Whether pixels are gathered one by one is decided by the first images; later ones may have all of theirs."""

    @pytest.fixture(params=simd_path_names())
    def path(self, request):
        choose_simd_path(request.param)
        yield
        choose_simd_path(simd_path_names()[0])

    @pytest.mark.usefixtures("path")
    @pytest.mark.parametrize("dtype", ["float64", "float32"])
    @pytest.mark.parametrize("kind", ["u1", "f4", "f8"])
    @pytest.mark.parametrize("features", [1, 7, 8, 63, 64, 65, 200, 300])
    def test_gradient(self, features, kind, dtype):
        rng = np.random.default_rng(features)
        images = np.zeros((512, features), kind)  # prediction takes blocks of 256
        images[256:] = rng.integers(1, 17, (256, features))
        labels = rng.integers(5, size=512)
        network = make_network(dtype, [features, 3, 5])
        network.scale = 1 / 16
        images = images if kind == "u1" else images / np.array(16, kind)
        tolerance = {"float64": 1e-12, "float32": 1e-5}[dtype]
        backwards = images[::-1].copy(), labels[::-1]
        for parts in zip(network.gradient(images, labels), network.gradient(*backwards), strict=True):
            assert_same(*parts, tolerance)
        assert_same([network(images)], [network(backwards[0])[::-1]], tolerance)


class TestArraysAndPairs:
    def test_mean_the_same(self):
        images, labels = integers()
        images = images / 16
        expected = trained(images, labels)
        network = make_network()
        history = network.train(list(zip(images, labels, strict=True)), 3, 0.05, mini_batch_size=16)
        assert_same([*network.weights, np.array(history.loss), network(images)], expected, 0)
        network = make_network()
        history = network.train(cmlp.Dataset(images, labels, classes=5), 3, 0.05, mini_batch_size=16)
        assert_same([*network.weights, np.array(history.loss), network(images)], expected, 0)

    def test_labels_of_every_kind(self):
        images, labels = integers()
        expected = trained(images, labels)
        one_hot = np.eye(5)[labels]
        for given in (labels.astype("u1"), labels[:, None], one_hot, one_hot[:, :, None], one_hot.astype(bool)):
            assert_same(trained(images, given), expected, 0)

    def test_objects_with_arrays(self):
        class Array:
            def __init__(self, array):
                self.array = array

            def __array__(self, dtype=None, copy=None):
                return np.asarray(self.array, dtype)

        images, labels = integers()
        network = make_network()
        network.train((Array(images), Array(labels)), 1, 0.05)

    @pytest.mark.parametrize(
        ("images", "found"),
        [
            (np.zeros((2, 24), np.float16), "float16 of shape (2, 24)"),
            (np.zeros((2, 24), np.int64), "int64 of shape (2, 24)"),
            (np.zeros((2, 24), ">f8"), ">f8 of shape (2, 24)"),
            (np.zeros((2, 4, 6)), "float64 of shape (2, 4, 6)"),
            ([[0.0] * 24] * 2, "list"),
        ],
    )
    def test_a_class_like_a_dataset_is_looked_at(self, images, found):
        class Data:
            labels = np.zeros(2, np.intp)
            scale = 1.0

        Data.images = images
        with pytest.raises(DataError) as error:
            make_network().train(Data(), 1, 0.1)
        rule = "images of training_data must be an array (n, pixels) of uint8, float32 or float64"
        assert str(error.value) == f"{rule}, got {found}"
        Data.images = np.zeros((3, 24))
        with pytest.raises(
            DataError, match=r"^images and labels of training_data must have the same length, got 3 and 2$"
        ):
            make_network().train(Data(), 1, 0.1)


FORMATS = ["csr_matrix", "csr_array", "csc_matrix", "csc_array", "coo_array", "lil_array", "dia_array", "bsr_array"]


class TestSparse:
    @pytest.mark.parametrize("name", FORMATS)
    @pytest.mark.parametrize("kind", ["u1", "f4", "f8", "i8"])
    def test_is_the_dense_training(self, kind, name):
        images, labels = integers()
        images = images.astype(kind)
        given = getattr(sparse, name)(images)
        assert_same(trained(given, labels), trained(images, labels))

    @pytest.mark.parametrize("dtype", ["float64", "float32"])
    @pytest.mark.parametrize("fan_out", [1, 16, 33, 64, 300])
    def test_gradient_loss_and_accuracy(self, fan_out, dtype):
        images, labels = integers()
        given = sparse.csr_array(images / 16)
        network = make_network(dtype, [24, fan_out, 5])
        tolerance = {"float64": 1e-12, "float32": 1e-5}[dtype]
        assert network.loss(given, labels) == pytest.approx(network.loss(images / 16, labels), rel=tolerance)
        for parts in zip(network.gradient(given, labels), network.gradient(images / 16, labels), strict=True):
            assert_same(*parts, tolerance)
        assert network.test((given, labels)) == network.test((images / 16, labels))
        assert np.array_equal(network.predict(given), network.predict(images / 16))

    def test_all_or_nothing(self):
        """Rows that are full, rows that are empty, and values that are stored though they are zero."""
        images, labels = integers()
        images[::3], images[1::3] = 0, 7
        given = sparse.csr_matrix(np.where(images == 0, 99, images))
        given.data[given.data == 99] = 0
        assert given.nnz == images.size
        assert_same(trained(given, labels), trained(images, labels))

    def test_entries_that_are_there_several_times_add_up(self):
        images, labels = integers()
        rows, columns = np.nonzero(images)
        values = images[rows, columns] / 2.0
        order = np.random.default_rng(0).permutation(100 * len(rows))
        index = np.tile(np.arange(len(rows)), 100)[order]
        many = values[index] / 50
        begins = np.concatenate([[0], np.cumsum(np.bincount(rows[index], minlength=N))])
        by_row = np.argsort(rows[index], kind="stable")
        given = sparse.csr_matrix((many[by_row], columns[index][by_row], begins), shape=images.shape)
        assert given.nnz > images.size, "more than a row has room for"
        before = given.data.tobytes(), given.indices.tobytes()
        assert_same(trained(given, labels), trained(images, labels), 1e-9)
        assert (given.data.tobytes(), given.indices.tobytes()) == before

    def test_columns_in_any_order_and_wide_indices(self):
        images, labels = integers()
        given = sparse.csr_matrix(images[:, ::-1].copy())
        given.indices = 23 - given.indices
        given.has_sorted_indices = False
        given.indices, given.indptr = given.indices.astype(np.int64), given.indptr.astype(np.int64)
        assert_same(trained(given, labels), trained(images, labels))

    def test_split_validated_and_minimised(self):
        images, labels = integers()
        given, ends = sparse.csr_array(images / 16), []
        for data in (given, images / 16):
            network = make_network()
            history = network.train((data, labels), 5, 0.1, validation_data=0.3, training_accuracy=True)
            network.train((data, labels), 5, 0.1, optimizer="lbfgs", test_data=(data, labels))
            ends.append([np.array(history.validation_loss), np.array(history.training_accuracy), network.weights[0]])
        assert_same(ends[0], ends[1], 1e-6)

    def test_pixels_of_bytes_bring_their_scale(self):
        images, labels = integers()
        network = make_network()
        network.train((sparse.csr_array(images.astype("u1")), labels), 1, 0.1)
        assert network.scale == 1 / 16

    def test_no_rows(self):
        network = make_network()
        assert network(sparse.csr_array((0, 24))).shape == (0, 5)
        with pytest.raises(DataError, match="must not be empty"):
            network.train((sparse.csr_array((0, 24)), np.empty(0, int)), 1, 0.1)

    @pytest.mark.parametrize(
        ("change", "message"),
        [
            (lambda m: m.data.__setitem__(5, np.nan), "images of training_data must be finite, got nan in image"),
            (lambda m: m.indices.__setitem__(5, 24), "a sparse matrix must be well-formed, got one in which"),
            (lambda m: m.indices.__setitem__(5, -1), "a sparse matrix must be well-formed, got one in which"),
            (lambda m: m.indptr.__setitem__(3, 10**6), "a sparse matrix must be well-formed, got one in which"),
        ],
    )
    def test_broken(self, change, message):
        images, labels = integers()
        given = sparse.csr_matrix(images / 16)
        change(given)
        with pytest.raises(DataError) as error:
            make_network().train((given, labels), 1, 0.1)
        assert str(error.value).startswith(message)
        if "finite" in message:
            row, column = np.argwhere(np.isnan(given.toarray()))[0]
            assert str(error.value).endswith(f" in image {row}, pixel {column}")

    @pytest.mark.parametrize(
        ("images", "message"),
        [
            (sparse.csr_array((3, 7)), "images must have 24 pixels each, got a sparse matrix of shape (3, 7)"),
            (sparse.coo_array(np.ones(24)), "images must have 24 pixels each, got a sparse matrix of shape (24,)"),
            (sparse.csr_array((3, 24), dtype=complex), "images must be integers or real numbers, got dtype complex128"),
        ],
    )
    def test_complaints(self, images, message):
        with pytest.raises(DataError) as error:
            make_network()(images)
        assert str(error.value) == message

    def test_feedforward_keeps_arrays_only(self):
        with pytest.raises(DataError) as error:
            make_network().feedforward(sparse.csr_array((3, 24)))
        assert str(error.value) == "feedforward keeps the activations of arrays, and got a sparse matrix"
