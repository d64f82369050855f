"""The files of a script: what it reads is found, and what it writes lands in a folder that is thrown away."""

import builtins
import io
import os
import shutil
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

WRITES = os.O_WRONLY | os.O_RDWR | os.O_CREAT | os.O_TRUNC | os.O_APPEND


class Files:
    """Stands between a script and its files.

    Parameters
    ----------
    scratch : Path
        Where what the script writes is kept.
    folders : list of Path
        Where a file is looked for that is not where the script looks for it.

    Attributes
    ----------
    missing : str or None
        The last file that was wanted and found nowhere.
    """

    def __init__(self, scratch: Path, folders: list[Path]) -> None:
        self.scratch, self.folders = scratch, folders
        self.missing: str | None = None
        self._open = builtins.open
        self._free = (os.path.realpath(scratch) + os.sep, "/dev/", "/proc/")

    def install(self) -> None:
        """Take the place of `open` and of what makes and removes files."""
        builtins.open = io.open = self.open
        for name in ("mkdir", "remove", "unlink", "rmdir", "rename", "replace"):
            setattr(os, name, self._kept_away(getattr(os, name), name))
        sys.addaudithook(self._audit)

    def open(self, file: Any, mode: str = "r", *arguments: Any, **keywords: Any) -> Any:
        """Open a file as `open` does."""
        if not isinstance(file, str | bytes | os.PathLike):
            return self._open(file, mode, *arguments, **keywords)
        path = Path(os.fsdecode(file))
        copy = self._copy_of(path)
        if any(letter in mode for letter in "wax+") and not self._is_free(path):
            copy.parent.mkdir(parents=True, exist_ok=True)
            if path.is_file() and not copy.exists() and "w" not in mode:
                shutil.copyfile(path, copy)
            return self._open(copy, mode, *arguments, **keywords)
        if copy.is_file():
            return self._open(copy, mode, *arguments, **keywords)
        try:
            return self._open(file, mode, *arguments, **keywords)
        except FileNotFoundError:
            for other in self.elsewhere(path):
                return self._open(other, mode, *arguments, **keywords)
            if not _imports(sys._getframe(1)):
                self.missing = str(path)
            raise

    def elsewhere(self, path: Path) -> Iterator[Path]:
        """Yield the files that may be meant by a path that leads nowhere: the longest of its ends first."""
        parts = path.as_posix().replace("\\", "/").split("/")
        for start in range(len(parts)):
            for folder in self.folders:
                other = folder.joinpath(*parts[start:])
                if parts[start] not in ("", ".", "..") and other.is_file():
                    yield other

    def _is_free(self, path: Path) -> bool:
        return str(_whole(path)).startswith(self._free)

    def _copy_of(self, path: Path) -> Path:
        return self.scratch.joinpath(*_whole(path).parts[1:])

    def _kept_away(self, function: Callable[..., Any], name: str) -> Callable[..., Any]:
        """Return a function that changes copies of files, and leaves all others as they are."""

        def changed(path: Any, *arguments: Any, **keywords: Any) -> Any:
            place = Path(os.fsdecode(path)) if isinstance(path, str | bytes | os.PathLike) else None
            if place is None or self._is_free(place):
                return function(path, *arguments, **keywords)
            if name == "mkdir" and place.exists():
                raise FileExistsError(17, "File exists", str(place))
            copy = self._copy_of(place)
            if name == "mkdir":
                copy.mkdir(parents=True, exist_ok=True)
            elif copy.exists() and name in ("rename", "replace"):
                target = self._copy_of(Path(os.fsdecode(arguments[0])))
                target.parent.mkdir(parents=True, exist_ok=True)
                function(copy, target)
            elif copy.exists():
                function(copy)
            return None

        return changed

    def _audit(self, event: str, arguments: tuple[Any, ...]) -> None:
        """Refuse what writes past `open`."""
        if event != "open" or not isinstance(arguments[0], str | bytes) or not isinstance(arguments[2], int):
            return
        path = Path(os.fsdecode(arguments[0]))
        if arguments[2] & WRITES and not self._is_free(path):
            raise PermissionError(13, "the check lets a script change no file", str(path))


def _imports(frame: Any) -> bool:
    """Whether a frame was called by the machinery of imports, which looks in many places."""
    while frame is not None:
        if "importlib" in frame.f_code.co_filename:
            return True
        frame = frame.f_back
    return False


def _whole(path: Path) -> Path:
    return Path(os.path.realpath(path.parent)) / path.name
