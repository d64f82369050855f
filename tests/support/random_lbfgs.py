"""Random problems for L-BFGS, sound and unsound: ``python -m support.random_lbfgs FIRST LAST FOLDER``.

A line of JSON says of each how it ended, whether its checkpoint can be read, and whether it goes on to the same bits.
"""

import json
import os
import sys
import warnings
from pathlib import Path

import numpy as np

import cmlp
from cmlp.training.checkpoint_files import read_checkpoint

ACTIVATIONS = ("identity", "sigmoid", "tanh", "relu", "leaky_relu", "elu", "gelu", "silu", "softplus", "exponential")
LOSSES = ("quadratic", "cross_entropy", "mean_squared_error", "half_squared_error", "huber", "poisson")


class Left(Exception):
    pass


def problem(number):
    """Return a function that makes a network and its data, which may overflow."""
    rng = np.random.default_rng(number)
    n, features, outputs = rng.integers(2, 20), rng.integers(1, 6), rng.integers(2, 4)
    hidden = rng.integers(1, 6, rng.integers(1, 5)).tolist()
    images = rng.normal(size=(n, features)) * 10.0 ** rng.integers(-3, 4)
    loss = str(rng.choice(LOSSES))
    labels = rng.integers(0, outputs, n)
    targets = np.abs(rng.normal(size=(n, outputs))) * 10.0 ** rng.integers(-2, 5)
    kind = {
        "activation": [
            *([str(rng.choice(ACTIVATIONS))] * len(hidden)),
            "softmax" if loss == "cross_entropy" else str(rng.choice(ACTIVATIONS)),
        ],
        "loss": loss,
        "dtype": str(rng.choice(["float32", "float64"])),
        "seed": int(rng.integers(1000)),
    }
    settings = {"lmbda": float(rng.choice([0.0, 0.1])), "optimizer": cmlp.LBFGS(max_evaluations=60), "progress": False}
    data = images, labels if loss in ("quadratic", "cross_entropy") else targets
    sizes = [int(features), *hidden, int(outputs)]
    return lambda: cmlp.Network(sizes, **kind), data, settings, int(rng.integers(1, 8))


def trained(network, data, settings, **more):
    """Return the bits and the losses, or how the training was refused or left."""
    try:
        history = network.train(data, 12, 1.0, **settings, **more)
    except (cmlp.ModelError, cmlp.DataError, Left) as error:
        return type(error).__name__
    return network.engine.parameters.tobytes().hex(), [float(loss).hex() for loss in history.loss]


def tried(number, folder):
    new, data, settings, left = problem(number)
    path, journal = folder / str(number), 0

    def leave(event):
        if event.epoch == left:
            raise Left

    whole = trained(new(), data, settings)
    first = trained(new(), data, settings, checkpoint=path, callbacks=leave)
    readable = True
    if path.exists():
        try:
            kept = read_checkpoint(path)
            journal = int(sum(~kept.memory.vectors["gradients"].any(axis=1)))
        except cmlp.ModelError:
            readable = False
    again = trained(new(), data, settings, checkpoint=path, resume=True) if readable and path.exists() else whole
    ending = whole if isinstance(whole, str) else "done"
    return {
        "number": number,
        "ending": ending,
        "left": first == "Left",
        "readable": readable,
        "too long": journal,
        "same": again == whole,
    }


if __name__ == "__main__":
    first, last, folder = int(sys.argv[1]), int(sys.argv[2]), Path(sys.argv[3])
    warnings.simplefilter("ignore")
    np.seterr(all="ignore")
    os.fsync = lambda _: None
    for number in range(first, last):
        print(json.dumps(tried(number, folder)), flush=True)
