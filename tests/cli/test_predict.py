"""``cmlp predict`` and ``cmlp test``: what a saved network says, about pictures and about data."""

import io
import json
import os
import re
import sys

import numpy as np
import pytest

import cmlp
from cmlp.cli import main
from cmlp.cli.predict import answer, doubt_of
from cmlp.data.framing import frame
from cmlp.data.picture import grey_of_file

Image = pytest.importorskip("PIL.Image", reason="Pillow, of the extra cmlp[images], is not installed")

TEST = cmlp.load_digits()[1]
INDEX, OTHER = (int(index) for index in np.flatnonzero(TEST.labels == 5)[[1, 2]])


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """Return a folder with networks: of sigmoid and of softmax outputs, and of no pictures."""
    folder = tmp_path_factory.mktemp("networks")
    train, _ = cmlp.load_digits()
    names = ("zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine")
    for name, settings, eta in (("sigmoid", {}, 3.0), ("softmax", {"loss": "cross_entropy"}, 0.5)):
        net = cmlp.Network((64, 30, 10), **settings)
        named = cmlp.Dataset(train.images, train.labels, class_names=names if name == "softmax" else None)
        net.train(named, 20, eta, mini_batch_size=10)
        net.save(folder / f"{name}.cmlp")
    table = cmlp.Network((4, 3))
    table.train((np.random.default_rng(0).normal(size=(30, 4)), np.arange(30) % 3), 1, 1.0)
    table.save(folder / "table.cmlp")
    return folder


@pytest.fixture
def run(folder, monkeypatch, capsys, tmp_path):
    """Return a function that runs a command where the networks are, and returns its exit code and what it printed."""
    monkeypatch.chdir(folder)

    def call(*arguments):
        status = main([str(argument) for argument in arguments])
        return status, *capsys.readouterr()

    return call


def ink(index=INDEX, times=20):
    """Return a drawing (height, width): black on white, with paper around."""
    large = np.asarray(np.kron(TEST.pictures()[index] / 16, np.ones((times, times))))
    return np.rint(255 * (1 - np.pad(large, ((15, 40), (50, 20))))).astype(np.uint8)


def write(path, array=None, **options):
    image = array if hasattr(array, "save") else Image.fromarray(ink() if array is None else array)
    image.save(path, **options)
    return path


# ------------------------------------------------------------------------------------------------------ answers


def test_an_answer(run, tmp_path, folder):
    picture = write(tmp_path / "five.png")
    seen = frame(ink(), cmlp.Network.load(folder / "softmax.cmlp").framing) / 255
    for name, form in (("softmax", r"five with probability (\d+\.\d) %"), ("sigmoid", r"5 with output (\d\.\d{3})")):
        net = cmlp.Network.load(folder / f"{name}.cmlp")
        status, out, err = run("predict", f"{name}.cmlp", picture)
        assert (status, err) == (0, "")
        found = re.fullmatch(rf"{re.escape(str(picture))}  {form}, then \w+ \(([^)]+)\) and \w+ \(([^)]+)\)\n", out)
        best = np.sort(net(seen.ravel()))[::-1][:3]
        expected = [f"{100 * v:.1f}" if name == "softmax" else f"{v:.3f}" for v in best]
        assert [value.removesuffix(" %") for value in found.groups()] == expected
    assert TEST.labels[INDEX] == 5


def test_json(run, tmp_path, folder):
    pictures = [write(tmp_path / "a.png"), write(tmp_path / "b.png", ink(OTHER))]
    net = cmlp.Network.load(folder / "softmax.cmlp")
    status, out, err = run("predict", "softmax.cmlp", *pictures, "--json")
    assert (status, err, out.count("\n")) == (0, "", 1)
    report = json.loads(out)
    assert (report["version"], report["model"]) == (cmlp.__version__, "softmax.cmlp")
    for found, picture, index in zip(report["predictions"], pictures, (INDEX, OTHER), strict=True):
        outputs = net((frame(ink(index), net.framing) / 255).ravel())
        assert found["picture"] == str(picture)
        np.testing.assert_allclose(found["outputs"], outputs)
        assert found["doubt"] is None or found["doubt"] in ("nearly a tie", "a weak answer")
        assert [top["label"] for top in found["top"]] == np.argsort(outputs)[::-1][:3].tolist()
        assert found["top"][0].keys() == {"label", "name", "probability"}
    assert run("predict", "sigmoid.cmlp", pictures[0], "--json")[1].count('"output"') == 3


