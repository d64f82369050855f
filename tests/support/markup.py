"""HTML as a notebook gets it: whole, and nothing in it that runs or is loaded."""

from html.parser import HTMLParser

VOID = {"img", "br"}
ALLOWED = {
    "div", "p", "b", "span", "style", "table", "thead", "tbody", "tfoot", "tr", "th", "td", "pre", "img",
    "svg", "g", "title", "text", "path", "circle",
}  # fmt: skip


class Reader(HTMLParser):
    """Collects the elements of a page with their attributes, and its text but for the style sheet."""

    def __init__(self):
        super().__init__()
        self.open, self.elements, self.texts = [], [], []

    def handle_starttag(self, tag, attributes):
        self.elements.append((tag, dict(attributes)))
        if tag not in VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag, attributes):
        self.elements.append((tag, dict(attributes)))

    def handle_endtag(self, tag):
        assert self.open.pop() == tag, f"{tag} is closed, and another element open"

    def handle_data(self, data):
        if "style" not in self.open:
            self.texts.append(data)


def read(html):
    """Return the elements [(tag, attributes)] and the texts of HTML, of which everything is closed and harmless."""
    reader = Reader()
    reader.feed(html)
    reader.close()
    assert reader.open == []
    for tag, attributes in reader.elements:
        assert tag in ALLOWED, tag
        assert not [name for name in attributes if name.startswith("on") or name in ("href", "id")]
        assert attributes.get("src", "data:image/png;base64,").startswith("data:image/png;base64,")
    assert "url(" not in html and "@import" not in html
    return reader.elements, reader.texts


def paths(elements, kind):
    """Return what is drawn by the paths of a class."""
    return [a["d"] for tag, a in elements if tag == "path" and kind in a["class"].split()]
