"""Records are taken apart, and put together again as they were."""

import numpy as np
import pytest

from cmlp.diagnosis.programs.records import records_of
from cmlp.diagnosis.programs.samples import Samples

Y = np.arange(12) % 3
X = np.random.default_rng(0).integers(0, 255, (12, 6))
TABLE = np.column_stack([Y, X])
LINES = [",".join(map(str, row)) for row in TABLE]
FORMS = {
    "table": TABLE, "floats": TABLE.astype(float), "label last": np.column_stack([X, Y]), "lists": TABLE.tolist(),
    "tuples": list(map(tuple, TABLE.tolist())), "arrays": list(TABLE), "lines": LINES,
    "lines with ends": [line + "\n" for line in LINES],
}  # fmt: skip


@pytest.mark.parametrize("form", FORMS)
def test_records_are_made_as_they_were(form):
    given = FORMS[form]
    samples = Samples(given, "train")
    np.testing.assert_array_equal(samples.x, X)
    np.testing.assert_array_equal(samples.y, Y)
    made = samples.make(samples.x[3:7], samples.y[3:7])
    assert type(made) is type(given)
    assert type(made[0]) is type(given[0])
    np.testing.assert_array_equal(np.array(made), np.array(given[3:7]))


@pytest.mark.parametrize(
    "given",
    [
        X[:, :2],  # too short for records
        np.column_stack([Y, X, Y]),  # either end may be the label
        np.random.default_rng(0).random((12, 7)),  # no label
        ["a,b,c", "d,e,f"],
        [[1, 2], [3]],
        [(X[0], 1), (X[1], 0)],  # pairs
        [],
    ],
)
def test_what_is_no_records(given):
    assert records_of(given) is None
