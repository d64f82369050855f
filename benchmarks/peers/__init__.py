"""The peers, one file each.

A file says NAME and version(), and has some of:

- ``Trainer(task, data)`` with ``epoch(rng)``, ``weights`` and ``biases``: one epoch of training;
- ``calls(model, images, threads)``: the ways to get outputs, each as (label, function, argument).

Weights have the shape (fan_out, fan_in), as in cmlp.
"""

from importlib import import_module

FILES = ("script", "vectorised", "scikit_learn", "onnx_runtime", "pytorch", "compiled")


def load():
    """Return the modules of the peers that are installed, and the complaints of those that are not."""
    present, missing = [], {}
    for file in FILES:
        try:
            present.append(import_module(f"peers.{file}"))
        except ImportError as error:
            missing[file] = str(error)
    return present, missing
