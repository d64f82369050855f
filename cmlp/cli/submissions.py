"""Answer a table of images without labels by a table, as competitions ask for it."""

import argparse
import csv
import io
import sys
from collections.abc import Sequence
from operator import methodcaller
from pathlib import Path
from typing import TYPE_CHECKING, Any

from cmlp import __version__
from cmlp.cli.output import print_json, print_table
from cmlp.cli.outputs import Output, Outputs
from cmlp.errors import CmlpError
from cmlp.utils.text import counted, printable

if TYPE_CHECKING:
    from cmlp.network import Network

OUTPUT, KIND = "--output", "csv"


def table_among(paths: Sequence[str]) -> str | None:
    """Return the table among what a command was asked about, None if there is none.

    Raises
    ------
    CmlpError
        If there is something beside it.
    """
    from cmlp.data.formats.unlabelled import is_table

    tables = [path for path in paths if path != "-" and is_table(Path(path))]
    if tables and len(paths) > 1:
        raise CmlpError(f"{tables[0]} is a table, which is answered by a table: name it alone")
    return tables[0] if tables else None


def output_of(arguments: argparse.Namespace) -> Outputs:
    """Check where the answers go: to a file, or to stdout."""
    outputs = [Output(OUTPUT, arguments.output, KIND)] if arguments.output is not None else []
    inputs = [arguments.model, *arguments.pictures]
    return Outputs(outputs, inputs, force=arguments.force, json=arguments.json)


def answer_table(network: "Network", path: str, arguments: argparse.Namespace, outputs: Outputs) -> int:
    """Write the answer to each row of a table, as CSV with a header, to the output or to stdout."""
    from cmlp.data.formats.unlabelled import read_unlabelled
    from cmlp.model.inputs import input_of, like_trained

    if arguments.show:
        raise CmlpError(f"--show prints pictures, and {path} is a table")
    found = read_unlabelled(Path(path), network.sizes[0], network.model.feature_names)
    images = like_trained(found.images, network.scale, input_of(network.settings))
    answers = _answers(network, images)
    if arguments.json:
        rows = [{"row": name, "answer": answer} for name, answer in zip(found.names, answers, strict=True)]
        print_json({"version": __version__, "model": printable(arguments.model), "predictions": rows})
        return 0
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerows([found.header, *zip(found.names, answers, strict=True)])
    if not outputs.outputs:
        sys.stdout.write(text.getvalue())
        return 0
    outputs.write({OUTPUT: methodcaller("write", text.getvalue().encode())})
    if arguments.output != "-":
        print_table({"table": f"{path}: {counted(len(answers), 'row')}", "written": arguments.output})
    return 0


def _answers(network: "Network", images: Any) -> list[Any]:
    """Return the name of each answer, or the numbers of a regression."""
    if not network.architecture.classifies:
        return [float(values[0]) if len(values) == 1 else values.tolist() for values in network(images)]
    names = network.model.names
    return [names[label] for label in network.predict(images).tolist()]
