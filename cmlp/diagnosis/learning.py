"""The rule before any error inside a set: a network must learn more with the repair, on rows that it has not seen."""

from cmlp.diagnosis.evidence import Evidence
from cmlp.diagnosis.significance import among, deviations
from cmlp.diagnosis.transforms import Repair

GAIN = 5.0  # points
GOOD = 0.7  # of the way from a constant answer to all right: what is learned so well has labels of its own


def learns_better(evidence: Evidence, repair: Repair, candidates: int = 1) -> bool:
    """Say whether a probe learns the repaired set better than the given one, by more than luck.

    Parameters
    ----------
    evidence : Evidence
    repair : Repair
    candidates : int
        Of how many it was the best.
    """
    before, after = evidence.probe, evidence.repaired(repair.apply(evidence.dataset)).probe
    if before is None or after is None or after.expected < before.expected + GAIN:
        return False
    return deviations(after.expected, after.held_out, before.expected, before.held_out) >= among(candidates)
