"""Distortions of pictures, fresh for each image and epoch: more training data than anybody could collect."""

from dataclasses import asdict, dataclass, replace
from math import ceil, pi, sqrt
from numbers import Integral
from typing import TYPE_CHECKING, Any, Self

import numpy as np
from numpy.typing import ArrayLike, NDArray

from cmlp.core.distorter import Distorter
from cmlp.data.dataset import Dataset
from cmlp.data.picture_shapes import check_picture_shape, fitting_shape, parts_of, shape_of
from cmlp.data.pixels import scaled
from cmlp.data.validation import check_images
from cmlp.errors import DataError, ModelError
from cmlp.utils.checks import check_closed_fraction, check_fraction, check_name, check_optional, check_range
from cmlp.utils.settings import check_settings, setting
from cmlp.utils.text import shown

if TYPE_CHECKING:
    from matplotlib.figure import Figure

USUAL_SIDE = 28  # pixels, of the pictures for which the lengths below are best
SHIFT, ELASTIC, SMOOTHNESS = 1.0, 1.1, 5.0
MOST_FOLDED, FOLDED = 0.1, 0.01  # of the pixels, from where on the field is refused, or doubted
FLAT = 1000.0  # smoothness, in pixels, where nothing is bent
BEYOND = 1.0  # smoothness, by which the nodes of the field reach beyond the border
MARGIN = "the border, of a picture with little margin around what it shows"


def _degrees(name: str, value: Any) -> float:
    return check_range(name, value, 0, 180, closed=True)


def _length(name: str, value: Any) -> float | None:
    return None if value is None else check_range(name, value)


def _noise(name: str, value: Any) -> float:
    return check_range(name, value, 0, 10, closed=True)


