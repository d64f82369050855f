"""What strangers' code writes lies in a folder of its own, and is seen in the place where it was meant to be."""

import errno
import os
import shutil
import tempfile
from pathlib import Path
from typing import Any

FREE = ("/dev/", "/proc/")


class Overlay:
    """A view of all files, to which changes are made that never reach them.

    A path is that of the copy, where there is one; of nothing, where it or a folder above it was removed; or its own.

    Attributes
    ----------
    scratch : Path or None
        The folder of the copies, from the first one on.
    removed : set of Path
        What is hidden.
    own : set of Path
        Temporary files and folders, whose names are new: they are made where they are meant to be.
    """

    def __init__(self) -> None:
        self.scratch: Path | None = None
        self.removed: set[Path] = set()
        self.own: set[Path] = set()

    @property
    def untouched(self) -> bool:
        """Whether nothing was changed, so that every path is its own."""
        return self.scratch is None and not self.removed

    def forget(self) -> None:
        """Show all files as they are."""
        if self.scratch is not None:
            shutil.rmtree(self.scratch, ignore_errors=True)
        self.scratch = None
        self.removed.clear()

    def add_temporary(self, path: Any) -> None:
        """Let a temporary file or folder be made where it is meant to be: its name is new."""
        whole = self._whole(path)
        if Path(tempfile.gettempdir()).resolve() in whole.parents and not os.path.lexists(whole):
            self.own.add(whole)

    def shown(self, path: Any) -> Any:
        """Return where a path is read."""
        if self.untouched:
            return path
        whole = self._whole(path)
        if self._is_free(whole):
            return path
        copy = self._copy_of(whole)
        if os.path.lexists(copy):
            return str(copy)
        if self._is_hidden(whole):
            raise error_of(errno.ENOENT, path)
        return path

    def exists(self, path: Any) -> bool:
        """Whether there is something in a place."""
        try:
            return os.path.lexists(self.shown(path))
        except FileNotFoundError:
            return False

    def is_folder(self, path: Any) -> bool:
        """Whether there is a folder in a place, and no link to one."""
        there = Path(os.fsdecode(self.shown(path)))
        return there.is_dir() and not there.is_symlink()

    def written(self, path: Any, *, keep: bool) -> Any:
        """Return where a path is written; with `keep`, what is there now is copied to that place."""
        whole = self._whole(path)
        if self._is_free(whole):
            return path
        copy = self._copy_of(whole)
        there = None if os.path.lexists(copy) or not self.exists(path) else Path(os.fsdecode(self.shown(path)))
        if whole != whole.parent and not Path(self.shown(whole.parent)).is_dir():
            raise error_of(errno.ENOENT, path)
        copy.parent.mkdir(parents=True, exist_ok=True)
        if there is not None and there.is_dir():
            copy.mkdir(exist_ok=True)
        elif there is not None and keep:
            shutil.copy2(there, copy)
        return str(copy)

    def made(self, path: Any) -> Any:
        """Return where something new is made."""
        if self.exists(path):
            raise error_of(errno.EEXIST, path)
        return self.written(path, keep=False)

    def remove(self, path: Any) -> None:
        """Let there be nothing in a place."""
        if not self.exists(path):
            raise error_of(errno.ENOENT, path)
        whole = self._whole(path)
        copy = whole if self._is_free(whole) else self._copy_of(whole)
        if copy.is_dir() and not copy.is_symlink():
            shutil.rmtree(copy)
        elif os.path.lexists(copy):
            copy.unlink()
        if not self._is_free(whole):
            self.removed.add(whole)

    def move(self, path: Any, target: Any) -> None:
        """Let what is in one place be in another."""
        if not self.exists(path):
            raise error_of(errno.ENOENT, path)
        if not self.is_folder(path):
            shutil.copy2(self.shown(path), self.written(target, keep=False))
        else:
            if self.exists(target):
                self.remove(target)
            Path(os.fsdecode(self.written(target, keep=False))).mkdir(exist_ok=True)
            for name in self.names(path):
                self.move(self._whole(path) / name, self._whole(target) / name)
        self.remove(path)

    def names(self, path: Any) -> list[str]:
        """Return the names in a folder."""
        whole, there = self._whole(path), Path(os.fsdecode(self.shown(path)))
        found = dict.fromkeys(item.name for item in there.iterdir())
        if there != Path(os.fsdecode(path)) and whole.is_dir() and not self._is_hidden(whole):
            found |= dict.fromkeys(item.name for item in whole.iterdir())
        return [name for name in found if self.exists(whole / name)]

    def entered(self, path: Any) -> Any:
        """Return which folder is the working folder: its own where it exists, since programs ask for its name."""
        there, whole = self.shown(path), self._whole(path)
        return whole if whole.is_dir() and not self._is_hidden(whole) else there

    def _whole(self, path: Any) -> Path:
        """Return a path from the root on, of which a link at its end is not followed; of a copy what it stands for."""
        given = Path(os.fsdecode(path))
        whole = given.resolve() if given.name in ("", os.pardir) else given.parent.resolve() / given.name
        if self.scratch is not None and self.scratch in (whole, *whole.parents):
            return Path(whole.anchor) / whole.relative_to(self.scratch)
        return whole

    def _is_free(self, whole: Path) -> bool:
        if str(whole).startswith(FREE):
            return True
        return any(place in self.own for place in (whole, *whole.parents))

    def _is_hidden(self, whole: Path) -> bool:
        return any(place in self.removed for place in (whole, *whole.parents))

    def _copy_of(self, whole: Path) -> Path:
        if self.scratch is None:
            self.scratch = Path(tempfile.mkdtemp(prefix="cmlp-check-")).resolve()
        return self.scratch.joinpath(*whole.parts[1:])


def error_of(number: int, path: Any) -> OSError:
    """Return the error that the system would raise."""
    return OSError(number, os.strerror(number), os.fspath(path))
