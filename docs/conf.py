"""How Sphinx builds these pages: ``sphinx-build -W --keep-going -b html docs docs/_build/html``."""

import re
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent / "extensions"))

from docutils import nodes

from cmlp import __version__

project = "cmlp"
author = "the authors of cmlp"
copyright = "the authors of cmlp, under the MIT licence"
release = version = __version__

extensions = [
    "myst_parser",
    "numpydoc",
    "sphinx.ext.autodoc",
    "sphinx_copybutton",
    "command_line",
    "mathml",
]
myst_enable_extensions = ["dollarmath", "deflist"]
myst_heading_anchors = 3
exclude_patterns = ["_build"]
default_role = "py:obj"  # what stands between single backticks in a docstring is linked where there is such a thing

autodoc_typehints = "none"  # the docstrings say the types
autodoc_member_order = "bysource"
numpydoc_show_class_members = False  # autodoc lists them
numpydoc_class_members_toctree = False

html_math_renderer = "mathml"
html_theme = "furo"
html_title = f"cmlp {version}"
html_static_path = ["static"]
html_css_files = ["cmlp.css"]
html_show_sphinx = False
html_copy_source = False
pygments_style = "friendly"
pygments_dark_style = "github-dark"
copybutton_prompt_text = "$ "


def number_citations(app, doctree, docname):
    """Show a reference of a docstring as [1]; numpydoc gives it a name that is unique in all pages."""
    for text in list(doctree.findall(nodes.Text)):
        number = re.fullmatch(r"\[R[0-9a-f]{12}-(\d+)\]", text)
        if number:
            text.parent.replace(text, nodes.Text(f"[{number[1]}]"))


def setup(app):
    app.connect("doctree-resolved", number_citations)
