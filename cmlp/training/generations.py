"""The two generations of a checkpoint file: which is read, and what a new one may replace."""

import os
import zlib
from collections import deque
from collections.abc import Callable
from contextlib import suppress
from errno import EEXIST
from itertools import count
from pathlib import Path
from typing import BinaryIO

from cmlp.errors import ModelError
from cmlp.storage.container import read_file
from cmlp.training.checkpoint_files import (
    Checkpoint,
    checked_writer,
    is_blank,
    is_damaged,
    is_spoiled,
    read_checkpoint,
)
from cmlp.utils.files import resolved, temporary_name, write_files


class Generations:
    """A checkpoint file, and beside it the one before, named like it with ``.previous`` at its end.

    Attributes
    ----------
    read_from : Path
        The file that was read.
    why_previous : str
        Why it was the previous one, or nothing.
    """

    def __init__(self, path: Path) -> None:
        self.path = self.read_from = resolved(path)
        self.previous = previous_of(self.path)
        self.why_previous = ""
        self._is_whole = self._is_damaged = False  # the present one
        self._own: deque[tuple[int, ...]] = deque(maxlen=4)  # files of this training, by what changes with them

    def present(self) -> list[Path]:
        """Return the files of both generations that there are."""
        return [path for path in (self.path, self.previous) if os.path.lexists(path)]

    def read(self) -> Checkpoint:
        """Return the newest checkpoint that is whole.

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
            return checkpoint
        except FileNotFoundError:
            self.read_from = self.previous
            checkpoint, self.why_previous = read_checkpoint(self.previous), f"{self.path} is missing"
        except (ModelError, OSError) as error:
            checkpoint, self.why_previous = self._read_previous(error), str(error)
            self.read_from, self._is_damaged = self.previous, True
        return checkpoint

    def _read_previous(self, error: ModelError | OSError) -> Checkpoint:
        """Return the previous one, or raise what is wrong with the present one, if it is more than damaged."""
        content = None if isinstance(error, OSError) else read_file(self.path)
        try:
            checkpoint, whole = read_checkpoint(self.previous), read_file(self.previous)
        except (ModelError, OSError):
            raise error from None
        if self.path.is_dir():
            raise error
        if content is not None and not is_damaged(content) and not is_spoiled(content, whole):
            rule = f"moving it elsewhere lets resume go on from {self.previous}, which is a whole checkpoint"
            raise ModelError(f"{error}; {rule}") from error
        return checkpoint

    def write(self, checkpoint: Checkpoint) -> None:
        """Write a checkpoint; the present one becomes the previous one, or is set aside if it is damaged.

        Raises
        ------
        ModelError
            If it could not be read again.
        OSError
            If it cannot be written, or would replace another file than a checkpoint of this training; nothing has
            changed then.
        """
        self._write(checkpoint, self._keep_present)

    def write_again(self, checkpoint: Checkpoint) -> None:
        """Write the checkpoint that was read, in the place of the present one; raise what `write` would."""
        self._write(checkpoint, self._set_aside if self._is_damaged else lambda: None)

    def _write(self, checkpoint: Checkpoint, before_replacing: Callable[[], object]) -> None:
        write = checked_writer(checkpoint, str(self.path))
        self._check_replaceable(self.previous, checkpoint)
        if not self._is_damaged:
            self._check_replaceable(self.path, checkpoint)

        def write_and_know(file: BinaryIO) -> None:
            write(file)
            file.flush()
            self._own.append(_stamp(os.fstat(file.fileno())))

        write_files({self.path: write_and_know}, before_replacing)
        self._is_whole, self._is_damaged = True, False

    def _check_replaceable(self, path: Path, checkpoint: Checkpoint) -> None:
        """Refuse to replace what is no checkpoint of this training, a folder, and a name that is too long."""
        try:
            stamp = _stamp(path.lstat())
        except FileNotFoundError:
            return
        if stamp in self._own:
            return
        content = read_file(path)
        if not is_blank(content) and not is_damaged(content):
            try:
                found = read_checkpoint(path)
            except ModelError:
                raise OSError(EEXIST, "this is no checkpoint, and a checkpoint would replace it", str(path)) from None
            if not checkpoint.is_of_training(found.identity) or found.start != checkpoint.start:
                raise OSError(EEXIST, "this is the checkpoint of another training, which would replace it", str(path))
        self._own.append(stamp)

    def _set_aside(self) -> None:
        with suppress(FileNotFoundError):  # it was set aside, and then the write was interrupted
            self.path.rename(_name_for_damaged(self.path))

    def _keep_present(self) -> None:
        if self._is_damaged:
            self._set_aside()
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


def _stamp(found: os.stat_result) -> tuple[int, ...]:
    """Return what changes with a file's content, so that it is read only then."""
    return found.st_dev, found.st_ino, found.st_size, found.st_mtime_ns


def _name_for_damaged(path: Path) -> Path:
    """Return a name that says it, and that no file has."""
    names = (path.with_name(f"{path.name}.damaged{'' if number == 1 else f'-{number}'}") for number in count(1))
    return next(name for name in names if not os.path.lexists(name))
