"""Training somebody's network and making it step: names propose, a trial on a copy decides."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from cmlp.diagnosis.programs.access import has_attribute
from cmlp.diagnosis.programs.calls import Wish, arguments, data_parameters
from cmlp.diagnosis.programs.instances import adopt
from cmlp.diagnosis.programs.isolation import OutOfTime, kept_state, limited, seed_all, silence
from cmlp.diagnosis.programs.own_code import own_methods
from cmlp.diagnosis.programs.roles import FIT, FORWARD, SCORE, STEP, UNTOUCHED, method_of, parameters_of, role
from cmlp.diagnosis.programs.running import TRY, Array, called, function_of, run

if TYPE_CHECKING:
    from cmlp.diagnosis.programs.instances import Instance
    from cmlp.diagnosis.programs.subject import Subject


ALIKE = 0.5  # the cosine of two steps with the same samples


@dataclass(frozen=True)
class Stepping:
    """How it is made to step: by which method, sample by sample or not, and whether it must be run before."""

    name: str
    single: bool
    run_first: bool


def find_fit(subject: "Subject") -> str | None:
    """Return the method that trains; "given" where a function was named."""
    if subject.functions.get("fit"):
        return "given"
    network = subject.given
    if network is None or has_attribute(network, "__code__"):
        return None
    names = [n for n in (*FIT, *(f"_{name}" for name in FIT)) if method_of(network, n) is not None]
    others = [n for n in own_methods(network) if not n.startswith("__") and n not in names and not UNTOUCHED.search(n)]
    for name in (*names, *others):
        method = method_of(network, name)
        if method is None or (name in others and not _trains(method, subject.settings)):
            continue
        if data_parameters(method, subject.settings) is not None:
            return name
    return None


def _trains(method: Callable[..., Any], settings: dict[str, Any]) -> bool:
    """Whether an unknown name takes what only training takes."""
    names = {p.name for p in parameters_of(method)}
    kinds = {role(name) for name in names}
    return bool(settings and set(settings) <= names) or "epochs" in kinds


def find_step(subject: "Subject") -> Stepping | None:
    """Return what changes the parameters for one mini-batch, and needs nothing else."""
    if subject.functions.get("step"):
        given = _self_contained(subject, "given", single=False) or _self_contained(subject, "given", single=True)
        if given is None and subject.trains is not None:
            subject.notes.append("The function that was given as step= could not be called with samples; not used.")
            return None
        return given or Stepping("given", single=False, run_first=False)
    network = subject.given
    if subject.framework.name == "keras":
        return None
    if has_attribute(network, "__code__") or network is None or isinstance(network, (dict, list, tuple, np.ndarray)):
        return None
    names = [n for plain in STEP for n in (plain, f"_{plain}") if method_of(network, n) is not None]
    names += [
        n
        for n in own_methods(network)
        if n not in names
        and not n.startswith("__")
        and not UNTOUCHED.search(n)
        and n not in (*FORWARD, *SCORE)
        and method_of(network, n) is not None
    ]
    for name in names:
        if name == subject.trains or data_parameters(getattr(network, name), subject.settings) is None:
            continue
        for single in (False, True):
            found = _self_contained(subject, name, single=single)
            if found is not None:
                return found if _as_in_training(subject, found) else None
    return None


def _as_in_training(subject: "Subject", stepping: Stepping) -> bool:
    """Whether a method moves the parameters as the function does that was given as fit=.

    Where that function prepares the samples, as it makes vectors of labels, its steps get others than it is given.
    """
    if not subject.functions.get("fit"):
        return True
    pick = np.random.default_rng(2).choice(len(subject.samples), 1 if stepping.single else 5)
    x, y = subject.samples.x[pick], subject.samples.y[pick]
    changes = []
    for whole in (True, False):
        instance = subject.renew(subject.instance())
        values = subject.values(instance)
        try:
            with silence(), np.errstate(all="ignore"), kept_state(), limited(TRY):
                seed_all(0)
                if whole:
                    subject.fit(instance, x, y, None, 1, len(y))
                else:
                    wish = Wish(None, 1, len(y), stepping.single, settings=subject.settings_of(instance))
                    run_step(subject, instance, x, y, wish, stepping)
        except (Exception, OutOfTime):
            return True
        parts = zip(subject.values(instance), values, strict=True)
        changes.append(np.concatenate([(a - b).ravel() for a, b in parts]))
    sizes = float(np.linalg.norm(changes[0])) * float(np.linalg.norm(changes[1]))
    return bool(not np.isfinite(sizes) or sizes == 0 or changes[0] @ changes[1] > ALIKE * sizes)


def _self_contained(subject: "Subject", name: str, *, single: bool) -> Stepping | None:
    """Try a method: alone, and after the network was run on other images, of which nothing may be left in the step."""
    rng = np.random.default_rng(2)
    pick = rng.choice(len(subject.samples), 1 if single else 5)
    x, y = subject.samples.x[pick], subject.samples.y[pick]
    changes: list[list[Array] | None] = []
    for before in (None, subject.samples.x[rng.choice(len(subject.samples), len(pick))], x):
        try:
            instance = subject.instance()
            values = subject.values(instance)
            with silence(), np.errstate(all="ignore"), kept_state(), limited(TRY):
                seed_all(0)
                if before is not None and subject.runs is not None:
                    run(subject, instance, before, subject.runs)
                seed_all(0)
                run_step(
                    subject,
                    instance,
                    x,
                    y,
                    Wish(0.01, 1, len(y), single, settings=subject.settings_of(instance)),
                    Stepping(name, single, False),
                )
            changes.append([after - value for after, value in zip(subject.values(instance), values, strict=True)])
        except (Exception, OutOfTime) as error:
            subject.reasons.append(f"{name}: {type(error).__name__}: {str(error)[:80]}")
            changes.append(None)
    alone, stale, own = changes
    if alone is not None and stale is not None and _moved(alone) and _equal(alone, stale):
        return Stepping(name, single, run_first=False)
    if subject.trains is None and own is not None and _moved(own):
        return Stepping(name, single, run_first=True)
    return None


def _moved(changes: list[Array]) -> bool:
    return any(np.any(change != 0) for change in changes)


def _equal(one: list[Array], other: list[Array]) -> bool:
    return all(np.allclose(a, b, rtol=1e-6, atol=1e-12, equal_nan=True) for a, b in zip(one, other, strict=True))


def run_step(subject: "Subject", instance: "Instance", x: Array, y: Array, wish: Wish, stepping: Stepping) -> None:
    """Let it take a step, or, where its method takes one sample, one with each."""
    parts = [slice(i, i + 1) for i in range(len(y))] if stepping.single else [slice(None)]
    wish.single = stepping.single
    for part in parts:
        if stepping.run_first and subject.runs is not None:
            run(subject, instance, x[part], subject.runs)
        function, skip = function_of(subject, instance, "step", stepping.name)
        made = arguments(function, subject.samples, x[part], y[part], wish, skip)
        if made is None:
            raise TypeError("the arguments of its step are not understood")
        adopt(instance, called(function, instance, made, skip))
