"""How many threads share the work."""

import os

from cmlp.core.engine import Engine
from cmlp.utils.checks import check_count

# Parameters times images, from where on several threads are faster than one. Training starts them once for many
# mini-batches, of whose tenth of a millisecond two save a third; prediction starts them for one call, in as long.
WORTH_SHARING = 4_000_000
WORTH_SHARING_FORWARDS = 20_000_000


def number_of_threads(threads: int | None, engine: Engine, n_images: int, worth_sharing: int = WORTH_SHARING) -> int:
    """Return how many threads should share a mini-batch, or the images of a prediction.

    By default one, where that is too little work to share; otherwise what OMP_NUM_THREADS says, which joblib sets in
    its workers, or as many as there are processors for this process.
    """
    if threads is not None:
        return check_count("threads", threads)
    if engine.parameters.size * n_images < worth_sharing:
        return 1
    setting = os.environ.get("OMP_NUM_THREADS", "")
    return int(setting) if setting.isdecimal() and int(setting) > 0 else processors()


def processors() -> int:
    """Return how many processors this process may use."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return getattr(os, "process_cpu_count", os.cpu_count)() or 1
