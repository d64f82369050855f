"""Repairs of tables whose columns have other units, another order or sign, or hold stand-ins for values."""

from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

from cmlp.data.dataset import Dataset
from cmlp.diagnosis.transforms import Repair, scaled, standardised, with_images

Values = NDArray[np.float32]

SPREAD = (0.1, 0.5, 0.9)  # quantiles by which columns are compared
OTHER_UNITS = 3.0  # ratio of the spreads of a column from which on its units may differ
PLAIN = 20.0  # ratio that no luck explains
AWAY = 1.5  # spreads by which medians must differ where the spreads do not
ELSEWHERE, FAR = 0.5, 5.0  # spreads by which the medians of most columns differ: perhaps by luck, and never
EXACT = 1e-9
ROUND = 0.25  # of the ratio, by which a power of ten may be missed
FREQUENT = 0.02  # share of a column that a stand-in has at the least
MOSTLY = 0.8  # of the values outside of what the other set has, that are the stand-in
BEYOND = 1.0  # ranges of the other set, by which a stand-in lies outside
SAME = 1e-6  # of the median cost, by which a column's own place is cheaper
NAMED = 8  # columns that a line names one by one
MOST_COLUMNS = 1024  # for matching columns one to one, which takes the third power


def plain_repairs(wanted: Dataset, found: Dataset) -> Iterator[Repair]:
    """Return the repairs of what is certain without a network: units twenty times as large, and stand-ins for values.

    Parameters
    ----------
    wanted, found : Dataset
        Rows of both sets.
    """
    source, target = scaled(found), scaled(wanted)
    stand_in = _stand_in(source, target)
    if stand_in is not None and not target.min() <= stand_in <= target.max():
        yield sentinels(stand_in, np.median(target, axis=0))
    units = _units(source, target, PLAIN)
    if units is not None:
        yield units


def scale_repairs(wanted: Dataset, found: Dataset) -> Iterator[tuple[Repair, bool]]:
    """Return the repairs of most columns at once, where one set was scaled and the other not, and how plain that is.

    Parameters
    ----------
    wanted, found : Dataset
        Rows of both sets.
    """
    source, target = scaled(found), scaled(wanted)
    (low, middle, high), (wanted_low, wanted_middle, wanted_high) = (
        np.quantile(v, SPREAD, axis=0) for v in (source, target)
    )
    spread, wanted_spread = high - low, wanted_high - wanted_low
    usable = (spread > 0) & (wanted_spread > 0)
    widest = np.maximum(spread, wanted_spread)
    distance = np.abs(wanted_middle - middle)[usable] / widest[usable]
    ratio = widest[usable] / np.minimum(spread, wanted_spread)[usable]
    if not usable.any() or np.mean((distance > ELSEWHERE) | (ratio > OTHER_UNITS)) <= 0.5:
        return
    plain = bool(np.mean((distance > FAR) | (ratio > PLAIN)) > 0.5)
    units = _units(source, target)
    if units is not None:
        yield units, plain
    yield standardised(_moments(source), _moments(target)), plain


def table_repairs(wanted: Dataset, found: Dataset) -> Iterator[Repair]:
    """Return repairs that may bring the features of one set to those of another one.

    Parameters
    ----------
    wanted, found : Dataset
        Rows of both sets, from which the repairs are read.
    """
    source, target = scaled(found), scaled(wanted)
    stand_in = _stand_in(source, target)
    if stand_in is not None:
        yield sentinels(stand_in, np.median(target, axis=0))
    units = _units(source, target)
    if units is not None:
        yield units
    varies = (source.std(axis=0) > 0) & (target.std(axis=0) > 0)
    if varies.any():
        yield standardised(_moments(source), _moments(target))
    classes = np.intersect1d(wanted.labels, found.labels)
    if len(classes):
        profiles = [_profiles(values, data.labels, classes) for values, data in ((source, found), (target, wanted))]
        yield from _negated(*profiles)
        yield from _reordered(*profiles)


def _moments(values: Values) -> tuple[Values, Values]:
    return values.mean(axis=0), values.std(axis=0)


# Units


def _units(source: Values, target: Values, least: float = OTHER_UNITS) -> Repair | None:
    """Return the repair of the columns whose spreads differ by a factor, or whose medians lie apart."""
    (low, middle, high), (wanted_low, wanted_middle, wanted_high) = (
        np.quantile(v, SPREAD, axis=0) for v in (source, target)
    )
    spread, wanted = high - low, wanted_high - wanted_low
    usable = (spread > 0) & (wanted > 0)
    ratio = np.where(usable, wanted / np.where(usable, spread, 1), 1.0)
    moved = np.abs(wanted_middle - middle) > AWAY * np.maximum(spread, wanted)
    other = np.abs(np.log(ratio)) > np.log(least)
    columns = np.flatnonzero(usable & (other | moved if least == OTHER_UNITS else other))
    if not len(columns):
        return None
    factors = np.array([_rounded(factor) for factor in ratio[columns]])
    offsets = wanted_middle[columns] - middle[columns] * factors
    fits = np.abs(offsets) <= 0.5 * wanted[columns]
    if least > OTHER_UNITS:
        powers = np.abs(np.log10(factors) - np.rint(np.log10(factors))) < EXACT
        columns, factors, offsets, fits = (array[fits & powers] for array in (columns, factors, offsets, fits))
        if not len(columns):
            return None
    return other_units(columns, factors, np.where(fits, 0.0, offsets))


