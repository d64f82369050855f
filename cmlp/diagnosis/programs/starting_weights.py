"""Whether it is the weights at the start that keep a network from learning: trials begin with new ones."""

import numpy as np

from cmlp.diagnosis.programs.climbing import climb
from cmlp.diagnosis.programs.examination import Array, Examination
from cmlp.diagnosis.programs.judging import BETTER, half_way, learned
from cmlp.diagnosis.programs.parameter_faults import saturation
from cmlp.diagnosis.programs.trials import Trials
from cmlp.diagnosis.report import Severity

EQUAL = 1e-7  # of the largest weight, by which equal ones differ


def attempt(trials: Trials, eta: float, scale: float, *, fresh: bool = False) -> float:
    """Try a learning rate, by the replica where it takes the same steps, since it is much faster."""
    if not trials.quick:
        return trials.by_own_steps(eta, scale, fresh=fresh)
    return trials.by_gradient(trials.each(eta), scale, fresh=fresh, mean=False, visits=trials.visits)


def examine_equal_units(case: Examination) -> None:
    """Accuse units that start equal and are equal after training, too."""
    equal, trained = case.repairs.get("equal"), case.trained
    if not equal or trained is None:
        return
    still = _still_equal(case, case.subject.values(trained))
    if still:
        case.found(
            "equal-weights",
            Severity.ERROR,
            f"Units of a layer start equal and stay equal: {', '.join(equal)}.",
            f"after training the units of {', '.join(still)} still have the same weights",
            "rng.normal(size=(n_out, n_in)) * np.sqrt(1 / n_in)",
            before=case.given,
            after=None,
        )


def _still_equal(case: Examination, values: list[Array]) -> list[str]:
    """Return the matrices whose units are equal after training."""
    matrices = {b.name: value for b, value in zip(case.subject.blocks, values, strict=True) if b.matrix}
    if not matrices and case.replica is not None:
        layers = enumerate(case.replica.layers(values), 1)
        return [f"layer {k}" for k, (w, _) in layers if np.ptp(w, axis=1).max() <= EQUAL * np.abs(w).max()]
    return [
        name
        for name, value in matrices.items()
        if any(np.ptp(u, axis=0).max() <= EQUAL * max(float(np.abs(value).max()), 1e-300) for u in (value, value.T))
    ]


def examine_start(case: Examination, trials: Trials, top: tuple[float, float], scale: float) -> None:
    """Try new weights of the usual size, where nothing else lets it learn."""
    if (
        case.codes & {"equal-weights", "eta-too-large", "bad-initial-weights"}
        or learned(case, top[1])
        or case.left < 0.15 * case.seconds
    ):
        return
    eta = case.subject.eta
    results = (
        climb(
            lambda value: attempt(trials, value, scale, fresh=True),
            top[0],
            case.chance,
            lambda: case.left < 0.1 * case.seconds,
        )
        if eta is not None
        else {0.0: trials.by_own_steps(None, scale, fresh=True)}
    )
    best, after = max(results.items(), key=lambda item: item[1])
    needed = max(top[1], case.given or 0.0) + BETTER * (2 if half_way(case, top[1]) else 1)
    if after < needed or not learned(case, after):
        return
    case.repairs["eta"] = best
    accuse_weights(case, top[1], after)


def accuse_weights(case: Examination, own: float, after: float) -> None:
    """Accuse the weights that it starts with; `own` and `after` are what trials reach from them and from new ones."""
    values = case.subject.initial()
    sizes = ", ".join(
        f"{block.name} {value.std():.3g} (mean {value.mean():.3g})"
        for block, value in zip(case.subject.blocks, values, strict=True)
        if len(block.shape) > 1
    )
    case.repairs["renew"] = True
    equal = case.repairs.get("equal")
    if equal:
        case.found(
            "equal-weights",
            Severity.ERROR,
            f"Units of a layer start equal, and learn the same: {', '.join(equal)}.",
            f"trials from these weights reach {own:.1f} %, and from random ones {after:.1f} %",
            "rng.normal(size=(n_out, n_in)) * np.sqrt(1 / n_in)",
            where="network",
            before=case.given,
            after=after,
        )
        return
    case.found(
        "bad-initial-weights",
        Severity.ERROR,
        "The network does not learn from the weights that it starts with.",
        f"their deviations are {sizes}; trials from them reach {own:.1f} %, and from new ones {after:.1f} "
        f"%{saturation(case)}",
        "rng.normal(size=(n_out, n_in)) * np.sqrt(1 / n_in)",
        where="network",
        before=case.given,
        after=after,
    )
