"""Formulas as MathML, which browsers draw themselves: no script, no font and no network."""

from docutils import nodes
from docutils.utils.math import MathError
from docutils.utils.math.latex2mathml import tex2mathml
from sphinx.util import logging

logger = logging.getLogger(__name__)


def mathml(node, *, displayed):
    try:
        return tex2mathml(node.astext(), as_block=displayed)
    except MathError as error:
        logger.warning("formula %s: %s", node.astext(), error, location=node)
        return ""


def visit_math(translator, node):
    translator.body.append(mathml(node, displayed=False))
    raise nodes.SkipNode


def visit_displayed_math(translator, node):
    translator.body.append(f'<div class="math">{mathml(node, displayed=True)}</div>')
    raise nodes.SkipNode


def setup(app):
    app.add_html_math_renderer("mathml", (visit_math, None), (visit_displayed_math, None))
    return {"parallel_read_safe": True, "parallel_write_safe": True}
