"""Assemble the page from the files in ``browser/``, with a content security policy that allows nothing else."""

import hashlib
import json
from base64 import b64encode
from html import escape
from pathlib import Path
from string import Template
from typing import Any

from cmlp.errors import ModelError
from cmlp.export.page.content import page_content
from cmlp.export.page.examples import Examples
from cmlp.export.parameters import producer_version
from cmlp.model.record import Model
from cmlp.utils.text import counted

TITLE = "A network at work"
SCRIPTS = (
    "arithmetic",
    "network",
    "framing",
    "elements",
    "pictures",
    "drawing",
    "numbers",
    "examples",
    "neuron",
    "layout",
    "diagram",
    "answer",
    "page",
)  # each uses only those before it


def html_page(model: Model, examples: Examples | None = None, *, title: str | None = None) -> bytes:
    """Return the page of a network.

    Parameters
    ----------
    model : Model
        The network, ``network.model``.
    examples : Examples, optional
        Test images to include; none by default.
    title : str, optional
        Heading of the page; "A network at work" by default.

    Returns
    -------
    bytes
        HTML in UTF-8.

    Raises
    ------
    ModelError
        If a weight or a bias is not finite, there are too many for a page, or the title is not a string.
    """
    if not isinstance(title, str | None):
        raise ModelError(f"title must be a string, got {title!r}")
    script = "(() => {\n" + '"use strict";\n' + "\n".join(_read(f"{name}.js") for name in SCRIPTS) + "})();\n"
    style = _read("page.css")
    page = Template(_read("page.html")).substitute(
        policy=_policy(script, style),
        version=escape(producer_version()),
        title=escape(title or TITLE),
        description=escape(_description(model)),
        style=style,
        content=_harmless(page_content(model, examples)),
        script=script,
    )
    return page.encode(errors="xmlcharrefreplace")  # a title may hold half a surrogate pair, like file names do


def _read(name: str) -> str:
    return (Path(__file__).parent / "browser" / name).read_text(encoding="utf-8")


def _policy(script: str, style: str) -> str:
    """Return the content security policy: this script, this style, and no address to send anything to."""
    rules = {
        "default-src": "'none'",
        "script-src": _source(script),
        "style-src": _source(style),
        "img-src": "data:",
        "base-uri": "'none'",
        "form-action": "'none'",
    }
    return "; ".join(f"{name} {source}" for name, source in rules.items())


def _source(text: str) -> str:
    return f"'sha256-{b64encode(hashlib.sha256(text.encode()).digest()).decode()}'"


def _harmless(content: dict[str, Any]) -> str:
    """Return JSON in which no class name can close the HTML element around it."""
    return json.dumps(content, allow_nan=False, separators=(",", ":")).replace("<", r"\u003c")


def _description(model: Model) -> str:
    count = sum(array.size for array in (*model.weights, *model.biases))
    return f"{model.architecture}, {counted(count, 'parameter')}"
