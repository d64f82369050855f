"""Records are taken apart, and put together again as they were."""

import numpy as np
import pandas
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
    "lines with ends": [line + "\n" for line in LINES], "fractions": np.column_stack([Y, X / 7]),
    "lines of fractions": [",".join(map(repr, row)) for row in np.column_stack([Y, X / 7]).tolist()],
    "columns first": np.asfortranarray(TABLE), "frame": pandas.DataFrame(TABLE, columns=[*"labcdef"]),
}  # fmt: skip


@pytest.mark.parametrize("form", FORMS)
def test_records_are_made_as_they_were(form):
    given = FORMS[form]
    samples = Samples(given, "train")
    np.testing.assert_array_equal(samples.x, X / 7 if "fractions" in form else X)
    np.testing.assert_array_equal(samples.y, Y)
    made = samples.make(samples.x[3:7], samples.y[3:7])
    assert type(made) is type(given)
    if form == "frame":
        assert list(made.columns) == list(given.columns)
    elif form == "lines of fractions":
        assert [list(map(float, row.split(","))) for row in made] == [
            list(map(float, row.split(","))) for row in given[3:7]
        ]
        return
    else:
        assert type(made[0]) is type(given[0])
    np.testing.assert_array_equal(np.array(made), np.array(given[3:7]))


@pytest.mark.parametrize(
    "given",
    [
        X[:, :2],  # too short for records
        np.column_stack([Y, X, Y]),  # either end may be the label
        np.column_stack([X, np.arange(12) == 3]),  # a pixel at the edge
        TABLE[:1],
        TABLE[:3],
        TABLE.astype(float) * np.nan,
        ([1, 2, 3], [0, 1, 0]),
        np.random.default_rng(0).random((12, 7)),  # no label
        ["a,b,c", "d,e,f"],
        [[1, 2], [3]],
        [(X[0], 1), (X[1], 0)],  # pairs
        [],
    ],
)
def test_what_is_no_records(given):
    assert records_of(given) is None