@pytest.mark.parametrize(
    ("outputs", "doubt"),
    [
        ([0.9, 0.1, 0], None),
        ([0.5, 0.2, 0.1], None),
        ([0.51, 0.26, 0], "nearly a tie"),
        ([0.5, 0.49, 0.01], "nearly a tie"),
        ([0.4, 0.1, 0], "a weak answer"),
        ([0, 0, 0], "a weak answer"),
    ],
)
def test_an_answer_that_is_a_guess_says_so(outputs, doubt):
    net = cmlp.Network((4, 3))
    said = answer(net, np.array(outputs))
    assert said.endswith(f": {doubt}" if doubt else ")")
    assert doubt_of(net, np.array(outputs)) == doubt
    for loss in ("binary_cross_entropy", "mean_squared_error"):  # several yes-or-no answers, and numbers
        assert doubt_of(cmlp.Network((4, 3), loss=loss), np.array(outputs)) is None


def as_16_bits(grey):
    return Image.fromarray(grey.astype(np.uint16) * 257)


def transparent(grey):
    black = np.zeros((*grey.shape, 4), np.uint8)
    black[..., 3] = 255 - grey
    return Image.fromarray(black)


def palette(grey):
    return Image.fromarray(grey).convert("RGB").quantize(64)


def palette_with_transparency(grey):
    image = Image.fromarray(np.where(grey < 128, 1, 0).astype(np.uint8), "L").convert("P")
    image.putpalette([9, 9, 9, 0, 0, 0] + [0] * 762)
    image.info["transparency"] = 0  # of the paper, which is nearly black below
    return image


FORMS = {
    "png": lambda grey: grey,
    "RGB": lambda grey: np.stack([grey] * 3, axis=-1),
    "two levels": lambda grey: Image.fromarray(grey).convert("1"),
    "inverted": lambda grey: 255 - grey,
    "16 bits": as_16_bits,
    "alpha": transparent,
    "palette": palette,
    "CMYK": lambda grey: Image.fromarray(grey).convert("CMYK"),
    "32 bits": lambda grey: Image.fromarray(grey.astype(np.float32) * 1000 - 7),
}
SUFFIXES = {"CMYK": "jpg", "32 bits": "tiff"}


@pytest.mark.parametrize("form", FORMS)
def test_all_forms_of_pictures(run, tmp_path, form):
    picture = write(tmp_path / f"five.{SUFFIXES.get(form, 'png')}", FORMS[form](ink()))
    status, out, err = run("predict", "softmax.cmlp", picture)
    assert (status, err) == (0, "") and "  five with probability " in out


@pytest.mark.parametrize("suffix", ["jpg", "gif", "bmp", "tiff", "webp", "ppm"])
def test_all_formats(run, tmp_path, suffix):
    status, out, err = run("predict", "softmax.cmlp", write(tmp_path / f"five.{suffix}"))
    assert (status, err) == (0, "") and "  five with probability " in out


@pytest.mark.parametrize("suffix", ["jpg", "png"])
def test_large_photographs(run, tmp_path, suffix):
    picture = write(tmp_path / f"five.{suffix}", Image.fromarray(ink()).resize((4000, 3739)))
    assert "  five with probability " in run("predict", "softmax.cmlp", picture)[1]
    assert max(grey_of_file(picture.read_bytes(), "five").shape) < 2048


def test_transparent_paper_is_white(run, tmp_path):
    picture = write(tmp_path / "five.png", palette_with_transparency(ink()), transparency=0)
    assert "  five with probability " in run("predict", "softmax.cmlp", picture)[1]


def test_a_picture_is_turned_as_it_says(run, tmp_path):
    turned = Image.fromarray(np.rot90(ink()))
    exif = turned.getexif()
    exif[0x0112] = 6  # to be turned by 90 degrees clockwise
    picture = write(tmp_path / "five.jpg", turned, exif=exif.tobytes(), quality=95)
    assert "  five with probability " in run("predict", "softmax.cmlp", picture)[1]


class Stdin:
    def __init__(self, content, terminal=False):
        self.buffer, self.isatty = io.BytesIO(content), lambda: terminal


def test_stdin(run, tmp_path, monkeypatch):
    content = write(tmp_path / "five.png").read_bytes()
    monkeypatch.setattr(sys, "stdin", Stdin(content))
    status, out, err = run("predict", "softmax.cmlp", "-")
    assert (status, err) == (0, "") and out.startswith("-  five with probability ")
    monkeypatch.setattr(sys, "stdin", Stdin(b"", terminal=True))
    for stdin in (sys.stdin, None):
        monkeypatch.setattr(sys, "stdin", stdin)
        assert run("predict", "softmax.cmlp", "-")[0] == 2
    assert "stdin holds one picture" in run("predict", "softmax.cmlp", "-", "-")[2]


# -------------------------------------------------------------------------------------------------------- shown