@dataclass(frozen=True)
class Distortions:
    """How training pictures are distorted: each is turned, scaled, sheared, shifted and bent, anew in each epoch.

    A network that has seen each picture in hundreds of shapes knows what matters about it. For every picture all
    amounts are drawn anew, between minus and plus what is given here; the bending is a smooth random field [1]_.
    Between pixels is interpolated, and outside of a picture its border goes on. Only training distorts: what is
    measured, tested and predicted stays as it is.

    Lengths are in pixels of the pictures at hand. Those that are not given are as large, compared with the shorter
    side, as the best ones for MNIST, whose pictures have 28x28 pixels.

    Parameters
    ----------
    rotation : float, default 10.0
        Degrees, at most 180.
    scale : float, default 0.15
        Share by which height and width grow or shrink, each by its own, in [0, 1).
    shear : float, default 0.1
        Pixels by which each row is pushed aside for each pixel of its distance from the middle, in [0, 1].
    shift : float, optional
        Pixels, to the side and down; by default 1 for pictures of 28x28, and in proportion for others.
    elastic : float, optional
        Standard deviation of the bending, in pixels; by default 1.1 for pictures of 28x28, and in proportion for
        others.
    smoothness : float, optional
        Pixels over which the bending changes, the standard deviation of a Gaussian; by default 5 for pictures of 28x28,
        and in proportion for others, but at least 1.
    thickness : float, default 0.0
        Pixels by which bright strokes become thicker on each side, or thinner.
    noise : float, default 0.0
        Standard deviation of noise on each pixel, where black to white is 1; it leads no pixel out of the range that
        its picture has.
    picture_shape : (int, int) or (int, int, int), optional
        Height and width of the pictures, or these and the number of channels, behind them or in front of them, as the
        pixels lie in a row. By default as the data say it, or a square.

    Raises
    ------
    ModelError
        If a setting breaks a rule, or if the bending would fold pictures over themselves.

    References
    ----------
    .. [1] Patrice Simard, Dave Steinkraus and John Platt, Best Practices for Convolutional Neural Networks Applied to
       Visual Document Analysis, ICDAR 2003.

    Examples
    --------
    >>> train, test = cmlp.load_digits()
    >>> net = cmlp.Network([64, 30, 10], activation="relu", loss="cross_entropy")
    >>> history = net.train(train, 20, 0.004, optimizer="adam", distortions=cmlp.Distortions(rotation=5, elastic=0))
    """

    rotation: float = setting(10.0, _degrees)
    scale: float = setting(0.15, check_fraction)
    shear: float = setting(0.1, check_closed_fraction)
    shift: float | None = setting(None, _length)
    elastic: float | None = setting(None, _length)
    smoothness: float | None = setting(None, check_optional)
    thickness: float = setting(0.0, check_range)
    noise: float = setting(0.0, _noise)
    picture_shape: tuple[int, ...] | None = setting(None, check_picture_shape)

    def __post_init__(self) -> None:
        check_settings(self)
        if self.folded > MOST_FOLDED:
            rule = "the bending must not fold pictures over themselves"
            found = f"{self._bending} does at {self.folded:.0%} of the pixels"
            raise ModelError(f"{rule}, and {found}: a smoothness of {2.5 * (self.elastic or 0):.2g} would suit it")

    @property
    def _bending(self) -> str:
        return f"elastic {self.elastic:g} with smoothness {self.smoothness:g}"

    @property
    def folded(self) -> float:
        """The share of the pixels at which the bending folds a picture over itself, where its lengths are known.

        There the field changes so much from pixel to pixel that what was side by side changes sides. Each of the four
        derivatives of a field of Gaussians is normal, with a standard deviation of elastic / (smoothness * sqrt(2)).
        """
        if not self.elastic or self.smoothness is None or self.elastic < self.smoothness / 4:
            return 0.0
        slopes = np.random.default_rng(0).standard_normal((4, 100_000)) * (self.elastic / self.smoothness / sqrt(2))
        return float(np.mean((1 + slopes[0]) * (1 + slopes[1]) < slopes[2] * slopes[3]))

    def describe(self) -> dict[str, Any]:
        """Return the settings in a form that JSON can represent.

        Returns
        -------
        dict
            The value of each setting by name.
        """
        described = asdict(self)
        return described | {"picture_shape": None if self.picture_shape is None else list(self.picture_shape)}

    def for_pictures(self, features: int, shape: tuple[int, ...] | None = None) -> Self:
        """Return the same distortions with all lengths and the shape of the pictures.

        Parameters
        ----------
        features : int
            How many numbers a picture has.
        shape : tuple of int, optional
            What the data say of it; by default nothing, and the pictures are taken for squares.

        Returns
        -------
        Distortions
            Of which nothing is left open.

        Raises
        ------
        DataError
            If so many numbers are no picture of that shape.
        ModelError
            If a length is too large for the pictures.
        """
        picture_shape = fitting_shape(features, self.picture_shape or shape)
        height, width, _, _ = parts_of(picture_shape)
        side = min(height, width)
        unit = side / USUAL_SIDE
        lengths = {
            "shift": SHIFT * unit if self.shift is None else self.shift,
            "elastic": ELASTIC * unit if self.elastic is None else self.elastic,
            "smoothness": max(1.0, SMOOTHNESS * unit) if self.smoothness is None else self.smoothness,
        }
        limits = {"shift": side, "elastic": side / 2, "thickness": side / 4}
        for name, limit in limits.items():
            value = lengths.get(name, self.thickness)
            if not value < limit:
                found = f"got {value:g} for pictures of {width}x{height}"
                raise ModelError(f"{name} must be below {limit:g} pixels, {_part(limit / side)}, {found}")
        if lengths["smoothness"] < 1 and lengths["elastic"]:
            found = f"got {lengths['smoothness']:g} for pictures of {width}x{height}"
            raise ModelError(f"smoothness must be at least 1 pixel, or elastic 0, {found}")
        return replace(self, picture_shape=picture_shape, **lengths)

    @property
    def doubts(self) -> list[str]:
        """What is questionable about distortions `for_pictures`, as sentences."""
        height, width, _, _ = parts_of(self.picture_shape or (USUAL_SIDE, USUAL_SIDE))
        doubts, shift = [], self.shift or 0
        if self.folded > FOLDED:
            doubts.append(f"{self._bending} folds pictures over themselves at {self.folded:.0%} of their pixels")
        if shift > min(height, width) / 4:
            share = shift / min(height, width)
            doubts.append(f"shift {shift:g} moves up to {share:.0%} of pictures of {width}x{height} over {MARGIN}")
        return doubts

    def distorter(self, features: int) -> Distorter:
        """Return what the core distorts pictures of so many numbers with.

        Parameters
        ----------
        features : int
            How many numbers a picture has.

        Returns
        -------
        Distorter
            For these pictures only.

        Raises
        ------
        DataError
            If so many numbers are no picture.
        ModelError
            If a length is too large for it.
        """
        whole = self.for_pictures(features)
        height, width, channels, planar = parts_of(whole.picture_shape or ())
        settings = asdict(whole) | {"rotation": whole.rotation * pi / 180}
        smoothness = whole.smoothness or 1.0 if whole.elastic else FLAT
        down, across = (_weights(side, smoothness) for side in (height, width))
        return Distorter(height, width, channels, planar, settings, down, np.ascontiguousarray(across.T))

    def apply(self, images: ArrayLike | Dataset, seed: int = 0) -> NDArray[Any]:
        """Return distorted copies of pictures, as a training could see them.

        Parameters
        ----------
        images : Dataset or array_like
            Pictures of shape (n, pixels), (n, height, width) or (n, height, width, 1). Bytes are scaled to [0, 1],
            floats are used as they are.
        seed : int, default 0
            Another one distorts them otherwise.

        Returns
        -------
        ndarray
            Of the shape of `images`, and of their type if that is float32 or float64; otherwise float64.

        Raises
        ------
        DataError
            If the images are no pictures.
        ModelError
            If a length is too large for them, or the seed is no integer of at least 0.

        Examples
        --------
        >>> train, _ = cmlp.load_digits()
        >>> cmlp.Distortions().apply(train).shape == train.images.shape
        True
        """
        if not isinstance(seed, Integral) or isinstance(seed, bool) or not 0 <= int(seed) < 2**63:
            raise ModelError(f"seed must be an integer in 0..2**63 - 1, got {shown(seed)}")
        if isinstance(images, Dataset):
            given, scale, shape = images.images, images.scale, images.images.shape
        else:
            given, scale = check_images(images, None, "images")
            shape = np.shape(images)
        pixels = scaled(given, scale)
        whole = self.for_pictures(pixels.shape[1], shape_of(images))
        distorted = whole.distorter(pixels.shape[1]).apply(np.require(pixels, None, ["C", "A"]), int(seed))
        return distorted.reshape(shape)

    def plot(self, data: Dataset, seed: int = 0) -> "Figure":
        """Draw some pictures, and what becomes of each in nine epochs.

        Parameters
        ----------
        data : Dataset
            The pictures; of each class the first one is drawn, of at most ten classes.
        seed : int, default 0
            Another one distorts them otherwise.

        Returns
        -------
        matplotlib.figure.Figure
            ``figure.savefig("picture.png")`` writes it to a file.

        Raises
        ------
        DataError
            If the data are no pictures of one channel.
        ModelError
            If a length is too large for them, or the seed is no integer of at least 0.
        MissingExtraError
            If matplotlib, which is the extra ``cmlp[plot]``, is not installed.

        Examples
        --------
        >>> figure = cmlp.Distortions(rotation=30).plot(cmlp.load_digits()[0])
        """
        from cmlp.plotting.distortions import EPOCHS, chosen, draw

        originals = data[chosen(data)]
        height, width = parts_of(self.for_pictures(data.images.shape[1], data.picture_shape).picture_shape or ())[:2]
        if height * width != data.images.shape[1]:
            raise DataError(f"pictures must have one channel to be drawn, got {data.images.shape[1]:,} numbers each")
        epochs = [self.apply(originals, seed + epoch) for epoch in range(EPOCHS)]
        return draw([each.reshape(-1, height, width) for each in (originals.scaled(), *epochs)], data)


