"""The lines of ruled paper: found from border to border of a picture, traced, and taken out of its ink."""

from collections.abc import Iterator
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]

COARSE = 256  # pixels of the longer side, in which lines are searched
STRIP = 8  # columns of these that are averaged
LEAST_STRIPS = 8  # of a picture, or of a line that leaves it above or below
STEEPEST = 0.35  # rows per column: 19 degrees
SHEARS = 9  # base slopes; between two of them a strip's line is hardly smeared
BENDS = (0, -2, 2, -4, 4)  # by how many coarse pixels the middle of a line is off
REACHES = (3, 6)  # coarse pixels: on both sides of a line, at these distances, there is less ink than on it
CLEAR = 3.0  # standard deviations of a strip's noise
FAINTEST = 0.008  # of the range of grey values
COVERED = 0.8  # of the strips of a line, apart from those hidden by a drawing
SEEN = 0.4  # of all strips
ENDS = 3  # strips at each end: the strokes of a drawing end before the border
AT_ENDS = 0.6  # of these
ALIKE = 4  # lines make a family
UNLIKE = 0.03  # of its score, that a line loses for each coarse pixel by which it is not parallel to the family
WHOLE, BESIDE = 10, 9  # tenths of a strip on a line, and just beside it
BITS = 10  # of a sum over the strips of a line: at most 32 times 10
LOW = (1 << BITS) - 1


class Line(NamedTuple):
    """A line, by its row in each column; or by its column in each row, where it is upright."""

    upright: bool
    course: Floats  # of all columns; nan where it has left the picture
    offsets: Floats  # from the course across the line
    amounts: Floats  # of ink at these

    def band(self, shape: tuple[int, int]) -> tuple[NDArray[np.intp], NDArray[np.intp], Floats]:
        """Return rows and columns of the pixels of the line in a picture of this shape, and its ink on them."""
        height = shape[1] if self.upright else shape[0]
        along = np.flatnonzero(np.isfinite(self.course))
        reach = int(np.ceil(self.offsets[-1]))
        across = np.rint(self.course[along]).astype(np.intp) + np.arange(-reach, reach + 1)[:, np.newaxis]
        amounts = np.interp(across - self.course[along], self.offsets, self.amounts, 0, 0)
        inside = (across >= 0) & (across < height) & (amounts > 0)
        rows, columns = across[inside], np.broadcast_to(along, across.shape)[inside]
        return (columns, rows, amounts[inside]) if self.upright else (rows, columns, amounts[inside])