def test_show(run, tmp_path, folder):
    status, out, err = run("predict", "softmax.cmlp", write(tmp_path / "five.png"), "--show")
    assert (status, err) == (0, "")
    seen = frame(ink(), cmlp.Network.load(folder / "softmax.cmlp").framing)
    rows = [row.ljust(16) for row in out.splitlines()[1:]]
    assert [len(row) for row in rows] == [16] * 8
    for row, pixels in zip(rows, seen, strict=True):
        assert row[::2] == row[1::2]
        expected = (np.minimum(pixels / 255 * 5, 4)).astype(int)
        assert [" \N{LIGHT SHADE}\N{MEDIUM SHADE}\N{DARK SHADE}\N{FULL BLOCK}".index(c) for c in row[::2]] == list(
            expected
        )


def test_dark_ink_is_shown_as_ink(run, tmp_path):
    train, _ = cmlp.load_digits()
    net = cmlp.Network((64, 10))
    net.train(cmlp.Dataset(1 - train.images / 16, train.labels), 1, 1.0)
    net.save(tmp_path / "dark.cmlp")
    picture = write(tmp_path / "five.png")
    dark = run("predict", tmp_path / "dark.cmlp", picture, "--show")[1]
    assert dark.splitlines()[1:] == run("predict", "softmax.cmlp", picture, "--show")[1].splitlines()[1:]


def test_what_the_network_sees_is_written(run, tmp_path, folder):
    pictures = [write(tmp_path / "a.png"), write(tmp_path / "b.png", ink(OTHER))]
    status, _, err = run("predict", "softmax.cmlp", *pictures, "--output", tmp_path / "seen.png")
    assert (status, err) == (0, "")
    framing = cmlp.Network.load(folder / "softmax.cmlp").framing
    expected = np.hstack([frame(ink(index), framing) for index in (INDEX, OTHER)])
    np.testing.assert_array_equal(np.asarray(Image.open(tmp_path / "seen.png")), expected)


# ----------------------------------------------------------------------------------------------------- refusals


