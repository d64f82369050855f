"""Export a network to one HTML file, on which a reader draws an image and sees every layer compute; it works offline.

``browser/`` holds what runs in the page: ``page.html``, ``page.css``, and scripts that each use only those before them
(``document.py`` has their order). They compute what the network does, in doubles.
"""

from cmlp.export.page.document import html_page
from cmlp.export.page.examples import Examples, choose_examples

__all__ = ["Examples", "choose_examples", "html_page"]
