"""What a network does with some images: its loss, its answers, and units that do nothing."""

from copy import deepcopy

import numpy as np
from numpy.typing import NDArray

from cmlp.data.dataset import Dataset
from cmlp.diagnosis.transforms import scaled
from cmlp.network import Network

CONSTANT = 1e-3  # deviation of a unit over the images; 0.25 and more in outputs that learn
AT = 0.05  # how far outputs may be from an answer that is the same for every image, root mean square
ALL_OFF, AT_SHARES, ALL_ON = "outputs that are all 0", "outputs at the shares of the classes", "outputs that are all 1"


class Behaviour:
    """What a network does with some images.

    Attributes
    ----------
    loss : float
    outputs : ndarray (n, classes)
    constant : list of float
        Share of units per layer, the first hidden one first, that do not depend on the image.
    """

    def __init__(self, network: Network, images: Dataset) -> None:
        copy = deepcopy(network)  # so that the given one keeps its activations
        self.outputs = copy.feedforward(scaled(images))
        with np.errstate(over="ignore", invalid="ignore"):  # activations may know no bounds
            self.constant = [float(np.mean(layer.std(axis=0) < CONSTANT)) for layer in copy.activations[1:]]
        self.loss = copy.loss(scaled(images), images.labels)
        shares = np.bincount(images.labels, minlength=self.outputs.shape[1]) / len(images)
        self._landmarks = landmarks(shares, network.architecture.loss)

    @property
    def landmark(self) -> str | None:
        """Which answer the outputs are that is the same for every image, or None."""
        with np.errstate(over="ignore", invalid="ignore"):
            away = {name: np.mean((self.outputs - answer) ** 2) for name, (answer, _) in self._landmarks.items()}
        nearest = min(away, key=away.__getitem__)
        return nearest if np.sqrt(away[nearest]) <= AT else None

    @property
    def answer(self) -> str:
        """Which label is predicted, how often, and what the loss means."""
        predicted = np.bincount(self.outputs.argmax(axis=1))
        share = predicted.max() / predicted.sum()
        landmark = self.landmark
        meaning = f", and {landmark} have {self._landmarks[landmark][1]:.3f}" if landmark else ""
        answer = f"the network answers {predicted.argmax()} for {share:.0%} of the images"
        return f"{answer}, its loss is {self.loss:.3f}{meaning}"

    @property
    def units(self) -> str:
        """The share of constant units per layer."""
        shares = ", ".join(f"{share:.0%}" for share in self.constant)
        return f"units that do not depend on the image (deviation below {CONSTANT:g}), layer by layer: {shares}"


def landmarks(shares: NDArray[np.float64], loss: str) -> dict[str, tuple[NDArray[np.float64], float]]:
    """Return answers (classes,) that are the same for every image, and their loss.

    Parameters
    ----------
    shares : ndarray (classes,)
        Of the classes in the labels.
    loss : {"quadratic", "cross_entropy"}

    Examples
    --------
    >>> {name: round(found, 6) for name, (_, found) in landmarks(np.full(10, 0.1), "quadratic").items()}
    {'outputs that are all 0': 1.0, 'outputs at the shares of the classes': 0.9, 'outputs that are all 1': 9.0}
    """
    if loss == "cross_entropy":
        known = shares[shares > 0]
        return {AT_SHARES: (shares, float(-np.sum(known * np.log(known))))}
    answers = {ALL_OFF: np.zeros_like(shares), AT_SHARES: shares, ALL_ON: np.ones_like(shares)}
    return {name: (a, float(np.sum(shares * (1 - a) ** 2 + (1 - shares) * a**2))) for name, a in answers.items()}
