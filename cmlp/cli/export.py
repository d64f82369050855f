"""``cmlp export``: export a network to ONNX or C."""

import argparse
import re
from collections.abc import Mapping
from operator import methodcaller
from pathlib import Path
from typing import TYPE_CHECKING, Any

from cmlp import __version__
from cmlp.cli.kinds import HEADER, ONNX
from cmlp.cli.options import add_command
from cmlp.cli.output import print_json, print_table
from cmlp.cli.outputs import FORCE, STDOUT, Output, Outputs, shown
from cmlp.cli.reading import add_reading
from cmlp.cli.strangers import read_any
from cmlp.utils.text import printable

if TYPE_CHECKING:
    from cmlp.model.inputs import Input
    from cmlp.model.record import Model

TYPES = {"double": "float64", "float": "float32"}

EPILOG = """\
MODEL is a file written by cmlp train --save or Network.save, a checkpoint, or a
network of Nielsen's book. FILE may be - for stdout. ONNX, which ONNX Runtime
and many other programs read, needs cmlp[onnx]. A C header needs only the
standard C library; the comment at its top documents it.

examples:
  cmlp export digits.cmlp --onnx digits.onnx
  cmlp export digits.cmlp --c digits.h
  cmlp export digits.cmlp --c net.h --name net --type float --force
"""


def add_to(commands: Any) -> None:
    """Add the command to what `add_subparsers` returned."""
    parser = add_command(commands, "export", run, "export a network to ONNX or C", EPILOG)
    parser.set_defaults(refuse=parser.error)

    add = parser.add_argument
    add("model", metavar="MODEL", help="a saved network")
    add("--onnx", metavar="FILE", help="write an ONNX model")
    add("--c", metavar="FILE", help="write a C99 header, which C++ takes as well")
    kind = "input type of the ONNX model: uint8 pixels, which it scales, or floats (default: that of the training)"
    add("--input", choices=("uint8", "float"), help=kind)
    beginning = "prefix of all names in the header (default: the name of MODEL)"
    add("--name", metavar="NAME", help=beginning)
    add("--type", choices=tuple(TYPES), help="floating-point type to compute in (default: that of the network)")
    add("--force", action="store_true", help=FORCE)
    add("--json", action="store_true", help="print one JSON object")
    add_reading(parser)


def run(arguments: argparse.Namespace) -> None:
    """Read the network and export it to each format asked for."""
    with _outputs(arguments) as outputs:
        model, _ = read_any(arguments)
        contents: dict[str, bytes] = {}
        report: dict[str, Any] = {}
        if arguments.onnx is not None:
            contents["--onnx"], report["onnx"] = _onnx(model, arguments)
        if arguments.c is not None:
            contents["--c"], report["c"] = _c(model, arguments)
        outputs.write({option: methodcaller("write", content) for option, content in contents.items()})
        if arguments.json:
            print_json({"version": __version__, "model": printable(arguments.model)} | report)
        else:
            print_table({"model": f"{arguments.model}: {model.architecture}"} | _rows(report))


def _outputs(arguments: argparse.Namespace) -> Outputs:
    """Refuse contradictory options and existing files before anything is read."""
    given = {"--onnx": (arguments.onnx, ONNX), "--c": (arguments.c, HEADER)}
    outputs = [Output(option, path, kind) for option, (path, kind) in given.items() if path is not None]
    if not outputs:
        arguments.refuse("give --onnx FILE, --c FILE or both")
    if arguments.input is not None and arguments.onnx is None:
        arguments.refuse("--input goes with --onnx: a C header has functions for both")
    if arguments.name is not None and arguments.c is None:
        arguments.refuse("--name goes with --c: the names in an ONNX model are fixed")
    return Outputs(outputs, [arguments.model], force=arguments.force, json=arguments.json)


def _onnx(model: "Model", arguments: argparse.Namespace) -> tuple[bytes, dict[str, Any]]:
    """Return the content of the file, and its description."""
    from cmlp.export.onnx import onnx_model, signature

    dtype = TYPES.get(arguments.type)
    kind: Input = arguments.input or model.input or "uint8"
    content = onnx_model(model, input=kind, dtype=dtype)
    inputs, outputs = signature(model.architecture, kind, dtype)
    return content, _file(arguments.onnx, content) | {"inputs": inputs, "outputs": outputs}


def _c(model: "Model", arguments: argparse.Namespace) -> tuple[bytes, dict[str, Any]]:
    """Return the content of the file, and its description."""
    from cmlp.export.c import Header

    name = Path(arguments.model).stem if arguments.name is None else arguments.name
    header = Header(model, name, TYPES.get(arguments.type))
    content = header.text(f"{name}.h" if arguments.c == STDOUT else Path(arguments.c).name).encode()
    about = {"type": header.real, "stack_bytes": header.stack, "functions": header.prototypes}
    return content, _file(arguments.c, content) | about


def _file(path: str, content: bytes) -> dict[str, Any]:
    return {"file": printable(shown(path)), "bytes": len(content)}


def _rows(report: Mapping[str, Any]) -> dict[str, str]:
    """Return the lines of the output."""
    rows = {}
    if "onnx" in report:
        rows["onnx"] = "{file}: {bytes:,} bytes".format(**report["onnx"])
        for side in ("inputs", "outputs"):
            rows[side] = ", ".join(f"{name} {type_}" for name, type_ in report["onnx"][side].items())
    if "c" in report:
        rows["c"] = "{file}: {bytes:,} bytes, computes in {type}, {stack_bytes:,} bytes of stack".format(**report["c"])
        names = [re.findall(r"\w+(?=\()", prototype)[0] for prototype in report["c"]["functions"]]
        rows["functions"] = f"{' and '.join(names[::2])}; with _uint8 for pixels of bytes"
    return rows
