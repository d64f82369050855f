"""The command line in a terminal of 80 columns, and what shells complete."""

import os
import pickle
import re
import select
import shutil
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from support.children import PATIENCE

import cmlp
from cmlp.cli import GROUPS, main, new_parser
from cmlp.cli.options import commands_of

COMMANDS = list(commands_of(new_parser()))
ESCAPES = re.compile(r"\x1b\[[0-9;]*[A-Za-z]")
POSIX = pytest.mark.skipif(os.name != "posix", reason="terminals are opened as POSIX does")


@pytest.fixture
def environment(tmp_path):
    """Return an environment in which a child finds the package that is tested, and no settings of a terminal."""
    unwanted = ("COLUMNS", "LINES", "NO_COLOR", "FORCE_COLOR", "TERM")
    inherited = {name: value for name, value in os.environ.items() if name not in unwanted}
    return inherited | {"PYTHONPATH": str(Path(cmlp.__path__[0]).parent), "TERM": "xterm", "HOME": str(tmp_path)}


@pytest.fixture
def terminal(tmp_path, environment):
    """Return a function that runs a command in a terminal of 80 columns and returns its lines, as they were sent."""
    import termios

    def call(*arguments, **more):
        ours, theirs = os.openpty()
        termios.tcsetwinsize(theirs, (24, 80))
        settings = {"stdin": theirs, "stdout": theirs, "stderr": theirs, "cwd": tmp_path, "env": environment | more}
        with subprocess.Popen([sys.executable, "-m", "cmlp", *map(str, arguments)], **settings) as process:
            os.close(theirs)
            shown = read_all(ours)
        os.close(ours)
        return process.returncode, re.split(r"[\r\n]+", shown)

    return call


def read_all(descriptor):
    content = b""
    while True:
        readable, _, _ = select.select([descriptor], [], [], PATIENCE)
        assert readable, content
        try:
            block = os.read(descriptor, 1 << 16)
        except OSError:  # as Linux ends a terminal
            break
        if not block:
            break
        content += block
    return content.decode()


# --------------------------------------------------------------------------------------------------------- help


def test_every_command_belongs_to_a_group(capsys):
    assert main(["--help"]) == 0
    text = capsys.readouterr().out
    for title in GROUPS:
        assert f"\n{title}:\n" in text
    for name, parser in commands_of(new_parser()).items():
        assert re.search(rf"^  {name} +{re.escape(parser.purpose)}$", text, re.MULTILINE)


@pytest.mark.parametrize("command", [None, *COMMANDS])
def test_help_has_examples_and_fits(command, capsys, monkeypatch):
    monkeypatch.setenv("COLUMNS", "80")
    assert main([command, "--help"] if command else ["--help"]) == 0
    out, err = capsys.readouterr()
    assert err == "" and max(map(len, out.splitlines())) <= 80
    examples = re.findall(r"^  (.*cmlp .+)$", out.partition("examples:\n")[2], re.MULTILINE)
    assert examples and all(f"cmlp {command or ''}" in example for example in examples)


def test_completion_knows_its_shells(capsys):
    assert main(["completion", "fihs"]) == 2
    assert "did you mean 'fish'?" in capsys.readouterr().err


# -------------------------------------------------------------------------------------------------- 80 columns


@POSIX
def test_reports_fit_a_terminal(terminal, tmp_path):
    train, test = cmlp.load_digits()
    (tmp_path / "data" / "test").mkdir(parents=True)
    arrays = (train.images, train.labels + 1, test.images, test.labels + 1)
    for name, array in zip(("images", "labels", "test/test_images", "test/test_labels"), arrays, strict=True):
        (tmp_path / "data" / f"{name}.pkl").write_bytes(pickle.dumps(np.array(array)))
    for status, arguments in (
        (0, []),
        (0, ["train", "--epochs", "30", "--save", "digits.cmlp"]),
        (0, ["test", "digits.cmlp"]),
        (0, ["info", "digits.cmlp"]),
        (0, ["info"]),
        (1, ["check", "data"]),
    ):
        found, lines = terminal(*arguments)
        assert found == status, lines
        plain = [ESCAPES.sub("", line) for line in lines]
        assert max(map(len, plain)) <= 80, max(plain, key=len)


