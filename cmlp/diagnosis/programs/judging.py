"""What an accuracy is worth: whether a network has learned, and what a repair must bring."""

from cmlp.diagnosis.programs.examination import Examination

BETTER = 10.0  # points that a repair must bring
LACKING = 6.0  # points
GOOD = 80.0  # of the way from a constant answer to what a small network learns, in percent


def learned(case: Examination, accuracy: float | None) -> bool:
    """Whether an accuracy is most of the way to what a small network learns."""
    if accuracy is None:
        return False
    top = case.facts.get("reference", 95.0)
    return bool(accuracy >= case.chance + GOOD / 100 * (top - case.chance))


def half_way(case: Examination, accuracy: float) -> bool:
    """Whether an accuracy is half of the way to what a small network learns."""
    return bool(accuracy > case.chance + 0.5 * (case.facts.get("reference", 95.0) - case.chance))


def lacks(case: Examination, points: float = LACKING) -> bool:
    """Whether its own training reaches so many points less than a small network."""
    return case.given is not None and case.given < case.facts.get("reference", 0.0) - points