def _rounded(factor: float) -> float:
    """Return the power of ten that is meant, if it is one."""
    power = 10.0 ** np.rint(np.log10(factor))
    return float(power) if abs(factor / power - 1) <= ROUND and power != 1 else float(factor)


def other_units(columns: NDArray[np.intp], factors: NDArray[np.float64], offsets: NDArray[np.float64]) -> Repair:
    """Multiply some columns by their factors, and add their offsets."""
    if len(columns) <= NAMED:
        numbers = f"[{', '.join(f'{factor:.6g}' for factor in factors)}]"
        line = f"{{images}} = {{images}}.astype(float); {{images}}[:, {columns.tolist()}] *= {numbers}"
        if np.any(offsets):
            line += f"; {{images}}[:, {columns.tolist()}] += [{', '.join(f'{offset:.6g}' for offset in offsets)}]"
    else:
        line = "{images} = report.repaired_{prefix}.images"

    def apply(dataset: Dataset) -> Dataset:
        values = scaled(dataset)
        values[:, columns] = values[:, columns] * factors + offsets
        return with_images(dataset, values)

    return Repair("other-units", line, apply, of_values=True)


# Stand-ins


def _stand_in(source: Values, target: Values) -> float | None:
    """Return the value that stands for missing ones: it is frequent, and far outside of what the other set has."""
    low, high = target.min(axis=0), target.max(axis=0)
    away = BEYOND * np.maximum(high - low, np.finfo(np.float32).tiny)
    outside = (source < low - away) | (source > high + away)
    if not outside.any():
        return None
    values, counts = np.unique(source[outside], return_counts=True)
    most = int(counts.argmax())
    columns = (source == values[most]).any(axis=0).sum()
    enough = max(2, FREQUENT * len(source) * columns, MOSTLY * counts.sum())
    return float(values[most]) if counts[most] >= enough else None


def sentinels(value: float, medians: Values) -> Repair:
    """Put the median of a column, in the other set, in the place of a value that stands for missing ones."""
    line = f"{{images}} = np.where(np.float32({{images}}) == np.float32({value:.9g}), "
    line += "np.median({other}, axis=0), {images})"

    def apply(dataset: Dataset) -> Dataset:
        values = scaled(dataset)
        return with_images(dataset, np.where(values == np.float32(value), medians, values))

    return Repair("sentinel-values", line, apply, of_values=True)


# Order and sign


def _profiles(values: Values, labels: NDArray[np.intp], classes: NDArray[np.intp]) -> NDArray[np.float64]:
    """Return per column its mean in every class, (columns, classes)."""
    return np.stack([values[labels == label].mean(axis=0) for label in classes], axis=1).astype(np.float64)


def _negated(found: NDArray[np.float64], wanted: NDArray[np.float64]) -> Iterator[Repair]:
    apart, opposite = np.sum((found - wanted) ** 2, axis=1), np.sum((found + wanted) ** 2, axis=1)
    columns = np.flatnonzero(opposite < apart / 4)
    if len(columns):
        yield negated_columns(columns)


def negated_columns(columns: NDArray[np.intp]) -> Repair:
    """Change the sign of some columns."""
    line = f"{{images}} = {{images}}.astype(float); {{images}}[:, {columns.tolist()}] *= -1"
    if len(columns) > NAMED:
        line = "{images} = report.repaired_{prefix}.images"

    def apply(dataset: Dataset) -> Dataset:
        values = scaled(dataset)
        values[:, columns] *= -1
        return with_images(dataset, values)

    return Repair("negated-columns", line, apply)


def _reordered(found: NDArray[np.float64], wanted: NDArray[np.float64]) -> Iterator[Repair]:
    if not 1 < len(found) <= MOST_COLUMNS:
        return

    from scipy.optimize import linear_sum_assignment

    deviation = np.maximum(wanted.std(axis=1), np.finfo(np.float32).tiny)[:, None]
    for unit in (deviation, np.full_like(deviation, wanted.std() or 1.0)):  # of the column that it may be, or of all
        costs = np.stack([np.sum(((found - row) / size) ** 2, axis=1) for row, size in zip(wanted, unit, strict=True)])
        order = linear_sum_assignment(costs - SAME * np.median(costs) * np.eye(len(costs)))[1]
        if np.any(order != np.arange(len(order))):
            yield reordered_columns(order)


def reordered_columns(order: NDArray[np.intp]) -> Repair:
    """Undo one permutation of the columns: column j of a repaired row is column order[j]."""
    line = f"{{images}} = {{images}}[:, {order.tolist()}]"
    if len(order) > 2 * NAMED:
        line = "{images} = report.repaired_{prefix}.images"
    return Repair("permuted-columns", line, lambda dataset: with_images(dataset, dataset.images[:, order]))
