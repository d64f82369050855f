"""The arguments that a function of somebody's program needs, found by their names, their order and trial."""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from numpy.typing import NDArray

from cmlp.diagnosis.programs.roles import by_value, parameters_of, role, role_in_test, signature_of
from cmlp.diagnosis.programs.samples import Samples

FEW = 10  # samples that stand for a test set where a function insists on one
STANDARD = {"eta": 0.1, "epochs": 1}  # where a function insists on a setting that nobody has given


@dataclass
class Wish:
    """What a call is to be made with; None leaves it as the asker has it."""

    eta: float | None = None
    epochs: int | None = None
    size: int | None = None
    single: bool = False
    settings: dict[str, Any] = field(default_factory=dict)
    given: Any = None  # data in their own form, instead of rows

    def of(self, kind: str | None) -> Any:
        """Return what is wished for a role."""
        return {"eta": self.eta, "epochs": self.epochs, "size": self.size}.get(kind or "")


def setting_roles(settings: dict[str, Any]) -> dict[str, str]:
    """Return the roles of settings, by their names, or by their values where the names say nothing."""
    found = {name: role(name) for name in settings}
    known = {kind for kind in found.values() if kind}
    for name, kind in found.items():
        guess = by_value(name, settings[name]) if kind not in ("eta", "epochs", "size") else None
        if guess is not None and guess not in known:
            found[name] = guess
            known.add(guess)
    return {name: kind for name, kind in found.items() if kind in ("eta", "epochs", "size")}


def data_parameters(function: Callable[..., Any], settings: dict[str, Any], skip: int = 0) -> dict[str, str] | None:
    """Return which parameters take data, and which: pairs, images, labels, test; None where that cannot be known."""
    parameters = parameters_of(function)[skip:]
    found: dict[str, str] = {}
    unknown = []
    for p in parameters:
        kind = role(p.name)
        if p.name in settings or kind in ("eta", "epochs"):
            continue
        if kind == "size" and (p.default is not p.empty or "size" in p.name.lower()):
            continue
        needed = p.default is p.empty
        if kind in ("pairs", "images", "labels", "test") and (needed or kind in ("images", "labels")):
            found[p.name] = kind
        elif needed:
            unknown.append(p.name)
    return _with_unknown(found, unknown)


def _with_unknown(found: dict[str, str], unknown: list[str]) -> dict[str, str] | None:
    kinds = set(found.values())
    if len(unknown) == 2 and not kinds & {"pairs", "images", "labels"}:
        found |= dict(zip(unknown, ("images", "labels"), strict=True))
    elif len(unknown) == 1 and not kinds & {"pairs", "images"}:
        found[unknown[0]] = "images" if "labels" in kinds else "pairs"
    elif len(unknown) == 1 and "labels" not in kinds:
        found = {name: "images" if kind == "pairs" else kind for name, kind in found.items()}
        found[unknown[0]] = "labels"
    elif unknown:
        return None
    if "labels" in found.values() and "images" not in found.values():
        found = {name: "images" if kind == "pairs" else kind for name, kind in found.items()}
    if "images" in found.values() and "pairs" in found.values():
        found = {name: kind for name, kind in found.items() if kind != "pairs"}
    if list(found.values()) == ["images"]:
        found = dict.fromkeys(found, "pairs")
    return found if set(found.values()) & {"pairs", "images"} else None


def arguments(
    function: Callable[..., Any], samples: Samples, x: NDArray[Any], y: NDArray[Any], wish: Wish, skip: int = 0
) -> dict[str, Any] | None:
    """Return the keyword arguments of a call with these samples, or None where the function is not understood.

    Parameters
    ----------
    function : callable
    samples : Samples
        Knows the form of the data.
    x, y : ndarray
        Rows and numbers of classes.
    wish : Wish
    skip : int, default 0
        How many parameters come first and are given otherwise, as the network.
    """
    data = data_parameters(function, wish.settings, skip)
    if data is None:
        return None
    made: dict[str, Any] = {}
    roles = setting_roles(wish.settings)
    for p in parameters_of(function)[skip:]:
        meant = roles.get(p.name) or role(p.name)
        if p.name in data:
            made[p.name] = _data(data, p.name, samples, x, y, wish)
        elif wish.of(meant) is not None:
            made[p.name] = wish.of(meant)
        elif p.name in wish.settings:
            made[p.name] = wish.settings[p.name]
        elif p.default is p.empty and meant in ("eta", "epochs", "size"):
            made[p.name] = STANDARD.get(meant, len(y))
    if any(p.kind is p.VAR_KEYWORD for p in signature_of(function) or []):
        for name, value in wish.settings.items():
            wished = wish.of(roles.get(name))
            made.setdefault(name, value if wished is None else wished)
    return made


def _data(data: dict[str, str], name: str, samples: Samples, x: NDArray[Any], y: NDArray[Any], wish: Wish) -> Any:
    """Return what one parameter takes of the data."""
    kind = data[name]
    if wish.given is not None and kind in ("pairs", "images", "labels"):
        return _of_given(kind, samples, wish.given)
    if kind == "test":
        x, y, wish = x[:FEW], y[:FEW], Wish()
        kind = role_in_test(name) or "pairs"
        apart = any(k == "test" and role_in_test(other) == "labels" for other, k in data.items())
        if kind == "pairs" and apart:
            kind = "images"
    if kind == "images":
        return samples.image(x[0]) if wish.single else samples.images(x)
    if kind == "labels":
        return samples.label(y[0]) if wish.single else samples.labels(y)
    if wish.single and (samples.pairs or samples.records is not None):
        return samples.make(x[:1], y[:1], listed=True)[0]
    return samples.make(x, y, listed=wish.size is not None)


def _of_given(kind: str, samples: Samples, given: Any) -> Any:
    """Return data that are in their own form already, or one part of them."""
    if kind == "pairs":
        return given
    part = ("images", "labels").index(kind)
    if samples.pairs:
        return [pair[part] for pair in given]
    return (list(given.values()) if isinstance(given, dict) else given)[part]
