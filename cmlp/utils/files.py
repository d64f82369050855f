"""Write files atomically, and read only regular files."""

import os
import re
import secrets
import stat
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, contextmanager, suppress
from errno import EACCES, EINVAL, ELOOP
from pathlib import Path
from typing import Any, BinaryIO

from cmlp.errors import CmlpError

try:
    import fcntl as _fcntl
except ImportError:  # Windows, which removes no file that is open
    _fcntl = None  # type: ignore[assignment]

PATIENCE = 10  # tenths of a second, until Windows may replace a file
LONGEST = 50  # characters of a name that are repeated in a temporary one: a name may have the longest length


def write_files(
    writers: Mapping[Path, Callable[[BinaryIO], object]], before_replacing: Callable[[], object] = lambda: None
) -> None:
    """Write files that belong together; existing files are replaced atomically.

    All files are written under temporary names first and renamed at the end. A process that is killed leaves each file
    complete or missing, and never new images beside old labels; its temporary files are removed by the next one that
    writes a file of the same name. A symbolic link stays, and so do the owner and the rights of the file that is
    replaced, as far as the system allows; another hard link to that file keeps the old content.

    Parameters
    ----------
    writers : dict of path to function
        For each file, a function that writes its content to an open binary file.
    before_replacing : function, optional
        Called when all has been written, and no file has been replaced.

    Raises
    ------
    OSError
        If a file cannot be written; existing files are unchanged unless the disk fails at the very end.
    """
    targets = {_target(path): write for path, write in writers.items()}
    with ExitStack() as leftovers:
        temporaries = {}
        for path, write in targets.items():
            _remove_leftovers(path)
            with named(path), _new_temporary(path, leftovers) as file:
                temporaries[path] = Path(file.name)
                _keep_rights(path, file)
                write(file)
                file.flush()
                _sync(file.fileno())
        before_replacing()
        for path in list(targets)[1:]:  # so that none of them is old while another one is new
            path.unlink(missing_ok=True)
        for path, temporary in temporaries.items():
            with named(path):
                _replace(temporary, path)
    for folder in {path.parent for path in targets}:
        sync_folder(folder)


def write_file(path: Path, content: bytes) -> None:
    """Write a file; an existing file is replaced atomically."""
    write_files({path: lambda file: file.write(content)})


def temporary_name(path: Path, token: str) -> Path:
    """Return a name beside a file, which `write_files` of this file removes where it was left behind."""
    return path.with_name(f".{path.name[:LONGEST]}.{token}.tmp")


def is_regular(path: Path) -> bool:
    """Return whether the path is a regular file, and not a pipe or device, whose reader could wait for ever."""
    return stat.S_ISREG(path.stat().st_mode)


def open_regular(path: Path, error: type[CmlpError]) -> BinaryIO:
    """Open a file for reading.

    Parameters
    ----------
    path : Path
        The file.
    error : type
        The exception to raise for a pipe or a device, whose reader could wait for ever.

    Returns
    -------
    binary file

    Raises
    ------
    CmlpError
        Of the given type.
    OSError
        If the file cannot be opened.
    """
    if not path.is_dir() and not is_regular(path):  # a folder has an error of its own
        raise error(f"{path} must be a regular file")
    return path.open("rb")


def resolved(path: Path) -> Path:
    """Return a path without links.

    Raises
    ------
    OSError
        If it is none that a file can have, or its links lead in a circle.
    """
    try:
        found = path.resolve()
        found.lstat()
    except FileNotFoundError:
        return found
    except ValueError as error:  # a null character, or half of a pair of surrogates
        raise OSError(EINVAL, f"not a path that a file can have ({error})", ascii(str(path))) from error
    except RuntimeError as error:  # until Python 3.12
        raise OSError(ELOOP, os.strerror(ELOOP), str(path)) from error
    if found.is_symlink():
        raise OSError(ELOOP, os.strerror(ELOOP), str(path))
    return found


@contextmanager
def named(path: Path) -> Iterator[None]:
    """Let an OSError name this file, and not a temporary one."""
    try:
        yield
    except OSError as error:
        if error.errno is None:
            raise
        raise OSError(error.errno, error.strerror, str(path)) from error


@contextmanager
def tolerated(*numbers: int) -> Iterator[None]:
    """Do without what the system refuses, for any reason or for these.

    An OSError without a number is not the system's: a user's handler of a signal raises a TimeoutError like that.
    """
    try:
        yield
    except OSError as error:
        if error.errno is None or (numbers and error.errno not in numbers):
            raise


