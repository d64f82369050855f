"""``cmlp predict``: classify pictures."""

import argparse
import sys
from collections.abc import Iterable
from typing import TYPE_CHECKING, Any, Literal, NamedTuple

from cmlp import __version__
from cmlp.cli.kinds import kind_of_picture, remark
from cmlp.cli.options import add_command
from cmlp.cli.output import print_error, print_json, print_table
from cmlp.cli.outputs import FORCE, Output, Outputs
from cmlp.cli.paths import refuse_missing
from cmlp.cli.pictures import Place, content_of, places_of
from cmlp.cli.pictures import shown as name_of
from cmlp.cli.reading import add_reading, load_network
from cmlp.cli.strangers import CHECKPOINT, NETWORK, explained, not_a_network, not_a_picture, what_is
from cmlp.cli.submissions import answer_table, output_of, table_among
from cmlp.cli.words import sentence_of
from cmlp.errors import CmlpError
from cmlp.utils.text import printable

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from cmlp.network import Network

TOP = 3  # answers
SOME, NONE = 1, 2  # the exit codes where some pictures, and where all have no answer
OUTPUT = "--output"
TIE = 0.5  # of the strongest output
WEAK = 0.5
COLUMNS = 80
SHADES, ASCII_SHADES = " \N{LIGHT SHADE}\N{MEDIUM SHADE}\N{DARK SHADE}\N{FULL BLOCK}", " .:*#"

EPILOG = """\
MODEL is a file written by cmlp train --save or Network.save. A PICTURE is a
drawing or a photograph of any size, in any format that Pillow reads
(cmlp[images]); - reads one from stdin, and a folder stands for all that are in
it. The paper is taken away with its shadows, lines and squares, and what is
written on it cropped and centred like the training images; --show prints the
result. An answer whose rival is more than half as strong is called nearly a
tie: half of these are wrong. A table of images, such as the test.csv of a
competition, or a file of arrays, is answered by a table, a row for each.

exit codes:
  0 all pictures have an answer, 1 some have none (stderr says why),
  2 none has, or the command could not run

examples:
  cmlp predict digits.cmlp seven.png
  cmlp predict digits.cmlp *.jpg --show
  cmlp predict digits.cmlp - --json < seven.png
  cmlp predict digits.cmlp test.csv -o submission.csv
"""


def add_to(commands: Any) -> None:
    """Add the command to what `add_subparsers` returned."""
    parser = add_command(commands, "predict", run, "classify pictures with a saved network", EPILOG)

    add = parser.add_argument
    add("model", metavar="MODEL", help="a saved network")
    add("pictures", metavar="PICTURE", nargs="+", help="picture file, folder of pictures, - for stdin, or a table")
    add("--force", action="store_true", help=FORCE)
    add("--show", action="store_true", help="print the pictures as the network sees them")
    add(
        "-o",
        "--output",
        metavar="FILE",
        help="write the pictures as seen, side by side, or the answers to a table",
    )
    add("--json", action="store_true", help="print one JSON object, with all outputs")
    add_reading(parser)


def run(arguments: argparse.Namespace) -> int:
    """Read the network and the pictures, and print the predictions; a picture that cannot be read spoils no other."""
    from cmlp.utils.optional import require

    table = table_among(arguments.pictures)
    if table is not None:
        with output_of(arguments) as outputs:
            return answer_table(_load(arguments), table, arguments, outputs)
    with _outputs(arguments) as outputs:
        network = _load(arguments)
        places = places_of(arguments.pictures, arguments.program)
        require("PIL.Image", "Pillow", "images", "reading pictures")
        answers: Iterable[Answer] = (_answer(network, place, arguments) for place in places)
        if outputs.outputs:  # which come before what is printed
            answers = list(answers)
            _write(answers, outputs)
        right = _print_json(network, answers, arguments) if arguments.json else _print(network, answers, arguments)
    if right == len(places):
        return 0
    return SOME if right else NONE


class Answer(NamedTuple):
    """What a network says about a picture, or why it says nothing."""

    name: str
    seen: "NDArray[Any] | None"
    outputs: "NDArray[Any] | None"
    error: str | None = None


def _outputs(arguments: argparse.Namespace) -> Outputs:
    outputs = []
    if arguments.output is not None:
        outputs.append(Output(OUTPUT, arguments.output, kind_of_picture(arguments.output)))
    inputs = [arguments.model, *arguments.pictures]
    return Outputs(outputs, inputs, force=arguments.force, json=arguments.json)


def _load(arguments: argparse.Namespace) -> "Network":
    """Load the network, and say so if it is one of the pictures."""

    def said(found: str) -> str | None:
        networks = [path for path in arguments.pictures if what_is(path) in (NETWORK, CHECKPOINT)]
        if not networks:
            return not_a_network(arguments.model, found)
        first = networks[0]
        return f"{arguments.model} is {found}, and {first} a network, which comes first: cmlp predict {first} PICTURE"

    refuse_missing(arguments.model)
    with explained(arguments.model, said):
        return load_network(arguments)


