"""The two generations of a checkpoint file: which is read, and what a new one may replace."""

import os
import warnings
import zlib
from contextlib import suppress
from errno import EEXIST
from itertools import count
from pathlib import Path

from cmlp.errors import ModelError
from cmlp.storage.container import read_file
from cmlp.training.checkpoint_files import (
    BEGINNING,
    Checkpoint,
    begins_like_one,
    checked_writer,
    is_damaged,
    read_checkpoint,
)
from cmlp.utils.files import open_regular, resolved, temporary_name, write_files


class Generations:
    """A checkpoint file, and beside it the one before, named like it with ``.previous`` at its end.

    Attributes
    ----------
    read_from : Path
        The file that was read.
    """

    def __init__(self, path: Path) -> None:
        self.path = self.read_from = resolved(path)
        self.previous = previous_of(self.path)
        self._is_whole = self._is_damaged = False  # the present one

    def present(self) -> list[Path]:
        """Return the files of both generations that there are."""
        return [path for path in (self.path, self.previous) if os.path.lexists(path)]

    def read(self) -> tuple[Checkpoint, bool]:
        """Return the newest checkpoint that is whole, and whether it is the present one; warn if it is not.

        Raises
        ------
        ModelError
            If neither is whole, or the present one is another file, which nothing may replace.
        OSError
            If neither can be read.
        """
        try:
            checkpoint = read_checkpoint(self.path)
            self._is_whole = True
            return checkpoint, True
        except FileNotFoundError:
            why, self.read_from = "it is missing", self.previous
            checkpoint = read_checkpoint(self.previous)
        except (ModelError, OSError) as error:
            if self.path.is_dir() or (isinstance(error, ModelError) and not is_damaged(read_file(self.path))):
                raise
            why, self.read_from, self._is_damaged = str(error), self.previous, True
            try:
                checkpoint = read_checkpoint(self.previous)
            except (ModelError, OSError):
                self.read_from = self.path
                raise error from None
        epoch = checkpoint.position.epoch + 1
        warnings.warn(f"going on from {self.previous}, in epoch {epoch}, because {why}", stacklevel=5)
        return checkpoint, False

    def write(self, checkpoint: Checkpoint) -> None:
        """Write a checkpoint; the present one becomes the previous one, or is set aside if it is damaged.

        Raises
        ------
        ModelError
            If it could not be read again.
        OSError
            If it cannot be written, or would replace another file than a checkpoint; nothing has changed then.
        """
        writer = checked_writer(checkpoint, str(self.path))
        _check_replaceable(self.previous)
        if not self._is_damaged:
            _check_replaceable(self.path)
        write_files({self.path: writer}, self._keep_present)
        self._is_whole, self._is_damaged = True, False

    def _keep_present(self) -> None:
        if self._is_damaged:
            with suppress(FileNotFoundError):  # it was set aside, and then the write was interrupted
                self.path.rename(_name_for_damaged(self.path))
        elif self._is_whole:
            self._make_previous()

    def _make_previous(self) -> None:
        link = temporary_name(self.path, f"{zlib.crc32(os.fsencode(self.previous)):08x}")
        with suppress(FileNotFoundError):
            link.unlink(missing_ok=True)
            try:
                os.link(self.path, link)  # at every instant, both names lead to a whole file
                link.replace(self.previous)
                link.unlink(missing_ok=True)  # where both were one file, replacing does nothing
            except OSError as error:  # a file system without links
                if error.errno is None:
                    raise
                self.path.replace(self.previous)


def previous_of(path: Path) -> Path:
    """Return where the checkpoint before lies."""
    return path.with_name(f"{path.name}.previous")


def _check_replaceable(path: Path) -> None:
    """Refuse to replace what is no checkpoint, a folder, and a name that is too long."""
    try:
        path.lstat()
    except FileNotFoundError:
        return
    with open_regular(path, ModelError) as file:
        content = file.read(len(BEGINNING) * 2)
        while not content.strip(b"\0") and (more := file.read(1 << 20)):
            content = more
    if not begins_like_one(content) and not _is_whole(path):
        raise OSError(EEXIST, "this is no checkpoint, and a checkpoint would replace it", str(path))


def _is_whole(path: Path) -> bool:
    """Whether a file is a checkpoint, though another writer put its members in another order."""
    try:
        read_checkpoint(path)
    except ModelError:
        return False
    return True


def _name_for_damaged(path: Path) -> Path:
    """Return a name that says it, and that no file has."""
    names = (path.with_name(f"{path.name}.damaged{'' if number == 1 else f'-{number}'}") for number in count(1))
    return next(name for name in names if not os.path.lexists(name))
