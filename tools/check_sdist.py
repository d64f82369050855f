"""Compare a source distribution with what Git tracks: ``python tools/check_sdist.py ARCHIVE``, in a clone."""

import subprocess
import sys
import tarfile
from pathlib import Path, PurePosixPath

MADE = {"PKG-INFO", "setup.cfg"}  # by setuptools, as is all in cmlp.egg-info
OF_THE_REPOSITORY = {".github", ".gitignore"}


def packed(archive: Path) -> set[str]:
    """Return the files of an archive, without its one folder."""
    with tarfile.open(archive) as file:
        names = [PurePosixPath(*PurePosixPath(entry.name).parts[1:]) for entry in file if entry.isfile()]
    return {str(name) for name in names if name.parts[0] != "cmlp.egg-info"} - MADE


def tracked() -> set[str]:
    """Return the files of the clone that somebody who has no Git should have."""
    listed = subprocess.run(["git", "ls-files", "-z"], check=True, capture_output=True, text=True).stdout
    names = filter(None, listed.split("\0"))
    return {name for name in names if PurePosixPath(name).parts[0] not in OF_THE_REPOSITORY}


def main() -> None:
    """Name the files that only one of them has."""
    inside, wanted = packed(Path(sys.argv[1])), tracked()
    stray, missing = sorted(inside - wanted), sorted(wanted - inside)
    if stray or missing:
        sys.exit(
            f"error: the source distribution must have the files that Git tracks, but has {stray or 'none'} besides "
            f"and lacks {missing or 'none'}: change MANIFEST.in, or add files to Git"
        )
    print(f"the source distribution has the {len(wanted):,} files of the clone")


if __name__ == "__main__":
    main()
