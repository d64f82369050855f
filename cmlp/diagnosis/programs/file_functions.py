"""What functions of Python that reach files do while strangers' code runs: they ask `Overlay` for the place.

Each takes the overlay, the real function, and the arguments of that.
"""

import errno
import os
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from cmlp.diagnosis.programs.overlay import Overlay, error_of

WRITES = os.O_WRONLY | os.O_RDWR | os.O_CREAT | os.O_TRUNC | os.O_APPEND
READ = ("stat", "lstat", "readlink", "statvfs")
CHANGED = ("utime", "chmod", "chown", "truncate", "lchown", "setxattr", "removexattr")
MADE = ("mkdir", "mkfifo", "mknod")


def open_file(overlay: Overlay, real: Any, file: Any, mode: Any = "r", *arguments: Any, **keywords: Any) -> Any:
    """Open a file as `open` does."""
    if not is_path(file) or not isinstance(mode, str):
        return real(file, mode, *arguments, **keywords)
    if "x" in mode:
        place = overlay.made(file)
    elif any(letter in mode for letter in "wa+"):
        place = overlay.written(file, keep="w" not in mode)
    else:
        place = overlay.shown(file)
    return real(place, mode, *arguments, **keywords)


def is_path(value: Any) -> bool:
    """Whether a value is a path, and no descriptor."""
    return isinstance(value, str | bytes | os.PathLike)


def _refuse_descriptors(keywords: dict[str, Any]) -> None:
    if any(keywords.get(name) is not None for name in ("dir_fd", "src_dir_fd", "dst_dir_fd")):
        raise PermissionError(13, "the check lets no file be changed by way of the descriptor of a folder")


def _read(overlay: Overlay, real: Any, path: Any = os.curdir, *arguments: Any, **keywords: Any) -> Any:
    plain = not is_path(path) or keywords.get("dir_fd") is not None
    return real(path if plain else overlay.shown(path), *arguments, **keywords)


def _entered(overlay: Overlay, real: Any, path: Any) -> None:
    real(overlay.entered(path) if is_path(path) else path)


def _access(overlay: Overlay, real: Any, path: Any, *arguments: Any, **keywords: Any) -> bool:
    try:
        return bool(_read(overlay, real, path, *arguments, **keywords))
    except FileNotFoundError:
        return False


def _changed(overlay: Overlay, real: Any, path: Any, *arguments: Any, **keywords: Any) -> Any:
    _refuse_descriptors(keywords)
    if is_path(path) and not overlay.exists(path):
        raise error_of(errno.ENOENT, path)
    return real(overlay.written(path, keep=True) if is_path(path) else path, *arguments, **keywords)


def _made(overlay: Overlay, real: Any, path: Any, *arguments: Any, **keywords: Any) -> Any:
    _refuse_descriptors(keywords)
    return real(overlay.made(path), *arguments, **keywords)


def _removed(overlay: Overlay, real: Any, path: Any, **keywords: Any) -> None:
    _refuse_descriptors(keywords)
    if overlay.exists(path) and overlay.is_folder(path):
        raise error_of(errno.EISDIR, path)
    overlay.remove(path)


def _removed_folder(overlay: Overlay, real: Any, path: Any, **keywords: Any) -> None:
    _refuse_descriptors(keywords)
    if overlay.names(path):
        raise error_of(errno.ENOTEMPTY, path)
    overlay.remove(path)


def _renamed(overlay: Overlay, real: Any, path: Any, target: Any, **keywords: Any) -> None:
    _refuse_descriptors(keywords)
    overlay.move(path, target)


def _linked(overlay: Overlay, real: Any, path: Any, target: Any, *arguments: Any, **keywords: Any) -> Any:
    _refuse_descriptors(keywords)
    return real(overlay.shown(path), overlay.made(target), *arguments, **keywords)


def _linked_by_name(overlay: Overlay, real: Any, path: Any, target: Any, *arguments: Any, **keywords: Any) -> Any:
    _refuse_descriptors(keywords)
    return real(path, overlay.made(target), *arguments, **keywords)


