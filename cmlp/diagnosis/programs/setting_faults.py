"""What is wrong with settings and inputs: learning rate, epochs, pixels; each is a trial."""

from typing import Any

import numpy as np

from cmlp.diagnosis.programs.climbing import climb
from cmlp.diagnosis.programs.cost import growth_of_an_epoch
from cmlp.diagnosis.programs.early_stops import examine_stop
from cmlp.diagnosis.programs.examination import TRIAL, Examination
from cmlp.diagnosis.programs.judging import BETTER, half_way, learned
from cmlp.diagnosis.programs.lacking import examine_lacking
from cmlp.diagnosis.programs.momentum import examine_momentum
from cmlp.diagnosis.programs.pace import examine_pace
from cmlp.diagnosis.programs.parameter_faults import saturation
from cmlp.diagnosis.programs.penalties import examine_decay, examine_penalty
from cmlp.diagnosis.programs.starting_weights import accuse_weights, attempt, examine_equal_units, examine_start
from cmlp.diagnosis.programs.trials import LONGEST, Trials
from cmlp.diagnosis.report import Severity

LUCK = 3.0  # points by which equal trials differ
SMALLER = 4.9  # times the learning rate from which on it is too small
LARGE = 2.0  # largest absolute value that nobody needs to scale
ETAS = (0.5, 0.1, 3.0, 10.0)  # of the mean gradient
FAR = 10.0  # times the samples of a mini-batch
VERY_FEW = 3  # epochs
MOST_IN_A_BATCH = 1000  # samples of a mini-batch
HALF_AS_FAR = 1.5  # times as far goes an epoch with twice the samples, between one step and twice as many
FEWEST = 20  # samples, by which trials are judged
FORMAL = {
    "uphill",
    "wrong-gradient",
    "hidden-delta",
    "output-delta",
    "wrong-targets",
    "labels-apart",
    "nothing-moves",
    "samples-unequal",
    "not-reset",
    "batch-not-independent",
    "wrong-inputs",
    "bias-gradient",
    "forward-changes-images",
    "not-registered",
    "integer-parameters",
    "not-updated",
    "unequal-steps",
    "updated-too-early",
    "shared-array",
    "training-fails",
    "weight-decay-too-large",
}


def examine_settings(case: Examination, trials: Trials) -> None:
    """Find out whether other settings let the network learn that does not."""
    if case.given is None or len(case.usable) < FEWEST or len(np.unique(case.train.y)) < 2:
        return
    if learned(case, case.given):
        examine_equal_units(case)
        examine_lacking(case, trials, FORMAL)
        return
    if examine_momentum(case, trials):
        return
    if case.grave & FORMAL and not case.facts.get("harmless"):
        _after_formal(case, trials)
        return
    if not case.codes & {"epoch-sees-few", "later-epochs-empty"} and examine_pace(case, trials):
        return
    if examine_stop(case, trials):
        return
    if examine_decay(case, trials) or examine_penalty(case, trials):
        return
    eta = case.subject.eta
    base = eta if eta else 0.1
    scale = case.train.high if case.train.high > LARGE else -case.train.low if case.train.low < -LARGE else 1.0
    found = {s: _search(case, trials, base, s, eta) for s in dict.fromkeys((1.0, scale))}
    case.facts["searched"] = {s: {e: round(a, 1) for e, a in some.items()} for s, some in found.items()}
    top = {s: max(some.items(), key=lambda item: item[1]) for s, some in found.items()}
    chosen = 1.0
    examine_equal_units(case)
    if scale != 1.0 and top[scale][1] > max(top[1.0][1], case.given) + BETTER:
        chosen = scale
        _pixels(case, top, scale)
    case.repairs |= {"scale": chosen, "eta": top[chosen][0]}
    if not half_way(case, top[chosen][1]):  # no learning rate helps much
        examine_start(case, trials, top[chosen], chosen)
    if eta is not None and "bad-initial-weights" not in case.codes:
        _eta(case, trials, eta, found[chosen], chosen)
    examine_start(case, trials, top[chosen], chosen)