def _target(path: Path) -> Path:
    """Resolve links, and refuse a device or pipe, which must not be replaced by a file."""
    target = resolved(path)
    if target.exists() and not target.is_dir() and not is_regular(target):
        raise OSError(EINVAL, "not a regular file", str(path))
    return target


@contextmanager
def _new_temporary(path: Path, leftovers: ExitStack) -> Iterator[BinaryIO]:
    """Open a new file beside another, which is removed at the end, and locked as long as it is open."""
    mode = 0o600 if path.exists() else 0o666  # nobody may open it before `_keep_rights`
    while True:
        temporary = temporary_name(path, secrets.token_hex(4))
        leftovers.callback(_remove, temporary)
        with open(temporary, "xb", opener=lambda name, flags: os.open(name, flags, mode)) as file:
            if _lock(file) and os.fstat(file.fileno()).st_nlink:
                yield file
                return


def _lock(file: Any) -> bool:
    """Lock an open file against all who would remove it; a file system without locks has nobody who removes it."""
    if _fcntl is None:
        return True
    try:
        _fcntl.flock(file, _fcntl.LOCK_EX | _fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    except OSError as error:
        if error.errno is None:
            raise
    return True


def _remove_leftovers(path: Path) -> None:
    """Remove the temporary files of a name that processes left behind that were killed: those that nobody locks."""
    pattern = re.compile(rf"\.{re.escape(path.name[:LONGEST])}\.[0-9a-f]{{8}}\.tmp")
    with tolerated():
        for entry in os.scandir(path.parent):
            if pattern.fullmatch(entry.name) and entry.is_file(follow_symlinks=False):
                _remove_if_unlocked(entry.path)


def _remove_if_unlocked(name: str) -> None:
    with tolerated():
        if _fcntl is None:
            os.unlink(name)  # noqa: PTH108
            return
        with open(name, "rb") as file:  # noqa: PTH123
            _fcntl.flock(file, _fcntl.LOCK_EX | _fcntl.LOCK_NB)
            os.unlink(name)  # noqa: PTH108


def _keep_rights(path: Path, file: BinaryIO) -> None:
    """Give the new file the owner and the permissions of the old one."""
    if os.name != "posix" or not path.exists():
        return
    old, new = path.stat(), os.fstat(file.fileno())
    mode = stat.S_IMODE(old.st_mode)
    if (old.st_uid, old.st_gid) != (new.st_uid, new.st_gid):
        try:
            os.fchown(file.fileno(), old.st_uid, old.st_gid)
        except OSError as error:
            if error.errno is None:
                raise
            if old.st_gid != new.st_gid:  # the old group is not this one, which may do no more than all others
                mode = mode & ~0o070 | (mode & 0o007) << 3
    with tolerated():  # of a file system without rights
        os.fchmod(file.fileno(), mode)


def _replace(temporary: Path, path: Path) -> None:
    """Rename a file; wait a little where Windows refuses to replace one that a virus scanner or an indexer has open."""
    for attempt in range(PATIENCE + 1):
        try:
            temporary.replace(path)
            return
        except PermissionError as error:
            if os.name == "posix" or path.is_dir():
                raise
            if attempt == PATIENCE:
                open_elsewhere = "the file is open in a program, or mapped: close it there, or choose another name"
                raise PermissionError(error.errno, open_elsewhere, str(path)) from error
            time.sleep(0.1)


def _sync(handle: int) -> None:
    """Bring a file to the disk, on macOS out of the disk's own cache, too, which fsync does not empty there."""
    if hasattr(_fcntl, "F_FULLFSYNC"):
        with tolerated():  # of a file system without it
            _fcntl.fcntl(handle, _fcntl.F_FULLFSYNC)
            return
    os.fsync(handle)


def _remove(temporary: Path) -> None:
    with suppress(OSError):  # the error that brought us here says more
        temporary.unlink(missing_ok=True)


def sync_folder(folder: Path) -> None:
    """Make the names of new files survive a power failure; Windows does so by itself."""
    if os.name == "posix":
        with named(folder), tolerated(EACCES, EINVAL):  # a folder not to be read, or on a disk that cannot do that
            handle = os.open(folder, os.O_RDONLY)
            try:
                os.fsync(handle)
            finally:
                os.close(handle)
