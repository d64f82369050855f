"""What people call their files and arrays: a name says which part of the data it is, and of which kind."""

import re
from collections.abc import Iterable
from typing import NamedTuple

from cmlp.errors import DataError

TRAIN, VALIDATION, TEST = "train", "validation", "test"
PARTS = {
    **dict.fromkeys(("train", "training"), TRAIN),
    **dict.fromkeys(("val", "valid", "validation"), VALIDATION),
    **dict.fromkeys(("test", "testing", "t10k"), TEST),
}

# Where several names fit, as "images" and "data" in the digits of scikit-learn, the earliest word wins.
IMAGES = ("images", "image", "imgs", "img", "pictures", "x", "pixels", "features", "inputs", "data")
LABELS = ("labels", "label", "targets", "target", "y", "classes", "class")

GLUED = re.compile(r"([xy])(train|valid|val|test)")  # xtrain, ytest
FORMAT_WORDS = {"idx1", "idx3", "ubyte", "gz", "pkl", "pickle", "npy", "npz", "csv", "tsv", "txt"}
MAX_SHOWN = 8


class Role(NamedTuple):
    """What a name says: the part, the kind ("images" or "labels"), and the words that say neither."""

    part: str | None
    kind: str | None
    rest: tuple[str, ...]
    rank: int


def role_of(name: str) -> Role:
    """Read a name such as ``x_train``, ``t10k-images-idx3-ubyte.gz`` or ``test/test_labels.pkl``."""
    words = [word for part in re.split(r"[\W_]+", name.lower()) for word in GLUED.sub(r"\1 \2", part).split()]
    parts = {PARTS[word] for word in words if word in PARTS}
    labels = [LABELS.index(word) for word in words if word in LABELS]
    images = [IMAGES.index(word) for word in words if word in IMAGES]
    rest = tuple(word for word in words if word not in {*PARTS, *IMAGES, *LABELS, *FORMAT_WORDS})
    # "y_data" and "image_labels" are labels.
    kind, ranks = ("labels", labels) if labels else ("images", images) if images else (None, [0])
    return Role(parts.pop() if len(parts) == 1 else None, kind, rest, min(ranks))


def pairs_of(names: Iterable[str], source: object) -> dict[str, tuple[str, str]]:
    """Find the names that belong together.

    Parameters
    ----------
    names : iterable of str
        The names of files or arrays.
    source : object
        What complaints call the place where they are.

    Returns
    -------
    dict
        For each part ("train", "validation", "test") that has both, the names of its images and its labels.
        Names without a part are the training data. Empty if nothing belongs together.

    Raises
    ------
    DataError
        If several data sets are there, or if one part has images without labels or labels without images.
    """
    groups: dict[tuple[str, ...], dict[str | None, dict[str, tuple[int, str]]]] = {}
    for name in names:
        part, kind, rest, rank = role_of(name)
        if kind is not None:
            known = groups.setdefault(rest, {}).setdefault(part, {})
            known[kind] = min(known.get(kind, (rank, name)), (rank, name))
    complete = {rest: group for rest, group in groups.items() if any(len(kinds) == 2 for kinds in group.values())}
    if not complete:
        return {}
    if len(complete) > 1 and () not in complete:
        found = listed(" ".join(rest) for rest in complete)
        raise DataError(f"{source} must hold one data set, got {found}")
    group = complete.get((), next(iter(complete.values())))
    return _ordered(group, source)


def _ordered(group: dict[str | None, dict[str, tuple[int, str]]], source: object) -> dict[str, tuple[str, str]]:
    pairs: dict[str, tuple[str, str]] = {}
    for part in (TRAIN, None, VALIDATION, TEST):
        kinds = {kind: name for kind, (_, name) in group.get(part, {}).items()}
        if len(kinds) == 1:
            ((kind, name),) = kinds.items()
            missing = "labels" if kind == "images" else "images"
            raise DataError(f"{source} must hold {missing} for {shown(name)}, got {kind} only")
        if kinds:
            pairs.setdefault(part or TRAIN, (kinds["images"], kinds["labels"]))
    return pairs


def listed(names: Iterable[str]) -> str:
    """Return names as a complaint may show them: escaped, and not too many."""
    all_names = [shown(name) for name in names]
    more = f" and {len(all_names) - MAX_SHOWN:,} more" if len(all_names) > MAX_SHOWN else ""
    return ", ".join(all_names[:MAX_SHOWN]) + more if all_names else "nothing"


def shown(name: str) -> str:
    """Return a name that comes from a file, escaped and short."""
    escaped = name.encode("unicode_escape", "backslashreplace").decode("ascii")
    return escaped if len(escaped) <= 80 else f"{escaped[:77]}..."
