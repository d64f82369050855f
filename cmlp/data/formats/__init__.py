"""Images and labels in every format that people have.

The floors, from the ground: ``content`` (the bytes of a file, within limits), ``arrays`` (bytes to arrays),
``sets`` (what is found, before and after it is checked) and ``names`` (which name means what); on them one
module per format; on these ``sniffing`` (the table of formats, told from the content) and ``loading``.
"""

from cmlp.data.formats.loading import load
from cmlp.data.formats.sets import Sets, split

__all__ = ["Sets", "load", "split"]
