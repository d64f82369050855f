"""Reports and findings in a line, and in a notebook."""

from support.markup import read

from cmlp.diagnosis.report import MOST_FINDINGS, Finding, Report, Severity

HOSTILE = "<script>alert('x')</script>&\""
FINDING = Finding("inverted", Severity.ERROR, "test data", "It is inverted.", "by 3", "a = 1; b = 2", 10.04, 96.5)
NOTE = Finding("uneven", Severity.NOTE, "training data", "Classes differ.", "by 4")


def test_lines():
    assert repr(FINDING) == "Finding(error: It is inverted. [inverted] 96.5 % after the repair)"
    assert repr(Report((FINDING, NOTE), accuracy=10.0)).splitlines() == [
        "Report(1 error, 1 note, accuracy 10.0 %)",
        "  error: It is inverted. [inverted] 96.5 % after the repair",
        "  note: Classes differ. [uneven]",
    ]
    assert repr(Report()) == "Report(nothing found: the data are sound)"
    assert repr(Report(unknown=("there are 3 rows",))) == "Report(nothing can be said, because there are 3 rows)"
    many = repr(Report((NOTE,) * 100)).splitlines()
    assert len(many) == MOST_FINDINGS + 2 and many[-1] == f"  and {100 - MOST_FINDINGS} more"


def test_a_finding_is_a_card():
    elements, texts = read(FINDING._repr_html_())
    assert ("div", {"class": "cmlp-finding cmlp-error"}) in elements
    text = "".join(texts)
    assert "It is inverted." in text and "by 3" in text and "a = 1\nb = 2" in text
    assert "accuracy 10.0 % before, 96.5 % after the repair" in text
    bare = "".join(read(NOTE._repr_html_())[1])
    assert "after the repair" not in bare


def test_a_report_has_a_card_for_each():
    elements, texts = read(Report((FINDING, NOTE), ("No test set.",))._repr_html_())
    kinds = [a["class"] for _, a in elements if "cmlp-finding" in a.get("class", "")]
    assert kinds == ["cmlp-finding cmlp-error", "cmlp-finding cmlp-note"]
    assert "note: No test set." in texts
    assert "nothing found: the data are sound" in read(Report()._repr_html_())[1]


def test_texts_are_escaped_and_what_is_long_is_cut():
    hostile = Finding(HOSTILE, Severity.WARNING, HOSTILE, HOSTILE, HOSTILE, HOSTILE, None, 1.0)
    html = Report((hostile,), (HOSTILE,), unknown=(HOSTILE,), praise=HOSTILE)._repr_html_()
    assert "<script" not in html
    read(html)
    long = Finding("x", Severity.NOTE, "x", "y" * 10**6, "z" * 10**6, "w" * 10**6)
    assert len(Report((long,) * 1000, ("n" * 10**6,) * 1000)._repr_html_()) < 150_000
    assert len(repr(Report((long,) * 1000))) < 5_000
