"""What can be learned at all: a small network of cmlp, for comparison."""

import numpy as np

from cmlp.diagnosis.programs.examination import Examination

HIDDEN = 32


def learned_by_a_small_network(case: Examination) -> float:
    """Return what a small network of cmlp learns from the same samples, in percent."""
    from cmlp.network import Network

    rows = case.order[:8000]
    x, y = case.train.x[rows], case.train.y[rows]
    mean, spread = x.mean(), max(float(x.std()), 1e-12)
    network = Network(
        [case.train.depth, HIDDEN, max(2, case.train.classes)], activation=["tanh", "softmax"], loss="cross_entropy"
    )
    epochs = int(np.clip(30_000 / len(rows), 3, 40))
    network.train(((x - mean) / spread / 3, y), epochs, 0.3, mini_batch_size=min(20, len(rows)), progress=False)
    return 100 * float(np.mean(network.predict((case.judged_x - mean) / spread / 3) == case.judged_y))
