"""Momentum of 1, with which no step ever fades: measured in the steps, and found by its name."""

import re
from collections.abc import Iterator

from cmlp.diagnosis.programs.examination import Examination
from cmlp.diagnosis.programs.judging import BETTER
from cmlp.diagnosis.programs.leaves import Walk
from cmlp.diagnosis.programs.paths import Path, spelled
from cmlp.diagnosis.programs.places import numbers_of_class
from cmlp.diagnosis.programs.trials import Trials
from cmlp.diagnosis.report import Severity

NAMED = re.compile(r"_*(momentum|mom|moment|mu|beta_?1?|gamma|alpha|nu|inertia|tr(ae|ä)gheit|inertie)_*", re.IGNORECASE)
FOREVER = 0.9995  # of a step that the next one repeats, from which on nothing fades
USUAL = 0.9


def examine_momentum(case: Examination, trials: Trials) -> bool:
    """Accuse momentum of 1; return whether training with the usual one explains the accuracy."""
    kept = float(case.facts.get("momentum", 0.0))
    if kept < FOREVER and "not-reset" not in case.codes:
        return False
    for name, value, path in _numbers(case):
        own, after = (trials.with_number(name, number, path) for number in (value, USUAL))
        if own is None or after is None or after < max(own, case.given or 0.0) + BETTER:
            continue
        case.findings = [finding for finding in case.findings if finding.code != "not-reset"]
        verdict = f"{name} = {value:g}: no step ever fades, and all later ones repeat it."
        _found(case, verdict, f"{name} = {USUAL:g}", after)
        return True
    if kept >= FOREVER and "not-reset" not in case.codes:
        _found(
            case,
            "Gradients of earlier samples are added to those of later ones, and never fade.",
            "set the sums of the gradients to zero before each step, or velocity = 0.9 * velocity - eta * gradient",
            None,
        )
    return False


def _found(case: Examination, verdict: str, repair: str, after: float | None) -> None:
    kept, line = float(case.facts.get("momentum", 1.0)), case.place_of("step")
    case.found(
        "not-reset",
        Severity.ERROR,
        verdict,
        f"each step repeats {kept:.3f} times the one before it" + (f" ({line})" if line else ""),
        repair,
        before=case.given,
        after=after,
    )


def _numbers(case: Examination) -> Iterator[tuple[str, float, Path | None]]:
    """Yield the names, values and places of what may be momentum; settings of the training have no place."""
    for name, value in case.subject.settings.items():
        if NAMED.fullmatch(name) and isinstance(value, (int, float)) and value >= FOREVER:
            yield name, float(value), None
    network = case.subject.instance().network
    of_class: list[tuple[Path, float]] = [
        ((("attr", name),), value) for name, value in numbers_of_class(network).items()
    ]
    for path, value in [*Walk(network).leaves, *of_class]:
        if isinstance(value, (int, float)) and value >= FOREVER and NAMED.fullmatch(str(path[-1][1])):
            yield spelled(path), float(value), path
