"""What networks learn for which nothing is said but widths, depth, activation and optimizer.

Each cell is a network of `cmlp.training.recipes.complete`, as `cmlp train` trains it, on the built-in digits; with
--mnist on the four IDX files in the folder that CMLP_MNIST names. The table has the mean accuracy of the seeds in
percent, and the lowest of all of them.

    python benchmarks/defaults.py                                    # the whole grid: about ten hours of one core
    python benchmarks/defaults.py --widths 8,32 --depths 1,6 --seeds 1
    python benchmarks/defaults.py --mnist --widths 16,128 --depths 1,3 --optimizers sgd,adam --epochs 3
"""

import argparse
import json
import sys
from itertools import product
from time import perf_counter

import cmlp
from cmlp.cli.options import ACTIVATIONS, OPTIMIZERS
from cmlp.cli.settings import TRAINING
from cmlp.training.recipes import complete

WIDTHS, DEPTHS = (8, 16, 32, 64, 128, 256, 512, 1024), (1, 2, 3, 4, 5, 6)
LEAST = 90.0  # percent that every cell must have
KIND = ("activation", "loss", "initializer", "dropout")


def load(mnist):
    """Return training and test data."""
    if not mnist:
        return cmlp.load_digits()
    from task import load_data

    pairs = [load_data(kind) for kind in ("training", "test")]
    return tuple(cmlp.Dataset(pair.pixels, pair.labels, scale=pair.scale) for pair in pairs)


def accuracy(data, width, depth, activation, optimizer, seed, epochs=None, dtype="float32"):
    """Return the accuracy in percent of one network; 0 for one whose numbers are no longer finite."""
    train, test = data
    said = {
        "hidden": (width,) * depth, "activation": activation, "optimizer": optimizer, "epochs": epochs, "dtype": dtype,
    }  # fmt: skip
    inputs = train.images.shape[1]
    chosen = complete(None, said, inputs, len(train))
    kind = {name: chosen[name] for name in KIND}
    network = cmlp.Network((inputs, *chosen["hidden"], train.classes), **kind, dtype=dtype, seed=seed)
    try:
        network.train(train, **{name: chosen[name] for name in TRAINING}, progress=False)
        return network.test(test)
    except cmlp.CmlpError:
        return 0.0


def table(cells, arguments):
    """Yield the lines of a table: a row per activation and optimizer, and a column per depth and width."""
    columns = list(product(arguments.depths, arguments.widths))
    yield "| activation | optimizer | " + " | ".join(f"{depth} x {width:,}" for depth, width in columns) + " |"
    yield "|---" * (2 + len(columns)) + "|"
    for activation, optimizer in product(arguments.activations, arguments.optimizers):
        found = [cells[width, depth, activation, optimizer] for depth, width in columns]
        yield f"| {activation} | {optimizer} | " + " | ".join(f"{sum(f) / len(f):.1f}" for f in found) + " |"


def main():
    arguments = parse_arguments()
    data, cells, begin = load(arguments.mnist), {}, perf_counter()
    grid = list(product(arguments.depths, arguments.widths, arguments.activations, arguments.optimizers))
    for number, (depth, width, activation, optimizer) in enumerate(grid, 1):
        cell = width, depth, activation, optimizer
        cells[cell] = [accuracy(data, *cell, seed, arguments.epochs) for seed in range(arguments.seeds)]
        print(f"{number}/{len(grid)} {cell}: {cells[cell]}", file=sys.stderr, flush=True)
    lowest = min(cells, key=lambda cell: min(cells[cell]))
    if arguments.json:
        print(json.dumps([{"cell": cell, "accuracies": found} for cell, found in cells.items()]))
    else:
        print("\n".join(table(cells, arguments)))
        print(f"\nThe lowest of {len(grid) * arguments.seeds:,} is {min(cells[lowest]):.1f} %, of {lowest}; ", end="")
        print(f"{perf_counter() - begin:.0f} s.")
    return 0 if min(cells[lowest]) >= LEAST else 1


def parse_arguments():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    integers, names = _list(int), _list(str)
    parser.add_argument("--widths", type=integers, default=list(WIDTHS), help="units of each hidden layer")
    parser.add_argument("--depths", type=integers, default=list(DEPTHS), help="numbers of hidden layers")
    parser.add_argument("--activations", type=names, default=list(ACTIVATIONS))
    parser.add_argument("--optimizers", type=names, default=list(OPTIMIZERS))
    parser.add_argument("--seeds", type=int, default=5, help="networks of each kind (default: 5)")
    parser.add_argument("--epochs", type=int, help="instead of those that follow from the rest")
    parser.add_argument("--mnist", action="store_true", help="train on MNIST, not on the digits")
    parser.add_argument("--json", action="store_true", help="print every accuracy")
    return parser.parse_args()


def _list(kind):
    return lambda text: [kind(part) for part in text.split(",")]


if __name__ == "__main__":
    sys.exit(main())
