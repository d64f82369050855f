"""Modules of PyTorch that were saved whole, as inert records: parameters by name, and what a Sequential does."""

from collections.abc import Iterator, Mapping
from typing import Any, NamedTuple

import numpy as np

from cmlp.errors import ModelError
from cmlp.storage.foreign.objects import ObjectMachine, Stranger
from cmlp.utils.text import escaped

PREFIX = "torch.nn.modules."
ACTIVATIONS = {
    "Identity": "identity", "Sigmoid": "sigmoid", "Tanh": "tanh", "ReLU": "relu", "LeakyReLU": "leaky_relu",
    "ELU": "elu", "GELU": "gelu", "SiLU": "silu", "Softplus": "softplus", "Softmax": "softmax", "LogSoftmax": "softmax",
}  # fmt: skip
OF_CLASSES = (1, -1, None)  # dimensions of a softmax; None is a 1 that nobody wrote
# What settings must be, or one of which, for the activation to be that of cmlp.
SETTINGS: dict[str, dict[str, tuple[object, ...]]] = {
    "LeakyReLU": {"negative_slope": (0.01,)},
    "ELU": {"alpha": (1.0,)},
    "GELU": {"approximate": ("none",)},
    "Softplus": {"beta": (1.0,), "threshold": (20.0,)},
    "Softmax": {"dim": OF_CLASSES},
    "LogSoftmax": {"dim": OF_CLASSES},
}
PASSING = ("Flatten", "Dropout", "Identity", "AlphaDropout")
DEEPEST = 32  # modules within modules
MOST = 10_000  # modules


class Module(NamedTuple):
    """Tensors by name, the activation of each Linear layer if a Sequential says it, None for logits, and leaves."""

    tensors: dict[str, Any]
    activations: list[str | None] | None
    leaves: list[Stranger]


def is_module(value: object) -> bool:
    """Return whether a value is a module: nothing else has these attributes."""
    return isinstance(value, Stranger) and isinstance(value.attributes.get("_modules"), Mapping)


def module_of(root: Stranger, machine: ObjectMachine) -> Module:
    """Return what a module holds.

    Raises
    ------
    ModelError
        If it has other modules than a network of Linear layers has, is nested very deeply, or holds itself.
    """
    tensors: dict[str, Any] = {}
    leaves = []
    for name, module in _walk(root):
        attributes: dict[str, Any] = dict(module.attributes)
        for part in ("_parameters", "_buffers"):
            held = attributes.get(part)
            for key, value in held.items() if isinstance(held, Mapping) else ():
                if value is not None:
                    tensors[f"{name}.{key}".lstrip(".")] = machine.finished(value)
        if not attributes["_modules"]:
            leaves.append(module)
    strange = [name for name, tensor in tensors.items() if not isinstance(tensor, np.ndarray)]
    if strange:
        raise ModelError(f"its parameters must be plain tensors, got another {escaped(strange[0])}")
    is_plain = all(module.name == f"{PREFIX}container.Sequential" for _, module in _walk(root) if module not in leaves)
    return Module(tensors, _activations(leaves) if is_plain else None, leaves)


def _walk(root: Stranger) -> Iterator[tuple[str, Stranger]]:
    """Yield names and modules, in the order in which they were registered."""
    pending, seen = [("", root, 0)], 0
    while pending:
        name, module, depth = pending.pop()
        seen += 1
        if depth > DEEPEST or seen > MOST:
            raise ModelError(f"modules must be nested at most {DEEPEST} times and be no more than {MOST:,}, got more")
        yield name, module
        inside: Any = module.attributes["_modules"]
        inner = [(key, part) for key, part in inside.items() if part is not None]
        for key, part in reversed(inner):
            if not isinstance(key, str) or not is_module(part):
                raise ModelError(f"its modules must be those of a network, got another {escaped(str(key))}")
            pending.append((f"{name}.{key}".lstrip("."), part, depth + 1))


def _activations(leaves: list[Stranger]) -> list[str | None]:
    """Return the activation of each Linear layer of a Sequential, None for the last if none follows."""
    found: list[str | None] = []
    for module in leaves:
        kind = module.name.rpartition(".")[2]
        known = module.name.startswith(PREFIX)
        if known and kind == "Linear":
            found[-1:] = [found[-1] or "identity"] if found else []
            found.append(None)
        elif known and kind in ACTIVATIONS and found and found[-1] in (None, "identity"):
            _check_settings(module, kind)
            found[-1] = ACTIVATIONS[kind]
        elif not (known and kind in PASSING):
            place = f"after {found[-1]}" if found and found[-1] else "where it stands"
            raise ModelError(f"a Sequential of Linear layers and activations is read, got {escaped(kind)} {place}")
    return found


def named_activations(leaves: list[Stranger]) -> list[str]:
    """Return the activations that a module of one's own declares, but for softmax, if they are those of cmlp."""
    found = []
    for module in leaves:
        kind = module.name.rpartition(".")[2]
        if not module.name.startswith(f"{PREFIX}activation."):
            continue
        if kind not in ACTIVATIONS:
            raise ModelError(f"its activations must be ones of cmlp, got {escaped(kind)}")
        _check_settings(module, kind)
        found.append(ACTIVATIONS[kind])
    return [name for name in found if name != "softmax"]


def _check_settings(module: Stranger, kind: str) -> None:
    for name, wanted in SETTINGS.get(kind, {}).items():
        given = module.attributes.get(name, wanted[0])
        if given not in wanted:
            raise ModelError(f"{kind} must have {name} {wanted[0]}, as in cmlp, got {escaped(str(given))}")