def _os_open(overlay: Overlay, real: Any, path: Any, flags: int, *arguments: Any, **keywords: Any) -> Any:
    if not flags & WRITES or not is_path(path):
        return _read(overlay, real, path, flags, *arguments, **keywords)
    _refuse_descriptors(keywords)
    if flags & os.O_EXCL and flags & os.O_CREAT:
        return real(overlay.made(path), flags, *arguments, **keywords)
    return real(overlay.written(path, keep=not flags & os.O_TRUNC), flags, *arguments, **keywords)


def _listdir(overlay: Overlay, real: Any, path: Any = os.curdir) -> Any:
    if not is_path(path if path is not None else os.curdir) or overlay.untouched:
        return real(path)
    names = overlay.names(os.curdir if path is None else path)
    return [os.fsencode(name) for name in names] if isinstance(path, bytes) else names


class _Entry:
    """An entry of a folder, as `os.scandir` gives them."""

    def __init__(self, folder: Any, name: str, place: Any) -> None:
        self.name, self.path, self._place = name, str(Path(folder, name)), Path(place)

    def __fspath__(self) -> str:
        return self.path

    def is_dir(self, *, follow_symlinks: bool = True) -> bool:
        return self._place.is_dir() and (follow_symlinks or not self.is_symlink())

    def is_file(self, *, follow_symlinks: bool = True) -> bool:
        return self._place.is_file() and (follow_symlinks or not self.is_symlink())

    def is_symlink(self) -> bool:
        return self._place.is_symlink()

    def stat(self, *, follow_symlinks: bool = True) -> os.stat_result:
        return self._place.stat(follow_symlinks=follow_symlinks)

    def inode(self) -> int:
        return self.stat(follow_symlinks=False).st_ino


class _Entries(list[_Entry]):
    """What `os.scandir` returns."""

    def __iter__(self) -> Iterator[_Entry]:
        while self:
            yield self.pop(0)

    def __next__(self) -> _Entry:
        if not self:
            raise StopIteration
        return self.pop(0)

    def __enter__(self) -> "_Entries":
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        self.clear()


def _scandir(overlay: Overlay, real: Any, path: Any = os.curdir) -> Any:
    path = os.curdir if path is None else path
    if not is_path(path) or overlay.untouched:
        return real(path)
    folder = os.fsdecode(path)
    return _Entries(_Entry(folder, name, overlay.shown(Path(folder, name))) for name in overlay.names(path))


def remove_tree(overlay: Overlay, real: Any, path: Any, ignore_errors: bool = False, *_: Any, **__: Any) -> None:
    """Remove a folder as `shutil.rmtree` does."""
    try:
        if not overlay.is_folder(path):
            raise error_of(errno.ENOTDIR, path)
        overlay.remove(path)
    except OSError:
        if not ignore_errors:
            raise


def save_tensors(overlay: Overlay, real: Any, value: Any, f: Any, *arguments: Any, **keywords: Any) -> Any:
    """Save as `torch.save` does, which opens its file past Python."""
    return real(value, overlay.written(f, keep=False) if is_path(f) else f, *arguments, **keywords)


def connect(overlay: Overlay, real: Any, database: Any, *arguments: Any, **keywords: Any) -> Any:
    """Open a database as `sqlite3.connect` does."""
    plain = not is_path(database) or database == ":memory:" or keywords.get("uri")
    return real(database if plain else overlay.written(database, keep=True), *arguments, **keywords)


def open_hdf5(
    overlay: Overlay, real: Any, file: Any, name: Any, mode: str = "r", *arguments: Any, **keywords: Any
) -> Any:
    """Open a file as `h5py.File` does."""
    if is_path(name):
        name = overlay.shown(name) if mode == "r" else overlay.written(name, keep=mode in ("a", "r+"))
    return real(file, name, mode, *arguments, **keywords)


HANDLERS: dict[str, Callable[..., Any]] = {
    **dict.fromkeys(READ, _read),
    **dict.fromkeys(CHANGED, _changed),
    **dict.fromkeys(MADE, _made),
    **dict.fromkeys(("remove", "unlink"), _removed),
    **dict.fromkeys(("rename", "replace"), _renamed),
    "link": _linked,
    "symlink": _linked_by_name,
    "access": _access,
    "chdir": _entered,
    "rmdir": _removed_folder,
    "open": _os_open,
    "listdir": _listdir,
    "scandir": _scandir,
}
