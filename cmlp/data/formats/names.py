"""What names of files and arrays mean: which part of the data they hold, images or labels."""

import re
from collections.abc import Iterable
from typing import Literal, NamedTuple, get_args

from cmlp.errors import DataError
from cmlp.utils.text import escaped

Part = Literal["train", "validation", "test"]
Kind = Literal["images", "labels"]
TRAIN, VALIDATION, TEST = get_args(Part)
PARTS: dict[str, Part] = {
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
    """What a name means: the part, the kind ("images" or "labels"), and the words that tell neither."""

    part: Part | None
    kind: Kind | None
    rest: tuple[str, ...]
    rank: int


def role_of(name: str) -> Role:
    """Interpret a name such as ``x_train``, ``t10k-images-idx3-ubyte.gz`` or ``test/test_labels.pkl``."""
    words = [word for part in re.split(r"[\W_]+", name.lower()) for word in GLUED.sub(r"\1 \2", part).split()]
    parts = {PARTS[word] for word in words if word in PARTS}
    labels = [LABELS.index(word) for word in words if word in LABELS]
    images = [IMAGES.index(word) for word in words if word in IMAGES]
    rest = tuple(word for word in words if word not in {*PARTS, *IMAGES, *LABELS, *FORMAT_WORDS})
    # "y_data" and "image_labels" are labels.
    kind: Kind | None = "labels" if labels else "images" if images else None
    return Role(parts.pop() if len(parts) == 1 else None, kind, rest, min(labels or images or [0]))


def pairs_of(names: Iterable[str], source: object) -> dict[Part, tuple[str, str]]:
    """Pair the names of images with those of their labels.

    Parameters
    ----------
    names : iterable of str
        The names of files or arrays.
    source : object
        What error messages call the file or folder that holds them.

    Returns
    -------
    dict
        For each part ("train", "validation", "test") that has both, the names of its images and its labels.
        Names without a part are the training data. Empty if there is no pair.

    Raises
    ------
    DataError
        If there are several data sets, or a part has images without labels or labels without images.
    """
    groups: dict[tuple[str, ...], dict[Part | None, dict[Kind, tuple[int, str]]]] = {}
    for name in names:
        part, kind, rest, rank = role_of(name)
        if kind is not None:
            known = groups.setdefault(rest, {}).setdefault(part, {})
            known[kind] = min(known.get(kind, (rank, name)), (rank, name))
    complete = {rest: group for rest, group in groups.items() if any(len(kinds) == 2 for kinds in group.values())}
    if not complete:
        return {}
    if len(complete) > 1 and () not in complete:
        found = some_names(" ".join(rest) for rest in complete)
        raise DataError(f"{source} must hold one data set, got {found}")
    group = complete.get((), next(iter(complete.values())))
    return _ordered(group, source)


def _ordered(group: dict[Part | None, dict[Kind, tuple[int, str]]], source: object) -> dict[Part, tuple[str, str]]:
    pairs: dict[Part, tuple[str, str]] = {}
    for part in (TRAIN, None, VALIDATION, TEST):
        kinds = {kind: name for kind, (_, name) in group.get(part, {}).items()}
        if len(kinds) == 1:
            ((kind, name),) = kinds.items()
            missing = "labels" if kind == "images" else "images"
            raise DataError(f"{source} must hold {missing} for {escaped(name)}, got {kind} only")
        if kinds:
            pairs.setdefault(part or TRAIN, (kinds["images"], kinds["labels"]))
    return pairs


def some_names(names: Iterable[str]) -> str:
    """Return names from a file as an error message may show them: escaped, and not too many."""
    all_names = [escaped(name) for name in names]
    more = f" and {len(all_names) - MAX_SHOWN:,} more" if len(all_names) > MAX_SHOWN else ""
    return ", ".join(all_names[:MAX_SHOWN]) + more if all_names else "nothing"
