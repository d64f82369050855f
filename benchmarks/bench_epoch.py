"""One epoch of the founding network, three ways: the loop everybody writes first, vectorised NumPy, and cmlp.

The three take turns, so that a machine that changes its pace changes all of them; what is printed are medians
and ratios. With CMLP_MNIST set to a folder with the four IDX files it runs on MNIST, otherwise on the built-in
digits. Every BLAS runs with one thread.

    python benchmarks/bench_epoch.py [--rounds 5] [--dtype float32] [--json]
"""

import argparse
import gzip
import json
import os
from pathlib import Path
from statistics import median
from time import perf_counter

import numpy as np
import threadpoolctl

import cmlp

ETA = 3.0


def mnist(folder):
    """Return the 60,000 training images, as bytes, and their labels."""
    images = gzip.decompress((Path(folder) / "train-images-idx3-ubyte.gz").read_bytes())
    labels = gzip.decompress((Path(folder) / "train-labels-idx1-ubyte.gz").read_bytes())
    return cmlp.Dataset(
        np.frombuffer(images, np.uint8, offset=16).reshape(-1, 784), np.frombuffer(labels, np.uint8, offset=8)
    )


def sigmoid(z):
    return 1 / (1 + np.exp(-z))


def sigmoid_prime(z):
    return np.exp(-z) / (1 + np.exp(-z)) ** 2


class Script:
    """The script, in float64 as NumPy draws its weights: image by image, as in Nielsen's network.py."""

    def __init__(self, network, data, mini_batch_size):
        self.weights = [np.array(w, float, order="C") for w in network.weights]
        self.biases = [b[:, None].astype(float) for b in network.biases]
        self.size = mini_batch_size
        targets = np.eye(network.sizes[-1])
        self.data = [(image[:, None].astype(float), targets[label][:, None]) for image, label in data]

    def epoch(self, rng):
        order = rng.permutation(len(self.data))
        for begin in range(0, len(order), self.size):
            self.step([self.data[i] for i in order[begin : begin + self.size]])

    def step(self, mini_batch):
        nabla_w = [np.zeros(w.shape) for w in self.weights]
        nabla_b = [np.zeros(b.shape) for b in self.biases]
        for image, target in mini_batch:
            delta_nabla_w, delta_nabla_b = self.backprop(image, target)
            nabla_w = [nw + dnw for nw, dnw in zip(nabla_w, delta_nabla_w, strict=True)]
            nabla_b = [nb + dnb for nb, dnb in zip(nabla_b, delta_nabla_b, strict=True)]
        eta = ETA / len(mini_batch)
        self.weights = [w - eta * nw for w, nw in zip(self.weights, nabla_w, strict=True)]
        self.biases = [b - eta * nb for b, nb in zip(self.biases, nabla_b, strict=True)]

    def backprop(self, image, target):
        nabla_w = [np.zeros(w.shape) for w in self.weights]
        nabla_b = [np.zeros(b.shape) for b in self.biases]
        activations, zs = [image], []
        for w, b in zip(self.weights, self.biases, strict=True):
            zs.append(np.dot(w, activations[-1]) + b)
            activations.append(sigmoid(zs[-1]))
        delta = 2 * (activations[-1] - target) * sigmoid_prime(zs[-1])
        for layer in reversed(range(len(self.weights))):
            nabla_w[layer] = np.dot(delta, activations[layer].T)
            nabla_b[layer] = delta
            if layer:
                delta = np.dot(self.weights[layer].T, delta) * sigmoid_prime(zs[layer - 1])
        return nabla_w, nabla_b


