"""``cmlp check --script``: what it prints, its JSON, and its exit codes."""

import json
import os
from importlib.resources import files
from pathlib import Path

import jsonschema
import pytest
from support.children import environment

from cmlp.cli import main
from cmlp.diagnosis import Finding, Report, Severity
from cmlp.diagnosis.scripts import face as script
from cmlp.diagnosis.scripts.face import ScriptReport

SCHEMA = json.loads(files("cmlp.diagnosis").joinpath("report.schema.json").read_text())
CAUGHT = "my.py:7: net.train(data, epochs=3): stopped there, and examined"
FINDING = Finding("uphill", Severity.ERROR, "training", "It goes uphill.", "the cosine is -1", "eta = -eta", 9.8, 94.0)


@pytest.fixture
def call(capsys, monkeypatch):
    """Return a function that runs the command and returns exit code, stdout and stderr."""
    monkeypatch.setenv("PYTHONPATH", environment()["PYTHONPATH"])

    def run(*arguments):
        status = main(["check", *map(str, arguments)])
        return status, *capsys.readouterr()

    return run


@pytest.fixture
def result(monkeypatch, tmp_path):
    """Return a function that decides what the check of a script returns, and the list of what it is given."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "my.py").write_text("net.train(data, epochs=3)\n")
    (tmp_path / "data").mkdir()

    def decide(report, **more):
        given = []
        monkeypatch.setattr(
            script, "check_script", lambda *arguments: given.append(arguments) or ScriptReport(report, **more)
        )
        return given

    return decide


def test_the_line_that_was_caught_stands_before_the_report(call, result):
    given = result(Report((FINDING,)), caught=CAUGHT)
    status, out, err = call("--script", "my.py", "--folder", "data", "--seconds", "5")
    assert (status, err, given) == (1, "", [("my.py", "data", 5.0)])
    assert out.split("\n")[:3] == [CAUGHT, "", "error: It goes uphill. [uphill]"]
    assert "    accuracy: 9.8 % before, 94.0 % after the repair" in out


def test_exit_codes(call, result):
    result(Report(), caught=CAUGHT)
    assert call("--script", "my.py")[0] == 0
    given = result(Report(unknown=("the script ended without training",)))
    status, out, _ = call("--script", "my.py")
    assert (status, given) == (3, [("my.py", None, 60.0)])
    assert out == "Nothing can be said, because the script ended without training.\n"
    result(Report((FINDING,)), caught=CAUGHT, interrupted=True)
    status, out, err = call("--script", "my.py")
    assert (status, err) == (130, "cmlp check: interrupted\n") and "It goes uphill" in out


def test_json(call, result):
    result(Report((FINDING,), ("a note",)), caught=CAUGHT)
    status, out, err = call("--script", "my.py", "--json")
    assert (status, err, out.count("\n")) == (1, "", 1)
    report = json.loads(out)
    jsonschema.validate(report, SCHEMA)
    assert report["notes"] == [CAUGHT, "a note"] and report["findings"][0]["code"] == "uphill"
    result(Report(unknown=("nobody knows",)))
    report = json.loads(call("--script", "my.py", "--folder", "data", "--json")[1])
    jsonschema.validate(report, SCHEMA)
    assert (report["notes"], report["folder"]) == ([], "data")


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (["--script", "my.py", "data"], "SOURCE and --script do not go together: its files are named by --folder data"),
        (["--script", "my.py", "--model", "net.cmlp"], "--model and --script do not go together"),
        (["--script", "my.py", "--write", "repaired"], "--write and --script do not go together"),
        (["--folder", "data"], "--folder belongs to --script FILE: name a script, or the place of the data as SOURCE"),
        (["--seconds", "3"], "--seconds belongs to --script FILE: name a script, or the place of the data as SOURCE"),
        (["--script", "nothing-of-this-name.py"], "nothing-of-this-name.py: No such file or directory"),
        (["--script", "my.py", "--seconds", "0"], "argument --seconds: must be a positive number, got '0'"),
    ],
)
def test_what_cannot_be_run(call, arguments, sentence, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    status, out, err = call(*arguments)
    assert (status, out) == (2, "")
    assert err.startswith(f"cmlp check: {sentence}") and err.count("\n") == 1


def test_a_script_that_is_no_python(call, tmp_path):
    path = tmp_path / "my.py"
    path.write_text("x = = 1\n")
    sentence = "cmlp check: my.py:1: invalid syntax; Python itself cannot run the script before this is mended\n"
    assert call("--script", path) == (2, "", sentence)


FOUNDING = Path(os.environ.get("CMLP_FOUNDING", "none")) / "script.py"


@pytest.mark.skipif(not FOUNDING.is_file(), reason="the founding script is not there")
def test_the_founding_script_is_stopped_where_it_trains(monkeypatch, data_folder):
    monkeypatch.setenv("PYTHONPATH", environment()["PYTHONPATH"])
    result = script.check_script(FOUNDING, data_folder, 20, child="support.stand_in")
    assert result.caught == (
        "script.py:162: NN.train(training_data, epochs=25, eta=0.005): stopped there, and examined"
    )
    (finding,) = result.report.findings
    assert finding.code == "never-scored" and "test is defined in line 68" in finding.verdict
    facts = json.loads(result.report.notes[0])
    assert facts["settings"] == {"epochs": 25, "eta": 0.005} and facts["network"] == "Neural_Network"
    assert facts["test"] != "NoneType"
