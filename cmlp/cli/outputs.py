"""What commands write: one rule for all of them.

- All outputs are checked before a command reads or computes anything, and written whole or not at all.
- An output is neither an input nor another output, whatever name leads to it: links, `./` and other letter cases do.
- A file that exists is replaced if it is of the same kind and says that cmlp wrote it. ``--force`` replaces any file.
  What cannot say who wrote it, as pickles and some formats of pictures, needs ``--force``; so does a read-only file.
- Nothing replaces a folder, a device or a pipe, nor a checkpoint, from which ``--resume`` goes on.
- ``-`` is stdout, which then gets the file alone: what the command would have printed goes to stderr.
"""

import os
import sys
from collections.abc import Callable, Iterable, Mapping
from contextlib import redirect_stdout
from dataclasses import dataclass
from errno import EACCES, EISDIR, ENOENT, ENOTDIR
from io import BytesIO
from itertools import count
from pathlib import Path
from types import TracebackType
from typing import Any, BinaryIO, Self
from unicodedata import normalize

from cmlp.cli.kinds import CHECKPOINT, SIGNS, TEXTS, is_own, name_of
from cmlp.errors import CmlpError
from cmlp.utils.files import is_regular, resolved, write_files

STDOUT = "-"
FORCE = "replace existing files, also those that cmlp did not write"  # the help of --force

Writer = Callable[[BinaryIO], object]


@dataclass(frozen=True)
class Output:
    """A file that a command was asked to write.

    Parameters
    ----------
    option : str
        How it was asked for, such as "--save".
    path : str
        The file, or "-".
    kind : str
        What it will be: see `kinds`.
    """

    option: str
    path: str
    kind: str


class Outputs:
    """All files that a command writes, which have been checked; while it is entered, stdout is theirs if one is ``-``.

    Parameters
    ----------
    outputs : iterable of Output
    inputs : iterable of str or None
        What the command reads.
    force : bool
        Whether any existing file may be replaced.
    json : bool
        Whether the command prints JSON to stdout.

    Raises
    ------
    CmlpError, OSError
        If the rule above forbids one of them.
    """

    def __init__(
        self, outputs: Iterable[Output], inputs: Iterable[str | None] = (), *, force: bool, json: bool = False
    ) -> None:
        self.outputs = {output.option: output for output in outputs}
        files = [output for output in self.outputs.values() if output.path != STDOUT]
        for output in files:
            check_place(output.path)
            check_no_input(output.path, inputs)
        check_distinct({output.option: output.path for output in self.outputs.values()})
        for output in files:
            if output.kind != CHECKPOINT:
                check_replaceable(output, force=force)
        self._redirection: redirect_stdout[Any] | None = None
        self._stdout = sys.stdout
        for output in self.outputs.values():
            if output.path == STDOUT:
                self._redirection = redirect_stdout(sys.stderr)
                self._check_stdout(output, json)

    def _check_stdout(self, output: Output, json: bool) -> None:
        if json:
            raise CmlpError(f"{output.option} - and --json both write to stdout: one of them needs a file")
        if self._stdout is None:
            raise CmlpError(f"{output.option} - writes to stdout, which is closed")
        if self._stdout.isatty() and output.kind not in TEXTS:
            name = name_of(output.kind)
            raise CmlpError(f"stdout is a terminal, which cannot show {name}: {output.option} - needs > FILE behind it")

    def __enter__(self) -> Self:
        if self._redirection is not None:
            self._redirection.__enter__()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._redirection is not None:
            self._redirection.__exit__(kind, error, trace)

    def write(self, contents: Mapping[str, Writer]) -> None:
        """Write files that belong together, by their options; a first signal waits until they are whole.

        Raises
        ------
        OSError
            If one cannot be written; existing files are unchanged.
        """
        files = {self.outputs[option].path: write for option, write in contents.items()}
        to_stdout = files.pop(STDOUT, None)
        self._write({Path(path): write for path, write in files.items()})
        if to_stdout is not None:
            self.write_at(STDOUT, to_stdout)

    def write_at(self, place: str, write: Writer) -> None:
        """Write one file to a place of its own, or to stdout."""
        if place != STDOUT:
            self._write({Path(place): write})
            return
        stream = BytesIO()
        write(stream)
        self._stdout.buffer.write(stream.getvalue())
        self._stdout.flush()

    def _write(self, files: Mapping[Path, Writer]) -> None:
        from cmlp.training.signals import Signals

        with Signals():
            write_files(files)


def shown(path: str) -> str:
    """Return what a command calls an output."""
    return "stdout" if path == STDOUT else path


