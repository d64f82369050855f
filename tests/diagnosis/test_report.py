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
    }
    found = Report((FINDING,), ("No test set.",), 9.7).to_dict()
    assert found == expected
    assert json.loads(json.dumps(found)) == expected
