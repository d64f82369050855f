"""Hide the modules that CMLP_HIDDEN_MODULES names, as if they were not installed."""

import os
import sys
from importlib.machinery import PathFinder

HIDDEN = set(os.environ.get("CMLP_HIDDEN_MODULES", "").split(","))


class Finder(PathFinder):
    """Finds what others find on the path, but for what is hidden."""

    @classmethod
    def find_spec(cls, fullname, path=None, target=None):
        return None if fullname.partition(".")[0] in HIDDEN else super().find_spec(fullname, path, target)


sys.meta_path[:] = [Finder if finder is PathFinder else finder for finder in sys.meta_path]