@POSIX
def test_colours_on_a_terminal(terminal, tmp_path):
    train, test = cmlp.load_digits()
    (tmp_path / "test").mkdir()
    arrays = (train.images, train.labels + 1, test.images, test.labels + 1)
    for name, array in zip(("images", "labels", "test/test_images", "test/test_labels"), arrays, strict=True):
        (tmp_path / f"{name}.pkl").write_bytes(pickle.dumps(np.array(array)))
    for more, coloured in (({}, True), ({"NO_COLOR": "1"}, False), ({"TERM": "dumb"}, False)):
        _, lines = terminal("check", ".", **more)
        assert any("\x1b[1;31merror\x1b[0m: " in line for line in lines) == coloured
        assert any("\x1b[" in line for line in lines) == coloured


@POSIX
def test_lines_of_a_table_are_wrapped_under_their_text(terminal):
    _, lines = terminal("train", "--epochs", "1", "--quiet")
    assert lines[0] == "data               built-in digits: 1,437 training and 360 test images of 64"
    assert lines[1] == "                   pixels, 10 classes"


# -------------------------------------------------------------------------------------------------- completion


@pytest.fixture
def complete(tmp_path, environment, capsys):
    """Return a function that completes a line as bash does, and returns the answers."""
    if shutil.which("bash") is None:
        pytest.skip("bash is not installed")
    assert main(["completion", "bash"]) == 0
    (tmp_path / "completion").write_text(capsys.readouterr().out)

    def call(*words):
        program = (
            'source completion; COMP_WORDS=("$@"); COMP_CWORD=$(($# - 1)); _shtab_cmlp 2> /dev/null; '
            'complete -p cmlp > /dev/null && printf "%s\\n" "${COMPREPLY[@]}"'
        )
        done = subprocess.run(
            ["bash", "--norc", "-c", program, "bash", "cmlp", *words],
            capture_output=True, text=True, cwd=tmp_path, env=environment, check=True, timeout=PATIENCE,
        )  # fmt: skip
        assert done.stderr == ""
        return done.stdout.split()

    return call


def test_bash_completes(complete, tmp_path):
    assert complete("") == list(COMMANDS)
    assert complete("tr") == ["train"]
    assert complete("train", "--ch") == ["--checkpoint", "--checkpoint-every"]
    assert complete("train", "--optimizer", "ada") == ["adam", "adamw"]
    assert complete("train", "--dtype", "") == ["float64", "float32"]
    assert complete("fetch", "") == ["mnist", "fashion"]
    assert complete("completion", "f") == ["fish"]
    assert complete("train", "--epochs", "") == []
    (tmp_path / "pictures").mkdir()
    (tmp_path / "pi.png").touch()
    for files in (("test", "pi"), ("predict", "net.cmlp", "pi"), ("train", "--save", "pi")):
        assert sorted(complete(*files)) == ["pi.png", "pictures"]
    assert complete("convert", "pi.png", "pi") == ["pictures"]


def test_bash_completes_all_options_of_all_commands(complete):
    for name, parser in commands_of(new_parser()).items():
        expected = [option for action in parser.actions() for option in action.option_strings]
        assert complete(name, "-") == expected


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_shells_take_their_scripts(shell, tmp_path, capsys, environment):
    assert main(["completion", shell]) == 0
    script = tmp_path / "script"
    script.write_text(capsys.readouterr().out)
    for name in COMMANDS:
        assert re.search(rf"\b{name}\b", script.read_text())
    if shutil.which(shell) is None:
        pytest.skip(f"{shell} is not installed")
    done = subprocess.run([shell, "-n", script], capture_output=True, text=True, env=environment)
    assert (done.returncode, done.stderr) == (0, "")


def test_completion_without_shtab(monkeypatch, capsys):
    monkeypatch.setitem(sys.modules, "shtab", None)
    assert main(["completion", "bash"]) == 2
    assert capsys.readouterr().err == ('cmlp completion: cmlp completion needs shtab: pip install "cmlp[completion]"\n')


def test_fish_completes(tmp_path, capsys, environment):
    if shutil.which("fish") is None:
        pytest.skip("fish is not installed")
    assert main(["completion", "fish"]) == 0
    (tmp_path / "script").write_text(capsys.readouterr().out)

    def call(line):
        program = f"source script; complete -C {line!r}"
        done = subprocess.run(
            ["fish", "--no-config", "-c", program], capture_output=True, text=True, cwd=tmp_path, env=environment
        )
        return [answer.split("\t")[0] for answer in done.stdout.splitlines()]

    assert call("cmlp tr") == ["train"]
    assert sorted(call("cmlp train --optimizer ada")) == ["adam", "adamw"]
    assert set(call("cmlp train --ch")) == {"--checkpoint", "--checkpoint-every"}
    assert sorted(call("cmlp fetch ")) == ["fashion", "mnist"]
