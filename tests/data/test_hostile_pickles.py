"""Hostile and damaged pickles: one sentence each, nothing executed, little time and memory."""

import ast
import os
import pickle
import sys
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from support.children import reports

import cmlp
from cmlp.data.pickles import read_pickle
from cmlp.errors import DataError

PROGRAM = "support.hostile_pickles"
GROUPS = ("attacks", "misuses", "arrays", "depths", "bombs", "floods", "wrecks")


def faults(report):
    """Return what is wrong with the reading of a hostile pickle."""
    if report["outcome"] != "DataError":
        return [report["outcome"]]
    faults = [*report["events"], *report["changed"]]
    message = report["message"]
    if report["words"] not in message or "memory" in message or message.endswith(".") or len(message) > 400:
        faults.append(message)
    return faults


needs_fork = pytest.mark.skipif(sys.platform != "linux", reason="limits and forks processes")


@needs_fork
@pytest.mark.parametrize("group", GROUPS)
def test_a_hostile_pickle_is_refused(group, tmp_path):
    found = reports(PROGRAM, "read", tmp_path, group)
    assert len(found) >= 10
    assert {report["name"]: faults(report) for report in found if faults(report)} == {}


@needs_fork
def test_the_watch_sees_what_pickle_lets_through(tmp_path):
    """The same watch barks at ``pickle.load``; otherwise its silence above would mean nothing."""
    (executed,) = reports(PROGRAM, "load", tmp_path, "attacks", "os.system")
    assert any(event.startswith("os.system") for event in executed["events"])
    assert "files" in executed["changed"]
    (built,) = reports(PROGRAM, "load", tmp_path, "misuses", "BUILD on _frombuffer")
    assert "defaults" in built["changed"]
    (crashed,) = reports(PROGRAM, "load", tmp_path, "depths", "1000000 tuples as a key")
    assert crashed["outcome"].startswith("process ended")
    (grown,) = reports(PROGRAM, "load", tmp_path, "bombs", "a memo index of 2^27")
    assert grown["outcome"] == "MemoryError"


@pytest.fixture
def read(tmp_path):
    """Return a function that reads the bytes of a pickle."""
    path = tmp_path / "file.pkl"

    def read(content):
        path.write_bytes(content)
        return read_pickle(path)

    return read


@pytest.mark.parametrize("protocol", range(6))
def test_a_truncated_pickle_is_refused_at_every_byte(read, protocol):
    whole = pickle.dumps([np.arange(3.0), {"label": 5}, np.float32(1), "text"], protocol)
    read(whole)
    for size in range(len(whole)):
        with pytest.raises(DataError):
            read(whole[:size])


SEEDS = [
    pickle.dumps(value, protocol)
    for value in (
        np.arange(6, dtype=">f4").reshape(2, 3),
        [np.array([b"one", b"three"]), np.array(["one"]), np.bool_(True), np.str_("x")],
        {"data": [1, 300, -1, 2.5, None, True], b"labels": (b"", b"x", "\u20ac"), 3: bytearray(b"ab")},
    )
    for protocol in range(6)
] + [b"(S'a\\x00'\np1\nL12L\nI01\nF1.5\ng1\n(dp2\nU\x01ks."]


@st.composite
def mutations(draw):
    content = bytearray(draw(st.sampled_from(SEEDS)))
    for _ in range(draw(st.integers(1, 6))):
        at = draw(st.integers(0, len(content)))
        match draw(st.sampled_from(["flip", "insert", "delete", "splice"])):
            case "flip":
                content[at : at + 1] = draw(st.binary(min_size=1, max_size=1))
            case "insert":
                content[at:at] = draw(st.binary(max_size=9))
            case "delete":
                del content[at : at + draw(st.integers(1, 9))]
            case "splice":
                other = draw(st.sampled_from(SEEDS))
                start = draw(st.integers(0, len(other)))
                content[at:at] = other[start : start + draw(st.integers(1, 99))]
    return bytes(content)


@settings(max_examples=1500, deadline=None)
@given(content=mutations())
def test_a_mutated_pickle_gives_a_value_or_a_data_error(tmp_path_factory, content):
    path = tmp_path_factory.getbasetemp() / "mutated.pkl"
    path.write_bytes(content)
    try:
        read_pickle(path)
    except DataError as error:
        assert str(error).startswith(str(path))


@settings(max_examples=500, deadline=None)
@given(content=st.binary(max_size=200))
def test_random_bytes_give_a_value_or_a_data_error(tmp_path_factory, content):
    path = tmp_path_factory.getbasetemp() / "random.pkl"
    path.write_bytes(b"(" + content)
    try:
        read_pickle(path)
    except DataError as error:
        assert str(error).startswith(str(path))


