"""The files in a zip file, of which no more is read than a budget allows."""

import zipfile

from cmlp.data.reading import BLOCK, size_limit
from cmlp.errors import ModelError
from cmlp.utils.text import escaped


class Members:
    """The files in an open zip file.

    Parameters
    ----------
    archive : ZipFile
        The zip file.
    size : int
        Its bytes on the disk, of which the budget is a multiple.
    """

    def __init__(self, archive: zipfile.ZipFile, size: int) -> None:
        self.archive, self.budget = archive, size_limit(size)
        self.members = {info.filename: info for info in archive.infolist()}

    def content(self, name: str, most: int | None = None) -> bytearray:
        """Return the content of a file that has no more bytes than `most`.

        Raises
        ------
        ModelError
            If there is none of this name, it is too large, or it is damaged.
        """
        info = self.members.get(name)
        if info is None:
            raise ModelError(f"it is damaged: the zip file has no {escaped(name)}")
        self.budget -= info.file_size
        if self.budget < 0 or (most is not None and info.file_size > most):
            raise ModelError(f"it has {info.file_size:,} bytes of {escaped(name)}, and its size allows fewer")
        if info.flag_bits & 1 or info.compress_type not in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED):
            raise ModelError(f"it has {escaped(name)} encrypted, or compressed in a way that is not read")
        content = bytearray()
        try:
            with self.archive.open(info) as member:
                while len(content) <= info.file_size and (block := member.read(BLOCK)):
                    content += block
        except OSError:
            raise
        except Exception as error:  # what `zipfile` raises for damaged files is not specified
            why = str(error).rstrip(".")
            raise ModelError(f"it is damaged: {escaped(name)} in the zip file cannot be read: {why}") from error
        return content
