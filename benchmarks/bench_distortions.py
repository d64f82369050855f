"""How long it takes to distort a picture, and what that is of an epoch of 784-700-500-500-10.

Time of the processor, the least of the rounds, on one thread.

    CMLP_MNIST=mnist python benchmarks/bench_distortions.py [--rounds 9]
"""

import argparse
from time import process_time

import numpy as np
from task import load_data

import cmlp

SIDES = (8, 28, 64)
SETTINGS = {
    "all of the defaults": {},
    "without bending": {"elastic": 0},
    "with thickness 0.5": {"thickness": 0.5},
    "with noise 0.1": {"noise": 0.1},
}
PICTURES, IMAGES = 2_000, 5_000
HIDDEN = (700, 500, 500)


def least(rounds, work):
    """Return the least seconds that some work took."""
    times = []
    for _ in range(rounds):
        begun = process_time()
        work()
        times.append(process_time() - begun)
    return min(times)


def of_a_picture(side, dtype, settings, rounds):
    """Return the microseconds that a picture takes."""
    images = np.random.default_rng(0).random((PICTURES, side * side)).astype(dtype)
    distorter = cmlp.Distortions(**settings).distorter(side * side)
    return least(rounds, lambda: distorter.apply(images, 0)) / PICTURES * 1e6


def of_an_epoch(images, labels, distortions, rounds):
    """Return the microseconds that an image takes in training."""
    sizes = (images.shape[1], *HIDDEN, 10)
    network = cmlp.Network(sizes, activation="relu", loss="cross_entropy", dtype="float32")
    settings = {"optimizer": "adamw", "mini_batch_size": 250, "threads": 1, "distortions": distortions}
    return least(rounds, lambda: network.train((images, labels), 1, 0.001, **settings)) / len(images) * 1e6


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=9)
    rounds = parser.parse_args().rounds
    print("| us for a picture |" + "".join(f" {side}x{side} |" for side in SIDES))
    print("|---" * (len(SIDES) + 1) + "|")
    for name, settings in SETTINGS.items():
        for dtype in ("float32", "float64"):
            times = [of_a_picture(side, dtype, settings, rounds) for side in SIDES]
            print(f"| {name}, {dtype} |" + "".join(f" {time:.2f} |" for time in times), flush=True)
    data = load_data("training")
    images, labels = data.pixels[:IMAGES], data.labels[:IMAGES]
    plain, distorted = (of_an_epoch(images, labels, given, max(3, rounds // 3)) for given in (False, True))
    print(f"\nan image of an epoch: {plain:.0f} us as it is, {distorted:.0f} us distorted")


if __name__ == "__main__":
    main()
