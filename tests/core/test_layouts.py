"""How an array lies in memory costs one copy at most, made once, and does not change a bit."""

import numpy as np
import pytest
from scipy.sparse import csc_matrix, csr_matrix

import cmlp
from cmlp.core.data_source import DataSource
from cmlp.model.samples import AS_THEY_ARE, Form, as_images, as_samples

FEATURES = 30
FORM = Form(FEATURES, 10, False)


def every_second(images):
    wide = np.zeros((2 * len(images), 2 * FEATURES), images.dtype)
    wide[::2, ::2] = images
    return wide[::2, ::2]


def misaligned(images):
    copy = np.empty(images.nbytes + 1, np.uint8)[1:].view(images.dtype).reshape(images.shape)
    copy[...] = images
    return copy


def frame(images):
    return pytest.importorskip("pandas").DataFrame(images)


LAYOUTS = {
    "Fortran": np.asfortranarray,
    "columns": lambda images: np.ascontiguousarray(images.T).T,
    "every second": every_second,
    "backwards": lambda images: np.ascontiguousarray(images[::-1, ::-1])[::-1, ::-1],
    "other byte order": lambda images: images.astype(images.dtype.newbyteorder("S")),
    "misaligned": misaligned,
    "rows apart": lambda images: np.hstack([images, images])[:, :FEATURES],
    "pictures": lambda images: images.reshape(-1, 5, 6),
    "pictures by columns": lambda images: np.ascontiguousarray(images.reshape(-1, 5, 6).transpose(2, 1, 0)).T,
    "list": list,
    "frame": frame,
}
TYPES = {"uint8": np.uint8, "float32": np.float32, "float64": np.float64}


def digits(dtype):
    rng = np.random.default_rng(0)
    images = np.where(rng.random((400, FEATURES)) < 0.3, 0, rng.integers(0, 256, (400, FEATURES)))
    return (images if dtype == np.uint8 else images / 255).astype(dtype), rng.integers(10, size=400)


def outcome(images, labels, dtype):
    network = cmlp.Network((FEATURES, 12, 10), dtype=dtype, seed=1)
    data = (images, labels) if hasattr(images, "__array__") else list(zip(images, labels, strict=True))
    network.train(data, 2, 1.0, mini_batch_size=50)
    outputs = network(images if hasattr(images, "__array__") else np.array(images))
    network.feedforward(np.asarray(images))
    return network.engine.parameters.tobytes(), outputs.tobytes(), network.activations[1].tobytes()


@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize("pixels", TYPES.values(), ids=TYPES)
@pytest.mark.parametrize("lay_out", LAYOUTS.values(), ids=LAYOUTS)
def test_no_layout_changes_a_bit(lay_out, pixels, dtype):
    images, labels = digits(pixels)
    assert outcome(lay_out(images), labels, dtype) == outcome(images, labels, dtype)


@pytest.mark.parametrize("lay_out", LAYOUTS.values(), ids=LAYOUTS)
def test_kernels_find_the_pixels_of_an_image_side_by_side(lay_out):
    images, labels = digits(np.float32)
    given = lay_out(images)
    samples = as_samples((given if hasattr(given, "__array__") else np.array(given), labels), FORM, None, "data")
    found, _ = as_images(given, FEATURES, AS_THEY_ARE)
    for array in (samples.images, found):
        assert array.strides[1] == array.itemsize
        assert array.flags.aligned
        assert array.dtype == np.float32
    DataSource(found, 1.0)


@pytest.mark.parametrize("pixels", TYPES.values(), ids=TYPES)
def test_what_lies_well_is_not_copied(tmp_path, pixels):
    images, labels = digits(pixels)
    images.tofile(tmp_path / "images")
    mapped = np.memmap(tmp_path / "images", pixels, "r", shape=images.shape)
    for given in (images, images[::2], images[::-1], np.hstack([images, images])[:, :FEATURES], mapped, mapped[100:]):
        samples = as_samples((given, labels[: len(given)]), FORM, None, "data")
        dataset = cmlp.Dataset(given, labels[: len(given)], classes=10)
        of_dataset = as_samples(dataset, FORM, None, "data")
        found, _ = as_images(given, FEATURES, AS_THEY_ARE)
        for array in (samples.images, of_dataset.images, found):
            assert np.shares_memory(array, given)


@pytest.mark.parametrize("kind", [csr_matrix, csc_matrix, lambda images: csr_matrix(images).tocoo()])
def test_sparse_matrices_of_any_kind(kind):
    images, labels = digits(np.float64)
    images *= np.random.default_rng(1).random(images.shape) < 0.3
    assert outcome_of_rows(kind(images), labels) == outcome_of_rows(images, labels)


def outcome_of_rows(images, labels):
    network = cmlp.Network((FEATURES, 12, 10), seed=1)
    network.train((images, labels), 2, 1.0, mini_batch_size=50)
    return network.engine.parameters.tobytes(), network(images).tobytes()
