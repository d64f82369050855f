"""``cmlp export``: write a network for other programs, as ONNX or as C."""

import argparse
import os
import re
from collections.abc import Mapping
from operator import methodcaller
from pathlib import Path
from typing import TYPE_CHECKING, Any

from cmlp import __version__
from cmlp.cli.options import add_command
from cmlp.cli.output import print_json, print_table, printable
from cmlp.errors import CmlpError

if TYPE_CHECKING:
    from cmlp.model.record import Model

WIDTH = 10  # of the names in the output
TYPES = {"double": "float64", "float": "float32"}

EPILOG = """\
MODEL is what Network.save wrote, or a network of Nielsen's book. To write ONNX,
which ONNX Runtime and many other programs read, needs cmlp[onnx]. A C header
needs no library but that of math.h; the comment at its head explains it.

examples:
  cmlp export digits.cmlp --onnx digits.onnx
  cmlp export digits.cmlp --c digits.h
  cmlp export digits.cmlp --c net.h --name net --type float --force
"""


def add_to(commands: Any) -> None:
    """Add the command to what `add_subparsers` returned."""
    parser = add_command(commands, "export", run, "write a network for other programs, as ONNX or as C", EPILOG)
    parser.set_defaults(refuse=parser.error)

    add = parser.add_argument
    add("model", metavar="MODEL", help="a file with a network")
    add("--onnx", metavar="FILE", help="write an ONNX model")
    add("--c", metavar="FILE", help="write a C99 header, which C++ takes as well")
    kind = "what the images of the ONNX model are: pixels of bytes, which it scales, or numbers (default: uint8)"
    add("--input", choices=("uint8", "float"), help=kind)
    beginning = "what the names in the header begin with (default: the name of MODEL)"
    add("--name", metavar="NAME", help=beginning)
    add("--type", choices=tuple(TYPES), help="type of the arithmetic (default: that of the network)")
    add("--force", action="store_true", help="replace files that are there")
    add("--json", action="store_true", help="print one JSON object")


def run(arguments: argparse.Namespace) -> None:
    """Read the network, and write it in each form that is asked for."""
    from cmlp.storage import read_model
    from cmlp.utils.files import write_files

    _check(arguments)
    model = read_model(Path(arguments.model))
    contents: dict[Path, bytes] = {}
    report: dict[str, Any] = {}
    if arguments.onnx is not None:
        contents[Path(arguments.onnx)], report["onnx"] = _onnx(model, arguments)
    if arguments.c is not None:
        contents[Path(arguments.c)], report["c"] = _c(model, arguments)
    write_files({path: methodcaller("write", content) for path, content in contents.items()})
    if arguments.json:
        print_json({"version": __version__, "model": printable(arguments.model)} | report)
    else:
        print_table({"model": f"{arguments.model}: {model.architecture}"} | _rows(report), WIDTH)


def _check(arguments: argparse.Namespace) -> None:
    """Refuse what cannot be meant, and files that are there, before anything is read."""
    given = {"--onnx": arguments.onnx, "--c": arguments.c}
    paths = [Path(path) for path in given.values() if path is not None]
    if not paths:
        arguments.refuse("--onnx FILE, --c FILE or both must say what to write")
    if arguments.input is not None and arguments.onnx is None:
        arguments.refuse("--input is for --onnx: a C header takes both, by a function for each")
    if arguments.name is not None and arguments.c is None:
        arguments.refuse("--name is for --c: names of an ONNX model are always the same")
    if len({path.resolve() for path in (*paths, Path(arguments.model))}) <= len(paths):
        arguments.refuse("MODEL and the files to write must be different files")
    for path in paths:
        if not arguments.force and os.path.lexists(path):
            raise CmlpError(f"{path} is there already, and is only replaced by --force")


def _onnx(model: "Model", arguments: argparse.Namespace) -> tuple[bytes, dict[str, Any]]:
    """Return the content of the file, and what to say about it."""
    from cmlp.export.onnx import onnx_model, signature

    kind, dtype = arguments.input or "uint8", TYPES.get(arguments.type)
    content = onnx_model(model, input=kind, dtype=dtype)
    inputs, outputs = signature(model.architecture, kind, dtype)
    return content, _file(arguments.onnx, content) | {"inputs": inputs, "outputs": outputs}


def _c(model: "Model", arguments: argparse.Namespace) -> tuple[bytes, dict[str, Any]]:
    """Return the content of the file, and what to say about it."""
    from cmlp.export.c import Header

    name = Path(arguments.model).stem if arguments.name is None else arguments.name
    header = Header(model, name, TYPES.get(arguments.type))
    content = header.text(Path(arguments.c).name).encode()
    about = {"type": header.real, "stack_bytes": header.stack, "functions": header.prototypes}
    return content, _file(arguments.c, content) | about


def _file(path: str, content: bytes) -> dict[str, Any]:
    return {"file": printable(path), "bytes": len(content)}


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
