"""Write files atomically, and read only regular files."""

import os
import secrets
import stat
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, contextmanager, suppress
from errno import EACCES, EINVAL
from pathlib import Path
from typing import BinaryIO

from cmlp.errors import CmlpError


def write_files(writers: Mapping[Path, Callable[[BinaryIO], object]]) -> None:
    """Write files that belong together; existing files are replaced atomically.

    All files are written under temporary names first and renamed at the end. A process that is killed leaves each file
    complete or missing, and never new images beside old labels.

    Parameters
    ----------
    writers : dict of path to function
        For each file, a function that writes its content to an open binary file.

    Raises
    ------
    OSError
        If a file cannot be written; existing files are unchanged unless the disk fails at the very end.
    """
    targets = {_target(path): write for path, write in writers.items()}
    with ExitStack() as leftovers:
        temporaries = {}
        for path, write in targets.items():
            beside = f".{path.name[:50]}.{secrets.token_hex(4)}.tmp"  # cut, because a name may have the longest length
            temporaries[path] = path.with_name(beside)
            leftovers.callback(_remove, temporaries[path])
            with named(path), temporaries[path].open("xb") as file:
                _keep_rights(path, file)
                write(file)
                file.flush()
                os.fsync(file.fileno())
        for path in list(targets)[1:]:  # so that none of them is old while another one is new
            path.unlink(missing_ok=True)
        for path, temporary in temporaries.items():
            with named(path):
                temporary.replace(path)
    for folder in {path.parent for path in targets}:
        sync_folder(folder)


def write_file(path: Path, content: bytes) -> None:
    """Write a file; an existing file is replaced atomically."""
    write_files({path: lambda file: file.write(content)})


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


@contextmanager
def named(path: Path) -> Iterator[None]:
    """Let an OSError name this file, and not a temporary one."""
    try:
        yield
    except OSError as error:
        if error.errno is None:
            raise
        raise OSError(error.errno, error.strerror, str(path)) from error


def _target(path: Path) -> Path:
    """Resolve links, and refuse a device or pipe, which must not be replaced by a file."""
    target = path.resolve()
    if target.exists() and not target.is_dir() and not is_regular(target):
        raise OSError(EINVAL, "not a regular file", str(path))
    return target


def _keep_rights(path: Path, file: BinaryIO) -> None:
    """Give the new file the permissions of the old one."""
    if os.name == "posix" and path.exists():
        with suppress(OSError):  # a file system without rights
            os.fchmod(file.fileno(), stat.S_IMODE(path.stat().st_mode))


def _remove(temporary: Path) -> None:
    with suppress(OSError):  # the error that brought us here says more
        temporary.unlink(missing_ok=True)


def sync_folder(folder: Path) -> None:
    """Make the names of new files survive a power failure; Windows does so by itself."""
    if os.name == "posix":
        with named(folder), _tolerated(EACCES, EINVAL):  # a folder not to be read, or on a disk that cannot do that
            handle = os.open(folder, os.O_RDONLY)
            try:
                os.fsync(handle)
            finally:
                os.close(handle)


@contextmanager
def _tolerated(*numbers: int) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        if error.errno not in numbers:
            raise
