"""The directive ``command-line``: what each command of cmlp says with ``--help``, as it stands."""

import os
from unittest.mock import patch

from docutils import nodes
from sphinx.util.docutils import SphinxDirective

from cmlp.cli import new_parser
from cmlp.cli.options import commands_of


class CommandLine(SphinxDirective):
    """A section per command."""

    def run(self):
        """Return what stands in the place of the directive."""
        with patch.dict(os.environ, COLUMNS="80"):
            parser = new_parser()
            helps = {name: command.format_help() for name, command in commands_of(parser).items()}
            shown = nodes.literal_block(text=parser.format_help(), language="text")
        return [shown, *(self.section(name, text) for name, text in helps.items())]

    def section(self, command, text):
        """Return the section of a command."""
        section = nodes.section(ids=[command], names=[command])
        section += nodes.title("", "", nodes.literal(text=f"cmlp {command}"))
        section += nodes.literal_block(text=text, language="text")
        return section


def setup(app):
    app.add_directive("command-line", CommandLine)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
