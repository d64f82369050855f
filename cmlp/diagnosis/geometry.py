"""Repairs of pictures that are turned, slanted or sized otherwise: pixels are taken from places in between, too."""

from math import cos, radians, sin
from typing import Any

import numpy as np
from numpy.typing import NDArray

from cmlp.data.dataset import Dataset
from cmlp.diagnosis.transforms import Repair, with_images

Matrix = NDArray[np.float64]

EVEN = 1e-9


def rotated(shape: tuple[int, int], degrees: float) -> Repair:
    """Turn pictures clockwise by some degrees, about their centre."""
    c, s = cos(radians(degrees)), sin(radians(degrees))
    return _resampled("rotated", shape, np.array([[c, -s], [s, c]]))


def slanted(shape: tuple[int, int], slope: float) -> Repair:
    """Move every row of pixels to the side, by `slope` pixels for each row below the centre."""
    return _resampled("slanted", shape, np.array([[1.0, 0.0], [slope, 1.0]]))


def zoomed(shape: tuple[int, int], factor: float) -> Repair:
    """Make what pictures show larger by a factor, about their centre, on as many pixels."""
    return _resampled("zoomed", shape, np.eye(2) / factor)


def resized(shape: tuple[int, int], target: tuple[int, int]) -> Repair:
    """Bring pictures to another number of pixels, each the mean of a block or between its neighbours."""
    factors = [old / new for old, new in zip(shape, target, strict=True)]
    zoom = ", ".join(f"{new} / {old}" for old, new in zip(shape, target, strict=True))
    line = (
        f"{{images}} = scipy.ndimage.zoom({{images}}.reshape(-1, {shape[0]}, {shape[1]}), (1, {zoom}), "
        f"order=1, grid_mode=True, mode='nearest').reshape(-1, {target[0] * target[1]})"
    )
    size = [max(1, round(factor)) for factor in factors]
    if max(factors) > 1 and all(abs(f - s) < EVEN for f, s in zip(factors, size, strict=True)):
        line = (
            f"{{images}} = {{images}}.reshape(-1, {target[0]}, {size[0]}, {target[1]}, {size[1]}).mean((2, 4))"
            f".reshape(-1, {target[0] * target[1]})"
        )

        def blocks(dataset: Dataset) -> Dataset:
            p = dataset.pictures().reshape(-1, target[0], size[0], target[1], size[1]).mean(axis=(2, 4))
            return with_images(dataset, _of_type(p, dataset))

        return Repair("different-size", line, blocks)
    return _resampled("different-size", shape, np.diag(factors), target, line)


def framed(shape: tuple[int, int], target: tuple[int, int]) -> Repair:
    """Cut or pad pictures around their centre, with zeros, to another number of pixels."""
    cut = [
        slice(max(0, old - new) // 2, max(0, old - new) // 2 + min(old, new))
        for old, new in zip(shape, target, strict=True)
    ]
    pad = [(max(0, new - old) // 2, -(-max(0, new - old) // 2)) for old, new in zip(shape, target, strict=True)]
    pictures, flat = f"{{images}}.reshape(-1, {shape[0]}, {shape[1]})", f".reshape(-1, {target[0] * target[1]})"
    cutting = ", ".join(f"{part.start}:{part.stop}" for part in cut)
    line = f"{pictures}[:, {cutting}]" if shape[0] > target[0] or shape[1] > target[1] else pictures
    if pad != [(0, 0), (0, 0)]:
        line = f"np.pad({line}, ((0, 0), {pad[0]}, {pad[1]}))"

    def apply(dataset: Dataset) -> Dataset:
        return with_images(dataset, np.pad(dataset.pictures()[:, cut[0], cut[1]], ((0, 0), *pad)))

    return Repair("different-size", f"{{images}} = {line}{flat}", apply)


def _resampled(
    code: str, shape: tuple[int, int], matrix: Matrix, target: tuple[int, int] | None = None, line: str | None = None
) -> Repair:
    """Take the pixel at x, from the centre, from matrix @ x, between its neighbours; beyond the border from there."""
    target = target or shape
    old, new = (np.array(shape) - 1) / 2, (np.array(target) - 1) / 2
    if line is None:
        offset = old - matrix @ new
        cells = ", ".join(f"[{', '.join(f'{cell:.5g}' for cell in row)}]" for row in matrix)
        line = (
            f"{{images}} = np.stack([scipy.ndimage.affine_transform(p, [{cells}], "
            f"[{', '.join(f'{cell:.5g}' for cell in offset)}], order=1, mode='nearest') "
            f"for p in {{images}}.reshape(-1, {shape[0]}, {shape[1]})]).reshape({{images}}.shape)"
        )
    places = matrix @ (np.indices(target).reshape(2, -1) - new[:, None]) + old[:, None]
    places = np.clip(places, 0, np.array(shape)[:, None] - 1)
    low = np.minimum(np.floor(places).astype(np.intp), np.maximum(np.array(shape)[:, None] - 2, 0))
    share = (places - low).astype(np.float32)
    corners = [
        ((low[0] + down) * shape[1] + low[1] + right, _part(share[0], down) * _part(share[1], right))
        for down in (0, 1)
        for right in (0, 1)
    ]

    def apply(dataset: Dataset) -> Dataset:
        moved = np.zeros((len(dataset), target[0] * target[1]), np.float32)
        for index, weight in corners:
            moved += dataset.images[:, np.minimum(index, dataset.images.shape[1] - 1)] * weight
        return with_images(dataset, _of_type(moved.reshape(-1, *target), dataset))

    return Repair(code, line, apply)


def _part(share: NDArray[np.float32], upper: int) -> NDArray[np.float32]:
    return share if upper else 1 - share


def _of_type(pictures: NDArray[Any], dataset: Dataset) -> NDArray[Any]:
    """Return pictures as bytes where the dataset has bytes, otherwise as its floats."""
    dtype = dataset.images.dtype
    typed: NDArray[Any] = (np.rint(pictures) if dtype == np.uint8 else pictures).astype(dtype)
    return typed
