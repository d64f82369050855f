"""How many rendered photographs of MNIST's test digits are read right, of those read right as clean images.

A network is trained on MNIST (CMLP_MNIST names the folder with the four IDX files). Of its right answers, digits are
drawn at random for each paper of `photographs.py`, rendered, prepared by `cmlp.read_picture` and read again. The first
ten papers are those that the preparation was made with; the others were held out.

    CMLP_MNIST=mnist python benchmarks/bench_photographs.py [--each 20] [--seed 0] [--only NAME ...] [--sheet FILE]
                                                            [--distort] [--json]
"""

import argparse
import json
import os
from dataclasses import asdict, dataclass

import numpy as np
from photographs import HELD_OUT, PAPERS, Paper, photograph
from PIL import Image

import cmlp

TILE = (240, 180)


@dataclass
class Result:
    """How many photographs of a paper were read right, and whether the paper was held out."""

    paper: str
    held_out: bool
    photographs: int
    right: int


def reader(*, distort: bool = False) -> tuple[cmlp.Network, cmlp.Dataset]:
    """Return a network that reads MNIST, perhaps trained with distorted digits, and the test data."""
    train, test = cmlp.load(os.environ["CMLP_MNIST"])
    net = cmlp.Network(
        [784, 100, 10], activation="relu", loss="cross_entropy", initializer="he_normal", dtype="float32"
    )
    net.train(train, 8, 0.001, optimizer="adam", schedule="cosine", mini_batch_size=64, distortions=distort)
    return net, test


def rendered(papers: list[Paper], each: int, seed: int, net: cmlp.Network, test: cmlp.Dataset):
    """Yield each paper with labels and photographs of digits that the network reads right."""
    right = np.flatnonzero(net.predict(test.images) == test.labels)
    for paper in papers:
        place = [known.name for known in (*PAPERS, *HELD_OUT)].index(paper.name)
        chosen = np.random.default_rng((seed, place)).choice(right, each, replace=False)
        digits = test.images[chosen].reshape(-1, 28, 28) / 255
        seeds = [(seed, place, index) for index in chosen.tolist()]
        yield paper, test.labels[chosen], [photograph(paper, *both) for both in zip(digits, seeds, strict=True)]


def said(net: cmlp.Network, picture: np.ndarray) -> int:
    """Return the answer for a photograph, -1 if nothing is found on it."""
    try:
        return int(net.predict(cmlp.read_picture(picture, net)))
    except cmlp.DataError:
        return -1


def measured(papers: list[Paper], each: int, seed: int, net: cmlp.Network, test: cmlp.Dataset):
    """Yield the result of each paper, and the photographs that were read wrong."""
    for paper, labels, pictures in rendered(papers, each, seed, net, test):
        answers = np.array([said(net, picture) for picture in pictures])
        wrong = [pictures[index] for index in np.flatnonzero(answers != labels)]
        yield Result(paper.name, paper in HELD_OUT, each, each - len(wrong)), wrong


def sheet(pictures: list[np.ndarray]) -> Image.Image:
    """Return pictures side by side."""
    tiles = [np.asarray(Image.fromarray(picture).resize(TILE)) for picture in pictures]
    return Image.fromarray(np.vstack(tiles))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--each", type=int, default=20, help="photographs of each paper (default: 20)")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--only", nargs="+", metavar="NAME", help="papers")
    parser.add_argument("--sheet", metavar="FILE", help="write the photographs that were read wrong to one picture")
    parser.add_argument("--distort", action="store_true", help="train the network with distorted digits")
    parser.add_argument("--json", action="store_true")
    arguments = parser.parse_args()
    papers = [paper for paper in (*PAPERS, *HELD_OUT) if not arguments.only or paper.name in arguments.only]
    results, wrong = [], []
    if not arguments.json:
        print("| paper | photographs | read right |\n|---|---|---|")
    for result, pictures in measured(papers, arguments.each, arguments.seed, *reader(distort=arguments.distort)):
        results.append(result)
        wrong += pictures
        if not arguments.json:
            print(f"| {result.paper} | {result.photographs} | {result.right} |", flush=True)
    if arguments.sheet and wrong:
        sheet(wrong).save(arguments.sheet)
    if arguments.json:
        print(json.dumps([asdict(result) for result in results]))
        return
    for title, held_out in (("the ten papers", False), ("held out", True)):
        of_these = [result for result in results if result.held_out == held_out]
        total, right = sum(result.photographs for result in of_these), sum(result.right for result in of_these)
        if total:
            print(f"| **{title}** | {total} | {right} ({100 * right / total:.1f} %) |")


if __name__ == "__main__":
    main()
