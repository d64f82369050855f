"""What the findings come to: causes without their consequences, notes for what costs nothing, all repairs at once."""

from dataclasses import replace

import numpy as np

from cmlp.diagnosis.programs.examination import Examination
from cmlp.diagnosis.programs.judging import lacks, learned
from cmlp.diagnosis.programs.setting_faults import best_gradient
from cmlp.diagnosis.programs.trials import LONGEST, Trials
from cmlp.diagnosis.report import Finding, Severity

COSTLESS = 2.0  # points below which a fault costs nothing
RUINOUS = 10.0
LACKING = 4.0
FEWEST = 20  # samples
AT_CHANCE = 0.15  # of the way to what a small network learns
UNPROVEN = {"wrong-gradient", "wrong-targets"}
LAST = 6.0  # seconds of the processor for the trial of all repairs
CAUSES = {  # a finding, and those of which it is a mere consequence
    "overflow": {
        "uphill",
        "bad-initial-weights",
        "eta-too-large",
        "shared-array",
        "not-reset",
        "weight-decay-too-large",
    },
    "non-finite-weights": {"uphill", "overflow", "eta-too-large", "not-reset", "weight-decay-too-large"},
    "equal-weights": {"shared-array"},
    "not-updated": {"not-registered", "nothing-moves"},
    "epoch-sees-few": {"training-fails"},
    "too-few-epochs": {"epoch-sees-few", "later-epochs-empty"},
    "wrong-gradient": {
        "forward-not-repeatable",
        "batch-not-independent",
        "wrong-targets",
        "shared-array",
        "forward-changes-images",
    },
    "hidden-delta": {"batch-not-independent", "shared-array"},
    "unequal-steps": {"batch-not-independent", "shared-array"},
    "bias-gradient": {"samples-unequal", "output-delta", "hidden-delta"},
    "samples-unequal": {"epoch-sees-few"},
    "labels-apart": {"wrong-targets"},
    "later-epochs-empty": {"forward-changes-images"},
    "stops-too-early": {"epoch-sees-few"},
    "learning-rate-decays": {"weight-decay-too-large", "overflow", "non-finite-weights"},
}


def conclude(case: Examination, trials: Trials) -> None:
    """Settle severities and order, and name what nothing explains."""
    codes = case.codes
    case.findings = [f for f in case.findings if not CAUSES.get(f.code, set()) & codes]
    if learned(case, case.given) and not case.facts.get("off") and not lacks(case, LACKING):
        # what cannot be named exactly is no fault of a network that learned
        case.findings = [finding for finding in case.findings if finding.code not in UNPROVEN]
    case.findings = [_weighed(case, finding) for finding in case.findings]
    grave = [finding for finding in case.findings if finding.severity > Severity.NOTE]
    if case.given is not None and not grave:
        _learns_nothing(case)
        _learns_less(case)
    case.findings.sort(key=lambda finding: -finding.severity)
    _together(case, trials)


def _weighed(case: Examination, finding: Finding) -> Finding:
    """Make a note of a fault that costs nothing, since the network learned in spite of it."""
    if case.given is None or finding.code in (
        "score-disagrees",
        "scored-in-training-mode",
        "forward-changes-images",
        "never-scored",
    ):
        return finding
    finding = (
        finding
        if finding.before is not None
        else replace(finding, before=case.given if finding.after is not None else None)
    )
    gain = None if finding.after is None else finding.after - case.given
    if learned(case, case.given) and finding.code != "forward-not-repeatable":
        harmless = gain is None or gain < RUINOUS / 2
        severity = Severity.NOTE if harmless else Severity.WARNING
        unsaid = finding.severity == Severity.NOTE or lacks(case)  # points that are missing may be its fault
        said = finding.verdict if unsaid else f"{finding.verdict[:-1]}; it learns all the same."
        return (
            replace(finding, severity=severity, verdict=said, before=None, after=None)
            if harmless
            else replace(finding, severity=severity)
        )
    if gain is not None and gain < COSTLESS and finding.after is not None:
        return replace(finding, before=None, after=None)
    return finding


def _learns_nothing(case: Examination) -> None:
    assert case.given is not None
    top = case.facts.get("reference")
    if len(case.usable) < FEWEST or (top is not None and top < case.chance + RUINOUS):
        return
    if top is None or case.given > case.chance + AT_CHANCE * (top - case.chance) or case.facts.get("shortened"):
        return
    case.found(
        "learns-nothing",
        Severity.ERROR,
        "The network learns next to nothing, and none of the examinations explains it.",
        f"its own training reaches {case.given:.1f} % on test images, a constant answer {case.chance:.1f} %, and "
        f"a small network {top:.1f} % from the same images",
    )


def _learns_less(case: Examination) -> None:
    if learned(case, case.given) and lacks(case) and not (case.facts.get("stopped") or case.facts.get("shortened")):
        case.note(
            f"A small network learns {case.facts['reference']:.1f} % from the same images, in a moment; more units, "
            "epochs or another learning rate may bring what is missing."
        )


def _together(case: Examination, trials: Trials) -> None:
    """Try all repairs at once, in the network's own forward pass, with as many samples as it is given."""
    grave = [
        finding
        for finding in case.findings
        if finding.severity > Severity.NOTE and finding.where in ("training", "network")
    ]
    if (
        not any(finding.repair for finding in grave)
        or case.replica is None
        or case.given is None
        or learned(case, case.given)
    ):
        return
    if case.codes & {"batch-not-independent", "forward-not-repeatable", "no-activation"}:
        return
    visits = int(np.clip(max(case.visits, len(case.usable)), trials.batch, LONGEST))
    after = max(_tried(case, trials, visits))
    if after < max((f.after for f in grave if f.after is not None), default=0.0) - COSTLESS:
        return
    if after > case.given + RUINOUS:
        number = {1: "this repair", 2: "these two repairs", 3: "these three repairs", 4: "these four repairs"}.get(
            len(grave), "these repairs"
        )
        case.repairs["together"] = after
        case.facts["together"] = f"With {number} the same network reaches {after:.1f} % ({case.given:.1f} % before)."
        case.notes.insert(0, case.facts["together"])


def _tried(case: Examination, trials: Trials, visits: int) -> list[float]:
    """Return what long trials reach: with the learning rate that was found for its own steps, and with a usual one."""
    _, eta, scale = best_gradient(case, trials, fresh=True)
    found = case.repairs.get("eta")
    rates = [(eta, True)]
    if found and trials.quick:
        rates.insert(0, (trials.each(found), False))
    made: list[float] = []
    for rate, mean in rates:
        made.append(trials.by_gradient(rate, scale, fresh=True, visits=visits, mean=mean, seconds=LAST / len(rates)))
        if learned(case, made[-1]):
            break
    return made
