"""The parameters of somebody's network: the numbers on which its outputs depend."""

import re
from typing import TYPE_CHECKING

import numpy as np

from cmlp.diagnosis.programs.blocks import Block, blocks_of
from cmlp.diagnosis.programs.leaves import Walk
from cmlp.diagnosis.programs.paths import spelled, step_into
from cmlp.diagnosis.programs.running import PROBED, Array
from cmlp.diagnosis.programs.tensors import as_array

if TYPE_CHECKING:
    from cmlp.diagnosis.programs.instances import Instance
    from cmlp.diagnosis.programs.subject import Subject

MOST_BLOCKS = 120
LABELLED = 400  # rows that are run where only labels are known


def find_parameters(subject: "Subject") -> None:
    """Find the numbers on which the outputs depend: activations and gradients are overwritten, and do not count.

    They are asked for twice: with the values as they are, and with small random ones, where saturated units and zeros
    hide nothing.
    """
    instance = subject.instance()
    walk = Walk(instance.network)
    blocks = [b for b in blocks_of(walk) if not _is_data(subject, b)][:MOST_BLOCKS]
    found = _that_matter(subject, instance, blocks)
    again = subject.instance()
    rng = np.random.default_rng(4)
    for block in blocks:
        if block.kind == "f" and block.shape:
            _attempt(block, again, 0.2 * rng.normal(size=block.shape) / max(block.shape[-1], 1) ** 0.5)
    found |= _that_matter(subject, again, blocks)
    chosen = _without_wholes(subject, [block for block in blocks if block in found])
    subject.blocks = [block for block in chosen if not _helper(subject, block)]
    subject.constants = [block for block in found if _helper(subject, block)]
    subject.shared = _in_several_places(subject, walk)


def _is_data(subject: "Subject", block: Block) -> bool:
    depth = subject.samples.depth
    return int(np.prod(block.shape, dtype=int)) >= 1000 * depth and depth in block.shape


def _helper(subject: "Subject", block: Block) -> bool:
    """Whether it is a number that training does not change: means of the inputs, slopes, shares of dropout."""
    last = re.sub(r"[^a-z]", " ", block.name.lower()).split()[-1:] or [""]
    named = last[0] in {
        "mean",
        "mu",
        "std",
        "sigma",
        "var",
        "moving",
        "running",
        "scale",
        "mask",
        "p",
        "rate",
        "alpha",
        "eps",
    }
    return named or subject.framework.is_buffer(subject.source, block)


def _attempt(block: Block, instance: "Instance", numbers: Array) -> bool:
    try:
        block.write(instance.network, numbers)
    except Exception:
        return False
    return True


def _that_matter(subject: "Subject", instance: "Instance", blocks: list[Block]) -> set[Block]:
    rng = np.random.default_rng(1)
    rows = np.abs(rng.normal(size=(PROBED, subject.samples.depth)))
    found: set[Block] = set()
    try:
        base = subject.outputs(instance, rows)
        if base.ndim == 1:  # of labels few change
            rows = np.abs(rng.normal(size=(LABELLED, subject.samples.depth)))
            base = subject.outputs(instance, rows)
        for block in blocks:
            kept = block.read(instance.network)
            noise = rng.normal(size=kept.shape) * (np.abs(kept).mean() + 0.5) + 0.3
            try:
                block.write(instance.network, kept + (noise if block.kind == "f" else 1 + np.abs(noise).astype(int)))
                if not np.array_equal(base, subject.outputs(instance, rows), equal_nan=True):
                    found.add(block)
            except Exception:
                continue
            finally:
                _attempt(block, instance, kept)
                subject.outputs(instance, rows)
    except Exception as error:
        subject.reasons.append(f"its parameters: {type(error).__name__}: {str(error)[:80]}")
    return found


def _without_wholes(subject: "Subject", blocks: list[Block]) -> list[Block]:
    """Leave out an array of which others are parts, and second names of the same array."""
    places: list[tuple[Block, int, int]] = []
    for block in blocks:
        array = as_array(step_into(subject.instance().network, block.paths[0])) if len(block.paths) == 1 else None
        given = as_array(step_into(subject.source, block.paths[0])) if array is not None else None
        low, high = np.lib.array_utils.byte_bounds(given) if given is not None else (0, 0)
        places.append((block, low, high))
    made: list[Block] = []
    seen: set[tuple[int, int]] = set()
    for block, low, high in places:
        parts = [
            1
            for other, a, b in places
            if other is not block and low <= a and b <= high and (a, b) != (low, high) and b > a
        ]
        if (high and (low, high) in seen) or len(parts) > 1:
            continue
        seen.add((low, high))
        made.append(block)
    return made


def _in_several_places(subject: "Subject", walk: Walk) -> list[tuple[str, str]]:
    """Return names of parameters that are one and the same object, where they stand side by side as two."""
    made = []
    names = [spelled(path) for block in subject.blocks for path in block.paths]
    for one, other in walk.twice:
        a, b = spelled(one), spelled(other)
        alike = re.sub(r"\d+", "#", a) == re.sub(r"\d+", "#", b) and a != b
        if alike and any(name == a or name.startswith((a + ".", a + "[")) for name in names):
            made.append((a, b))
    return made
