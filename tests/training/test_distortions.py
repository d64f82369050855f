"""Distortions as a setting: what is refused, doubted, described, drawn and resumed."""

import copy
import json
import warnings

import numpy as np
import pytest
from scipy.sparse import csr_matrix
from support.checkpointed import TEST, TRAIN, Interrupt, outcome, train
from support.distorted import field

import cmlp
from cmlp import CmlpError, Distortions, Network
from cmlp.training.distortions import find_distortions

USUAL = {"shift": 1, "elastic": 1.1, "smoothness": 5}
PICTURES = np.random.default_rng(0).random((30, 6, 10)), np.arange(30) % 3


def make(features, outputs=3):
    return Network([features, 5, outputs], seed=1)


class TestSettings:
    def test_lengths_follow_the_size(self):
        for side in (14, 28, 56):
            found = Distortions().for_pictures(side * side).describe()
            lengths = {name: pytest.approx(value * side / 28) for name, value in USUAL.items()}
            assert found == Distortions().describe() | lengths | {"picture_shape": [side, side]}
        assert Distortions().for_pictures(16).smoothness == 1
        given = Distortions(shift=2, elastic=0.5, smoothness=3).for_pictures(50 * 40, (50, 40))
        assert (given.shift, given.elastic, given.smoothness) == (2, 0.5, 3), "what is given is in pixels"
        assert given.for_pictures(2000) == given

    @pytest.mark.parametrize(
        ("settings", "message"),
        [
            ({"rotation": 181}, r"^rotation must be in \[0, 180\], got 181$"),
            ({"scale": 1}, r"^scale must be in \[0, 1\), got 1$"),
            ({"shear": float("nan")}, r"^shear must be in \[0, 1\], got nan$"),
            ({"shift": -1}, "^shift must be at least 0, got -1$"),
            ({"elastic": "1"}, "^elastic must be at least 0, got '1'$"),
            ({"smoothness": 0}, "^smoothness must be a positive number, got 0$"),
            ({"noise": True}, r"^noise must be in \[0, 10\], got True$"),
            ({"thickness": None}, "^thickness must be at least 0, got None$"),
            ({"picture_shape": 28}, "^picture_shape must be .height, width., .* got 28$"),
            ({"picture_shape": (28, 1)}, r"^picture_shape must have 2x2 pixels or more, got \(28, 1\)$"),
            ({"elastic": 6, "smoothness": 5}, "elastic 6 with smoothness 5 does at 25% of the pixels: .* 15 would"),
        ],
    )
    def test_what_is_wrong_in_itself(self, settings, message):
        with pytest.raises(CmlpError, match=message):
            Distortions(**settings)

    @pytest.mark.parametrize(
        ("settings", "message"),
        [
            ({"shift": 8}, r"^shift must be below 8 pixels, the shorter side of the picture, got 8 for .* 8x8$"),
            ({"elastic": 4}, "^elastic must be below 4 pixels, half of the shorter side, got 4"),
            ({"thickness": 2}, "^thickness must be below 2 pixels, a quarter of it, got 2"),
            ({"smoothness": 0.5}, "^smoothness must be at least 1 pixel, or elastic 0, got 0.5"),
            ({"elastic": 1.5}, "elastic 1.5 with smoothness 1.42.* does at"),
            ({"picture_shape": (4, 8)}, "^pictures must have the 32 numbers of their shape 4x8, got 64$"),
        ],
    )
    def test_what_is_too_much_for_the_pictures(self, settings, message):
        net = make(64, 10)
        before = copy.deepcopy(net)
        with pytest.raises(CmlpError, match=message):
            net.train(TRAIN, 1, 0.1, distortions=Distortions(**settings))
        assert net.rng.bit_generator.state == before.rng.bit_generator.state
        assert net.settings == before.settings

    def test_names(self):
        assert find_distortions(True) == find_distortions("default") == find_distortions(np.True_) == Distortions()
        assert find_distortions(None) is find_distortions(False) is None
        for wrong in ("dflt", 1, {"rotation": 5}, Distortions):
            with pytest.raises(CmlpError, match=r"^distortions must be"):
                find_distortions(wrong)

    @pytest.mark.parametrize("ratio", [0.4, 0.6])
    def test_the_share_that_is_folded(self, ratio):
        """Counted in fields: where the change from pixel to pixel turns a square over."""
        how = Distortions(elastic=5 * ratio, smoothness=5)
        fields = np.array([field(how, seed, 60, 60) for seed in range(1000, 60000, 1500)])
        down, across = np.diff(fields, axis=2)[..., :-1], np.diff(fields, axis=3)[:, :, :-1]
        turned = (1 + across[:, 0]) * (1 + down[:, 1]) < across[:, 1] * down[:, 0]
        assert how.folded == pytest.approx(turned.mean(), rel=0.35, abs=0.001)

    def test_doubts(self):
        net = make(64, 10)
        with pytest.warns(UserWarning, match=r"^elastic 1 with smoothness 1.7 folds pictures over themselves at 3%"):
            net.train(TRAIN, 1, 0.1, distortions=Distortions(elastic=1, smoothness=1.7))
        with pytest.warns(UserWarning, match=r"^shift 4 moves up to 50% of pictures of 8x8 over the border"):
            net.train(TRAIN, 1, 0.1, distortions=Distortions(shift=4))
        with warnings.catch_warnings():
            warnings.simplefilter("error")
            net.train(TRAIN, 1, 0.1, distortions=True)


