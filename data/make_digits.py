"""Make the four pickles of the digits, in data/ and in the package, from scikit-learn's copy.

    python data/make_digits.py [ROOT]

ROOT is the checkout to write to, by default the one this script lies in.
"""

import pickle
import sys
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from sklearn.datasets import load_digits

SEED = 1998
FOLDERS = ("data", "cmlp/data/digits")


def split(labels: NDArray[np.uint8]) -> tuple[NDArray[np.intp], NDArray[np.intp]]:
    """Training and test indices, ascending; one image in five of each digit is for the test."""
    # The raw stream of a bit generator is the same in every NumPy; a Generator's permutation is not promised.
    keys = np.random.PCG64(SEED).random_raw(len(labels))
    by_label_then_chance = np.lexsort((keys, labels))
    test = np.sort(by_label_then_chance[::5])
    return np.setdiff1d(np.arange(len(labels)), test), test


def make_pickles() -> dict[str, bytes]:
    """Content of each file by its path in a data folder."""
    digits = load_digits()
    images, labels = digits.data.astype(np.uint8), digits.target.astype(np.uint8)
    train, test = split(labels)
    arrays = {
        "images.pkl": images[train],
        "labels.pkl": labels[train],
        "test/test_images.pkl": images[test],
        "test/test_labels.pkl": labels[test],
    }
    return {path: pickle.dumps(array, protocol=4) for path, array in arrays.items()}


def main(root: Path) -> None:
    """Write the four pickles to both folders below root."""
    for path, content in make_pickles().items():
        for folder in FOLDERS:
            file = root / folder / path
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_bytes(content)


if __name__ == "__main__":
    main(Path(sys.argv[1]) if len(sys.argv) > 1 else Path(__file__).resolve().parents[1])
