"""Faults inside one set: values, rows, and images that do not belong to their labels.

Sorted labels are no finding: training shuffles, and a split that tore sorted data apart shows as missing classes.
"""

from collections.abc import Callable, Iterator

from cmlp.diagnosis.evidence import Evidence
from cmlp.diagnosis.labels import labels
from cmlp.diagnosis.pixels import bytes_read_wrongly, header, order_of_pixels
from cmlp.diagnosis.report import Severity
from cmlp.diagnosis.rows import balance, blank, copies
from cmlp.diagnosis.transforms import Diagnosis

Examiner = Callable[[Evidence, Evidence | None], Iterator[Diagnosis]]
EXAMINERS: tuple[Examiner, ...] = (header, bytes_read_wrongly, order_of_pixels, blank, copies, labels, balance)


def examine_set(evidence: Evidence, other: Evidence | None) -> tuple[list[Diagnosis], Evidence]:
    """Look for faults inside a set, until an error is found that cannot be repaired: more may be its consequence.

    Parameters
    ----------
    evidence : Evidence
        Of the set.
    other : Evidence or None
        Of the other set, which shows what images of this kind can do.

    Returns
    -------
    diagnoses : list of Diagnosis
    evidence : Evidence of the set with all repairs applied
    """
    diagnoses = []
    for examine in EXAMINERS:
        for diagnosis in examine(evidence, other):
            diagnoses.append(diagnosis)
            if diagnosis.repair is not None:
                evidence = evidence.repaired(diagnosis.repair.apply(evidence.dataset))
            elif diagnosis.finding.severity == Severity.ERROR:
                return diagnoses, evidence
    return diagnoses, evidence