class TestPictures:
    """What the data say of their shape, and what they need not say."""

    @pytest.mark.parametrize(
        "data",
        [
            PICTURES,
            (list(PICTURES[0]), PICTURES[1]),
            (PICTURES[0][..., np.newaxis], PICTURES[1]),
            list(zip(*PICTURES, strict=True)),
            cmlp.Dataset(*PICTURES),
        ],
        ids=["arrays", "lists", "with a channel", "pairs", "Dataset"],
    )
    def test_shape_of_the_data(self, data):
        net = make(60)
        net.train(data, 1, 0.1, distortions=True)
        assert net.settings["distortions"]["picture_shape"] == [6, 10]

    def test_shape_that_is_given(self):
        images, labels = PICTURES
        net = make(60)
        net.train((images, labels), 1, 0.1, distortions=Distortions(picture_shape=(5, 4, 3)))
        assert net.settings["distortions"]["picture_shape"] == [5, 4, 3]
        json.dumps(net.settings)
        with pytest.raises(
            cmlp.DataError, match=r"need pictures, and 60 numbers are no square: picture_shape=\(height"
        ):
            net.train((images.reshape(30, -1), labels), 1, 0.1, distortions=True)

    def test_no_pictures(self):
        net = make(64, 10)
        matrix = csr_matrix(TRAIN.images)
        with pytest.raises(cmlp.DataError, match=r"^distortions need pictures, got a sparse matrix: X.toarray"):
            net.train((matrix, TRAIN.labels), 1, 0.1, distortions=True)
        with pytest.raises(cmlp.DataError, match=r"^pictures must have 2x2 pixels or more to be distorted, got 1x1$"):
            make(1).train((np.ones((3, 1)), [0, 1, 2]), 1, 0.1, distortions=True)

    def test_lbfgs(self):
        with pytest.raises(cmlp.ModelError, match=r"^lbfgs has no mini-batches and so no distortions"):
            make(64, 10).train(TRAIN, 1, 1.0, optimizer="lbfgs", distortions=True)


