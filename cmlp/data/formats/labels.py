"""Labels that are words, or numbers that do not start at 0: the classes in order, called what the source calls them."""

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from cmlp.data.formats.lines import decoded
from cmlp.errors import DataError
from cmlp.utils.text import counted, escaped, listed
from cmlp.utils.warn import warn

MOST_WORDS = 1000  # classes; a column of more words holds names of rows
MISSING = {"?", "na", "n/a", "nan", "null", "<na>", "#n/a", "nat", "."}  # and no name of a class
DOUBTFUL = {"none", "-"}  # which may be a class, such as that of no defect
MOST_SAID = 4  # classes in one sentence
LACKS = 10  # classes, from which on labels of which most do not occur are no numbers of classes
MOST_NUMBERS = 200  # classes whose numbers do not start at 0


class Words(NamedTuple):
    """Words, each by the number of its name."""

    codes: NDArray[np.int32]
    names: tuple[str, ...]

    def __len__(self) -> int:
        return len(self.codes)


def words_of(cells: Sequence[str]) -> Words:
    """Return words with their numbers in the order of the alphabet."""
    names = sorted(set(cells))
    places = {name: place for place, name in enumerate(names)}
    return Words(np.array([places[cell] for cell in cells], np.int32), tuple(names))


def as_words(labels: Any) -> Any:
    """Return labels that are strings as `Words`, and others unchanged."""
    if isinstance(labels, np.ndarray) and labels.dtype.kind in "US":
        texts = labels.reshape(-1) if labels.ndim == 2 and labels.shape[1] == 1 else labels
        return words_of([_text(word).strip() for word in texts.tolist()]) if texts.ndim == 1 else labels
    if isinstance(labels, list | tuple) and labels and all(isinstance(label, str | bytes) for label in labels):
        return words_of([_text(word).strip() for word in labels])
    return labels


def _text(word: str | bytes) -> str:
    return decoded(word) if isinstance(word, bytes) else word


def number_words(labels: Sequence[Any], names: Sequence[str]) -> tuple[list[Any], tuple[str, ...] | None]:
    """Put numbers in the place of words, alike in all parts of a source.

    Parameters
    ----------
    labels : sequence
        The labels of each part, some of them `Words`.
    names : sequence of str
        What error messages call them.

    Returns
    -------
    labels : list
        Integers in the place of words.
    class_names : tuple of str or None
        None if the words are numbers, or if there are none.

    Raises
    ------
    DataError
        If only some parts have words, or there are too many different ones.
    """
    with_words = [each for each in labels if isinstance(each, Words)]
    if not with_words:
        return list(labels), None
    if len(with_words) < len(labels):
        raise DataError(f"{listed(names)} must all be words, or all be numbers")
    known = sorted({name for words in with_words for name in words.names})
    if len(known) > MOST_WORDS:
        found = f"got {len(known):,}, such as {escaped(known[0])} and {escaped(known[1])}"
        raise DataError(f"{names[0]} must be the names of at most {MOST_WORDS:,} classes, {found}")
    hidden = next((name for name in known if not name.isprintable()), None)
    if hidden is not None:
        raise DataError(f"{names[0]} must be the names of classes, got {escaped(hidden)!r}, which cannot be printed")
    if "" in known:
        raise DataError(f"{names[0]} must be the names of classes, got none in some rows: fill them, or leave them out")
    if all(name.lstrip("-").isdecimal() and name.isascii() and len(name) < 10 for name in known):
        return [np.array([int(name) for name in words.names], np.int32)[words.codes] for words in with_words], None
    _check_missing(with_words, known, names[0])
    _say_lacking(with_words, known, names)
    places = {name: place for place, name in enumerate(known)}
    coded = [np.array([places[name] for name in words.names], np.int32)[words.codes] for words in with_words]
    return coded, tuple(known)


