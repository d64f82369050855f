"""What names of files and arrays mean: which part of the data they hold, images or labels."""

import re
from collections.abc import Iterable, Sequence
from typing import Literal, NamedTuple, get_args

from cmlp.errors import DataError
from cmlp.utils.text import escaped

Part = Literal["train", "validation", "test"]
Kind = Literal["images", "labels"]
TRAIN, VALIDATION, TEST = get_args(Part)
PARTS: dict[str, Part] = {
    **dict.fromkeys(("train", "training", "tr", "tra", "trn"), TRAIN),
    **dict.fromkeys(("val", "valid", "validation", "dev"), VALIDATION),
    **dict.fromkeys(("test", "testing", "t10k", "te", "tes", "tst"), TEST),
}

# Where several names fit, as "images" and "data" in the digits of scikit-learn, the earliest word wins.
IMAGES = (
    *("images", "image", "imgs", "img", "pictures", "x", "pixels", "features", "inputs", "input", "patterns"),
    *("samples", "fea", "dataset", "data"),
)
LABELS = ("labels", "label", "labs", "lbls", "gnd", "targets", "target", "y", "classes", "class")

# What a column of a table may be called besides, and how those are called that number the rows.
LABEL_NAMES = {*LABELS, "digit", "character", "category", "letter", "species", "variety", "diagnosis", "outcome"}
INDEX_NAMES = {
    *("", "id", "idx", "imageid", "image_id", "imgid", "img_id", "rowid", "row_id", "sample_id", "patient_id"),
    *("index", "unnamed: 0", "rownames", "level_0", "__index_level_0__"),
}
ONE_HOT = re.compile(r"(.*?)[ _.:=-]?([^ _.:=-]+)")  # label_3, class.setosa, y=1

GLUED = re.compile(r"(?:([xy])(train|valid|val|test|tr|te)|(train|valid|val|test|tr|te)(x|y|images?|labels?|data))")
TEST_SUFFIX = re.compile(r"\.t(\.(bz2|gz|xz))?$")  # as LIBSVM calls the test data beside the training data
FORMAT_WORDS = {
    *("idx1", "idx2", "idx3", "idx", "ubyte", "int", "gz", "bz2", "xz", "zip", "pkl", "pickle", "npy", "npz", "mat"),
    *("csv", "tsv", "txt", "arff", "libsvm", "svm", "parquet", "feather", "h5", "hdf5"),
}
MAX_SHOWN = 8


class Role(NamedTuple):
    """What a name means: the part, the kind ("images" or "labels"), and the words that tell neither."""

    part: Part | None
    kind: Kind | None
    rest: tuple[str, ...]
    rank: int


def role_of(name: str) -> Role:
    """Interpret a name such as ``x_train``, ``t10k-images-idx3-ubyte.gz`` or ``test/test_labels.pkl``."""
    words = [word for part in re.split(r"[\W_]+", TEST_SUFFIX.sub(r".test\1", name.lower())) for word in _unglued(part)]
    parts = {PARTS[word] for word in words if word in PARTS}
    labels = [LABELS.index(word) for word in words if word in LABELS]
    images = [IMAGES.index(word) for word in words if word in IMAGES]
    rest = tuple(word for word in words if word not in {*PARTS, *IMAGES, *LABELS, *FORMAT_WORDS})
    # "y_data" and "image_labels" are labels.
    kind: Kind | None = "labels" if labels else "images" if images else None
    return Role(parts.pop() if len(parts) == 1 else None, kind, rest, min(labels or images or [0]))


def _unglued(word: str) -> list[str]:
    glued = GLUED.fullmatch(word)
    return [part for part in glued.groups() if part] if glued else word.split()


def is_index(name: str) -> bool:
    """Return whether a column of this name numbers the rows."""
    return name in INDEX_NAMES


def label_columns(names: Sequence[str]) -> list[int]:
    """Return the columns that are called labels, or the one-hot columns that are called after classes."""
    named = [column for column, name in enumerate(names) if name in LABEL_NAMES]
    if named:
        return named
    stems = [match[1] if (match := ONE_HOT.fullmatch(name)) else "" for name in names]
    hot = [column for column, stem in enumerate(stems) if stem in LABEL_NAMES]
    return hot if len(hot) > 1 else []


def places_among(wanted: Sequence[str], names: Sequence[str]) -> list[int] | None:
    """Return where some names stand among others, written alike or, where that is one only, in another case.

    Parameters
    ----------
    wanted : sequence of str
        The names.
    names : sequence of str
        Among which they are looked for.

    Returns
    -------
    list of int or None
        None if one of them is not there, or is there twice.
    """
    exactly, folded = _places_by(names), _places_by([name.casefold() for name in names])
    found = [exactly.get(name) or folded.get(name.casefold()) or [] for name in wanted]
    if any(len(places) != 1 for places in found) or len({place for (place,) in found}) < len(found):
        return None
    return [place for (place,) in found]


def _places_by(names: Sequence[str]) -> dict[str, list[int]]:
    places: dict[str, list[int]] = {}
    for place, name in enumerate(names):
        places.setdefault(name, []).append(place)
    return places


def are_numbered(names: Sequence[str]) -> bool:
    """Return whether columns are called by one word or none, and a number each, which tells no more than places."""
    stems = {re.sub("[0-9]+", "", name) for name in names}
    return len(stems) == 1 and all(re.search("[0-9]", name) for name in names)


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
        raise DataError(f"{source} must hold one data set, got {found}: name the training images of one of them")
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
