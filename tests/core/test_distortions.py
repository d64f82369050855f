"""Distorted pictures against NumPy: every instruction set, size, number of channels and setting."""

import copy

import numpy as np
import pytest
from support.distorted import distorted, mix, uniform, weights

from cmlp import Distortions, Network
from cmlp.core.distorter import SETTINGS, Distorter
from cmlp.core.simd import choose_simd_path, simd_path_names

TYPES = pytest.mark.parametrize("dtype", ["float64", "float32"])
NOTHING = {"rotation": 0, "scale": 0, "shear": 0, "shift": 0, "elastic": 0}
KEY = 2**63 - 77
CASES = {
    "all": {},
    "affine": {"elastic": 0},
    "bent": NOTHING | {"elastic": None},
    "thick": {"thickness": 1.3},
    "noisy": {"noise": 0.2},
    "extreme": {"rotation": 180, "scale": 0.9, "shear": 1, "shift": 4},
}


@pytest.fixture(params=simd_path_names())
def path(request):
    choose_simd_path(request.param)
    yield
    choose_simd_path(simd_path_names()[0])


def pictures(shape, n, dtype="float64"):
    return np.random.default_rng(n).random((n, *shape)).astype(dtype)


def reference(how, images, key=KEY):
    return np.array([distorted(how, image.astype(float), key, i) for i, image in enumerate(images)])


@TYPES
@pytest.mark.parametrize("shape", [(28, 28), (8, 8), (6, 33), (40, 7)])
@pytest.mark.parametrize("settings", CASES.values(), ids=CASES)
def test_against_numpy(settings, shape, dtype, path):
    images = pictures(shape, 6, dtype)
    how = Distortions(**settings).for_pictures(images[0].size, shape)
    found = how.distorter(images[0].size).apply(images.reshape(6, -1), KEY)
    assert found.dtype == dtype
    np.testing.assert_allclose(found.reshape(images.shape), reference(how, images), atol=1e-5 * max(shape))


@pytest.mark.parametrize("shape", [(2, 2), (2, 9), (5, 3), (3, 65)])
def test_small_and_narrow_pictures(shape, path):
    images = pictures(shape, 20)
    how = Distortions(noise=0.1).for_pictures(images[0].size, shape)
    found = how.distorter(images[0].size).apply(images.reshape(20, -1), KEY)
    np.testing.assert_allclose(found.reshape(images.shape), reference(how, images), atol=1e-5 * max(shape))


@TYPES
@pytest.mark.parametrize("settings", [{}, {"thickness": 0.7}], ids=str)
@pytest.mark.parametrize("channels", [2, 3, 4])
def test_channels_are_distorted_alike(channels, settings, dtype):
    planes = pictures((channels, 9, 14), 5, dtype)
    how = Distortions(**settings, picture_shape=(9, 14)).for_pictures(126)
    alone = np.stack([how.distorter(126).apply(np.ascontiguousarray(planes[:, c].reshape(5, -1)), KEY)
                      for c in range(channels)], axis=1).reshape(planes.shape)  # fmt: skip
    for shape, axes in (((channels, 9, 14), (0, 1, 2, 3)), ((9, 14, channels), (0, 2, 3, 1))):
        together = np.ascontiguousarray(planes.transpose(axes)).reshape(5, -1)
        found = Distortions(**settings, picture_shape=shape).distorter(126 * channels).apply(together, KEY)
        np.testing.assert_array_equal(found.reshape(5, *shape), alone.transpose(axes))


@TYPES
def test_without_any_distortion_pictures_stay_as_they_are(dtype):
    images = pictures((28, 28), 10, dtype).reshape(10, -1)
    np.testing.assert_array_equal(Distortions(**NOTHING).distorter(784).apply(images, KEY), images)


def test_what_is_plain_stays_so_and_nothing_leaves_the_range():
    images = np.full((50, 784), 0.3)
    np.testing.assert_array_equal(Distortions(thickness=2).distorter(784).apply(images, KEY), images)
    images = pictures((28, 28), 50).reshape(50, -1)
    found = Distortions(noise=3, thickness=1).distorter(784).apply(images, KEY)
    assert images.min() <= found.min() < found.max() <= images.max()


def test_each_picture_and_key_has_its_own():
    images = np.tile(pictures((8, 8), 1).reshape(1, -1), (30, 1))
    both = np.concatenate([Distortions().distorter(64).apply(images, key) for key in (0, 1)])
    assert len(np.unique(both, axis=0)) == 60


def test_amounts_are_uniform_and_the_field_has_its_deviation():
    """A ramp tells where each pixel comes from."""
    n, (down, across) = 2000, np.indices((28, 28)).reshape(2, 1, -1)
    ramps = [np.repeat(ramp.astype(float), n, axis=0) for ramp in (across, down)]
    shifted = Distortions(**NOTHING | {"shift": 3}).distorter(784)
    moved = shifted.apply(ramps[0], KEY).reshape(n, 28, 28)[:, 14, 14] - 14
    assert abs(moved).max() <= 3
    assert abs(moved.mean()) < 4 * 3 / np.sqrt(3 * n)
    np.testing.assert_allclose(moved.std(), np.sqrt(3), rtol=0.05)
    bent = Distortions(**NOTHING | {"elastic": 1.1}).distorter(784)
    for ramp in ramps:
        inside = (bent.apply(ramp, KEY) - ramp).reshape(n, 28, 28)[:, 5:-5, 5:-5]
        np.testing.assert_allclose(inside.std(axis=0), 1.1, rtol=0.1)
        np.testing.assert_allclose(weights(28, 5.0)[14] @ weights(28, 5.0)[19], correlation(inside), atol=0.06)


