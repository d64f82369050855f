"""Print what an extra of pyproject.toml names besides extras of cmlp: ``python .ci/extra.py NAME``."""

import sys
import tomllib
from pathlib import Path

PROJECT = tomllib.loads((Path(__file__).parents[1] / "pyproject.toml").read_text())["project"]

print(*(each for each in PROJECT["optional-dependencies"][sys.argv[1]] if not each.startswith("cmlp")), sep="\n")
