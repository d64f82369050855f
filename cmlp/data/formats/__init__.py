"""Read images and labels in any of the supported formats.

From the lowest module up: ``arrays`` (bytes to arrays), ``sets`` (images and labels before and after they are
checked) and ``names`` (what names of files and arrays mean); one module per format; ``detection`` (the format of a
file, by its content) and ``loading``.
"""

from cmlp.data.formats.loading import load
from cmlp.data.formats.sets import Sets, split

__all__ = ["Sets", "load", "split"]
