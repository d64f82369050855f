"""Optimizers of PyTorch among the variables of a script: the learning rate that they keep is a setting like others."""

from collections.abc import Mapping
from typing import Any

from cmlp.diagnosis.programs.access import attribute, has_attribute
from cmlp.diagnosis.programs.roles import role

SETTING = "lr"


def is_optimizer(value: Any) -> bool:
    """Whether a value is an optimizer of PyTorch."""
    return isinstance(attribute(value, "param_groups", None), list) and has_attribute(value, "zero_grad")


def steps_for(optimizer: Any, network: Any) -> bool:
    """Whether an optimizer was given parameters of this network."""
    own = {id(parameter) for parameter in network.parameters()}
    return any(id(parameter) in own for group in optimizer.param_groups for parameter in group["params"])


def rate_of(variables: Mapping[str, Any]) -> dict[str, float]:
    """Return the learning rate of the only optimizer, under the name that the script has for it, or ``lr``.

    Parameters
    ----------
    variables : mapping
        Of the script, or the arguments of a call.

    Returns
    -------
    dict
        Empty where there is no optimizer, or several, or one with several rates.
    """
    optimizers = [value for value in variables.values() if is_optimizer(value)]
    rates = {group.get("lr") for optimizer in optimizers for group in optimizer.param_groups}
    if len({id(optimizer) for optimizer in optimizers}) != 1 or len(rates) != 1:
        return {}
    (rate,) = rates
    if isinstance(rate, bool) or not isinstance(rate, int | float):
        return {}
    own = [name for name, value in variables.items() if role(name) == "eta" and value == rate]
    return {own[0] if own else SETTING: rate}


def set_rate(variables: Mapping[str, Any], rate: float) -> None:
    """Give all optimizers among variables another learning rate."""
    for value in variables.values():
        for group in value.param_groups if is_optimizer(value) else ():
            group["lr"] = rate