class Vectorised:
    """The same, a mini-batch at a time, on images that are already floats of the right type."""

    def __init__(self, network, data, mini_batch_size):
        self.weights = [np.array(w, order="C") for w in network.weights]
        self.biases = [b.copy() for b in network.biases]
        self.size = mini_batch_size
        self.images = np.stack([image for image, _ in data]).astype(network.dtype)
        self.targets = np.eye(network.sizes[-1], dtype=network.dtype)[data.labels]

    def epoch(self, rng):
        order = rng.permutation(len(self.images))
        for begin in range(0, len(order), self.size):
            chosen = order[begin : begin + self.size]
            self.step(self.images[chosen], self.targets[chosen])

    def step(self, images, targets):
        activations = [images]
        for w, b in zip(self.weights, self.biases, strict=True):
            activations.append(sigmoid(activations[-1] @ w.T + b))
        delta = 2 * (activations[-1] - targets) * activations[-1] * (1 - activations[-1])
        for layer in reversed(range(len(self.weights))):
            w, b, a = self.weights[layer], self.biases[layer], activations[layer]
            step_w, step_b = ETA / len(images) * (delta.T @ a), ETA / len(images) * delta.sum(axis=0)
            if layer:
                delta = delta @ w * a * (1 - a)
            w -= step_w
            b -= step_b


class Compiled:
    """cmlp, on the images as they are in the file: bytes."""

    def __init__(self, network, data, mini_batch_size):
        self.network, self.data, self.size = network, data, mini_batch_size

    def epoch(self, rng):
        self.network.rng = rng
        self.network.train(self.data, 1, ETA, mini_batch_size=self.size, progress=False)

    @property
    def weights(self):
        return self.network.weights


def measure(contenders, rounds):
    """Return each contender's seconds per epoch; all see the same mini-batches in every round."""
    seconds = {name: [] for name in contenders}
    for round_ in range(rounds + 1):
        for name, contender in contenders.items():
            rng = np.random.default_rng(round_)
            started = perf_counter()
            contender.epoch(rng)
            if round_ > 0:  # the first round warms up
                seconds[name].append(perf_counter() - started)
    return seconds


def agree(contenders):
    """Whether the three are still the same network, up to rounding: only then did they do the same work."""
    first, *others = (contender.weights for contender in contenders.values())
    return all(
        np.allclose(a, b, rtol=0, atol=0.02 * np.abs(a).max())
        for weights in others
        for a, b in zip(first, weights, strict=True)
    )


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=5, help="epochs measured of each (default: 5)")
    parser.add_argument("--dtype", choices=["float32", "float64"], default="float32", help="default: float32")
    parser.add_argument("--json", action="store_true", help="print one JSON object instead of a table")
    arguments = parser.parse_args()

    folder = os.environ.get("CMLP_MNIST")
    data = mnist(folder) if folder else cmlp.load_digits()[0]
    sizes = (data.images.shape[1], 16, 16, 10)
    mini_batch_size = 125 if folder else 10
    contenders = {
        name: kind(cmlp.Network(sizes, dtype=arguments.dtype), data, mini_batch_size)
        for name, kind in {"script": Script, "vectorised NumPy": Vectorised, "cmlp": Compiled}.items()
    }
    with threadpoolctl.threadpool_limits(1, user_api="blas"):
        seconds = measure(contenders, arguments.rounds)
    if not agree(contenders):
        raise SystemExit("the three have become different networks: the comparison means nothing")
    report(arguments, data, sizes, mini_batch_size, seconds)


def report(arguments, data, sizes, mini_batch_size, seconds):
    medians = {name: median(times) for name, times in seconds.items()}
    ratios = {
        name: median(a / b for a, b in zip(times, seconds["cmlp"], strict=True)) for name, times in seconds.items()
    }
    if arguments.json:
        print(
            json.dumps(
                {
                    "sizes": sizes,
                    "images": len(data),
                    "mini_batch_size": mini_batch_size,
                    "dtype": arguments.dtype,
                    "seconds": seconds,
                    "times cmlp": ratios,
                }
            )
        )
        return
    layers = "-".join(map(str, sizes))
    print(f"{len(data):,} images, {layers}, mini-batches of {mini_batch_size}, {arguments.dtype}, one thread")
    for name in seconds:
        print(f"{name:18} {medians[name]:9.4f} s per epoch {ratios[name]:8.1f} x cmlp's time")


if __name__ == "__main__":
    main()
