"""Settings as dataclass fields, each stated once: its name, its default, and the check that its values must pass."""

from collections.abc import Callable
from dataclasses import field, fields
from typing import Any


def setting(default: Any, check: Callable[[str, Any], Any], **metadata: Any) -> Any:
    """Return a dataclass field whose values `check` gets with its name, and returns as they are used."""
    return field(default=default, metadata={"check": check} | metadata)


def check_settings(instance: Any) -> None:
    """Check every setting of a dataclass instance, frozen or not, and keep what its check returns."""
    for each in fields(instance):
        if "check" in each.metadata:
            object.__setattr__(instance, each.name, each.metadata["check"](each.name, getattr(instance, each.name)))
