"""Unpack zip and tar archives of data files into a temporary folder, within limits, and nothing outside of it."""

import lzma
import shutil
import tarfile
import tempfile
import zipfile
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path, PurePosixPath
from typing import IO, Any

from cmlp.data.formats.npz import ZIP, opened
from cmlp.data.reading import BLOCK, read_blocks, size_limit
from cmlp.errors import DataError
from cmlp.utils.files import open_regular
from cmlp.utils.text import escaped

USTAR, USTAR_AT = b"ustar", 257
MAX_FILES = 500_000
DIRECTORY = 8 << 20  # bytes, of a hundred thousand files; each takes its reader ten times as many
MAX_PARTS = 16  # of the path of a member
DAMAGE = (
    *(tarfile.TarError, zipfile.BadZipFile, zlib.error, lzma.LZMAError, EOFError, NotImplementedError),
    *(RuntimeError, ValueError, OverflowError),
)
IGNORED = ("__MACOSX", ".")  # what the Finder packs beside the files, and hidden files


def is_archive(start: bytes) -> bool:
    """Return whether a file with this start is a zip or a tar archive."""
    return start.startswith(ZIP) or is_tar(start)


def is_tar(start: bytes) -> bool:
    """Return whether a file with this start is a tar archive."""
    return start[USTAR_AT : USTAR_AT + len(USTAR)] == USTAR


def members_of(path: Path) -> list[str]:
    """Return the names in a zip file; raises what `unpacked` does."""
    with open_regular(path, DataError) as file:
        return opened(file, path, DIRECTORY).namelist()


@contextmanager
def unpacked(path: Path, start: bytes) -> Iterator[tuple[Path, Path]]:
    """Unpack an archive to a folder that is removed afterwards; errors name the archive and not the folder.

    Links, devices and hidden files are left out, and so are members that would lie outside of the folder.

    Parameters
    ----------
    path : Path
        The archive.
    start : bytes
        Its first bytes, decompressed.

    Yields
    ------
    folder : Path
    inner : Path
        The folder, or the only file in it.

    Raises
    ------
    DataError
        If the archive is damaged, empty, or unfolds to too much.
    OSError
        If it cannot be read or unpacked.
    """
    with tempfile.TemporaryDirectory(prefix="cmlp-", ignore_cleanup_errors=True) as name:
        folder = Path(name, "files")
        folder.mkdir()
        budget = _Budget(path, size_limit(path.stat().st_size))
        members = _zip_members(path, budget) if start.startswith(ZIP) else _tar_members(path, budget, Path(name, "tar"))
        try:
            for place, stream in members:
                _write(folder, place, stream, budget)
        except DataError:
            raise
        except DAMAGE as error:
            raise DataError(f"{path} is a damaged archive: {escaped(str(error))}") from error
        files = [found for found in folder.rglob("*") if found.is_file()]
        if not files:
            raise DataError(f"{path} is an archive without files")
        try:
            yield folder, files[0] if len(files) == 1 else folder
        except DataError as error:
            raise DataError(renamed(str(error), folder, path)) from error


def renamed(text: str, folder: Path, path: Path) -> str:
    """Return text with the name of the archive in the place of the folder."""
    return text.replace(str(folder), str(path))


class _Budget:
    """How many bytes and files may still be unpacked."""

    def __init__(self, path: Path, limit: int) -> None:
        self.path, self.limit, self.left, self.files = path, limit, limit, MAX_FILES
        if limit > (free := shutil.disk_usage(tempfile.gettempdir()).free):
            self.left = free

    def spend(self, size: int) -> None:
        """Count unpacked bytes."""
        self.left -= size
        if self.left < 0:
            raise DataError(f"{self.path} must unfold to at most {self.limit:,} bytes, and no more than there is room")

    def count(self) -> None:
        """Count a file."""
        self.files -= 1
        if self.files < 0:
            raise DataError(f"{self.path} must hold at most {MAX_FILES:,} files")


def _zip_members(path: Path, budget: _Budget) -> Iterator[tuple[PurePosixPath, IO[bytes]]]:
    with open_regular(path, DataError) as file:
        archive = opened(file, path, DIRECTORY)
        for info in archive.infolist():
            budget.count()
            place = _place(info.filename)
            if info.is_dir() or place is None:
                continue
            if info.flag_bits & 1:
                raise DataError(f"{path} is encrypted: unpack it first")
            if info.file_size > budget.left:
                budget.spend(info.file_size)
            with archive.open(info) as stream:
                yield place, stream


def _tar_members(path: Path, budget: _Budget, plain: Path) -> Iterator[tuple[PurePosixPath, IO[bytes]]]:
    """Yield the files of a tar, which is decompressed first, so that its size is bounded and known."""
    with plain.open("wb") as file:
        for block in read_blocks(path):
            budget.spend(len(block))
            file.write(block)
    with tarfile.open(plain, "r:") as archive:
        for info in archive:
            budget.count()
            place = _place(info.name)
            stream = archive.extractfile(info) if info.isreg() and place is not None else None
            if stream is not None and place is not None:
                yield place, stream


def _place(name: str) -> PurePosixPath | None:
    """Return where a member goes; None for hidden files and for those that would lie elsewhere."""
    parts = PurePosixPath(name.replace("\\", "/")).parts
    outside = not parts or parts[0] == "/" or ".." in parts or len(parts) > MAX_PARTS or ":" in name or "\0" in name
    if outside or any(part.startswith(IGNORED) for part in parts if part != "."):
        return None
    return PurePosixPath(*(part for part in parts if part != "."))


def _write(folder: Path, place: PurePosixPath, stream: Any, budget: _Budget) -> None:
    target = folder / place
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        with target.open("xb") as file:
            while block := stream.read(BLOCK):
                budget.spend(len(block))
                file.write(block)
    except (FileExistsError, NotADirectoryError, IsADirectoryError) as error:
        raise DataError(f"{budget.path} holds two files of one name, {place}") from error
    except OSError as error:
        if error.errno is None:
            raise DataError(f"{budget.path} is a damaged archive: {error}") from error
        raise
