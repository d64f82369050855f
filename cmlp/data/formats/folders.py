"""Read a folder of data files; what is not used of them is said."""

import re
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import NamedTuple

from cmlp.data.class_names import NAMES_FILE, read_class_names, read_mapping
from cmlp.data.formats.columns import is_labelled, labelled, width_of
from cmlp.data.formats.detection import ARCHIVE, detect_format
from cmlp.data.formats.files import Options, pair, part_of, read_table_or_parts
from cmlp.data.formats.image_folder import has_pictures, read_image_folder, refuse_unlabelled
from cmlp.data.formats.names import TEST, TRAIN, VALIDATION, Part, Role, pairs_of, places_among, role_of, some_names
from cmlp.data.formats.picture_tables import read_picture_tables, tables_beside
from cmlp.data.formats.sets import Parts, Unchecked
from cmlp.data.formats.tables import Table
from cmlp.errors import DataError
from cmlp.utils.text import escaped, listed
from cmlp.utils.warn import warn

READABLE = "images and labels (IDX, npy, pickles or tables), one file for each part, or pictures by class"
DEPTH = 3  # of folders in each other, as in torchvision's MNIST/raw
NO_DATA = {  # what lies beside data, by the ends of names
    *(".py", ".ipynb", ".md", ".rst", ".html", ".htm", ".pdf", ".json", ".yaml", ".yml", ".toml", ".ini", ".cfg"),
    *(".log", ".png", ".jpg", ".jpeg", ".gif", ".bmp", ".webp", ".tif", ".tiff", ".svg", ".js", ".css", ".tex"),
    *(".pt", ".pth", ".onnx", ".keras", ".cmlp", ".ckpt", ".safetensors", ".names", ".db", ".lock", ".md5", ".sha256"),
    *(".sh", ".bat", ".c", ".h", ".cpp", ".m", ".r", ".docx"),
}
ABOUT = re.compile(
    r"(readme|license|licence|index|citation|changelog|requirements|makefile|.*submission|.*mapping\.txt)\b.*"
)
SUBMISSION = re.compile(r".*submission\b.*\.csv(\.\w+)?")  # the form of the answers to a competition
COMPRESSED = re.compile(r"\.(gz|bz2|xz|zip)$")


class Member(NamedTuple):
    """A data file of a folder, and what its name says."""

    path: Path
    role: Role


class Training(NamedTuple):
    """The columns of labels of the training data, how many others it has, and what those of the labels are called."""

    columns: list[int]
    features: int
    names: tuple[str, ...]


def read_folder(folder: Path, options: Options, read: Callable[[Path], Parts]) -> Parts:
    """Read the data in a folder.

    Parameters
    ----------
    folder : Path
        The folder.
    options : Options
        What the caller says about tables.
    read : function
        Reads one file or folder of any kind.

    Returns
    -------
    dict
        Images and labels of each part.

    Raises
    ------
    DataError
        If the folder holds no data, several data sets, or half of one.
    OSError
        If something in it cannot be read.
    """
    files = _files_of(folder)
    parts = (
        read_picture_tables(folder, options.label)
        or _read_pairs(files, folder)
        or _read_parts(files, folder, options, read)
        or _read_classes(folder)
    )
    if parts:
        return parts
    if len(files) == 1:
        return read(next(iter(files.values())))
    inner = _inner_folder(folder, DEPTH)
    if inner is not None:
        return read(inner)
    refuse_unlabelled(folder)
    raise DataError(f"{folder} must hold {READABLE}, got {some_names(path.name for path in sorted(folder.iterdir()))}")


def _read_classes(folder: Path) -> Parts | None:
    """Read a folder of pictures for each class; a table beside them that does not name them is said or refused."""
    tables = [path for path in tables_beside(folder) if path.parent == folder]
    parts = read_image_folder(folder)
    if parts is None or not tables:
        return parts
    names = some_names(path.name for path in tables)
    if all(not part.labels.any() for part in parts.values()):
        rule = "must have a column with the names of the pictures and one with their labels, or the pictures"
        raise DataError(f"{names} in {folder} {rule} must lie in a folder for each class, got one folder")
    warn(f"of {folder}, the folders of pictures were read, and not {names}")
    return parts


def _files_of(folder: Path) -> dict[str, Path]:
    """Return the data files of a folder, and of the folders for training and test in it, by name."""
    inner = [path for path in folder.iterdir() if path.is_dir() and role_of(path.name).part]
    files = [path for place in (folder, *inner) for path in place.iterdir() if _may_be_data(path)]
    return {path.relative_to(folder).as_posix(): path for path in sorted(files)}


def _may_be_data(path: Path) -> bool:
    name = path.name.lower()
    if name.startswith(".") or name == NAMES_FILE or ABOUT.fullmatch(name) or Path(name).suffix in NO_DATA:
        return False
    if path.is_symlink() and not path.exists():
        raise DataError(f"{path} is a link to {path.readlink()}, which does not exist")
    return path.is_file()


def _read_pairs(files: dict[str, Path], folder: Path) -> Parts | None:
    """Read files of images, each with a file of labels."""
    pairs = pairs_of(files, folder)
    if not pairs:
        return None
    _say_unused(files, {name for both in pairs.values() for name in both}, folder)
    called = read_class_names(folder)
    found = {part: pair(files[images], files[labels]) for part, (images, labels) in pairs.items()}
    first = next(iter(pairs.values()))[0]
    return _called(found, called, files[first])