def _search(case: Examination, trials: Trials, base: float, scale: float, eta: float | None) -> dict[float, float]:
    if eta is None:
        return {base: trials.by_own_steps(None, scale)}
    return climb(
        lambda value: attempt(trials, value, scale), base, case.chance, lambda: case.left < 0.25 * case.seconds
    )


def _pixels(case: Examination, top: dict[float, tuple[float, float]], scale: float) -> None:
    own, scaled = top[1.0], top[scale]
    measured = (
        f"values in {case.train.low:g}..{case.train.high:g}; with the best eta for each, trials reach "
        f"{own[1]:.1f} % with these and {scaled[1]:.1f} % with images / {scale:g}"
    )
    case.found(
        "unscaled-pixels",
        Severity.ERROR,
        "The pixels are not scaled.",
        measured + saturation(case),
        f"images = images / {scale:g}",
        before=case.given,
        after=scaled[1],
    )


def _eta(case: Examination, trials: Trials, eta: float, results: dict[float, float], scale: float) -> None:
    """Accuse the learning rate if another one is better, and its whole budget, squeezed into a trial, is not enough."""
    assert case.given is not None
    best = max(results, key=results.__getitem__)
    after, own = results[best], results.get(float(f"{eta:.3g}"), 0.0)
    good = sorted(e for e, a in results.items() if a > after - 3)
    span = f"{good[0]:.3g} to {good[-1]:.3g}" if len(good) > 1 and good[-1] > good[0] else f"about {best:.3g}"
    name = case.subject.eta_name
    reached = ", ".join(f"{e:g}: {a:.1f} %" for e, a in sorted(results.items()))
    if best >= SMALLER * eta and after > own + BETTER and after > case.given + BETTER:
        divisor = _divisor(case, trials)
        if _few_epochs(case, trials, eta, scale):
            return
        squeezed = _squeezed(case, trials, eta, scale)
        if squeezed is not None and after < squeezed + BETTER:
            _epochs(case, squeezed)
            return
        renewed = attempt(trials, eta, scale, fresh=True)
        if renewed > after + LUCK and learned(case, renewed):  # it is the weights that are too large for its steps
            case.repairs["eta"] = eta
            accuse_weights(case, own, renewed)
            return
        more = (
            ""
            if squeezed is None
            else f"; all of its {case.subject.epochs} epochs, in steps as much larger as the trial is shorter, "
            f"reach {squeezed:.1f} %"
        )
        case.found(
            "eta-too-small",
            Severity.ERROR,
            f"{name} = {eta:g} is too small.",
            f"the same number of steps reaches, by {name}: {reached}{more}{divisor}{_moved(case)}",
            "divide by the number of samples in the mini-batch"
            if divisor
            else f"{name} = {best:g}, or anything from {span}"
            if len(good) > 1
            else f"{name} = {best:g}",
            before=case.given,
            after=after,
        )
    elif best <= eta / SMALLER and after > max(own, case.given) + BETTER:
        renewed = attempt(trials, eta, scale, fresh=True)
        if renewed > after - LUCK:  # it is not the steps that are too large, but the weights
            case.repairs["eta"] = eta
            accuse_weights(case, own, renewed)
            return
        trained = case.subject.values(case.trained) if case.trained is not None else None
        flat = saturation(case, trained) if trained is not None else ""
        case.found(
            "eta-too-large",
            Severity.ERROR,
            f"{name} = {eta:g} is too large.",
            f"the same number of steps reaches, by {name}: {reached}{flat}",
            f"{name} = {best:g}, or anything from {span}" if len(good) > 1 else f"{name} = {best:g}",
            before=case.given,
            after=after,
        )
    elif own > case.given + BETTER:
        _few_epochs(case, trials, eta, scale)


