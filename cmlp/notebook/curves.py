"""Curves as SVG, in the colours of the card that they stand in."""

from collections.abc import Callable, Mapping, Sequence
from math import ceil, floor, isfinite, log10, nan

from cmlp.notebook.cards import safe

WIDTH, HEIGHT = 340, 190
LEFT, RIGHT, TOP, BOTTOM = 50, 120, 24, 34
LINE = 13  # height of a line of text
MOST_POINTS = 300  # of a curve
HUGE = 1e300
COLOURS = {"training": "blue", "validation": "orange", "test": "green"}

Range = tuple[float, float]
Point = tuple[float, float]
Scale = Callable[[float], float]


def chart(
    title: str,
    lines: Mapping[str, Sequence[float]],
    x: Sequence[float] | None = None,
    *,
    x_name: str = "epoch",
    colours: Mapping[str, str] = COLOURS,
    faint: str = "",
    marks: Mapping[float, str] = {},
    logarithmic: bool = False,
    limits: Range | None = None,
) -> str:
    """Return a chart of values, each line with its name and last value at its end.

    Parameters
    ----------
    title : str
        What the values are.
    lines : mapping of str to sequence of float
        The values by name; what is not finite is left out.
    x : sequence of float, optional
        Where the values stand; by default at 1, 2, 3 and so on.
    x_name : str
        What stands below; "epoch" by default.
    colours : mapping of str to str
        blue, orange or green by name.
    faint : str
        The name of a line that only stands behind the others, without a label.
    marks : mapping of float to str
        Vertical lines by their place, with what stands beside them.
    logarithmic : bool
        Whether x is drawn by its logarithm.
    limits : (float, float), optional
        The lowest and the highest value that is drawn; by default of all values.

    Returns
    -------
    str
        An ``svg`` element.
    """
    places = list(range(1, max(map(len, lines.values()), default=0) + 1)) if x is None else list(x)
    lines = {name: [_bounded(value) for value in values] for name, values in lines.items() if len(values)}
    finite = [value for values in lines.values() for value in values if isfinite(value)]
    head = f"<text class='cmlp-head' x='0' y='13'>{safe(title, 60)}</text>"
    if not finite:
        return _svg(title, f"{head}<text x='0' y='40'>nothing was measured that is finite</text>")
    low, high = limits or _roomy(min(finite), max(finite))
    warp: Scale = log10 if logarithmic else float
    across = _scale(warp, _spread(warp(places[0]), warp(places[-1])), (LEFT, WIDTH - RIGHT))
    up = _scale(float, (low, high), (HEIGHT - BOTTOM, TOP))
    drawn = "".join(
        _line(
            [(across(place), _within(up(v), TOP, HEIGHT - BOTTOM)) for place, v in zip(places, values, strict=False)],
            f"cmlp-{colours[name]}{' cmlp-faint' if name == faint else ''}",
        )
        for name, values in lines.items()
    )
    marked = "".join(_mark(across(place), text) for place, text in marks.items())
    labels = _labels({name: values for name, values in lines.items() if name != faint}, colours, up)
    ticks = _decades(places[0], places[-1]) if logarithmic else _whole(places[0], places[-1])
    axes = _grid(_ticks(low, high), up) + "".join(_tick(across(tick), tick) for tick in ticks)
    below = f"<text x='{(LEFT + WIDTH - RIGHT) / 2:g}' y='{HEIGHT - 3}' text-anchor='middle'>{safe(x_name, 40)}</text>"
    said = f"{title}: " + ", ".join(f"{name} {values[-1]:.4g}" for name, values in lines.items())
    return _svg(said, head + axes + below + drawn + marked + labels)


def _svg(description: str, content: str) -> str:
    size = f"width='{WIDTH}' height='{HEIGHT}' viewBox='0 0 {WIDTH} {HEIGHT}'"
    return f"<svg {size} role='img' aria-label='{safe(description, 300)}'>{content}</svg>"


def _bounded(value: float) -> float:
    """Return a value that can be computed with: NaN for what is not finite, and less than the largest float."""
    return min(max(float(value), -HUGE), HUGE) if isfinite(value) else nan


def _roomy(low: float, high: float) -> Range:
    """Return a range with some room on both sides, also of values that are all equal."""
    room = 0.05 * (high - low) or 0.05 * abs(high) or 1.0
    return low - room, high + room


def _spread(low: float, high: float) -> Range:
    return (low - 0.5, high + 0.5) if low == high else (low, high)


def _scale(warp: Scale, given: Range, drawn: Range) -> Scale:
    (low, high), (begin, end) = given, drawn

    def place(value: float) -> float:
        if not isfinite(value):
            return value
        return begin + (end - begin) * ((warp(value) - low) / (high - low))

    return place


def _within(value: float, low: float, high: float) -> float:
    return min(max(value, low), high) if isfinite(value) else value


