"""``cmlp check``: what it prints, the schema of its JSON, and its exit codes."""

import json
import os
import pickle
import shlex
from importlib.resources import files
from pathlib import Path

import jsonschema
import numpy as np
import pytest

import cmlp
from cmlp.cli import check, main
from cmlp.data.loading import DATA_FILES

SCHEMA = json.loads(files("cmlp.diagnosis").joinpath("report.schema.json").read_text())


def write(folder, change=lambda values: values):
    train, test = cmlp.load_digits()
    values = change([train.images, train.labels, test.images, test.labels])
    (folder / "test").mkdir(parents=True)
    for file, value in zip(DATA_FILES, values, strict=True):
        (folder / file).write_bytes(pickle.dumps(np.array(value)))
    return str(folder)


def from_one(values):
    return [values[0], values[1] + 1, values[2], values[3] + 1]


@pytest.fixture
def sound(tmp_path):
    return write(tmp_path / "sound")


@pytest.fixture
def spoiled(tmp_path):
    return write(tmp_path / "spoiled", from_one)


@pytest.fixture
def call(capsys):
    """Return a function that runs the command and returns exit code, stdout and stderr."""

    def run(*arguments):
        status = main(["check", *arguments])
        return status, *capsys.readouterr()

    return run


def test_the_digits_that_come_with_cmlp(call):
    status, out, err = call()
    assert (status, err) == (0, "")
    first, second, *rest = out.split("\n")
    assert first == "data      built-in digits"
    assert second.startswith("accuracy  9") and second.endswith(" % on the test data")
    assert rest == ["", "Nothing found: the data are sound.", ""]


def test_a_sound_folder(call, sound):
    status, out, err = call(sound)
    assert (status, err) == (0, "")
    assert out.startswith(f"data      {sound}\n")


def test_problems(call, spoiled):
    status, out, err = call(spoiled)
    assert (status, err) == (1, "")
    lines = out.split("\n")
    assert lines[:3] == [
        f"data      {spoiled}",
        "",
        "error: The labels of the training data begin at 1 and not at 0. [labels-from-one]",
    ]
    assert "    repair:   test_labels = test_labels - 1" in lines