def _few_epochs(case: Examination, trials: Trials, eta: float, scale: float) -> bool:
    """Train ten times as long with the same learning rate, where the epochs are very few."""
    epochs, name = case.subject.epochs, case.subject.epochs_name
    few = epochs is not None and min(epochs, case.visits / len(case.usable)) <= VERY_FEW
    if not trials.quick or epochs is None or not few or name is None:
        return False
    visits = min(int(10 * case.visits), LONGEST)
    after = trials.by_gradient(trials.each(eta), scale, fresh=False, visits=visits, mean=False, seconds=3 * TRIAL)
    if not learned(case, after):
        return False
    case.found(
        "too-few-epochs",
        Severity.ERROR,
        f"{name} = {epochs} ends the training too early.",
        f"{case.given:.1f} % after it, and {after:.1f} % after ten times as many steps of the same size",
        f"{name} = {10 * epochs}",
        before=case.given,
        after=after,
    )
    return True


def _squeezed(case: Examination, trials: Trials, eta: float, scale: float) -> float | None:
    """Return what all of its epochs would reach: the same way along the slope, in the steps of a trial."""
    epochs = case.subject.epochs
    if not epochs:
        return None
    own = int(case.visits)
    if _one_step_each(case):
        own = epochs * trials.batch
    trial = trials.visits if trials.quick else len(trials.rows)
    if trials.quick and own <= LONGEST:
        return trials.by_gradient(trials.each(eta), scale, fresh=False, visits=own, mean=False, seconds=3 * TRIAL)
    return attempt(trials, eta * max(1.0, own / trial), scale)


def _one_step_each(case: Examination) -> bool:
    """Whether each epoch is one step with the mean of all samples."""
    if case.batch:
        return case.batch >= len(case.usable) // 2
    if not case.subject.trains or case.subject.size is not None or case.subject.resets:
        return False
    growth = growth_of_an_epoch(case, case.order[:MOST_IN_A_BATCH])
    return growth is not None and growth < HALF_AS_FAR


def _epochs(case: Examination, squeezed: float) -> None:
    n, epochs = case.facts.get("given", (0, 0))
    case.note(
        f"The training was examined with {n:,} images and {epochs} epochs, which is less than it is given; all of "
        f"it would reach about {squeezed:.0f} %."
    )


def _moved(case: Examination) -> str:
    """Say how far its own training moved the matrices."""
    moved: dict[str, float] = case.facts.get("moved", {})
    start = case.subject.initial()
    parts = [
        f"{block.name} {100 * moved[block.name] / max(float(np.linalg.norm(value)), 1e-300):.3g} %"
        for block, value in zip(case.subject.blocks, start, strict=True)
        if block.matrix and block.name in moved
    ]
    return f"; its own training moved {', '.join(parts)}" if parts else ""


def _divisor(case: Examination, trials: Trials) -> str:
    """Say by which number a step divides the sum of its gradients, where that is far more than its samples."""
    rate = case.facts.get("rate", (1.0, 1))[0]
    if trials.quick and case.facts.get("twice"):
        return "; each step divides by the samples of the mini-batch and by all samples, too"
    if not trials.quick or not case.facts.get("sum") or rate <= 0 or 1 / rate < FAR * trials.batch:
        return ""
    return f"; each step divides the sum of its gradients by {1 / rate:,.0f}, whatever the size of the mini-batch is"


# Where the gradient is wrong


def _after_formal(case: Examination, trials: Trials) -> None:
    """Measure what the right gradient reaches in the same network, on as many samples."""
    if case.replica is None:
        return
    after, eta, scale = best_gradient(case, trials, fresh=True)
    if after is None:
        return
    case.repairs |= {"gradient": True, "eta": eta, "scale": scale}
    case.facts["right"] = after
    for code in FORMAL & case.codes:
        case.change(code, before=case.given, after=after)


def best_gradient(case: Examination, trials: Trials, **how: Any) -> tuple[float | None, float, float]:
    """Return the best that the right gradient reaches, with its learning rate and the divisor of the images."""
    scale = case.train.high if case.train.high > LARGE else 1.0
    best: tuple[float | None, float, float] = None, 0.5, scale
    for eta in ETAS:
        reached = trials.by_gradient(eta, scale, **how)
        if best[0] is None or reached > best[0]:
            best = reached, eta, scale
        if learned(case, reached):
            break
    return best
