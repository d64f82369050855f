"""Read images and labels in any of the supported formats.

From the lowest module up: ``arrays`` and ``lines`` (bytes to arrays and lines), ``names`` (what names of files and
arrays mean), ``labels`` and ``digit_pictures`` (what labels mean), ``sets`` (images and labels before and after they
are checked), ``layout``, ``tables`` and ``columns`` (tables of text); one module per format; ``strangers`` (what is no
data), ``detection`` (the format of a file, by its content), ``files``, ``folders``, ``archives`` and ``loading``.
"""

from cmlp.data.formats.alignment import ordered_like
from cmlp.data.formats.loading import load, load_for
from cmlp.data.formats.sets import Sets, split

__all__ = ["Sets", "load", "load_for", "ordered_like", "split"]