def _check_missing(parts: Sequence[Words], known: Sequence[str], name: str) -> None:
    """Refuse what stands for a missing label, and say what may."""
    missing = next((each for each in known if each.lower() in MISSING), None)
    if missing is not None:
        count = sum(int((words.codes == words.names.index(missing)).sum()) for words in parts if missing in words.names)
        rows = f"{counted(count, 'row')}, which stands"
        what = f"got {escaped(missing)!r} in {rows} for a missing one"
        raise DataError(f"{name} must be the names of classes, {what}: fill it, or leave these rows out")
    doubtful = [each for each in known if each.lower() in DOUBTFUL and not (each == "-" and "+" in known)]
    if doubtful:
        warn(f"{name} hold {doubtful[0]!r}, which was taken for a class: leave these rows out if it stands for nothing")


def _say_lacking(parts: Sequence[Words], known: Sequence[str], names: Sequence[str]) -> None:
    """Say which classes are written in two ways, and which the training data lack; the letters A and a are two."""
    spelt: dict[str, list[str]] = {}
    for name in known:
        spelt.setdefault(name.casefold(), []).append(name)
    twice = [each for folded, each in spelt.items() if len(each) > 1 and len(folded) > 1][:MOST_SAID]
    occur = [{words.names[code] for code in np.unique(words.codes).tolist()} for words in parts]
    if twice:
        there = [sorted(each & {name for pair in twice for name in pair}) for each in occur]
        found = [
            f"{name} have {listed(list(map(escaped, each)))}" for name, each in zip(names, there, strict=True) if each
        ]
        warn(f"{', and '.join(found)}, which were taken for different classes: write them alike if they are one")
    for found_there, name in zip(occur[1:], names[1:], strict=True):
        lacking = [
            escaped(each) for each in known if each in found_there - occur[0] and len(spelt[each.casefold()]) == 1
        ]
        more = f" and {len(lacking) - MOST_SAID:,} more" if len(lacking) > MOST_SAID else ""
        if lacking:
            called = f"{', '.join(lacking[:MOST_SAID])}{more}" if more else listed(lacking)
            warn(f"{name} have {called}, of which there is no training row: a network cannot learn it")


def number_from_0(
    labels: Sequence[Any], names: Sequence[str], known: Mapping[int, str] | None = None
) -> tuple[list[Any], tuple[str, ...] | None]:
    """Count classes from 0 where the labels begin elsewhere, as in EMNIST's letters or for -1 and 1, and say so.

    Parameters
    ----------
    labels : sequence
        The labels of each part; the first is the training data's.
    names : sequence of str
        What messages call them.
    known : dict, optional
        What some labels are called; by default each is called what it is.

    Returns
    -------
    labels : list
        As given, if the labels of the training data start at 0, or are not such numbers.
    class_names : tuple of str or None
        What the classes were, in order; None where the labels are as given.
    """
    arrays = [np.asarray(each) for each in labels]
    if any(array.size == 0 or array.dtype.kind not in "iuf" or array.size != len(array) for array in arrays):
        return list(labels), None
    values = np.unique(np.concatenate([np.unique(array) for array in arrays]))
    if not np.isfinite(values).all() or (values != np.rint(values)).any() or abs(values).max() > 2**31:
        return list(labels), None
    in_a_row = values[-1] - values[0] == len(values) - 1
    lacking = values[-1] >= LACKS and 2 * len(values) < values[-1] + 1
    if (values[0] == 0 and not lacking) or not 2 <= len(values) <= MOST_NUMBERS:
        return list(labels), None
    if not in_a_row and 2 * len(values) > sum(map(len, arrays)):  # and no classes
        return list(labels), None
    known = known or {}
    called = tuple(known.get(int(value), str(int(value))) for value in values)
    shown = f"{called[0]} to {called[-1]}" if not known else f"{int(values[0])} to {int(values[-1])}"
    what = f"{listed(names)} are {shown} " + ("and lack most numbers between" if values[0] == 0 else "and not from 0")
    warn(f"{what}: their classes were numbered in this order, and are called {_some(called)}")
    return [np.searchsorted(values, array.reshape(-1)).astype(np.int32) for array in arrays], called


def _some(called: Sequence[str]) -> str:
    return listed(called) if len(called) <= 4 else f"{called[0]}, {called[1]}, ... {called[-1]}"
