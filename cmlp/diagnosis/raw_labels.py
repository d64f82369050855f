"""Labels as files hold them: strings, words, floats, labels from 1 on, and labels of no class."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from cmlp.diagnosis.raw import FEW, KEEP, RawSet

Array = NDArray[Any]

GAP = 5  # times the number of classes: 255 and 99 are no labels beside 0..9
LONGEST = 20  # characters of a word that are shown


def make_integers(raw: RawSet) -> None:
    """Turn strings of digits, floats and bools into integers; words stay for `name_words`."""
    if not raw.arrays or raw.labels.dtype.kind not in "USfb" or not _single(raw.labels):
        return
    kind, repair = raw.labels.dtype, "{labels} = {labels}.astype(np.float64).astype(np.intp)"
    try:
        numbers = raw.labels.astype(np.float64)
    except ValueError:
        return
    unknown = ~np.isfinite(numbers)
    if unknown.any() and 0 < unknown.mean() <= FEW and len(raw.images) == len(raw.labels):
        verdict = f"{unknown.sum():,} of {len(unknown):,} labels of the {raw.name} are not finite."
        measured = f"the first is {numbers[unknown].flat[0]} at index {unknown.argmax()}; their rows were left out"
        raw.found(
            "labels-not-finite",
            verdict,
            measured,
            "keep = np.isfinite({labels}.astype(np.float64)).reshape(-1); " + KEEP,
        )
        known = ~unknown.reshape(len(unknown))
        raw.keep(known)
        numbers = numbers[known]
    if not np.isfinite(numbers).all() or not np.array_equal(numbers, np.rint(numbers)):
        return
    names = {"U": "strings", "S": "bytes", "f": "floats", "b": "bools"}
    verdict = f"The labels of the {raw.name} are {names[kind.kind]} and no integers."
    raw.found("labels-not-integers", verdict, f"dtype {kind}, all of them whole numbers", repair)
    raw.labels = numbers.astype(np.intp)


def name_words(sets: list[RawSet]) -> None:
    """Give the words that all sets have for labels numbers, in alphabetical order."""
    worded = [raw for raw in sets if raw.arrays and raw.labels.dtype.kind in "US" and _single(raw.labels)]
    if not worded or len(worded) < len(sets):
        return
    texts = [np.char.decode(r.labels, "latin-1") if r.labels.dtype.kind == "S" else r.labels for r in worded]
    words = np.unique(np.concatenate([text.ravel() for text in texts]))
    if len(words) > len(texts[0]) / 2:  # then they are no classes
        return
    names = [f"{raw.prefix}_labels" for raw in worded]
    numbered = ", ".join(f"np.searchsorted(words, {name})" for name in names)
    # for all sets at once, so that it may be run for each
    repair = f"words = np.unique(np.concatenate([{', '.join(names)}])); {', '.join(names)} = {numbered}"
    for raw, text in zip(worded, texts, strict=True):
        raw.labels = np.searchsorted(words, text)
        verdict = f"The labels of the {raw.name} are words and no integers."
        first, last = (repr(str(word)[:LONGEST]) for word in (words[0], words[-1]))
        measured = f"{len(words)} different ones, numbered from {first} (0) to {last} ({len(words) - 1})"
        raw.found("labels-are-words", verdict, measured, repair)


def start_at_zero(sets: list[RawSet]) -> None:
    """Subtract 1 from labels that begin at 1: in all sets, or in the one whose largest label is one too large."""
    integers = [raw for raw in sets if _integers(raw)]
    ranges = [(int(raw.labels.min()), int(raw.labels.max())) for raw in integers]
    largest = {high for low, high in ranges if low == 0}
    for raw, (low, high) in zip(integers, ranges, strict=True):
        if low == 1 and (not largest or high == max(largest) + 1):
            raw.labels = raw.labels.astype(np.intp) - 1
            verdict = f"The labels of the {raw.name} begin at 1 and not at 0."
            raw.found("labels-from-one", verdict, f"they lie in {low}..{high}", "{labels} = {labels} - 1")


def drop_strays(raw: RawSet) -> None:
    """Leave out rows whose label is negative, or far beyond all others such as 255 among 0..9."""
    if not _integers(raw) or len(raw.images) != len(raw.labels):
        return
    labels = raw.labels.reshape(len(raw.labels))
    values = np.unique(labels[labels >= 0])
    gaps = np.flatnonzero(np.diff(values) > GAP * len(values))
    highest = values[gaps[0]] if len(gaps) else values.max(initial=0)
    stray = (labels < 0) | (labels > highest)
    if not stray.any() or stray.mean() > FEW:
        return
    verdict = f"{stray.sum():,} of {len(stray):,} labels of the {raw.name} are of no class."
    measured = f"{labels[stray.argmax()]} at index {stray.argmax()}, where others lie in 0..{highest}; left out"
    repair = f"keep = (({{labels}} >= 0) & ({{labels}} <= {highest})).reshape(-1); {KEEP}"
    raw.found("labels-out-of-range", verdict, measured, repair)
    raw.keep(~stray)


def _single(labels: Array) -> bool:
    """Whether there is one label per row, and no one-hot row."""
    return labels.size == len(labels)


def _integers(raw: RawSet) -> bool:
    return raw.arrays and raw.labels.dtype.kind in "iu" and _single(raw.labels)