MESSAGES = {
    b"": "{path} is empty",
    b"\x89PNG\r\n\x1a\n\x00\x00": "{path} is not a pickle: it starts with b'\\x89PNG\\r\\n\\x1a\\n'",
    b"\x80\x02cposix\nsystem\n.": (
        "{path}: the pickle asks for posix.system at byte 2; "
        "only arrays, numbers, lists, tuples, dicts and strings are read"
    ),
    b"\x80\x04\x8e\xa0\x0f\x00\x00\x00\x00\x00\x00N" + bytes(11): (
        "{path}: the pickle is truncated: 4,000 bytes are announced at byte 2; 12 are left"
    ),
    b"\x80\x02]": ("{path}: the pickle ends at byte 3; its STOP opcode is missing, so the file is truncated"),
    pickle.dumps(np.array([None]), 2): (
        "{path}: the pickle holds an object array at byte 151; "
        "object arrays hold Python objects, which are not read; give the array a numeric dtype"
    ),
    pickle.dumps(np.zeros(1, complex), 4): (
        "{path}: the pickle holds an array of dtype 'c16' at byte 114; "
        "only booleans, integers, floats and fixed-width strings are read"
    ),
    b"\x80\x02]q\x00h\x00a.": (
        "{path}: the pickle holds a container that contains itself; "
        "only arrays, numbers, lists, tuples, dicts and strings are read"
    ),
    b"\x80\x02K\x01Q.": (
        "{path}: the pickle uses the opcode BINPERSID at byte 4; "
        "only arrays, numbers, lists, tuples, dicts and strings are read"
    ),
}


@pytest.mark.parametrize("content", MESSAGES)
def test_a_message_names_the_file_the_rule_what_was_found_and_where(tmp_path, content):
    path = tmp_path / "images.pkl"
    path.write_bytes(content)
    with pytest.raises(DataError) as caught:
        read_pickle(path)
    assert str(caught.value) == MESSAGES[content].format(path=path)


def test_a_missing_file_and_a_directory_stay_what_they_are(tmp_path):
    with pytest.raises(FileNotFoundError):
        read_pickle(tmp_path / "missing.pkl")
    with pytest.raises(OSError):
        read_pickle(tmp_path)


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="needs named pipes")
def test_a_pipe_and_a_device_are_refused_at_once(tmp_path):
    os.mkfifo(tmp_path / "pipe")
    for path in (tmp_path / "pipe", Path(os.devnull)):
        with pytest.raises(DataError, match="must be a regular file"):
            read_pickle(path)


FORBIDDEN = {"Unpickler", "_Unpickler", "allow_pickle", "joblib", "dill", "cloudpickle", "eval", "exec", "compile"}


def forbidden_names(tree):
    """Yield the names in a module that could lead hostile bytes to an interpreter."""
    for node in ast.walk(tree):
        match node:
            case ast.Import(names=names):
                modules = {alias.name.split(".")[0] for alias in names if alias.name != "pickle" or alias.asname}
                yield from modules & (FORBIDDEN | {"pickle", "_pickle", "marshal", "shelve"})
            case ast.ImportFrom(module="pickle" | "_pickle" | "marshal" | "shelve" | "joblib" as module):
                yield module
            case ast.Name(id=name) | ast.keyword(arg=name) if name in FORBIDDEN:
                yield name
            case ast.Attribute(value=ast.Name(id="pickle"), attr=name) if name != "dump" and name != "dumps":
                yield f"pickle.{name}"
            case ast.Attribute(attr=name) if name in FORBIDDEN - {"compile"}:
                yield name


def test_no_source_file_unpickles_or_evaluates():
    sources = sorted(Path(cmlp.__file__).parent.rglob("*.py"))
    assert len(sources) > 5
    found = {path: set(forbidden_names(ast.parse(path.read_bytes()))) for path in sources}
    scripts = Path(cmlp.__file__).parent / "diagnosis/scripts"  # they run the asker's own script, in a child
    allowed = {scripts / name: {"compile", "exec"} for name in ("fit.py", "records.py", "run.py")}
    assert {path: names for path, names in found.items() if names} == allowed


@pytest.mark.parametrize(
    "source",
    [
        "import pickle as p",
        "from pickle import loads",
        "numpy.load(path, allow_pickle=True)",
        "eval(text)",
        "import joblib.numpy_pickle",
        "pickle.loads(x)",
    ],
)
def test_the_source_test_sees_what_it_looks_for(source):
    assert list(forbidden_names(ast.parse(source)))