def _called(found: Parts, called: tuple[str, ...] | None, first: Path) -> Parts:
    """Give the classes the names that a file in the folder tells, if they are not words already."""
    mapping = read_mapping(first) if called is None else None
    return {
        part: each._replace(class_names=called or each.class_names, mapping=mapping) for part, each in found.items()
    }


def _say_unused(files: Iterable[str], used: set[str], folder: Path) -> None:
    """Say which data files were not used; a compressed twin of a used one is none of them."""
    known = {COMPRESSED.sub("", name) for name in used}
    unused = [name for name in files if COMPRESSED.sub("", name) not in known]
    if unused:
        read = listed([escaped(name) for name in sorted(used)])
        warn(f"of {folder}, {read} were read, and not {some_names(unused)}")


def _read_parts(files: dict[str, Path], folder: Path, options: Options, read: Callable[[Path], Parts]) -> Parts | None:
    """Read files that hold one part each, images with labels, such as mnist_train.csv and mnist_test.csv."""
    chosen = _parts_of(files, folder)
    if not chosen:
        return None
    samples = [path.name for path in sorted(folder.iterdir()) if SUBMISSION.fullmatch(path.name.lower())]
    _say_unused([*files, *samples], {path.relative_to(folder).as_posix() for path in chosen.values()}, folder)
    parts: Parts = {}
    training: Training | None = None
    for part in (TRAIN, VALIDATION, TEST):
        if part not in chosen:
            continue
        path = chosen[part]
        found = read_table_or_parts(path, options) if _is_plain(path) else read(path)
        if isinstance(found, dict):
            if len(found) != 1:
                raise DataError(f"{path} must hold one set of images with labels, got {len(found)}")
            parts[part] = next(iter(found.values()))
            continue
        one, training = _read_labelled(*found, path, training)
        if one is not None:
            parts[part] = one
    return parts


def _is_plain(path: Path) -> bool:
    """Return whether a file is no archive of files."""
    return detect_format(path) is not ARCHIVE


def _read_labelled(
    table: Table, columns: list[int] | None, path: Path, training: Training | None
) -> tuple[Unchecked | None, Training | None]:
    """Read a table like that of the training data before it, whose labels are in the same columns, or are missing."""
    if training is not None and columns is None:
        named, features = is_labelled(table), training.features
        if not named and width_of(table) == features:
            warn(f"{path} holds no labels, and is left out: cmlp predict reads it")
            return None, training
        columns = places_among(training.names, table.layout.titles) if training.names else None
        if columns is None and not named and table.layout.width == features + len(training.columns):
            columns = training.columns
    found = labelled(table, columns, role_of(path.name).kind)
    called = tuple(table.layout.titles[column] for column in found.columns) if table.layout.titles else ()
    return part_of(found, path), training or Training(found.columns, found.images.shape[1], called)


def _parts_of(files: dict[str, Path], folder: Path) -> dict[Part, Path]:
    """Choose the files of training and test data, whose names are alike but for numbers."""
    members = [Member(path, role_of(name)) for name, path in files.items() if "/" not in name]
    members = [member for member in members if member.role.kind != "labels"]
    parts = [member for member in members if member.role.part]
    if not parts:
        return {}
    groups: dict[tuple[str, ...], dict[Part, Path]] = {}
    for path, role in parts:
        if role.part:
            groups.setdefault(role.rest, {}).setdefault(role.part, path)
    for path, role in members:  # as LIBSVM calls the training data, beside others that end in .t
        group = groups.get(role.rest)
        if role.part is None and group is not None and TRAIN not in group:
            group[TRAIN] = path
    complete = {rest: group for rest, group in groups.items() if len(group) > 1}
    if len(complete) == 1 or () in complete:
        return complete.get((), next(iter(complete.values())))
    if complete:
        found = some_names(" ".join(rest) for rest in complete)
        raise DataError(f"{folder} must hold one data set, got {found}: name the file of one of them")
    return _alike(groups, folder)


def _alike(groups: dict[tuple[str, ...], dict[Part, Path]], folder: Path) -> dict[Part, Path]:
    """Join groups whose names differ in numbers only, such as train_100 and test_10; refuse others."""
    if len(groups) == 1:
        return next(iter(groups.values()))
    found: dict[Part, Path] = {}
    stems = {tuple(word for word in rest if not word.isdecimal()) for rest in groups}
    for group in groups.values():
        for part, path in group.items():
            if part in found or len(stems) > 1:
                names = listed([escaped(path.name) for one in groups.values() for path in one.values()])
                raise DataError(
                    f"{folder} must hold training and test data of one name, got {names}: "
                    "rename them, such as train.csv and test.csv, or name one file"
                )
            found[part] = path
    return found


def _inner_folder(folder: Path, depth: int) -> Path | None:
    """Return the only folder inside that holds data, however deep, as torchvision nests it."""
    found = [inner for inner in sorted(folder.iterdir()) if inner.is_dir() and not inner.name.startswith((".", "__"))]
    holding = [inner for inner in found if _holds_data(inner, depth - 1)]
    if len(holding) > 1:
        names = some_names(inner.name for inner in holding)
        raise DataError(f"{folder} must hold one data set, got {names}: name one of these folders")
    return holding[0] if holding else None


def _holds_data(folder: Path, depth: int) -> bool:
    roles = [role_of(name) for name in _files_of(folder)]
    if any(role.part or role.kind for role in roles) or len(roles) == 1 or has_pictures(folder):
        return True
    return depth > 0 and any(_holds_data(inner, depth - 1) for inner in folder.iterdir() if inner.is_dir())