def _answer(network: "Network", place: Place, arguments: argparse.Namespace) -> Answer:
    """Return what the network says about one picture."""
    try:
        content = content_of(place)
        with explained(place.name, lambda found: not_a_picture(place.name, found)):
            seen = _seen(network, content, place.name, arguments.model)
        pixels = _pixels(network, seen)
        network.predict(pixels)  # which refuses outputs that are not numbers
        return Answer(place.name, seen, network(pixels))
    except (CmlpError, OSError, MemoryError) as error:
        return Answer(place.name, None, None, sentence_of(error, arguments.options, arguments.words))


def _pixels(network: "Network", seen: "NDArray[Any]") -> "NDArray[Any]":
    """Return what the network takes for a picture in [0, 1]: where it takes bytes as they are, as many as 255."""
    from cmlp.model.inputs import takes_bytes

    as_bytes = network.framing is None and takes_bytes(network.settings, network.scale)
    pixels: NDArray[Any] = seen.ravel() * 255 if as_bytes else seen.ravel()
    return pixels


def _print(network: "Network", answers: "Iterable[Answer]", arguments: argparse.Namespace) -> int:
    """Print a line per picture, those without an answer to stderr; return how many have one."""
    dark = network.framing is not None and network.framing.dark
    width, count = 2 + max(len(printable(name)) for name in arguments.pictures), 0
    for name, seen, outputs, error in answers:
        if seen is None or outputs is None:
            print_error(arguments.program, str(error))
            continue
        count += 1
        print_table({printable(name): answer(network, outputs)}, max(width, 2 + len(printable(name))))
        if arguments.show:
            print_table({"": "\n".join(blocks(1 - seen if dark else seen))}, 0)
    return count


def _seen(network: "Network", content: bytes, name: str, model: str) -> "NDArray[Any]":
    """Return a picture (height, width) as the network sees it, in [0, 1]."""
    from cmlp.data.any_picture import image_of
    from cmlp.data.picture import grey_of_file

    shown = name_of(name)
    return image_of(grey_of_file(content, shown), network.framing, network.sizes[0], shown, model)


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
    doubt = doubt_of(network, outputs)
    ends = f", then {then}" if then else "", f": {doubt}" if doubt else ""
    return f"{names[ranking[0]]} with {kind} {first}" + "".join(ends)


def doubt_of(network: "Network", outputs: "NDArray[Any]") -> str | None:
    """Say why an answer is no more than a guess: on MNIST, half of such answers are wrong."""
    if not network.architecture.classifies or output_kind(network) == "number":
        return None
    first, second = sorted((*outputs.tolist(), 0.0), reverse=True)[:2]
    if second > TIE * first:
        return "nearly a tie"
    return "a weak answer" if first < WEAK else None


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


def _write(answers: "Iterable[Answer]", outputs: Outputs) -> None:
    from io import BytesIO
    from operator import methodcaller

    import numpy as np

    from cmlp.utils.optional import require

    seen = [each.seen for each in answers if each.seen is not None]
    if not seen:
        return
    if len({picture.shape for picture in seen}) > 1:
        raise CmlpError("--output needs pictures of the same size, because MODEL does not crop and resize them")
    strip = np.rint(255 * np.hstack(seen).clip(0, 1)).astype(np.uint8)
    pillow = require("PIL.Image", "Pillow", "images", "writing pictures")
    kind, stream = outputs.outputs[OUTPUT].kind, BytesIO()
    pillow.fromarray(strip).save(stream, pillow.registered_extensions()[f".{kind}"], **remark(kind))
    outputs.write({OUTPUT: methodcaller("write", stream.getvalue())})


def _print_json(network: "Network", answers: "Iterable[Answer]", arguments: argparse.Namespace) -> int:
    """Print one object, also where an interruption ends the list; return how many pictures have an answer."""
    kind, names = output_kind(network), network.model.names
    predictions: list[dict[str, Any]] = []
    try:
        for name, _, outputs, error in answers:
            if outputs is None:
                print_error(arguments.program, str(error))
                predictions.append({"picture": printable(name), "error": str(error)})
                continue
            ranking = [] if kind == "number" else outputs.argsort()[::-1][:TOP].tolist()
            top = [{"label": label, "name": names[label], str(kind): float(outputs[label])} for label in ranking]
            answered = {"picture": printable(name), "top": top, "doubt": doubt_of(network, outputs)}
            predictions.append(answered | {"outputs": outputs.tolist()})
    finally:
        print_json({"version": __version__, "model": printable(arguments.model), "predictions": predictions})
    return sum("error" not in prediction for prediction in predictions)
