"""One epoch of the founding network: the script's loop, vectorised NumPy, cmlp, and what other peers there are.

The same as ``run.py --jobs founding``, whose other options it takes too.

    python benchmarks/bench_epoch.py [--rounds 5] [--json]
"""

import sys

import numpy as np
from run import main

if __name__ == "__main__":
    sys.argv[1:1] = ["--jobs", "founding"]
    with np.errstate(over="ignore"):
        main()
