"""The architecture of a network as SVG: layers of units, and lines from all to all."""

from collections.abc import Sequence
from itertools import pairwise

from cmlp.notebook.cards import safe
from cmlp.notebook.names import ELLIPSIS, short_names

MOST_UNITS = 10  # that are drawn of a layer, and of which the names of outputs have room
MOST_LAYERS = 7
STEP, RADIUS, TOP, BOTTOM = 17, 5.5, 42, 8
WIDTH, SIDE = 560, 48  # of the picture, and from its edge to the middle of a layer
LONGEST_NAME = 16
LETTER = 6.5  # width of one


def diagram(sizes: Sequence[int], kinds: Sequence[str], names: Sequence[str] = ()) -> str:
    """Return a picture of layers.

    Parameters
    ----------
    sizes : sequence of int
        The number of units of each layer.
    kinds : sequence of str
        What stands above each layer, such as its activation; text.
    names : sequence of str
        What the outputs are called, drawn where there is room for them; text. By default they have no names.

    Returns
    -------
    str
        An ``svg`` element.
    """
    chosen = _ends(len(sizes), MOST_LAYERS)
    called = short_names(names, LONGEST_NAME) if len(names) <= MOST_UNITS else []
    room = SIDE if not called else max(SIDE, 20 + LETTER * max(map(len, called)))
    step = (WIDTH - SIDE - room) / max(len(chosen) - 1, 1)
    columns = [round(SIDE + step * place) for place in range(len(chosen))]
    tallest = max(len(_ends(sizes[layer], MOST_UNITS)) for layer in chosen if layer is not None)
    height = TOP + STEP * tallest + BOTTOM
    rows = [_rows(sizes[layer], height) if layer is not None else [] for layer in chosen]
    parts = [_edges(*pair) for pair in pairwise(zip(columns, rows, strict=True))]
    for x, layer, places in zip(columns, chosen, rows, strict=True):
        if layer is None:
            parts.append(f"<text x='{x}' y='{(TOP + height) // 2}' text-anchor='middle'>{ELLIPSIS}</text>")
            continue
        parts.append(_layer(x, sizes[layer], kinds[layer], places))
    drawn = [place for place in rows[-1] if place is not None]
    if len(called) == len(drawn) == sizes[-1]:
        parts += [
            f"<text x='{columns[-1] + 12}' y='{y + 4}'>{safe(short)}{_title(name, short)}</text>"
            for name, short, y in zip(names, called, drawn, strict=True)
        ]
    said = "layers of " + ", ".join(f"{size:,}" for size in sizes[:50]) + " units"
    frame = f"width='{WIDTH}' height='{height}' viewBox='0 0 {WIDTH} {height}'"
    return f"<svg {frame} role='img' aria-label='{safe(said, 300)}'>{''.join(parts)}</svg>"


def _title(name: str, short: str) -> str:
    return "" if name == short else f"<title>{safe(name)}</title>"


def _ends(count: int, most: int) -> list[int | None]:
    """Return the first and the last of so many, with None for those between them that have no room."""
    if count <= most:
        return list(range(count))
    first = most // 2
    return [*range(first), None, *range(count - (most - 1 - first), count)]


def _rows(size: int, height: int) -> list[int | None]:
    """Return where the units of a layer stand, None for those that are left out."""
    units = _ends(size, MOST_UNITS)
    begin = TOP + (height - TOP - BOTTOM - STEP * len(units)) / 2 + STEP / 2
    return [None if unit is None else round(begin + STEP * place) for place, unit in enumerate(units)]


def _edges(left: tuple[int, list[int | None]], right: tuple[int, list[int | None]]) -> str:
    """Return lines from all units of a layer to all of the next, as one path."""
    (x, rows), (end, others) = left, right
    lines = "".join(f"M{x} {a}L{end} {b}" for a in rows if a is not None for b in others if b is not None)
    return f"<path class='cmlp-edges' d='{lines}'/>" if lines else ""


def _layer(x: int, size: int, kind: str, rows: Sequence[int | None]) -> str:
    head = f"<text class='cmlp-head' x='{x}' y='12' text-anchor='middle'>{size:,}</text>"
    below = f"<text x='{x}' y='27' text-anchor='middle'>{safe(kind, 16)}</text>"
    drawn = [y for y in rows if y is not None]
    units = "".join(f"<circle class='cmlp-unit' cx='{x}' cy='{y}' r='{RADIUS}'/>" for y in drawn)
    if None not in rows:
        return head + below + units
    middle = sum(drawn[rows.index(None) - 1 :][:2]) // 2
    return head + below + units + f"<text x='{x}' y='{middle + 4}' text-anchor='middle'>\N{VERTICAL ELLIPSIS}</text>"