NAMES = ("default",)


def find_distortions(given: Any) -> Distortions | None:
    """Return the distortions that were meant.

    Parameters
    ----------
    given : Distortions, bool, "default" or None
        True and the name stand for the default settings, False and None for no distortions.

    Returns
    -------
    Distortions or None

    Raises
    ------
    ModelError
        If it is nothing of that.
    """
    if given is None or isinstance(given, Distortions):
        return given
    if isinstance(given, str):
        given = check_name("distortions", given, NAMES) == NAMES[0]
    if isinstance(given, bool | np.bool_):
        return Distortions() if given else None
    raise ModelError(f'distortions must be cmlp.Distortions(...), True, False, "default" or None, got {shown(given)}')


def _part(share: float) -> str:
    return {1: "the shorter side of the picture", 0.5: "half of the shorter side"}.get(share, "a quarter of it")


def _weights(side: int, smoothness: float) -> NDArray[np.float32]:
    """Return how much each of the pixels (side,) of an axis follows each node of the field; rows have length 1."""
    reach = ceil((side - 1) / 2 / smoothness + BEYOND)
    nodes = (side - 1) / 2 + np.arange(-reach, reach + 1) * smoothness
    weights: NDArray[np.float64] = np.exp(-(((np.arange(side)[:, np.newaxis] - nodes) / smoothness) ** 2) / 2)
    weights /= np.linalg.norm(weights, axis=1, keepdims=True)
    return weights.astype(np.float32)
