"""Cards: the frame that all HTML of cmlp in a notebook has, and the text, tables and code in it."""

from collections.abc import Collection, Iterable, Sequence
from functools import cache
from html import escape
from importlib.resources import files

from cmlp.notebook.names import ELLIPSIS

LONGEST = 2_000  # characters of a text; a notebook keeps all that it shows


@cache
def style() -> str:
    """Return the style sheet, without what only its readers need."""
    text = files("cmlp.notebook").joinpath("notebook.css").read_text("utf-8")
    return "".join(line.strip() for line in text.splitlines() if not line.startswith("/*"))


def cut(text: str, longest: int) -> str:
    """Return a text of at most so many characters, the last of which says whether it was longer."""
    return text if len(text) <= longest else f"{text[: longest - 1]}{ELLIPSIS}"


def safe(text: object, longest: int = LONGEST) -> str:
    """Return text as HTML shows it, whatever is in it, cut where it is too long."""
    return escape(cut(str(text), longest))


def card(title: str, about: Iterable[str], *content: str) -> str:
    """Return a card.

    Parameters
    ----------
    title : str
        What it is of.
    about : iterable of str
        What is said of it below the title, separated by dots; text.
    *content : str
        HTML.

    Returns
    -------
    str
        HTML with its own style sheet.
    """
    said = " \N{MIDDLE DOT} ".join(safe(text) for text in about)
    head = f"<p class='cmlp-title'>{safe(title, 200)}</p>" + (f"<p class='cmlp-about'>{said}</p>" if said else "")
    return f"<div class='cmlp'><style>{style()}</style>{head}{''.join(content)}</div>"


def table(
    head: Sequence[str], rows: Iterable[Sequence[str]], *, foot: Sequence[str] = (), left: Collection[int] = (0,)
) -> str:
    """Return a table.

    Parameters
    ----------
    head : sequence of str
        The names of the columns; text.
    rows : iterable of sequences of str
        HTML, cell by cell.
    foot : sequence of str
        The last row, such as sums; by default there is none.
    left : collection of int
        The columns that stand on the left, as text does; the first by default.

    Returns
    -------
    str
        HTML.
    """

    def row(cells: Sequence[str], tag: str = "td") -> str:
        return "<tr>" + "".join(_cell(cell, tag, place in left) for place, cell in enumerate(cells)) + "</tr>"

    body = "".join(map(row, rows))
    last = f"<tfoot>{row(foot)}</tfoot>" if foot else ""
    names = row([safe(name, 40) for name in head], "th")
    return f"<div class='cmlp-wide'><table><thead>{names}</thead><tbody>{body}</tbody>{last}</table></div>"


def _cell(content: str, tag: str, is_text: bool) -> str:
    return f"<{tag} class='cmlp-text'>{content}</{tag}>" if is_text else f"<{tag}>{content}</{tag}>"


def bar(share: float) -> str:
    """Return a bar whose length is a share of the largest, in [0, 1]."""
    return f"<span class='cmlp-bar' style='width:{100 * min(max(share, 0.0), 1.0):.3g}px'></span>"
