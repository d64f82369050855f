"""The page as one file: what is in ``browser/``, joined, and a policy that lets nothing else run."""

import hashlib
import json
from base64 import b64encode
from html import escape
from pathlib import Path
from string import Template
from typing import Any

from cmlp.errors import ModelError
from cmlp.export.page.content import content_of
from cmlp.export.page.examples import Examples
from cmlp.export.parameters import producer_version
from cmlp.model.record import Model

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
)  # each knows only those before it


def html_page(model: Model, examples: Examples | None = None, *, title: str | None = None) -> bytes:
    """Return the page of a network.

    Parameters
    ----------
    model : Model
        Such as ``network.model``.
    examples : Examples, optional
        Images to step through.
    title : str, optional
        Its heading.

    Raises
    ------
    ModelError
        If a weight or a bias is not finite, or there are too many for a page.
    """
    if not isinstance(title, str | None):
        raise ModelError(f"title must be a text, got {title!r}")
    script = "(() => {\n" + '"use strict";\n' + "\n".join(_read(f"{name}.js") for name in SCRIPTS) + "})();\n"
    style = _read("page.css")
    page = Template(_read("page.html")).substitute(
        policy=_policy(script, style),
        version=escape(producer_version()),
        title=escape(title or TITLE),
        description=escape(_description(model)),
        style=style,
        content=_harmless(content_of(model, examples)),
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
    """Return JSON in which no class name can end the element that it stands in."""
    return json.dumps(content, allow_nan=False, separators=(",", ":")).replace("<", r"\u003c")


def _description(model: Model) -> str:
    count = sum(array.size for array in (*model.weights, *model.biases))
    return f"{model.architecture}, {count:,} parameters"
