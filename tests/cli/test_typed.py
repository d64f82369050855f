"""What a person types who has forgotten a word, or whose shell has dropped one."""

from pathlib import Path

import numpy as np
import pytest
from support.command_line import run as run_process

from cmlp.cli import new_parser
from cmlp.cli.options import PATHS, commands_of

COMMANDS = commands_of(new_parser())
TAKING_FILES = [
    (name, action.option_strings[0])
    for name, command in COMMANDS.items()
    for action in command.actions()
    if action.option_strings and action.metavar in PATHS
]


@pytest.mark.parametrize(("command", "option"), TAKING_FILES)
def test_an_option_without_a_name(complaint, command, option):
    words = {"export": ["m"], "page": ["m"], "predict": ["m", "p"], "test": ["m"]}.get(command, [])
    assert "must name a file or a folder, got an empty name (see" in complaint(command, *words, option, "")


@pytest.mark.parametrize(
    "words", [["train"], ["check"], ["show"], ["test", "m"], ["test"], ["info"], ["convert", "x"], ["predict", "m"]]
)
def test_an_argument_without_a_name(complaint, words):
    assert "must name a file or a folder, got an empty name (see" in complaint(*words, "")


@pytest.mark.parametrize(
    ("typed", "sentence"),
    [
        ("--save x", "--save is an option of a command, which stands before it: did you mean cmlp train --save x?"),
        ("--hidden=100 data", "did you mean cmlp train --hidden=100 data?"),
        ("--report r.html m", "did you mean cmlp test --report r.html m?"),
        ("--onnx m.onnx m", "did you mean cmlp export --onnx m.onnx m?"),
        ("--json info", "--json stands before its command: did you mean cmlp info --json?"),
        ("--seed 3 train", "did you mean cmlp train --seed 3?"),
        ("--json", "is an option of cmlp show, check, convert, fetch, train, test, predict, page, export and info, "),
        ("--lr 3", "unknown argument '--lr'; did you mean cmlp train --eta?"),
        ("--versio", "unknown argument '--versio'; did you mean '--version'?"),
        ("--quux", "unknown argument '--quux' (see cmlp --help)"),
        ("-", "unknown command '-'"),
    ],
)
def test_an_option_before_its_command(complaint, typed, sentence):
    assert sentence in complaint(*typed.split())


def test_each_option_of_each_command_is_known_before_it(complaint):
    own = {option for name in COMMANDS for option in COMMANDS[name].own_options()} - {"-h", "--help"}
    for option in sorted(own):
        assert "unknown" not in complaint(option, "1")


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="no device that is always full")
@pytest.mark.parametrize("unbuffered", [False, True])
@pytest.mark.parametrize("words", [["--help"], ["--version"], ["train", "--help"], [], ["completion", "bash"]])
def test_a_full_disk(tmp_path, monkeypatch, words, unbuffered):
    if words[:1] == ["completion"]:
        pytest.importorskip("shtab", reason="shtab, of the extra cmlp[completion], is not installed")
    monkeypatch.setenv("PYTHONUNBUFFERED", "1" if unbuffered else "")
    with Path("/dev/full").open("w") as full:
        status, _, err = run_process(words, tmp_path, stdout=full)
    name = "cmlp" if not words or words[0].startswith("--") else f"cmlp {words[0]}"
    assert (status, err) in [(2, f"{name}: No space left on device\n"), (2, "cmlp: No space left on device\n")]


class TestPicturesWithoutLabels:
    @pytest.fixture
    def pictures(self, tmp_path):
        pillow = pytest.importorskip("PIL.Image", reason="Pillow, of the extra cmlp[images], is not installed")
        folder = tmp_path / "pictures"
        folder.mkdir()
        for number in range(5):
            pillow.fromarray(np.full((8, 8), 40 * number, np.uint8)).save(folder / f"{number}.png")
        return folder

    @pytest.mark.parametrize("command", ["train", "check", "show"])
    def test_it_is_said_how_they_are_arranged(self, complaint, pictures, command):
        said = complaint(command, str(pictures))
        assert f"{pictures} must say the labels of its pictures, got 0.png, 1.png, 2.png, 3.png, 4.png: " in said
        assert f"such as {pictures}/CLASS/0.png, or list their names and labels in labels.csv beside them" in said

    def test_so_arranged_they_are_read(self, report, pictures):
        rows = [f"{number}.png,{number % 2}" for number in range(5)]
        (pictures / "labels.csv").write_text("\n".join(["filename,label", *rows]))
        assert report("show", str(pictures), "-o", str(pictures.parent / "p.png"))["training_images"] == 5
        (pictures / "labels.csv").unlink()
        for number in range(5):
            (pictures / str(number % 2)).mkdir(exist_ok=True)
            (pictures / f"{number}.png").rename(pictures / str(number % 2) / f"{number}.png")
        assert report("show", str(pictures), "-o", str(pictures.parent / "q.png"))["classes"] == 2

    def test_a_picture_is_no_pictures(self, run, pictures):
        for number in range(1, 5):
            (pictures / f"{number}.png").unlink()
        said = run("train", pictures.parent)[2]
        assert "1 image is too few to split off a test fraction of 0.2" in said
        out = run("show", pictures.parent, "-o", pictures.parent / "p.png")[1]
        assert "1 image of 64 pixels, 1 class\n" in out