def correlation(fields):
    """Of what is five pixels apart in a row."""
    return np.mean([np.corrcoef(fields[:, 9, x], fields[:, 9, x + 5])[0, 1] for x in range(13)])


def test_random_numbers_have_no_pattern():
    numbers = np.array([[uniform(mix((KEY + mix(image)) % 2**64), i) for i in range(8)] for image in range(4000)])
    np.testing.assert_allclose(np.corrcoef(numbers.T), np.eye(8), atol=4 / np.sqrt(4000))
    np.testing.assert_allclose(np.corrcoef(numbers[1:, 0], numbers[:-1, 0])[0, 1], 0, atol=4 / np.sqrt(4000))


class TestTraining:
    """The bits of an epoch follow from its key, and from the numbers of the images."""

    def make(self, kind, dtype, normalization=None):
        rng = np.random.default_rng(3)
        images = rng.integers(1, 256, (70, 9, 7)).astype(np.uint8)
        if kind.startswith("sparse"):
            images[rng.random(images.shape) < 0.8] = 0
        if not kind.endswith("bytes"):
            images = (images / 255).astype(kind.split()[1])
        network = Network(
            [63, 12, 3], activation="tanh", loss="cross_entropy", normalization=normalization, dtype=dtype, seed=5
        )
        return network, images, rng.integers(3, size=70)

    @TYPES
    @pytest.mark.parametrize("kind", ["dense bytes", "sparse bytes", "dense float32", "sparse float64"])
    def test_a_step_is_the_gradient_of_the_distorted_pictures(self, kind, dtype):
        network, images, labels = self.make(kind, dtype)
        twin = copy.deepcopy(network)
        order, key = twin.rng.permutation(70), int(twin.rng.integers(2**63))
        given = images / 255 if images.dtype == np.uint8 else images.astype(float)
        how = Distortions(thickness=0.5).for_pictures(63, (9, 7))
        bent = how.distorter(63).apply(given.reshape(70, -1).astype(dtype), key)
        network.train((images, labels), 1, 0.5, mini_batch_size=32, distortions=how)
        for begin in range(0, 70, 32):
            rows = order[begin : begin + 32]
            twin.gradient_step((bent[rows], labels[rows]), 0.5)
        for found, expected in zip([*network.weights, *network.biases], [*twin.weights, *twin.biases], strict=True):
            np.testing.assert_allclose(found, expected, atol=1e-5 if dtype == "float32" else 1e-12)

    @TYPES
    @pytest.mark.parametrize("kind", ["dense bytes", "sparse bytes", "dense float32"])
    @pytest.mark.parametrize("normalization", [None, "batch"])
    @pytest.mark.parametrize("more", [{}, {"validation_data": 0.3, "patience": 9}], ids=str)
    def test_any_number_of_threads(self, kind, more, normalization, dtype):
        def bits(threads):
            network, images, labels = self.make(kind, dtype, normalization)
            data = (np.tile(images, (4, 1, 1)), np.tile(labels, 4))
            history = network.train(data, 3, 0.1, mini_batch_size=130, distortions=True, threads=threads, **more)
            return history.loss, [part.tobytes() for part in network.weights]

        assert bits(1) == bits(2) == bits(3)

    def test_it_is_fresh_in_each_epoch(self):
        network, images, labels = self.make("dense bytes", "float64")
        losses = network.train((images, labels), 5, 1e-300, distortions=True).loss
        assert np.diff(np.sort(losses)).min() > 1e-6
        assert np.ptp(network.train((images, labels), 5, 1e-300).loss) < 1e-12

    def test_without_distortions_no_random_number_is_drawn(self):
        network, images, labels = self.make("dense bytes", "float64")
        twin = copy.deepcopy(network)
        for each, given in ((network, False), (twin, None)):
            each.train((images, labels), 2, 0.1, distortions=given)
        assert network.rng.bit_generator.state == twin.rng.bit_generator.state
        assert network.settings["distortions"] is None


class TestRefusals:
    def make(self, shape=(4, 4, 1), down=(4, 3), across=(3, 4), dtype=np.float32, **settings):
        given = dict.fromkeys(SETTINGS, 0.1) | settings
        return Distorter(*shape, False, given, np.zeros(down, dtype), np.zeros(across, dtype))

    @pytest.mark.parametrize(
        "wrong",
        [
            {"shape": (1, 4, 1)}, {"shape": (4, 4, 0)}, {"shape": (2**30, 2**30, 1)}, {"shape": (-4, 4, 1)},
            {"down": (3, 3)}, {"down": (12,)}, {"across": (3, 5)}, {"across": (0,)}, {"scale": 1.0},
            {"rotation": float("nan")}, {"shift": -1}, {"noise": 1e300},
        ],
        ids=str,
    )  # fmt: skip
    def test_what_kernels_could_not_read(self, wrong):
        with pytest.raises(ValueError, match="must"):
            self.make(**wrong)

    def test_arrays_of_another_type(self):
        with pytest.raises(TypeError, match="must be of type"):
            self.make(dtype=np.float64)
        with pytest.raises(TypeError, match="must be of type"):
            self.make().apply(np.zeros((2, 16), np.uint8), 0)
        with pytest.raises(ValueError, match="must have shape"):
            self.make().apply(np.zeros((2, 15)), 0)
        assert self.make().apply(np.zeros((0, 16)), 0).shape == (0, 16)