class TestElsewhere:
    def test_only_training_distorts(self):
        """Steps too small to change anything: what is measured is what it was before."""
        net = make(64, 10)
        net.scale = TRAIN.scale
        before, outputs = net.evaluate(TEST), net(TEST.images)
        history = net.train(TRAIN, 2, 1e-300, validation_data=TEST, test_data=TEST, distortions=True)
        assert history.validation_loss == [pytest.approx(before.loss)] * 2
        assert history.test_accuracy == [before.accuracy] * 2
        np.testing.assert_array_equal(net(TEST.images), outputs)

    def test_weights_of_samples(self):
        """Of images without weight nothing is learned, however they are distorted."""
        weights = np.zeros(len(TRAIN))
        weights[:40] = 1
        net, other = make(64, 10), make(64, 10)
        images = np.array(TRAIN.images)
        images[40:] = 7
        for each, data in ((net, TRAIN), (other, cmlp.Dataset(images, TRAIN.labels, scale=TRAIN.scale))):
            each.train(data, 1, 0.1, sample_weight=weights, mini_batch_size=30, distortions=True)
        np.testing.assert_array_equal(net.weights[0], other.weights[0])

    def test_train_on_batches(self):
        net, twin = make(64, 10), make(64, 10)
        key = int(twin.rng.integers(2**63))
        net.train_on_batches([TRAIN[:20]], 0.5, distortions=True)
        bent = Distortions().for_pictures(64).distorter(64).apply(TRAIN[:20].scaled(), key)
        twin.gradient_step((bent, TRAIN.labels[:20]), 0.5)
        np.testing.assert_allclose(net.weights[0], twin.weights[0], atol=1e-12)

    @pytest.mark.parametrize("more", [{}, {"dropout": 0.3, "averaging": 0.9, "dtype": "float32"}], ids=str)
    def test_resumed_anywhere(self, more, tmp_path):
        settings = more | {"distortions": Distortions(noise=0.1), "optimizer": "adam"}
        whole = outcome(*train(**settings))
        for number, place in enumerate([Interrupt(step=step) for step in (1, 9, 13, 20)] + [Interrupt(epoch=1)]):
            path = tmp_path / f"{number}.ckpt"
            train(path, place, **settings)
            assert outcome(*train(path, resume=True, **settings)) == whole

    @pytest.mark.parametrize("other", [None, Distortions(rotation=11), Distortions(picture_shape=(4, 16))], ids=str)
    def test_other_distortions_are_another_training(self, other, tmp_path):
        train(tmp_path / "run", Interrupt(step=5), distortions=True)
        with pytest.raises(cmlp.ModelError, match=r"belongs to another training: distortions was .* there, and is"):
            train(tmp_path / "run", resume=True, distortions=other)
        explicit = Distortions().for_pictures(64)
        train(tmp_path / "run", resume=True, distortions=explicit)

    def test_files_keep_the_settings(self, tmp_path):
        net = make(64, 10)
        net.train(TRAIN, 1, 0.1, distortions=Distortions(rotation=3))
        net.save(tmp_path / "net.cmlp")
        assert Network.load(tmp_path / "net.cmlp").settings["distortions"]["rotation"] == 3


class TestApplyAndPlot:
    def test_apply(self):
        how = Distortions()
        images = TRAIN.scaled().reshape(-1, 8, 8)
        found = how.apply(images, seed=3)
        assert found.shape == images.shape
        np.testing.assert_array_equal(found.reshape(-1, 64), how.apply(TRAIN, seed=3))
        assert how.apply(images.astype(np.float32)).dtype == np.float32
        for seed in (-1, 2**63, 1.5, True):
            with pytest.raises(cmlp.ModelError, match=r"^seed must be an integer"):
                how.apply(images, seed)
        with pytest.raises(cmlp.DataError, match=r"^images must"):
            how.apply("nothing")

    def test_plot(self):
        pytest.importorskip("matplotlib")
        figure = Distortions().plot(TRAIN)
        original, bent = (np.asarray(image.get_array()) for image in figure.axes[0].images)
        assert original.shape[0] == bent.shape[0]
        assert bent.shape[1] == 9 * original.shape[1]
        figure.savefig("/dev/null", format="png")
        colours = cmlp.Dataset(np.random.default_rng(0).random((5, 48)), [0, 1, 0, 1, 0])
        with pytest.raises(cmlp.DataError, match=r"^pictures must have one channel to be drawn, got 48 numbers each$"):
            Distortions(picture_shape=(4, 4, 3)).plot(colours)

    def test_pickles_and_copies_are_equal(self):
        how = Distortions(rotation=3).for_pictures(64)
        assert copy.deepcopy(how) == how
        assert hash(how) == hash(copy.copy(how))
