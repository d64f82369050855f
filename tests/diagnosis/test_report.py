import ast
import inspect
import json

from cmlp.diagnosis import Finding, Report, Severity

FINDING = Finding(
    "inverted", Severity.ERROR, "test data", "Black is white.", "correlation -1", "x = 1 - x", before=9.7, after=94.0
)
BARE = Finding("sets-differ", Severity.NOTE, "both sets", "They differ.", "much")


def test_a_finding_as_text():
    assert str(FINDING) == (
        "error: Black is white. [inverted]\n"
        "    measured: correlation -1\n"
        "    repair:   x = 1 - x\n"
        "    accuracy: 9.7 % before, 94.0 % after the repair"
    )
    assert str(BARE) == "note: They differ. [sets-differ]\n    measured: much"


def test_a_finding_whose_accuracy_could_not_be_measured_before():
    finding = Finding("different-size", Severity.ERROR, "both sets", "So.", "so", None, None, 93.0)
    assert str(finding).endswith("accuracy: not to be measured before, 93.0 % after the repair")


def test_a_report_as_text():
    assert str(Report()) == "Nothing found: the data are sound."
    assert str(Report((FINDING, BARE), ("No test set.",))) == f"{FINDING}\n\n{BARE}\n\nnote: No test set."


def test_a_report_as_a_sequence():
    report = Report((FINDING, BARE))
    assert (list(report), len(report), report.ok) == ([FINDING, BARE], 2, False)
    assert Report().ok
    assert Report((BARE,)).ok and Report((BARE,)).problems == ()


def test_what_cannot_be_known_is_not_called_sound():
    report = Report((BARE,), unknown=("the test data have 3 rows",))
    assert not report.ok
    assert str(report) == f"Nothing can be said, because the test data have 3 rows.\n\n{BARE}"
    assert report.to_dict()["unknown"] == ["the test data have 3 rows"]


def test_a_report_has_eighty_columns_and_its_code_runs():
    line = (
        "test_images = np.stack([np.roll(p, np.subtract((14, 14), np.rint(center_of_mass(p))).astype(int), (0, 1)) "
        "for p in test_images.reshape(-1, 28, 28)]).reshape(test_images.shape); "
        "test_labels = test_labels[: len(test_images)]"
    )
    words = "a word " * 40
    text = str(
        Report(
            (Finding("uncentred", Severity.ERROR, "test data", words, words, line, 1.0, 2.0),),
            (words,),
            unknown=(words,),
        )
    )
    assert max(map(len, text.split("\n"))) <= 80
    code = text[text.index("repair:   ") + 10 : text.index("    accuracy")]
    assert ast.dump(ast.parse(inspect.cleandoc(code))) == ast.dump(ast.parse(line))


def test_a_report_as_json_has_one_shape():
    expected = {
        "ok": False,
        "accuracy": 9.7,
        "findings": [
            {
                "code": "inverted",
                "severity": "error",
                "where": "test data",
                "verdict": "Black is white.",
                "measured": "correlation -1",
                "repair": "x = 1 - x",
                "before": 9.7,
                "after": 94.0,
            }
        ],
        "notes": ["No test set."],
        "unknown": [],
    }
    found = Report((FINDING,), ("No test set.",), 9.7).to_dict()
    assert found == expected
    assert json.loads(json.dumps(found)) == expected


def test_a_set_that_was_repaired_as_a_whole_is_not_repaired_again():
    from cmlp.diagnosis import _in_order

    lines = [
        "test_images = report.repaired_test.images",
        "test_images = test_images * 2",
        "test_labels = test_labels - 1",
    ]
    found = _in_order([Finding("x", Severity.ERROR, "test data", "x", "x", line) for line in lines])
    assert [finding.repair for finding in found] == [lines[0], lines[0], lines[2]]
