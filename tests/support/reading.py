"""Read a source in a process of its own, within limits: ``python -m support.reading PATH LIMIT``.

LIMIT is the number of bytes by which the process may grow. Prints what came out, and by how much it grew.
"""

import resource
import sys

from cmlp.data import Dataset
from cmlp.data.formats import load


def memory(name):
    """Return the size of this process, VmSize, or the most that it ever held, VmHWM."""
    with open("/proc/self/status") as file:  # noqa: PTH123
        return next(int(line.split()[1]) * 1024 for line in file if line.startswith(name))


def main(path, limit):
    Dataset([[0, 1]], [0])  # what is imported late is imported now
    size, held = memory("VmSize"), memory("VmHWM")
    resource.setrlimit(resource.RLIMIT_AS, (size + limit, -1))
    resource.setrlimit(resource.RLIMIT_CPU, (20, 20))
    try:
        outcome = repr(load(path))
    except (ValueError, OSError, MemoryError) as error:
        outcome = f"{type(error).__name__}: {error}"
    print(memory("VmHWM") - held, outcome)


if __name__ == "__main__":
    main(sys.argv[1], int(sys.argv[2]))
