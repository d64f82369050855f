"""How the way in which images lie in memory changes the time of an epoch, and of the predictions.

The same images in every layout that people have; whatever has to be copied or converted is part of the time. No layout
should cost more than twice the time of a contiguous array of its type, and one copy.

    python benchmarks/bench_layouts.py [--rounds 5] [--images 60000] [--clock cpu]
"""

import argparse
import tempfile
from pathlib import Path
from statistics import median

import numpy as np
from harness import CLOCKS, Contender, in_units, limited, markdown, measure, ratios, three_digits, timed
from task import load_data

import cmlp

SIZES = (784, 16, 16, 10)


def strided(images):
    """Return a view of every second pixel of every second image of a larger array."""
    wide = np.zeros((2 * len(images), 2 * images.shape[1]), images.dtype)
    wide[::2, ::2] = images
    return wide[::2, ::2]


def mapped(images, folder):
    """Return a memory map of the images, which a file holds."""
    file = Path(folder, "images")
    images.tofile(file)
    return np.memmap(file, images.dtype, "r", shape=images.shape)


def layouts(data, folder):
    """Return the images in every layout, by name."""
    import pandas
    from scipy.sparse import csr_matrix

    floats = data.floats(np.float32)
    return {
        "float32, C order": floats,
        "Fortran order": np.asfortranarray(floats),
        "every second pixel of a larger array": strided(floats),
        "pandas frame": pandas.DataFrame(np.asfortranarray(floats)),
        "memory map": mapped(floats, folder),
        "big-endian": floats.astype(">f4"),
        "float64": data.floats(np.float64),
        "CSR": csr_matrix(floats),
        "list of arrays": list(floats),
        "uint8": data.pixels,
        "int64": data.pixels.astype(np.int64),
    }


def pairs(images, labels):
    """Return what `train` takes: two arrays, or a list of pairs."""
    return list(zip(images, labels, strict=True)) if isinstance(images, list) else (images, labels)


def epoch(images, labels):
    """Train a network for one epoch."""
    network = cmlp.Network(SIZES, dtype="float32", seed=0)
    network.train(pairs(images, labels), 1, 3.0, mini_batch_size=125, progress=False, threads=1)


def predict(images, labels):
    """Predict all images."""
    cmlp.Network(SIZES, dtype="float32", seed=0)(images, threads=1)


def contender(clock, name, function, images, labels):
    return Contender(name, lambda turn: timed(clock, function, images, labels))


def table(clock, given, labels, rounds):
    """Return a row for each layout: an epoch and the predictions of all images, each also as a ratio to the best."""
    jobs = {"epoch": epoch, "prediction": predict}
    contenders = [
        contender(clock, f"{job}, {name}", function, images, labels)
        for job, function in jobs.items()
        for name, images in given.items()
    ]
    seconds = measure(contenders, rounds)
    rows = []
    for name in given:
        cells = [name]
        for job in jobs:
            best = min(given, key=lambda other: median(seconds[f"{job}, {other}"]))
            times = seconds[f"{job}, {name}"]
            ratio = median(ratios(seconds, f"{job}, {name}", f"{job}, {best}"))
            cells += [in_units(median(times)), three_digits(ratio)]
        rows.append(cells)
    return ["", "epoch", "times the best", "predictions", "times the best"], rows


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--images", type=int, default=60_000, help="at most so many of the training images")
    parser.add_argument("--clock", choices=CLOCKS, default="cpu", help="processor time by default, or wall time")
    arguments = parser.parse_args()
    data = load_data("training").first(arguments.images)
    with tempfile.TemporaryDirectory() as folder, limited(1):
        header, rows = table(CLOCKS[arguments.clock], layouts(data, folder), data.labels, arguments.rounds)
    layers = "-".join(map(str, SIZES))
    print(f"{len(data):,} images, {layers}, float32, mini-batches of 125, one thread; {arguments.clock} time")
    print(markdown(header, rows))


if __name__ == "__main__":
    main()