def test_what_is_no_picture(run, tmp_path):
    (tmp_path / "text.png").write_text("no picture")
    whole = write(tmp_path / "whole.png").read_bytes()
    (tmp_path / "half.png").write_bytes(whole[: len(whole) // 2])
    (tmp_path / "empty.png").write_bytes(b"")
    write(tmp_path / "white.png", np.full((40, 40), 255, np.uint8))
    for name, complaint in {
        "text.png": "must be a picture in a format that Pillow knows",
        "empty.png": "is empty, and no picture",
        "half.png": "is a damaged picture: ",
        "white.png": ": the picture must show something on a plain background, got an empty one",
        "whole.pgn": r": No such file or directory; did you mean '.*whole\.png'\?",
    }.items():
        status, out, err = run("predict", "softmax.cmlp", tmp_path / name)
        assert (status, out, err.count("\n")) == (2, "", 1)
        assert re.match(rf"cmlp predict: {re.escape(str(tmp_path / name))} ?{complaint}", err)


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="there are no pipes with a name")
def test_a_pipe_keeps_nobody_waiting(run, tmp_path):
    os.mkfifo(tmp_path / "pipe")
    err = run("predict", "softmax.cmlp", tmp_path / "pipe")[2]
    assert err == f"cmlp predict: {tmp_path / 'pipe'} must be a regular file: use - to read a picture from a pipe\n"


def test_too_many_pixels(run, tmp_path, monkeypatch):
    monkeypatch.setattr("cmlp.data.picture.MOST_PIXELS", 100)
    err = run("predict", "softmax.cmlp", write(tmp_path / "five.png"))[2]
    assert re.search(r"must have at most 100 pixels, got [\d,]+\n", err)
    monkeypatch.setattr("cmlp.data.picture.MOST_BYTES", 100)
    assert "must have at most 100 bytes" in run("predict", "softmax.cmlp", tmp_path / "five.png")[2]


def test_a_network_of_no_pictures(run, tmp_path):
    err = run("predict", "table.cmlp", write(tmp_path / "five.png"))[2]
    rule = "was not trained on drawings on a plain background, and takes 4 pixels: a picture must have exactly as many"
    assert err == f"cmlp predict: table.cmlp {rule}, got 230x215 in {tmp_path / 'five.png'}\n"
    four = write(tmp_path / "four.png", np.array([[0, 51], [255, 102]], np.uint8))
    outputs = json.loads(run("predict", "table.cmlp", four, "--json")[1])["predictions"][0]["outputs"]
    np.testing.assert_allclose(outputs, cmlp.Network.load("table.cmlp")(np.array([0, 0.2, 1, 0.4])))


def test_files_that_are_read_are_not_written(run, tmp_path):
    picture = write(tmp_path / "five.png")
    assert "is an input, and the output needs another name" in run("predict", "softmax.cmlp", picture, "-o", picture)[2]
    assert run("test", "softmax.cmlp", "--report", "softmax.cmlp")[0] == 2
    assert "must end in .png" in run("predict", "softmax.cmlp", picture, "-o", tmp_path / "seen.xyz")[2]


def test_only_a_picture_is_replaced_by_a_picture_and_a_page_by_a_report(run, tmp_path):
    picture = write(tmp_path / "five.png")
    for arguments in (["predict", "softmax.cmlp", picture, "-o"], ["test", "softmax.cmlp", "--report"]):
        output = tmp_path / f"{arguments[0]}.png"
        output.write_text("my thesis")
        status, out, err = run(*arguments, output)
        assert (status, out) == (2, "") and "already exists, and --" in err and err.count("\n") == 1
        assert output.read_text() == "my thesis"
        output.unlink()
        assert [run(*arguments, output)[0] for _ in range(2)] == [0, 0]


def test_without_pillow(run, tmp_path, monkeypatch):
    picture = write(tmp_path / "five.png")
    monkeypatch.setitem(sys.modules, "PIL.Image", None)
    sentence = 'cmlp predict: reading pictures needs Pillow: pip install "cmlp[images]"\n'
    assert run("predict", "softmax.cmlp", picture) == (2, "", sentence)


# ----------------------------------------------------------------------------------------------------- cmlp test


def test_the_test(run, folder):
    net = cmlp.Network.load(folder / "softmax.cmlp")
    status, out, err = run("test", "softmax.cmlp")
    assert (status, err) == (0, "")
    rows = dict(re.split(r"  +", line, maxsplit=1) for line in out.splitlines())
    assert list(rows) == ["model", "data", "accuracy", "confusions", "calibration"]
    assert rows["data"] == "built-in digits: 360 images of 10 classes"
    assert rows["accuracy"].startswith(f"{net.test(TEST):.2f} %, ")
    assert re.match(r"\w+ as \w+ \(\d+\)", rows["confusions"])


def test_the_test_as_json(run, folder):
    status, out, err = run("test", "softmax.cmlp", "--json")
    report = json.loads(out)
    assert (status, err, out.count("\n")) == (0, "", 1)
    assert report["accuracy"] == cmlp.Network.load(folder / "softmax.cmlp").test(TEST)
    assert report["classes"][3]["name"] == "three" and sum(map(sum, report["confusion"])) == 360


def test_the_test_on_other_data(run, tmp_path):
    train, test = cmlp.load_digits()
    both, one = tmp_path / "both.npz", tmp_path / "one.npz"
    np.savez(both, x_train=train.images, y_train=train.labels, x_test=test.images[:90], y_test=test.labels[:90])
    np.savez(one, images=test.images[:40], labels=test.labels[:40])
    for path, count in ((both, 90), (one, 40)):
        assert json.loads(run("test", "softmax.cmlp", path, "--json")[1])["images"] == count
    err = run("test", "softmax.cmlp", tmp_path / "bothh.npz")[2]
    assert err.endswith(f"No such file or directory; did you mean {str(both)!r}?\n")
    assert (
        "must have the network's 4 pixels" in run("test", "table.cmlp", one)[2]
        or "0..2" in run("test", "table.cmlp", one)[2]
    )


def test_the_report(run, tmp_path):
    pytest.importorskip("matplotlib", reason="matplotlib, of the extra cmlp[plot], is not installed")
    status, out, err = run("test", "softmax.cmlp", "--report", tmp_path / "report.html")
    assert (status, err) == (0, "") and out.endswith(f"report       {tmp_path / 'report.html'}\n")
    text = (tmp_path / "report.html").read_text("utf-8")
    assert "<title>softmax.cmlp on the built-in digits</title>" in text and "three" in text


def test_a_model_is_described(run):
    status, out, err = run("info", "softmax.cmlp")
    assert (status, err) == (0, "")
    rows = dict(re.split(r"  +", line, maxsplit=1) for line in out.splitlines())
    assert rows["parameters"] == "2,260" and rows["classes"].startswith("zero, one")
    assert rows["images"] == "8x8, bright strokes on a dark background, 8 pixels long and centred by bounding box"
    assert "epochs 20" in rows["training"] and "optimizer sgd" in rows["training"]
    report = json.loads(run("info", "table.cmlp", "--json")[1])
    assert (report["sizes"], report["framing"], report["parameters"]) == ([4, 3], None, 15)
    assert run("info", "softmax.cmpl")[2].endswith("did you mean 'softmax.cmlp'?\n")
