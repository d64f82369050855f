"""A network as a page: one HTML file that draws, answers and shows how, without a server and without a network.

``browser/`` holds what runs in the page: ``page.html``, ``page.css``, and scripts of which each knows only those before
it (``document.py`` has their order). Their arithmetic is the network's, in doubles.
"""

from cmlp.export.page.document import html_page
from cmlp.export.page.examples import Examples, choose_examples

__all__ = ["Examples", "choose_examples", "html_page"]
