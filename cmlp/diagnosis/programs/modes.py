"""The mode in which a network answers: flags that its own code sets before it asks, as eval() does."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from cmlp.diagnosis.programs.paths import Path, put_at, step_into

Modes = dict[Path, Any]


@contextmanager
def answering(network: Any, modes: Modes) -> Iterator[None]:
    """Run the body in the mode in which a network answers."""
    kept = {path: step_into(network, path) for path in modes}
    for path, value in modes.items():
        put_at(network, path, value)
    try:
        yield
    finally:
        for path, value in kept.items():
            put_at(network, path, value)
