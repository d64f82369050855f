"""Test scores of cmlp's estimators and of scikit-learn's, with the same architecture, settings, splits and seeds.

Both draw their weights and mini-batches from the same distributions but not with the same bits, so single scores
differ, and a mean of five still does by luck; what should not be is that the mean of many differences lies more than
two standard errors below 0. Scores are accuracies, or R² where numbers are predicted. MNIST is part of it where
CMLP_MNIST names a folder with the four IDX files. BLAS runs with one thread in both.

    python benchmarks/bench_quality.py [--seeds 100] [--only NAME ...] [--json]
"""

import argparse
import gzip
import json
import os
import warnings
from dataclasses import asdict, dataclass
from math import sqrt
from pathlib import Path
from time import perf_counter

import numpy as np
import threadpoolctl
from sklearn import datasets, neural_network
from sklearn.exceptions import ConvergenceWarning
from sklearn.model_selection import train_test_split
from sklearn.preprocessing import StandardScaler

import cmlp

TRAINED_WITH = 10_000  # of MNIST's 60,000 images


@dataclass
class Task:
    """Data, and the settings that both estimators get."""

    X: np.ndarray
    y: np.ndarray
    kind: str
    settings: dict


@dataclass
class Result:
    """Mean test scores, their difference for the same splits with its standard error, and mean seconds per fit."""

    task: str
    seeds: int
    sklearn: float
    cmlp: float
    difference: float
    standard_error: float
    sklearn_seconds: float
    cmlp_seconds: float

    @property
    def holds(self):
        """Whether cmlp is at most two standard errors behind."""
        return self.difference >= -2 * self.standard_error


def mnist(folder):
    """Return images (70,000, 784) of 0..1 and labels."""
    images, labels = [], []
    for name in ("train", "t10k"):
        pixels = gzip.decompress((Path(folder) / f"{name}-images-idx3-ubyte.gz").read_bytes())[16:]
        images.append(np.frombuffer(pixels, np.uint8).reshape(-1, 784))
        digits = gzip.decompress((Path(folder) / f"{name}-labels-idx1-ubyte.gz").read_bytes())[8:]
        labels.append(np.frombuffer(digits, np.uint8))
    return (np.concatenate(images) / np.float32(255)).astype(np.float32), np.concatenate(labels)


def classification(load, **settings):
    X, y = load(return_X_y=True)
    return Task(X, y, "MLPClassifier", settings)


def regression(X, y, **settings):
    return Task(X, (y - y.mean()) / y.std(), "MLPRegressor", settings)


def make_tasks():
    """Return a function for each name, because loading takes time."""
    small = {"hidden_layer_sizes": (32,), "max_iter": 300}
    tasks = {
        "digits, adam": lambda: classification(datasets.load_digits, hidden_layer_sizes=(64, 32), max_iter=60),
        "digits, sgd": lambda: classification(
            datasets.load_digits, hidden_layer_sizes=(64,), solver="sgd", learning_rate_init=0.02, max_iter=60
        ),
        "digits, early stopping": lambda: classification(
            datasets.load_digits, hidden_layer_sizes=(64,), early_stopping=True, max_iter=300
        ),
        "iris": lambda: classification(datasets.load_iris, learning_rate_init=0.01, **small),
        "iris, lbfgs": lambda: classification(datasets.load_iris, solver="lbfgs", alpha=0.1, **small),
        "wine": lambda: classification(datasets.load_wine, **small),
        "breast cancer": lambda: classification(datasets.load_breast_cancer, **small),
        "diabetes, lbfgs": lambda: regression(
            *datasets.load_diabetes(return_X_y=True), hidden_layer_sizes=(10,), solver="lbfgs", alpha=30, max_iter=300
        ),
        "Friedman 1": lambda: regression(
            *datasets.make_friedman1(2000, noise=1.0, random_state=0), learning_rate_init=0.005, **small
        ),
    }
    folder = os.environ.get("CMLP_MNIST")
    if folder:
        tasks["MNIST"] = lambda: Task(*mnist(folder), "MLPClassifier", {"hidden_layer_sizes": (100,), "max_iter": 15})
    return tasks


def split(name, task, seed):
    """Return standardised training data, and test data; of MNIST, pixels as they are."""
    if name == "MNIST":
        rows = np.random.default_rng(seed).permutation(60_000)[:TRAINED_WITH]
        return task.X[rows], task.X[60_000:], task.y[rows], task.y[60_000:]
    strata = task.y if task.kind == "MLPClassifier" else None
    X, X_test, y, y_test = train_test_split(task.X, task.y, test_size=0.3, stratify=strata, random_state=seed)
    scaler = StandardScaler().fit(X)
    return scaler.transform(X), scaler.transform(X_test), y, y_test


def measure(name, task, seeds):
    """Fit both, in turns, for every seed."""
    scores = {neural_network: [], cmlp: []}
    seconds = {neural_network: 0.0, cmlp: 0.0}
    for seed in range(seeds):
        X, X_test, y, y_test = split(name, task, seed)
        for library in (neural_network, cmlp):
            model = getattr(library, task.kind)(random_state=seed, **task.settings)
            started = perf_counter()
            model.fit(X, y)
            seconds[library] += (perf_counter() - started) / seeds
            scores[library].append(model.score(X_test, y_test))
    theirs, ours = np.array(scores[neural_network]), np.array(scores[cmlp])
    error = (ours - theirs).std(ddof=1) / sqrt(seeds) if seeds > 1 else 0.0
    numbers = (theirs.mean(), ours.mean(), (ours - theirs).mean(), error, seconds[neural_network], seconds[cmlp])
    return Result(name, seeds, *map(float, numbers))


def as_row(result):
    ratio = result.sklearn_seconds / result.cmlp_seconds
    seconds = f"{result.sklearn_seconds:.3f} | {result.cmlp_seconds:.3f} | {ratio:.1f} x"
    return (
        f"| {result.task} | {result.seeds} | {result.sklearn:.4f} | {result.cmlp:.4f} "
        f"| {result.difference:+.4f} ± {result.standard_error:.4f} | {seconds} | {'yes' if result.holds else 'no'} |"
    )


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--seeds", type=int, default=100, help="at most 5 are used with MNIST")
    parser.add_argument("--only", nargs="+", metavar="NAME", help="tasks whose name begins like this")
    parser.add_argument("--json", action="store_true")
    arguments = parser.parse_args()
    warnings.simplefilter("ignore", ConvergenceWarning)
    results = []
    if not arguments.json:
        print(
            "| task | seeds | scikit-learn | cmlp | difference | s per fit, scikit-learn | cmlp | faster | not worse |"
        )
        print("|---|---|---|---|---|---|---|---|---|")
    with threadpoolctl.threadpool_limits(1):
        for name, make in make_tasks().items():
            if arguments.only and not name.startswith(tuple(arguments.only)):
                continue
            seeds = min(arguments.seeds, 5) if name == "MNIST" else arguments.seeds
            results.append(measure(name, make(), seeds))
            if not arguments.json:
                print(as_row(results[-1]), flush=True)
    if arguments.json:
        print(json.dumps([asdict(result) | {"holds": result.holds} for result in results], indent=2))


if __name__ == "__main__":
    main()