def free_name(path: str, kind: str, *, resumed: bool) -> str:
    """Return where something unfinished is written: here, or beside it under a name that says what it is.

    It replaces no file, but what an earlier part of the same training left there.
    """
    place = Path(path)
    if path == STDOUT or not os.path.lexists(place):
        return path
    ends = (f".unfinished{'' if number == 1 else f'-{number}'}{place.suffix}" for number in count(1))
    names = (place.with_name(f"{place.stem}{end}") for end in ends)
    return str(next(name for name in names if not os.path.lexists(name) or (resumed and is_own(name, kind))))


def check_place(path: str) -> None:
    """Refuse a folder, a place in a missing folder, and one where nothing can be written."""
    target = Path(path)
    os.stat(target.parent)  # noqa: PTH116 - its error names the folder as it was given
    if target.is_dir():
        raise IsADirectoryError(EISDIR, os.strerror(EISDIR), path)
    place = resolved(target)
    if place.exists() and not is_regular(place):
        raise CmlpError(f"{path} is a device or a pipe, which no file replaces: - writes to stdout")
    if not place.parent.is_dir():
        raise NotADirectoryError(ENOTDIR, os.strerror(ENOTDIR), str(target.parent))
    if not os.access(place.parent, os.W_OK | os.X_OK):
        raise PermissionError(EACCES, os.strerror(EACCES), str(target.parent))


def check_no_input(path: str, inputs: Iterable[str | None]) -> None:
    """Refuse an output that is an input, or a picture of one."""
    target = resolved(Path(path))
    for source in inputs:
        if source is not None and source != STDOUT and _is_read(target, resolved(Path(source))):
            raise CmlpError(f"{path} is an input, and the output needs another name")


def _is_read(target: Path, source: Path) -> bool:
    """Return whether a file is a source, or lies in a subfolder of one that holds subfolders only, as of pictures."""
    if _is_same(target, source):
        return True
    if source not in target.parent.parents or not target.is_file():
        return False
    return not any(entry.is_file() for entry in source.iterdir())


def _is_same(one: Path, other: Path) -> bool:
    """Return whether two paths without links lead to one file; hard links to it are that, too."""
    return one == other or (one.exists() and other.exists() and one.samefile(other))


def check_distinct(targets: Mapping[str, str]) -> None:
    """Refuse two outputs in one file, whatever names lead there; the options that name them are the keys."""
    seen: dict[object, str] = {}
    for option, path in targets.items():
        for key in _keys(path):
            other = seen.setdefault(key, option)
            if other != option:
                raise CmlpError(f"{option} must name another file than {other}, got {path}, the same file")


def _keys(path: str) -> list[object]:
    """Return what two names of one file have in common, on a disk that does not tell letter cases apart, too."""
    if path == STDOUT:
        return [STDOUT]
    place = resolved(Path(path))
    keys: list[object] = [normalize("NFC", str(place)).casefold()]
    if place.exists():
        found = place.stat()
        keys.append((found.st_dev, found.st_ino))
    return keys


def check_replaceable(output: Output, *, force: bool) -> None:
    """Refuse to replace a file that cmlp did not write, or that nobody may write, unless forced to."""
    path = output.path
    if force or not os.path.lexists(path):
        return
    place = resolved(Path(path))
    if place.exists() and not place.stat().st_mode & 0o222:
        raise CmlpError(f"{path} already exists, and is read-only: --force replaces it")
    if place.exists() and not is_own(place, output.kind):
        rule = f"{output.option} replaces only {name_of(output.kind)} that cmlp wrote"
        rule = rule if output.kind in SIGNS else f"a .{output.kind} file does not say who wrote it"
        raise CmlpError(f"{path} already exists, and {rule}: --force replaces any file")


def check_folder(option: str, folder: str, source: str | None, *, force: bool) -> None:
    """Refuse a folder for the four pickles where they cannot be written, or would replace files or the data."""
    from cmlp.data.writing import NAMES, check_free

    if folder == STDOUT:
        raise CmlpError("a folder is written, which stdout cannot hold: ./- is a folder of this name")
    if not folder or (os.path.islink(folder) and not Path(folder).exists()):  # noqa: PTH114
        raise FileNotFoundError(ENOENT, os.strerror(ENOENT), folder)
    root = resolved(Path(folder))
    existing = next(place for place in (root, *root.parents) if place.exists())
    if not existing.is_dir():
        raise NotADirectoryError(ENOTDIR, "not a folder, and a folder is written there", str(folder))
    if source is not None:
        given = resolved(Path(source))
        if given in (root, *(root / name for name in NAMES)):
            raise CmlpError(f"{option} must name a folder other than {source}, which is never changed")
    check_free(Path(folder), force=force, remedy="--force replaces it")
    if not os.access(existing, os.W_OK | os.X_OK):
        raise PermissionError(EACCES, os.strerror(EACCES), str(existing))
