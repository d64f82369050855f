"""Matrices are put in an order only where they are a chain."""

from itertools import count

from cmlp.diagnosis.programs.chains import _extended
from cmlp.diagnosis.programs.replica import Piece

CLASSES = 3


def test_many_matrices_of_one_shape_are_no_chain():
    """Detectors that stand side by side have more orders than could be tried in a lifetime."""
    detectors = [Piece(number, (7, 2)) for number in range(24)]
    assert list(_extended(detectors, 7, CLASSES, (), 0, count(1))) == []
    chain = [Piece(0, (7, 2)), Piece(1, (2, CLASSES))]
    assert list(_extended(chain, 7, CLASSES, (), 0, count(1))) == [tuple(chain)]
