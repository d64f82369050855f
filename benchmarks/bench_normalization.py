"""What batch normalisation costs: epochs with and without it in turns, of 784-700-500-500-10 and mini-batches of 250.

Measured is processor time, waiting at barriers included.

    python benchmarks/bench_normalization.py FOLDER [--rounds 5] [--threads 1] [--images 60000]
"""

import argparse
from statistics import median
from time import process_time

import cmlp

HIDDEN = (700, 500, 500)


def main():
    """Print the median of the ratios, round by round, in seconds of the processor."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("folder", help="where MNIST is")
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--images", type=int, default=60_000)
    arguments = parser.parse_args()
    train = cmlp.load(arguments.folder)[0][: arguments.images]
    sizes = (train.images.shape[1], *HIDDEN, train.classes)
    settings = {"activation": "relu", "loss": "cross_entropy", "dtype": "float32"}
    networks = {name: cmlp.Network(sizes, normalization=name, **settings) for name in ("none", "batch")}
    seconds = {name: [] for name in networks}
    for _ in range(arguments.rounds + 1):
        for name, network in networks.items():
            begin = process_time()
            network.train(train, 1, 0.001, mini_batch_size=250, optimizer="adamw", threads=arguments.threads)
            seconds[name].append(process_time() - begin)
    ratios = [batch / none for none, batch in zip(seconds["none"][1:], seconds["batch"][1:], strict=True)]
    without, with_it = (median(seconds[name][1:]) for name in ("none", "batch"))
    times = f"{without:.2f} s without, {with_it:.2f} s with"
    print(f"{len(train):,} images, {arguments.threads} threads: {times}, {median(ratios):.3f} times")


if __name__ == "__main__":
    main()