def _line(points: Sequence[Point], kind: str) -> str:
    """Return a line through points; it is broken where one is not finite, and a single point is a dot."""
    finite = [point for point in points if isfinite(point[1])]
    if len(finite) == 1:
        return f"<circle class='{kind}' cx='{finite[0][0]:.1f}' cy='{finite[0][1]:.1f}' r='3'/>"
    parts, pen = [], "M"
    for x, y in _thinned(points):
        if isfinite(y):
            parts.append(f"{pen}{x:.1f} {y:.1f}")
        pen = "L" if isfinite(y) else "M"
    return f"<path class='cmlp-curve {kind}' d='{''.join(parts)}'/>"


def _thinned(points: Sequence[Point]) -> Sequence[Point]:
    """Return at most about MOST_POINTS of them: of each stretch the lowest and the highest, so that peaks remain."""
    if len(points) <= MOST_POINTS:
        return points
    stretch, kept = -(-2 * len(points) // MOST_POINTS), [0, len(points) - 1]
    for begin in range(0, len(points), stretch):
        members = range(begin, min(begin + stretch, len(points)))
        finite = [place for place in members if isfinite(points[place][1])]
        pair = [min, max] if finite else []
        kept += [choose(finite, key=lambda place: points[place][1]) for choose in pair] or [begin]
    return [points[place] for place in sorted(set(kept))]


def _labels(lines: Mapping[str, Sequence[float]], colours: Mapping[str, str], up: Scale) -> str:
    """Return the names and last values, as near to the ends of the lines as they have room."""
    ends = {name: values[-1] for name, values in lines.items()}
    heights = {name: _within(up(end), TOP, HEIGHT - BOTTOM) if isfinite(end) else TOP for name, end in ends.items()}
    names = sorted(heights, key=lambda name: heights[name])
    placed = spread_out([heights[name] for name in names], TOP, HEIGHT - BOTTOM, LINE)
    return "".join(
        f"<text class='cmlp-{colours[name]}' x='{WIDTH - RIGHT + 7}' y='{height + 4:.1f}'>"
        f"{safe(f'{name} {ends[name]:.4g}', 40)}</text>"
        for name, height in zip(names, placed, strict=True)
    )


def spread_out(heights: Sequence[float], low: float, high: float, least: float) -> list[float]:
    """Move ascending heights so that they differ by at least `least`, and none is above `high`."""
    moved = [low - least]
    for height in heights:
        moved.append(max(height, moved[-1] + least))
    above = high + least
    for place in range(len(moved) - 1, 0, -1):
        above = moved[place] = min(moved[place], above - least)
    return moved[1:]


def _mark(x: float, text: str) -> str:
    side, move = ("end", -4) if x > (LEFT + WIDTH - RIGHT) / 2 else ("start", 4)
    return (
        f"<path class='cmlp-curve cmlp-orange' stroke-dasharray='4 3' d='M{x:.1f} {TOP}V{HEIGHT - BOTTOM}'/>"
        f"<text class='cmlp-orange' x='{x + move:.1f}' y='{TOP + 9}' text-anchor='{side}'>{safe(text, 40)}</text>"
    )


def _grid(ticks: Sequence[float], up: Scale) -> str:
    return "".join(
        f"<path class='cmlp-grid' d='M{LEFT} {up(tick):.1f}H{WIDTH - RIGHT}'/>"
        f"<text x='{LEFT - 6}' y='{up(tick) + 4:.1f}' text-anchor='end'>{_number(tick)}</text>"
        for tick in ticks
    )


def _tick(x: float, value: float) -> str:
    return f"<text x='{x:.1f}' y='{HEIGHT - BOTTOM + 15}' text-anchor='middle'>{_number(value)}</text>"


def _number(value: float) -> str:
    """Return a number for which an axis has room."""
    if value == round(value) and 1000 <= abs(value) < 1e5:
        return f"{value:,.0f}"
    number, _, exponent = f"{value:{'.3e' if abs(value) >= 1e5 else '.4g'}}".partition("e")
    return f"{float(number):.4g}e{int(exponent)}" if exponent else number


def _ticks(low: float, high: float, most: int = 5) -> list[float]:
    """Return round numbers in a range, at most so many."""
    span = (high - low) / most
    if not span > 0:
        return [low]
    power = 10.0 ** floor(log10(span))
    step = next((factor * power for factor in (1, 2, 5) if factor * power >= span), 10 * power)
    first = -(-low // step)
    return [n * step for n in (first + i for i in range(most + 1)) if low <= n * step <= high]


def _whole(first: float, last: float) -> list[float]:
    """Return the first and the last of whole numbers, and round ones between them that have room."""
    between = [tick for tick in _ticks(first, last) if tick == int(tick)]
    room = 0.12 * (last - first)
    return sorted({first, last, *(tick for tick in between if first + room <= tick <= last - room)})


def _decades(low: float, high: float) -> list[float]:
    """Return powers of ten in a range, at most about five of them."""
    exponents = range(ceil(log10(low)), floor(log10(high)) + 1)
    return [10.0**exponent for exponent in exponents[:: max(1, -(-len(exponents) // 5))]] or [low]
