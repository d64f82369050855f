"""Faults of parameters, as they are before training: whole numbers, one array in two places, units that are equal."""

import numpy as np

from cmlp.diagnosis.programs.activations import FUNCTIONS
from cmlp.diagnosis.programs.examination import Array, Examination
from cmlp.diagnosis.programs.paths import step_into
from cmlp.diagnosis.report import Severity

SAME = 1e-12


def examine_parameters(case: Examination) -> None:
    """Find what is wrong with the parameters of an untrained network."""
    subject = case.subject
    values = subject.initial()
    _registered(case)
    for block, value in zip(subject.blocks, values, strict=True):
        if block.kind in "iu" and block.shape:
            case.found(
                "integer-parameters",
                Severity.ERROR,
                f"{block.name} holds whole numbers, so that steps are cut off.",
                f"its type is an integer, and its values are in {value.min():g}..{value.max():g}",
                f"{block.name} = {block.name}.astype(float)",
                where="network",
            )
        if not np.isfinite(value).all():
            bad = int((~np.isfinite(value)).sum())
            case.found(
                "non-finite-weights",
                Severity.ERROR,
                f"{block.name} is not finite before training.",
                f"{bad:,} of {value.size:,} numbers are NaN or infinite",
                where="network",
            )
    if subject.shared:
        names = sorted({name for pair in subject.shared for name in pair})
        shown = f"{', '.join(names[:3])}, ..." if len(names) > 3 else " and ".join(names)
        case.found(
            "shared-array",
            Severity.ERROR,
            f"{shown} are one and the same object.",
            f"{len(names)} places hold it, and a change in one of them changes all",
            "make one for each: [make() for _ in range(n)], not [make()] * n",
            where="network",
        )
    case.repairs["equal"] = _equal_units(case, values)


def _registered(case: Examination) -> None:
    subject = case.subject
    if subject.framework.name != "torch":
        return
    known = {parameter.data_ptr() for parameter in subject.given.parameters()}
    lost = [block.name for block in subject.blocks if step_into(subject.given, block.paths[0]).data_ptr() not in known]
    if lost:
        case.found(
            "not-registered",
            Severity.ERROR,
            f"{', '.join(lost)} are not among the parameters of the module, so that no optimizer changes them.",
            f"the outputs depend on {len(subject.blocks)} arrays, and module.parameters() has {len(known)}",
            "self.layers = nn.ModuleList(layers), not a plain list",
            where="network",
        )


def _equal_units(case: Examination, values: list[Array]) -> list[str]:
    """Return which matrices have equal units, as of zeros or of another constant."""
    found = []
    for block, value in zip(case.subject.blocks, values, strict=True):
        if not block.matrix or not np.isfinite(value).all():
            continue
        largest = float(np.abs(value).max()) + 1e-300
        if any(np.ptp(units, axis=0).max() <= SAME * largest for units in (value, value.T)):
            constant = (
                "all 0" if not value.any() else f"all {value.flat[0]:.3g}" if value.std() == 0 else "equal in all units"
            )
            found.append(f"{block.name} {constant}")
    return found


def _equal_layers(layers: list[tuple[Array, Array | None]]) -> list[str]:
    """Return which layers of a replica have equal units, where all parameters are one vector."""
    found = []
    for number, (weights, _) in enumerate(layers, 1):
        largest = float(np.abs(weights).max()) + 1e-300
        if np.isfinite(weights).all() and np.ptp(weights, axis=1).max() <= SAME * largest:
            found.append(f"the weights of layer {number} {'all 0' if not weights.any() else 'equal in all units'}")
    return found


def examine_activations(case: Examination) -> None:
    """Find layers without activation, and outputs that cannot recover."""
    replica, subject = case.replica, case.subject
    if replica is None:
        return
    values = subject.initial()
    _, outs = replica.run(values, case.train.x[case.order[:500]])
    if not case.repairs.get("equal"):
        case.repairs["equal"] = _equal_layers(replica.layers(values))
    if len(replica.acts) > 1 and all(act == "identity" for act in replica.acts[:-1]):
        case.found(
            "no-activation",
            Severity.WARNING,
            "The hidden layers have no activation, so that the network is a linear one.",
            "its outputs are those of its matrices alone, to 9 digits",
            "h = np.maximum(z, 0), or sigmoid(z), in each hidden layer",
            where="network",
        )
    if replica.acts[-1] == "relu" and np.isfinite(outs[-1]).all():
        case.found(
            "relu-output",
            Severity.WARNING,
            "The output layer is a ReLU, which learns nothing more where an output is 0.",
            f"{100 * np.mean(outs[-1] == 0):.0f} % of the outputs are 0 before training",
            "no activation in the output layer, and softmax in the loss",
            where="network",
        )


def saturation(case: Examination, values: list[Array] | None = None) -> str:
    """Say which share of the slopes of a hidden layer is flat, where it is large."""
    if case.replica is None:
        return ""
    when = "after" if values is not None else "before"
    values = case.subject.initial() if values is None else values
    if not all(np.isfinite(value).all() for value in values):
        return ""
    zs, outs = case.replica.run(values, case.train.x[case.order[:500]])
    for k, act in enumerate(case.replica.acts[:-1]):
        slope = FUNCTIONS[act][1](zs[k], outs[k + 1])
        flat = float(np.mean(slope < 0.01 * (0.25 if act == "sigmoid" else 1)))
        if act == "relu":
            flat = float(np.mean((outs[k + 1] <= 0).all(axis=0)))
        if flat > 0.5 and act in ("sigmoid", "tanh", "relu"):
            what = "units are 0 for all images" if act == "relu" else "slopes are flat"
            sums = f"with sums in {zs[k].min():.3g}..{zs[k].max():.3g}"
            return f"; {when} training {100 * flat:.0f} % of the {what} in hidden layer {k + 1}, {sums}"
    return ""
