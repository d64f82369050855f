"""Networks that learned, and lack points of what a small one learns: whether a repair brings them is measured."""

from cmlp.diagnosis.programs.early_stops import examine_stop
from cmlp.diagnosis.programs.examination import TRIAL, Examination
from cmlp.diagnosis.programs.judging import lacks, learned
from cmlp.diagnosis.programs.pace import examine_pace
from cmlp.diagnosis.programs.trials import LONGEST, Trials

GAIN = 7.0  # points that a repair must bring


def examine_lacking(case: Examination, trials: Trials, formal: set[str]) -> None:
    """Measure what the faults of its steps cost, or whether its rate decays or its training stops too early."""
    if not learned(case, case.given) or not lacks(case):
        return
    assert case.given is not None
    codes = formal & case.codes
    if codes:
        after = _by_its_own_rate(case, trials)
        if after is not None and after >= case.given + GAIN:
            for code in codes:
                case.change(code, before=case.given, after=after)
    elif not examine_pace(case, trials, GAIN):
        examine_stop(case, trials, GAIN)


def _by_its_own_rate(case: Examination, trials: Trials) -> float | None:
    """Return what the right gradient reaches with its own learning rate, in as many steps."""
    eta = case.subject.eta
    if case.replica is None or eta is None or "rate" not in case.facts or case.facts.get("momentum"):
        return None
    visits = int(min(max(case.visits, len(case.usable)), LONGEST))
    return trials.by_gradient(trials.each(eta), fresh=False, mean=False, visits=visits, seconds=3 * TRIAL)
