"""A network beside a reference: a small one that is trained on the same data, and sees no more images than it did."""

from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray

from cmlp.data.dataset import Dataset
from cmlp.diagnosis.evidence import Evidence
from cmlp.diagnosis.probe import VISITS, NetworkPredictor, Probe, accuracy_if_any, make_probe
from cmlp.diagnosis.significance import CERTAIN, above, deviations
from cmlp.errors import DataError, ModelError
from cmlp.network import Network

BEHIND = 10.0  # points behind the reference that are told
FEWEST = 10  # rows of a class, of which none is answered
KNOWN = 0.5  # share of such a class that the reference must have right
ONE = 0.99  # share of the images with the same answer, from which on it is one answer for all


class Reference:
    """A small network beside a given one.

    Parameters
    ----------
    network : Network
        One that tells labels apart.
    train : Dataset
        What the reference learns.
    test : Dataset, optional
        What both are asked; by default rows of `train` that the reference has not seen.
    """

    def __init__(self, network: Network, train: Dataset, test: Dataset | None = None) -> None:
        self._network, self._train, self._test = network, train, test

    @property
    def visits(self) -> int:
        """How many images the reference sees in training: as many as the network has, where that is known."""
        settings = self._network.settings
        return int(min(VISITS, (settings.get("epochs") or VISITS) * settings.get("images", VISITS)))

    @cached_property
    def probe(self) -> Probe | None:
        """The reference, or None where there are too few rows."""
        pictures = Evidence("training data", self._train).pictures
        return make_probe(self._train, pictures=pictures, visits=self.visits)

    @property
    def judged(self) -> Dataset:
        """What both are asked."""
        return self._train if self._test is None else self._test

    @cached_property
    def answers(self) -> NDArray[np.intp]:
        """The labels that the network gives, (n,)."""
        return NetworkPredictor(self._network).labels_of(self.judged)

    @cached_property
    def reached(self) -> float:
        """Accuracy of the network in percent."""
        return 100 * float(np.mean(self.answers == self.judged.labels))

    @cached_property
    def possible(self) -> float | None:
        """Accuracy of the reference in percent, if it takes these images."""
        if self.probe is None:
            return None
        seen = accuracy_if_any(self.probe, self.judged)
        return None if seen is None else min(seen, self.probe.expected) if self._test is None else seen

    @cached_property
    def constant(self) -> float:
        """Accuracy of the best constant answer in percent."""
        return 100 * float(np.bincount(self.judged.labels).max()) / len(self.judged)

    @property
    def is_behind(self) -> bool:
        """Whether the network knows so much less than the reference that it is no luck."""
        if self.reached > 100 - BEHIND or self.possible is None or self.possible - self.reached < BEHIND:
            return False
        rows = len(self.judged)
        return deviations(self.possible, rows, self.reached, rows) >= CERTAIN

    @property
    def is_chance(self) -> bool:
        """Whether the network is no better than one answer for all images, but by luck."""
        return above(self.reached, len(self.judged), self.constant) < CERTAIN and self.constant < 100 - BEHIND

    @cached_property
    def left_out(self) -> list[int]:
        """Labels that the network never answers, and the reference mostly knows."""
        counts = np.bincount(self.judged.labels)
        answered = np.bincount(self.answers, minlength=len(counts))[: len(counts)]
        never = np.flatnonzero((answered == 0) & (counts >= FEWEST))
        if not len(never) or self.possible is None or self.probe is None:
            return []
        shares = self.probe.share_right(self.judged)
        return [int(label) for label in never if shares[self.judged.labels == label].mean() >= KNOWN]

    @property
    def blames_data(self) -> bool:
        """Whether the reference is no better than one answer for all images either."""
        possible = self.possible
        return possible is None or above(possible, len(self.judged), self.constant) < CERTAIN

    @property
    def doubt(self) -> str | None:
        """What is wrong with the accuracy, in a sentence without its end; None where nothing is."""
        if self.is_chance and self.blames_data:
            return f"{self._no_better}, and a small network does no better"
        if self.is_chance:
            return f"{self._no_better}{self._beside('and')}"
        if self.left_out:
            names = [Evidence("", self.judged).class_name(label) for label in self.left_out]
            listed = ", ".join(names[:5]) + (f" and {len(names) - 5:,} more" if len(names) > 5 else "")
            return f"the network never answers {listed}{self._beside('and has ' + f'{self.reached:.2f} % right where')}"
        if self.is_behind:
            return f"{self.reached:.2f} % is little{self._beside('where')}"
        return None

    @property
    def _no_better(self) -> str:
        if np.bincount(self.answers).max() >= ONE * len(self.answers):
            return f"the network gives all images the same answer, which is right for {self.reached:.2f} % of them"
        return f"{self.reached:.2f} % is no more than one answer for all images would get"

    def _beside(self, words: str) -> str:
        if self.possible is None:
            return ""
        return f", {words} a small network reaches {self.possible:.1f} % with as many images"


def doubt_about(network: Network, train: Dataset, test: Dataset | None = None) -> tuple[str, bool] | None:
    """Return why the accuracy of a network is to be doubted, or None.

    Parameters
    ----------
    network : Network
    train, test : Dataset
        As for `Reference`.

    Returns
    -------
    tuple of str and bool, or None
        Part of a sentence, and whether the data are to blame rather than the network.
    """
    if not network.architecture.classifies or not len(train) or (test is not None and not len(test)):
        return None
    reference = Reference(network, train, test)
    try:
        doubt = reference.doubt
    except (DataError, ModelError):
        return None  # which a test of the network has told before
    return None if doubt is None else (doubt, reference.is_chance and reference.blames_data)


def fitting_network(sizes: tuple[int, ...], activation: str, images: int, epochs: int) -> tuple[str, dict[str, Any]]:
    """Return the line of Python that makes and trains a network by the rules for networks of its kind, and its parts.

    Parameters
    ----------
    sizes : tuple of int
        Of the layers.
    activation : str
        Of the hidden layers.
    images : int
        How many it is trained with.
    epochs : int
        How often.
    """
    from cmlp.training.recipes import complete

    given = {"hidden": sizes[1:-1], "activation": activation, "loss": "cross_entropy", "optimizer": "adam"}
    chosen = complete(None, given, sizes[0], images)
    kind = {name: chosen[name] for name in ("activation", "loss", "initializer")}
    names = ("mini_batch_size", "optimizer", "schedule", "clip_norm")
    training = {"epochs": epochs, "eta": chosen["eta"]} | {name: chosen[name] for name in names}
    made = ", ".join([str(sizes), *(f"{name}={value!r}" for name, value in kind.items())])
    how = ", ".join(f"{name}={value!r}" for name, value in training.items() if name not in ("epochs", "eta"))
    line = f"network = cmlp.Network({made}); network.train(train, {epochs}, {chosen['eta']:.3g}, {how})"
    return line, {"kind": kind, "training": training | {"eta": float(f"{chosen['eta']:.3g}")}}
