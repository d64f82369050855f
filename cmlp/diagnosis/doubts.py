"""Why nothing can be said: of a set, of two, and of a network."""

import numpy as np

from cmlp.data.dataset import Dataset
from cmlp.diagnosis.evidence import Evidence
from cmlp.diagnosis.pair import Pair, gap_of
from cmlp.diagnosis.probe import NetworkPredictor, Probe, accuracy_if_any
from cmlp.diagnosis.report import number_of_rows
from cmlp.diagnosis.scales import inner_atoms
from cmlp.diagnosis.search import GAIN
from cmlp.diagnosis.significance import CERTAIN, DOUBTFUL, ODD, deviations
from cmlp.network import Network

FEWEST = 20  # test rows below which nothing is compared
UNEXPLAINED = 10.0  # points that the test set may fall short without a finding: other writers cost 5
CLEAR = 0.6  # of the way from a constant answer to all right, below which wrong labels would look like a hard task
COARSE = 40.0  # points that a loss must have to be noticed, from which on nothing can be said


def reasons_to_doubt(evidence: Evidence) -> list[str]:
    """Return why nothing can be said of a set by itself: too little is learned from it."""
    probe, name = evidence.probe, evidence.name
    if probe is None:
        return [f"the {name} have only {number_of_rows(len(evidence.dataset))}, or too few different ones"]
    if probe.certainty < CERTAIN or probe.learned < CLEAR:
        learned = f"a small network has {probe.expected:.1f} % right on rows held out of the {name}"
        constant = f"a constant answer {probe.constant:.1f} %"
        return [f"{learned} and {constant}: wrong labels and a hard task look the same there"]
    return values_in_doubt(evidence)


def values_in_doubt(evidence: Evidence) -> list[str]:
    """Return what makes values doubtful that were perhaps lost."""
    if evidence.pictures or inner_atoms(evidence) <= 0.5:
        return []
    return [f"in most columns of the {evidence.name} one number stands for many values, as where values were lost"]


def reasons_to_doubt_pair(pair: Pair) -> list[str]:
    """Return why the comparison of the sets shows nothing, where it does not."""
    judge = pair.judge
    if judge is None or pair.test.dataset.images.shape[1] != judge.train.images.shape[1]:
        return ["the sets were not compared"]
    gap = gap_of(judge, pair.matched)
    if gap.resolution > COARSE or gap.rows < FEWEST:
        rows = f"the test data have only {number_of_rows(gap.rows)} and the training data {len(judge.train):,}"
        return [f"{rows}, so that a loss of less than {gap.resolution:.0f} points might be luck"]
    if (gap.points >= GAIN and gap.deviations >= DOUBTFUL) or (gap.points >= UNEXPLAINED and gap.deviations >= ODD):
        return [f"{gap.measured}, and no repair that was tried explains it: the test data may only be harder"]
    return []


def excused(unknown: list[str], network: Network | None, data: Dataset) -> list[str]:
    """Return why nothing can be said, unless the network of the caller shows that the data can be learned."""
    if not unknown or network is None:
        return unknown
    reached = accuracy_if_any(NetworkPredictor(network), data)
    constant = 100 * float(np.bincount(data.labels).max()) / len(data)
    return [] if reached is not None and reached >= constant + CLEAR * (100 - constant) else unknown


def reasons_to_doubt_network(network: Network | None, judge: Probe | None, data: Dataset) -> list[str]:
    """Return that a network knows much less than a small one does, where that is so and was not explained."""
    reached = None if network is None else accuracy_if_any(NetworkPredictor(network), data)
    possible = accuracy_if_any(judge, data)
    if reached is None or judge is None or possible is None:
        return []
    possible = min(possible, judge.expected)  # it has seen the data, where they are what it learned from
    rows = len(data)
    if possible - reached < UNEXPLAINED or deviations(possible, rows, reached, rows) < CERTAIN:
        return []
    return [
        f"the network has {reached:.1f} % right where a small one has {possible:.1f} %: "
        "it may not be trained enough, or on other data, or be too large to be examined here"
    ]
