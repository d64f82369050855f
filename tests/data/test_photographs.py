"""A sample of benchmarks/bench_photographs.py: digits on ten papers, and on twelve that were held out."""

import pytest
from support.benchmarks import benchmark

import cmlp

pytest.importorskip("PIL.Image", reason="Pillow, of the extra cmlp[images], is not installed")


@pytest.fixture(scope="module")
def bench():
    return benchmark("bench_photographs")


@pytest.fixture(scope="module")
def reader(mnist):
    """Return a network that reads MNIST."""
    net = cmlp.Network([784, 32, 10], activation="relu", loss="cross_entropy", dtype="float32")
    net.train((mnist["training images"], mnist["training labels"]), 3, 0.001, optimizer="adam")
    return net


@pytest.mark.parametrize(
    "each", [1, pytest.param(20, marks=pytest.mark.exhaustive)], ids=["a sample", "four hundred and forty"]
)
def test_papers(bench, reader, mnist, each):
    test = cmlp.Dataset(mnist["test images"], mnist["test labels"])
    papers = [*bench.PAPERS, *(bench.HELD_OUT if each > 1 else bench.HELD_OUT[::2])]
    results = [result for result, _ in bench.measured(papers, each, 1, reader, test)]
    for held_out in (False, True):
        shares = [result.right / each for result in results if result.held_out == held_out]
        assert sum(shares) >= min(0.95 * len(shares), len(shares) - 1), results
