"""Print the table of docs/why-10-percent.md: faults put into MNIST, and what the check says of each.

Usage: python docs/make_why_table.py FOLDER, where the folder holds the four IDX files.
"""

import gzip
import os
import sys
from pathlib import Path

import numpy as np

sys.path.insert(0, str(Path(__file__).parents[1] / "tests"))

from support.faults import FAULTS

from cmlp import Dataset, Network
from cmlp.diagnosis import check

SUBSET = 15_000  # training rows where the training set is spoiled


def read(folder, name):
    """Return images (n, 784) and labels (n,) of a pair of files; name is train or t10k."""
    files = [(f"{name}-images-idx3-ubyte.gz", 16), (f"{name}-labels-idx1-ubyte.gz", 8)]
    contents = [(gzip.decompress((folder / file).read_bytes()), header) for file, header in files]
    images, labels = (np.frombuffer(content, np.uint8, offset=header) for content, header in contents)
    return images.reshape(len(labels), -1), labels


def percent(value):
    return "–" if value is None else f"{value:.1f} %"


def row(what, where, report):
    codes = ", ".join(f"`{finding.code}`" for finding in report) or "nothing found"
    after = report.findings[0].after if report.findings else None
    return f"| {what} | {where} | {percent(report.accuracy)} | {codes} | {percent(after)} |"


def main(folder):
    train, test = read(folder, "train"), read(folder, "t10k")
    subset = tuple(array[:SUBSET] for array in train)
    network = Network(dtype="float32")
    network.train(Dataset(*train), 5, 3.0, mini_batch_size=10, progress=False)
    print("| fault | put into | accuracy before | the check says | accuracy after |")
    print("|---|---|---|---|---|")
    print(row("none", "–", check(Dataset(*train), Dataset(*test), network)))
    for fault in FAULTS:
        print(row(fault.what, "test set", check(Dataset(*train), fault.spoil(*test, 255), network)))
    print(row("none", "–", check(Dataset(*subset), Dataset(*test))))
    for fault in FAULTS:
        if fault.in_train is not None:
            print(row(fault.what, "training set", check(fault.spoil(*subset, 255), Dataset(*test))))
    for fault in FAULTS:
        if fault.in_both:
            print(row(fault.what, "both sets", check(fault.spoil(*subset, 255), fault.spoil(*test, 255))))


if __name__ == "__main__":
    main(Path(sys.argv[1] if len(sys.argv) > 1 else os.environ["CMLP_MNIST"]))
