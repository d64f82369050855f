"""``cmlp predict``: classify pictures."""

import argparse
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from cmlp import __version__
from cmlp.cli.options import add_command
from cmlp.cli.output import print_json, print_table
from cmlp.cli.paths import check_replaceable, check_target
from cmlp.errors import CmlpError, DataError
from cmlp.utils.text import printable

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from cmlp.network import Network

TOP = 3  # answers
COLUMNS = 80
SHADES, ASCII_SHADES = " \N{LIGHT SHADE}\N{MEDIUM SHADE}\N{DARK SHADE}\N{FULL BLOCK}", " .:*#"

EPILOG = """\
MODEL is a file written by cmlp train --save or Network.save. A PICTURE is a
drawing or a photograph of any size, in any format that Pillow reads
(cmlp[images]); - reads one from stdin. Pictures are converted to grey,
inverted, cropped and centred like the training images; --show prints the
result.

examples:
  cmlp predict digits.cmlp seven.png
  cmlp predict digits.cmlp *.jpg --show
  cmlp predict digits.cmlp - --json < seven.png
"""


def add_to(commands: Any) -> None:
    """Add the command to what `add_subparsers` returned."""
    parser = add_command(commands, "predict", run, "classify pictures with a saved network", EPILOG)

    add = parser.add_argument
    add("model", metavar="MODEL", help="a saved network")
    add("pictures", metavar="PICTURE", nargs="+", help="picture file, or - for stdin")
    add("--show", action="store_true", help="print the pictures as the network sees them")
    add("-o", "--output", metavar="FILE", help="write the pictures as the network sees them, side by side, to one file")
    add("--json", action="store_true", help="print one JSON object, with all outputs")


def run(arguments: argparse.Namespace) -> None:
    """Read the network and the pictures, and print the predictions."""
    import numpy as np

    from cmlp.network import Network

    if arguments.output is not None:
        check_target(arguments.output, arguments.model, *arguments.pictures)
        check_replaceable(arguments.output, "--output")
    network = Network.load(arguments.model)
    seen = [_seen(network, _content(name), name, arguments.model) for name in _named(arguments.pictures)]
    images = np.stack([picture.ravel() for picture in seen])
    network.predict(images)  # which refuses outputs that are not numbers
    outputs = network(images)
    if arguments.output is not None:
        _write(seen, arguments.output)
    if arguments.json:
        _print_report(network, outputs, arguments)
        return
    dark = network.framing is not None and network.framing.dark
    width = 2 + max(len(printable(name)) for name in arguments.pictures)
    for name, picture, values in zip(arguments.pictures, seen, outputs, strict=True):
        print_table({printable(name): answer(network, values)}, width)
        if arguments.show:
            print_table({"": "\n".join(blocks(1 - picture if dark else picture))}, 0)


def _named(pictures: list[str]) -> list[str]:
    if pictures.count("-") > 1:
        raise CmlpError("- must be given once at most: stdin holds one picture")
    return pictures


def _content(name: str) -> bytes:
    from cmlp.data.picture import MOST_BYTES
    from cmlp.utils.files import is_regular

    if name != "-":
        path = Path(name)
        if not path.is_dir() and not is_regular(path):
            raise CmlpError(f"{name} must be a regular file: use - to read a picture from a pipe")
        with path.open("rb") as file:
            return file.read(MOST_BYTES + 1)
    if sys.stdin is None or sys.stdin.isatty():
        raise CmlpError("- reads a picture from stdin, as in: cmlp predict MODEL - < PICTURE")
    return sys.stdin.buffer.read(MOST_BYTES + 1)