def find_rulings(ink: Floats) -> list[Line]:
    """Find the lines that cross a picture from border to border, level or upright within 19 degrees.

    Parameters
    ----------
    ink : ndarray (height, width)
        Amounts of ink, about 0 on paper.

    Returns
    -------
    list of Line
    """
    found = []
    for upright, turned in ((False, ink), (True, ink.T)):
        times = -(-max(ink.shape) // COARSE)
        courses = [_enlarged(course, times, turned.shape[1]) for course in _courses(_reduced(turned, times))]
        traced = [parts for course in courses if (parts := _traced(turned, course, times)) is not None]
        found += [Line(upright, *parts) for parts in _alike(traced)]
    return found


def _alike(lines: list[tuple[Floats, Floats, Floats]]) -> list[tuple[Floats, Floats, Floats]]:
    """Let no line be much darker or broader than its family: a stroke may lie along it."""
    if len(lines) < ALIKE:
        return lines
    most = MUCH * np.median([np.interp(OFFSETS, offsets, amounts, 0, 0) for _, offsets, amounts in lines], axis=0)
    return [
        (course, offsets, np.minimum(amounts, np.interp(offsets, OFFSETS, most, 0, 0)))
        for course, offsets, amounts in lines
    ]


def _reduced(ink: Floats, times: int) -> Floats:
    height, width = (side // times for side in ink.shape)
    means: Floats = ink[: height * times, : width * times].reshape(height, times, width, times).mean(axis=(1, 3))
    return means


def _enlarged(course: Floats, times: int, width: int) -> Floats:
    """Return the rows of a coarse line in each column of the picture."""
    columns = np.arange(width)
    rows: Floats = np.interp(columns, (np.arange(len(course)) + 0.5) * times - 0.5, course)
    return (rows + 0.5) * times - 0.5


# -------------------------------------------------------------------------------------------------------- search


class _Strips(NamedTuple):
    """What is seen on each strip (strips, rows) of a sheared picture."""

    hits: NDArray[np.uint32]  # 10 on a line, 9 just beside it
    inside: NDArray[np.bool_]  # the picture
    packed: NDArray[np.uint32]  # hits, whether it is visible, and inside: in 10 bits each, to be summed at once


def _courses(ink: Floats) -> Iterator[Floats]:
    """Yield the rows, in each column, of lines that do not cross each other."""
    height, width = ink.shape
    if width < LEAST_STRIPS * STRIP or height < 4 * max(REACHES):
        return
    found = [_candidates(ink, slope) for slope in np.linspace(-STEEPEST, STEEPEST, SHEARS)]
    rows, scores = (np.concatenate(values) for values in zip(*found, strict=True))
    kept = _apart(rows, scores)
    if len(kept) >= ALIKE:  # a line that a drawing hides is one of a family, and not one from here to its neighbour
        slanted = rows - rows[:, 1:2]
        off = abs(slanted - np.median(slanted[kept], axis=0)).max(axis=1)
        kept = _apart(rows, scores - UNLIKE * off)
    places = np.linspace(-1, 1, width)
    for first, middle, last in rows[kept]:
        yield middle + places * (last - first) / 2 + places**2 * ((first + last) / 2 - middle)


def _apart(rows: Floats, scores: Floats) -> list[int]:
    """Return the places of the best lines that neither cross nor touch each other."""
    order = scores.argsort(kind="stable")[::-1]
    kept = []
    while len(order):
        kept.append(int(order[0]))
        gaps = rows[order] - rows[order[0]]
        order = order[(gaps > REACHES[0]).all(axis=1) | (gaps < -REACHES[0]).all(axis=1)]
    return kept


def _candidates(ink: Floats, slope: float) -> tuple[Floats, Floats]:
    """Return lines of about a slope: rows (n, 3) in the first, middle and last column, and their scores."""
    height, width = ink.shape
    count = width // STRIP
    columns = np.arange(count * STRIP)
    shift = np.rint(slope * (columns - width / 2)).astype(np.intp)
    step = int(np.ceil(STEEPEST / (SHEARS - 1) * width / 2))  # rows at the end, to half of the next base slope
    margin = int(abs(shift).max()) + step + max(BENDS)
    rows = np.arange(-margin, height + margin)[:, np.newaxis] + shift  # those of each sheared row
    inside = ((rows >= 0) & (rows < height)).reshape(len(rows), count, STRIP).all(axis=2)
    strips = _seen(ink[rows.clip(0, height - 1), columns].reshape(len(rows), count, STRIP).mean(axis=2), inside)
    middles = (np.arange(count) + 0.5) * STRIP / width * 2 - 1  # from -1 to 1
    begins = np.arange(margin, margin + height)  # rows in the middle of the picture
    found_rows, found_scores = [np.empty((0, 3))], [np.empty(0)]
    for tilt in range(-step, step + 1):
        for bend in BENDS:
            moved = np.rint(tilt * middles + bend * (middles**2 - 1 / 3)).astype(np.intp)
            kept, scores = _covered(strips, begins, moved)
            ends = np.array([-tilt + bend * 2 / 3, -bend / 3, tilt + bend * 2 / 3])
            found_rows.append(kept[:, np.newaxis] - margin + ends + slope * width / 2 * np.array([-1, 0, 1]))
            found_scores.append(scores - 0.01 * abs(bend))
    return np.concatenate(found_rows), np.concatenate(found_scores)


def _seen(amounts: Floats, inside: NDArray[np.bool_]) -> _Strips:
    """Return what is seen on strips with these amounts of ink (rows, strips)."""
    from scipy import ndimage

    hits = np.zeros(amounts.shape, bool)
    hidden = np.zeros(amounts.shape, bool)
    level = np.median(amounts)
    for reach in REACHES:
        padded = np.pad(amounts, ((reach, reach), (0, 0)), mode="edge")
        above, below = padded[: -2 * reach], padded[2 * reach :]
        noise = 1.4826 * np.median(abs(amounts - above)) / 2**0.5
        least = max(CLEAR * noise, FAINTEST)
        around = np.maximum(above, below)
        hits |= amounts - around > least
        hidden |= around - level > 2 * least
    near = ndimage.maximum_filter1d(hits, 3, axis=0)
    weights = np.where(hits, WHOLE, np.where(near, BESIDE, 0)) * inside
    hits, visible = weights.T.astype(np.uint32), (inside & (near | ~hidden)).T
    packed = hits + (visible.astype(np.uint32) << BITS) + (inside.T.astype(np.uint32) << 2 * BITS)
    return _Strips(hits, inside.T, np.ascontiguousarray(packed))


def _covered(strips: _Strips, begins: NDArray[np.intp], moved: NDArray[np.intp]) -> tuple[NDArray[np.intp], Floats]:
    """Return which lines are covered, by their row in the middle, and to what share; they are `moved` on each strip."""
    first, size = begins[0], len(begins)
    sums = np.zeros(size, np.uint32)
    for packed, shift in zip(strips.packed, (first + moved).tolist(), strict=True):
        sums += packed[shift : shift + size]
    shares = (sums & LOW) / WHOLE
    visible, length = (sums >> BITS) & LOW, sums >> 2 * BITS
    is_line = (length >= LEAST_STRIPS) & (shares >= SEEN * length) & (shares >= COVERED * visible)
    kept = np.flatnonzero(is_line)
    if not len(kept):
        return kept, np.empty(0)
    places = np.arange(len(moved)), begins[kept, np.newaxis] + moved
    hits, inside, length = strips.hits[places], strips.inside[places], length[kept].astype(np.intp)
    is_line = np.ones(len(kept), bool)
    order = np.cumsum(inside, axis=1)
    for place in (order, length[:, np.newaxis] + 1 - order):
        end = inside & (place >= 1) & (place <= ENDS)
        is_line &= (hits * end).sum(axis=1) > AT_ENDS * ENDS * WHOLE
    return begins[kept[is_line]], shares[kept[is_line]] / length[is_line]


# ------------------------------------------------------------------------------------------------------- tracing

OFFSETS = np.arange(-40, 40.5, 0.5)  # from a line's course, at which families are compared
MUCH = 1.5  # times its family's ink
WIDEST = 0.03  # of the longer side of a picture
KNOTS = 24  # along a line, through which its course is a cubic curve
TYPICAL = 0.3  # quantile of the ink along a line: most of it is no drawing
DARK = 1.4  # times the ink of a line, with which something else lies on it
EDGE = 0.12  # of a line's ink, from where on a pixel belongs to it


def _traced(ink: Floats, course: Floats, times: int) -> tuple[Floats, Floats, Floats] | None:
    """Return course, offsets and amounts of ink of a line, or None if it is too wide, or paper for most of it."""
    from scipy import ndimage

    height, width = ink.shape
    reach = int(max(8, WIDEST * max(ink.shape)))
    offsets = np.arange(-reach, reach + 0.25, 0.5)

    def band(course: Floats) -> Floats:
        places = np.array([course + offsets[:, np.newaxis], np.broadcast_to(np.arange(width), (len(offsets), width))])
        return np.asarray(ndimage.map_coordinates(ink, places, order=1, mode="nearest"))

    inside = (course >= 0) & (course <= height - 1)
    deviation = _deviation(band(course), offsets, 2.0 * times + 0.5)
    if deviation is None:
        return None
    course = np.where(inside, course + deviation, np.nan)
    across = band(np.where(inside, course, 0))[:, inside]
    amounts = np.quantile(across, TYPICAL, axis=1)
    amounts = amounts - np.median(amounts)
    middle = abs(offsets) <= max(2, times)
    peak = np.flatnonzero(middle)[amounts[middle].argmax()]
    within = amounts > EDGE * amounts[peak]
    low = peak - int(within[peak::-1].argmin()) if not within[: peak + 1].all() else 0
    high = peak + int(within[peak:].argmin()) if not within[peak:].all() else len(offsets) - 1
    if amounts[peak] <= 0 or (high - low) / 2 > WIDEST * max(ink.shape):
        return None
    kept = slice(low, high + 1)
    reach = max(abs(offsets[low]), abs(offsets[high]))
    span = np.arange(-reach, reach + 0.25, 0.5)
    return course, span, np.interp(span, offsets[kept], amounts[kept].clip(0), 0, 0)


def _deviation(band: Floats, offsets: Floats, most: float) -> Floats | None:
    """Return by how much a line leaves its course in each column, of at most so many pixels; None where it is paper."""
    from scipy import ndimage

    width = band.shape[1]
    near = abs(offsets) <= most
    size = max(1, width // KNOTS)
    knots = band[:, : width // size * size].reshape(len(band), -1, size)
    means = np.partition(knots, int(TYPICAL * size), axis=2)[:, :, int(TYPICAL * size)]
    means = ndimage.uniform_filter1d(means, 3, axis=0)
    best = (means[near] - 1e-3 * abs(offsets[near])[:, np.newaxis] * means.max()).argmax(axis=0)
    peaks = means[near][best, np.arange(len(best))]
    typical = float(np.median(peaks))
    if typical <= 0:
        return None
    plain = peaks < DARK * typical  # where no stroke leads astray
    knots_at = np.linspace(-1, 1, len(best))
    curve = np.zeros(4)
    for _ in range(4):
        misses = abs(offsets[near][best] - np.polyval(curve, knots_at))
        trusted = plain & (misses <= 2 * np.median(misses[plain]) + 0.5)
        curve = np.polyfit(knots_at[trusted], offsets[near][best][trusted], min(3, max(0, trusted.sum() // 3 - 1)))
    columns = (np.arange(width) - (len(best) * size - 1) / 2) / ((len(best) - 1) * size / 2)
    deviation: Floats = np.polyval(curve, columns).clip(-most, most)
    return deviation


# ------------------------------------------------------------------------------------------------------- removal

DARKER = 0.5  # of a line's ink, by how much more a pen on it must have


def without_rulings(ink: Floats, lines: list[Line], contrast: float, noise: float) -> Floats:
    """Take lines out of the ink of a picture, but not the strokes that cross them.

    Parameters
    ----------
    ink : ndarray (height, width)
        Amounts of ink, about 0 on paper.
    lines : list of Line
        As `find_rulings` returns it.
    contrast : float
        The ink of a stroke.
    noise : float
        Standard deviation of the paper.

    Returns
    -------
    ndarray (height, width)
        Where a pen has more ink than the line below it, what it has. Where a line is as dark as the pen, what is seen
        around it.
    """
    from scipy import ndimage

    ruled = np.zeros_like(ink)
    for line in lines:
        rows, columns, amounts = line.band(ink.shape)
        np.maximum.at(ruled, (rows, columns), amounts)
    on_line = ruled > 0
    more = np.maximum(DARKER * ruled, np.maximum(4 * noise, 0.25 * contrast))
    is_pen = on_line & (ink - ruled > more)
    cleaned = np.where(on_line & ~is_pen, 0, ink)
    unknown = on_line & ~is_pen & (contrast - ruled < more)
    if not unknown.any():
        return cleaned
    spread = max(1.0, ndimage.distance_transform_edt(unknown).max())
    known = ndimage.gaussian_filter((~unknown).astype(float), spread)
    around = ndimage.gaussian_filter(np.where(unknown, 0, cleaned.clip(0, contrast)), spread) / np.maximum(known, 1e-9)
    return np.where(unknown, around, cleaned)
