"""Print the oldest versions that pyproject.toml allows, as constraints for pip: ``python tools/minimums.py``."""

import re
import tomllib
from pathlib import Path

BOUND = re.compile(r"([\w.-]+)\s*>=\s*([\w.]+)")


def main() -> None:
    """Print a line for each distribution that cmlp needs, to be built and to run."""
    text = tomllib.loads((Path(__file__).parents[1] / "pyproject.toml").read_text())
    needed = [*text["project"]["dependencies"], *text["build-system"]["requires"]]
    oldest = dict(found.groups() for found in map(BOUND.match, needed) if found)
    print(*(f"{name}=={version}" for name, version in sorted(oldest.items())), sep="\n")


if __name__ == "__main__":
    main()