def _seen(network: "Network", content: bytes, name: str, model: str) -> "NDArray[Any]":
    """Return a picture (height, width) as the network sees it, in [0, 1]."""
    from cmlp.data.framing import frame
    from cmlp.data.picture import read_picture

    shown = "the picture on stdin" if name == "-" else name
    picture = read_picture(content, shown)
    if network.framing is not None:
        try:
            framed: NDArray[Any] = frame(picture, network.framing) / 255
        except DataError as error:
            raise DataError(f"{shown}: {error}") from error
        return framed
    if picture.size != network.sizes[0]:
        size = f"{picture.shape[1]}x{picture.shape[0]}"
        rule = f"was not trained on drawings on a plain background, and takes {network.sizes[0]:,} pixels"
        raise DataError(f"{model} {rule}: a picture must have exactly as many, got {size} in {shown}")
    grey: NDArray[Any] = picture / (255 if picture.dtype == "u1" else 65535)
    return grey


def answer(network: "Network", outputs: "NDArray[Any]") -> str:
    """Describe the outputs (outputs,) for a picture in one line."""
    kind, names = output_kind(network), [printable(name) for name in network.model.names]
    ranking = outputs.argsort()[::-1][:TOP]
    if kind == "number":
        return ", ".join(f"{value:.6g}" for value in outputs)
    first, *others = (
        f"{value:.1%}".replace("%", " %") if kind == "probability" else f"{value:.3f}" for value in outputs[ranking]
    )
    then = " and ".join(f"{names[place]} ({value})" for place, value in zip(ranking[1:], others, strict=True))
    return f"{names[ranking[0]]} with {kind} {first}" + (f", then {then}" if then else "")


def output_kind(network: "Network") -> Literal["probability", "output", "number"]:
    """Return what the outputs are: "probability" of softmax, "output" of others in [0, 1], otherwise "number"."""
    architecture = network.architecture
    if not architecture.classifies and architecture.target_range != (0, 1):
        return "number"
    return "probability" if architecture.activations[-1] == "softmax" else "output"


def blocks(picture: "NDArray[Any]") -> list[str]:
    """Return a picture (height, width) in [0, 1] as lines of text, in shades of grey."""
    encoding = (getattr(sys.stdout, "encoding", None) or "").lower().replace("-", "")
    shades = SHADES if encoding.startswith("utf") else ASCII_SHADES
    times = -(-picture.shape[1] // COLUMNS)
    height, width = (side // times for side in picture.shape)
    means = picture[: height * times, : width * times].reshape(height, times, width, times).mean(axis=(1, 3))
    wide = 2 if 2 * width <= COLUMNS else 1
    levels = (means * len(shades)).astype(int).clip(0, len(shades) - 1)
    return ["".join(shades[level] * wide for level in row).rstrip() for row in levels]


def _write(seen: "list[NDArray[Any]]", path: str) -> None:
    from io import BytesIO
    from operator import methodcaller

    import numpy as np

    from cmlp.utils.files import write_files
    from cmlp.utils.optional import require

    if len({picture.shape for picture in seen}) > 1:
        raise CmlpError("--output needs pictures of the same size, because MODEL does not crop and resize them")
    strip = np.rint(255 * np.hstack(seen).clip(0, 1)).astype(np.uint8)
    pillow = require("PIL.Image", "Pillow", "images", "writing pictures")
    stream = BytesIO()
    try:
        pillow.fromarray(strip).save(stream, pillow.registered_extensions()[Path(path).suffix.lower()])
    except KeyError as error:
        raise CmlpError(f"{path} must end in .png or another suffix that Pillow knows") from error
    write_files({Path(path): methodcaller("write", stream.getvalue())})


def _print_report(network: "Network", outputs: "NDArray[Any]", arguments: argparse.Namespace) -> None:
    kind, names = output_kind(network), network.model.names
    predictions = []
    for name, values in zip(arguments.pictures, outputs, strict=True):
        ranking = [] if kind == "number" else values.argsort()[::-1][:TOP].tolist()
        top = [{"label": label, "name": names[label], kind: float(values[label])} for label in ranking]
        predictions.append({"picture": printable(name), "top": top, "outputs": values.tolist()})
    print_json({"version": __version__, "model": printable(arguments.model), "predictions": predictions})