def test_what_cannot_be_run(call, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    status, out, err = call(".")
    assert (status, out) == (2, "") and err.startswith("cmlp check: . must hold images and labels ")
    assert call("nowhere") == (2, "", "cmlp check: nowhere: No such file or directory\n")
    (tmp_path / "nowhere2").mkdir()
    sentence = "cmlp check: nowhere: No such file or directory; did you mean 'nowhere2'?\n"
    assert call("nowhere") == (2, "", sentence)


# What train takes


def in_all_formats(folder, train, test):
    """Write data as an archive, IDX files and .npy files; return where they are."""
    sets = {"x_train": train.images, "y_train": train.labels, "x_test": test.images, "y_test": test.labels}
    np.savez(folder / "sets.npz", **sets)
    (folder / "npy").mkdir()
    (folder / "idx").mkdir()
    for name, array in sets.items():
        np.save(folder / "npy" / f"{name}.npy", array)
    for name, array in zip(("train", "t10k"), (train, test), strict=True):
        images = np.asarray(array.pictures(), np.uint8)
        head = b"\0\0\x08\x03" + np.array(images.shape, ">u4").tobytes()
        (folder / "idx" / f"{name}-images-idx3-ubyte").write_bytes(head + images.tobytes())
        head = b"\0\0\x08\x01" + np.array([len(array)], ">u4").tobytes()
        (folder / "idx" / f"{name}-labels-idx1-ubyte").write_bytes(head + array.labels.astype(np.uint8).tobytes())
    return [folder / name for name in ("sets.npz", "npy", "idx")]


def test_every_format_that_train_takes(call, tmp_path):
    train, test = cmlp.load_digits()
    inverted = cmlp.Dataset(16 - test.images, test.labels)
    for source in in_all_formats(tmp_path, train, inverted):
        status, out, err = call(str(source))
        assert (status, err) == (1, "") and "The test data are inverted" in out
        assert main(["train", str(source), "--epochs", "1", "--quiet", "--json"]) == 0
    target = str(tmp_path / "mended")
    assert call(str(source), "--write", target)[0] == 1 and call(target)[0] == 0


def test_a_source_without_test_data(call, tmp_path):
    train, _ = cmlp.load_digits()
    table = tmp_path / "digits.csv"
    np.savetxt(table, np.column_stack([train.labels, train.images]), "%d", ",")
    status, out, err = call(str(table))
    assert (status, err) == (0, "") and "accuracy" not in out
    images = train.images / 16
    images[7, 3] = np.nan
    np.savez(tmp_path / "one.npz", images=images, labels=train.labels)
    assert call(str(tmp_path / "one.npz"), "--write", str(tmp_path / "mended"))[0] == 1
    assert sorted(path.name for path in (tmp_path / "mended").iterdir()) == ["images.pkl", "labels.pkl"]
    assert call(str(tmp_path / "mended"))[0] in (0, 1)


def test_what_the_reader_refuses_is_explained(call, tmp_path):
    train, test = cmlp.load_digits()
    images = train.images / 16
    images[5, 5] = np.nan
    sets = {"x_train": images, "y_train": train.labels}
    np.savez(tmp_path / "nan.npz", x_test=test.images / 16, y_test=test.labels, **sets)
    status, out, err = call(str(tmp_path / "nan.npz"))
    assert (status, err) == (1, "") and "[non-finite-images]" in out and "repair:" in out
    (tmp_path / "none.npz").write_bytes(b"PK\3\4 and no archive")
    status, out, err = call(str(tmp_path / "none.npz"))
    assert (status, out, err.count("\n")) == (2, "", 1)


# --model


def saved(tmp_path, train):
    net = cmlp.Network((64, 16, 16, 10))
    net.train(train, 20, 3.0, mini_batch_size=10)
    net.save(tmp_path / "net.cmlp")
    return str(tmp_path / "net.cmlp")


def test_a_saved_network_is_checked_with_its_data(call, sound, tmp_path):
    train, test = cmlp.load_digits()
    model = saved(tmp_path, train)
    accuracy = f"accuracy  {cmlp.Network.load(model).test(test):.1f} % on the test data\n"
    for arguments in (["--model", model], [sound, "--model", model]):
        status, out, err = call(*arguments)
        assert (status, err) == (0, "") and accuracy in out


def test_a_network_that_saw_other_labels(call, tmp_path):
    train, _ = cmlp.load_digits()
    model = saved(tmp_path, cmlp.Dataset(train.images, (train.labels + 1) % 10))
    status, out, err = call("--model", model)
    assert (status, err) == (1, "") and " % before, " in out


@pytest.mark.parametrize(
    ("environment", "coloured"),
    [({}, False), ({"FORCE_COLOR": "1"}, True), ({"FORCE_COLOR": "1", "NO_COLOR": "1"}, False)],
)
def test_colours(call, spoiled, monkeypatch, environment, coloured):
    for name in ("FORCE_COLOR", "NO_COLOR"):
        monkeypatch.delenv(name, raising=False)
    for name, value in environment.items():
        monkeypatch.setenv(name, value)
    _, out, _ = call(spoiled)
    plain = "error: The labels of the training data begin at 1 and not at 0. [labels-from-one]\n"
    assert (plain.replace("error", "\x1b[1;31merror\x1b[0m") if coloured else plain) in out
    assert ("\x1b" in out) == coloured


# JSON


def test_the_schema_is_one():
    jsonschema.Draft202012Validator.check_schema(SCHEMA)


def changed_images(values):
    return [values[0], values[1], 16 - values[2], values[3]]


def few_zeros(values):
    train, labels, *test = values
    keep = labels != 4
    return [train[keep], labels[keep], *test]


@pytest.mark.parametrize(
    "change", [lambda v: v, from_one, changed_images, few_zeros, lambda v: [v[1], v[1], v[2], v[3]]]
)
def test_json_follows_its_schema(call, tmp_path, change):
    folder = write(tmp_path / "data", change)
    status, out, err = call(folder, "--json")
    assert err == "" and out.count("\n") == 1
    report = json.loads(out)
    jsonschema.validate(report, SCHEMA)
    assert status == (0 if report["ok"] else 1)
    assert (report["folder"], report["written"], report["version"]) == (folder, None, cmlp.__version__)


def test_json_of_the_digits_that_come_with_cmlp(call):
    status, out, _ = call("--json")
    report = json.loads(out)
    jsonschema.validate(report, SCHEMA)
    assert status == 0 and report["ok"] and report["findings"] == [] and report["folder"] is None
    assert report["accuracy"] > 90


def test_json_of_a_finding(call, spoiled):
    _, out, _ = call(spoiled, "--json")
    finding = json.loads(out)["findings"][0]
    assert finding.pop("after") > 90
    assert finding == {
        "code": "labels-from-one",
        "severity": "error",
        "where": "training data",
        "verdict": "The labels of the training data begin at 1 and not at 0.",
        "measured": "they lie in 1..10",
        "repair": "train_labels = train_labels - 1",
        "before": None,
    }


# --write


def test_repaired_data_are_written(call, spoiled, tmp_path):
    target = tmp_path / "repaired"
    status, out, _ = call(spoiled, "--write", str(target))
    assert status == 1
    assert f"written   {target}\n" in out
    assert cmlp.load_training_data(target).labels.max() == 9
    assert call(str(target))[0] == 0


def test_the_names_of_the_classes_are_kept(call, spoiled, tmp_path):
    names = [f"digit {label}" for label in range(10)]
    (Path(spoiled) / "class_names.txt").write_text("\n".join(names))
    call(spoiled, "--write", str(tmp_path / "repaired"))
    assert cmlp.load_training_data(tmp_path / "repaired").class_names == tuple(names)


def test_json_says_where_they_are(call, spoiled, tmp_path):
    target = str(tmp_path / "repaired")
    _, out, _ = call(spoiled, "--write", target, "--json")
    report = json.loads(out)
    jsonschema.validate(report, SCHEMA)
    assert report["written"] == target


def test_sound_data_are_not_written(call, sound, tmp_path):
    status, out, _ = call(sound, "--write", str(tmp_path / "repaired"))
    assert status == 0
    assert "written   nothing: no repair was needed\n" in out
    assert not (tmp_path / "repaired").exists()


@pytest.mark.parametrize(
    ("arguments", "complaint"),
    [
        (
            ["{spoiled}", "--write", "{spoiled}"],
            "--write must name a folder other than {spoiled}, which is never changed",
        ),
        (
            ["{spoiled}", "--write", "{spoiled}/test/.."],
            "--write must name a folder other than {spoiled}, which is never changed",
        ),
        (["--write", "somewhere"], "--write needs a SOURCE to repair: the built-in digits have no faults"),
        (["{spoiled}", "--write", "{sound}"], "{sound}/images.pkl already exists: --force replaces it"),
    ],
)
def test_nothing_is_replaced(call, spoiled, sound, arguments, complaint):
    names = {"spoiled": spoiled, "sound": sound}
    before = cmlp.load_training_data(sound).labels
    status, out, err = call(*[argument.format(**names) for argument in arguments])
    assert (status, out) == (2, "")
    assert err == f"cmlp check: {complaint.format(**names)}\n"
    assert np.array_equal(cmlp.load_training_data(sound).labels, before)


def test_half_of_the_data_are_not_written(call, spoiled, tmp_path):
    (tmp_path / "spoiled" / "labels.pkl").unlink()
    status, out, _ = call(spoiled, "--write", str(tmp_path / "repaired"))
    assert status == 1
    assert "written   nothing: no repair was needed\n" in out


def test_test_data_that_are_missing_cannot_be_written(call, spoiled, tmp_path):
    (tmp_path / "spoiled" / "test" / "test_labels.pkl").unlink()
    status, out, err = call(spoiled, "--write", str(tmp_path / "repaired"))
    assert (status, out) == (2, "")
    assert err == "cmlp check: the repaired data cannot be written, as a part of them could not be read\n"


def test_names_in_files_cannot_command_the_terminal(call, tmp_path):
    def evil(values):
        words = np.array(["\x1b[2J\n{labels}"] + [f"word {k}" for k in range(1, 10)])
        return [values[0], words[values[1]], values[2], words[values[3]]]

    status, out, _ = call(write(tmp_path / "data", evil))
    assert status == 1
    assert "\x1b" not in out and r"'\x1b[2J\n{labels}'" in out


@pytest.mark.skipif(os.name != "posix", reason="Windows has no such file names")
def test_names_of_files_cannot_command_the_terminal(call, tmp_path):
    folder = write(tmp_path / "a\x1b[2Jb", lambda values: [values[1], values[0], values[2], values[3]])
    status, out, _ = call(folder)
    assert status == 1
    assert "\x1b" not in out and out.count(r"a\x1b[2Jb") == 3


def test_a_target_in_use_is_refused_before_the_check(call, sound, spoiled):
    assert call(sound, "--write", spoiled)[0] == 2


# Help


def test_the_examples_in_help_can_be_parsed(call, capsys, monkeypatch):
    monkeypatch.setattr(check, "run", lambda arguments: 0)
    for line in check.EPILOG.split("examples:\n")[1].splitlines():
        words = shlex.split(line.split(">")[0])
        assert words[:2] == ["cmlp", "check"]
        assert main(words[1:]) == 0


def test_help_states_the_exit_codes(capsys):
    assert main(["check", "--help"]) == 0
    out = capsys.readouterr().out
    assert "0 the data are sound, 1 problems found, 2 could not run,\n  3 nothing can be said" in out


def test_where_nothing_can_be_said(call, tmp_path):
    rng = np.random.default_rng(0)
    folder = write(tmp_path / "data", lambda v: [v[0], rng.permutation(v[1]), v[2][:30], v[3][:30]])
    status, out, err = call(write(tmp_path / "few", lambda v: [v[0][:15], v[1][:15], v[2][:15], v[3][:15]]))
    assert (status, err) == (3, "") and "Nothing can be said, because " in out and "sound" not in out
    report = json.loads(call(str(tmp_path / "few"), "--json")[1])
    assert not report["ok"] and report["findings"] == [] and report["unknown"]
    assert call(folder)[0] == 3
    assert call(write(tmp_path / "inverted", lambda v: [v[0], v[1], 16 - v[2], v[3]]))[0] == 1
