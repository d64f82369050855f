"""What distortions make of pictures, written down once more in NumPy."""

import numpy as np

MASK = 2**64 - 1


def mix(x):
    """SplitMix64's hash, of an integer."""
    x = (x + 0x9E3779B97F4A7C15) & MASK
    x = ((x ^ (x >> 30)) * 0xBF58476D1CE4E5B9) & MASK
    x = ((x ^ (x >> 27)) * 0x94D049BB133111EB) & MASK
    return x ^ (x >> 31)


def uniform(seed, i):
    return ((mix((seed + i) & MASK) >> 11) + 0.5) * 2.0**-52 - 1


def weights(side, smoothness):
    reach = int(np.ceil((side - 1) / 2 / smoothness + 1))
    nodes = (side - 1) / 2 + np.arange(-reach, reach + 1) * smoothness
    bells = np.exp(-((np.arange(side)[:, np.newaxis] - nodes) ** 2) / (2 * smoothness**2))
    return bells / np.linalg.norm(bells, axis=1, keepdims=True)


def field(how, seed, height, width):
    """How far the pixels are moved to the right and down (2, height, width)."""
    down, across = weights(height, how.smoothness), weights(width, how.smoothness)
    bits = [mix((seed + 8 + i) & MASK) for i in range(down.shape[1] * across.shape[1])]
    halves = np.array([[b & 0xFFFFFFFF for b in bits], [b >> 32 for b in bits]], np.uint32).view(np.int32)
    nodes = np.sqrt(3) * how.elastic * 2.0**-31 * halves.reshape(2, down.shape[1], across.shape[1])
    return down @ nodes @ across.T


def thickened(picture, by):
    while by:
        edges = np.pad(np.sign(by) * picture, 1, mode="edge")
        most = np.max([edges[1:-1, 1:-1], edges[:-2, 1:-1], edges[2:, 1:-1], edges[1:-1, :-2], edges[1:-1, 2:]], axis=0)
        share = min(1, abs(by))
        picture = (1 - share) * picture + share * np.sign(by) * most
        by = np.sign(by) * (abs(by) - share)
    return picture


def distorted(how, picture, key, number):
    """What becomes of picture `number` (height, width), by distortions that know all lengths."""
    seed, (height, width) = mix((key + mix(number)) & MASK), picture.shape
    turn, slant = np.radians(how.rotation) * uniform(seed, 0), how.shear * uniform(seed, 1)
    turning = np.array([[np.cos(turn), -np.sin(turn)], [np.sin(turn), np.cos(turn)]])
    zoom = np.diag([1 / (1 + how.scale * uniform(seed, i)) for i in (2, 3)])
    middle = np.array([(width - 1) / 2, (height - 1) / 2])[:, np.newaxis, np.newaxis]
    places = np.tensordot(turning @ [[1, slant], [0, 1]] @ zoom, np.indices((height, width))[::-1] - middle, 1) + middle
    places += how.shift * np.array([uniform(seed, 4), uniform(seed, 5)])[:, np.newaxis, np.newaxis]
    x, y = places + (field(how, seed, height, width) if how.elastic else 0)
    x, y = np.clip(x, 0, width - 1), np.clip(y, 0, height - 1)
    source, left, top = thickened(picture, how.thickness * uniform(seed, 6)), x.astype(int), y.astype(int)
    right, bottom, x, y = np.minimum(left + 1, width - 1), np.minimum(top + 1, height - 1), x - left, y - top
    above, below = ((1 - x) * source[row, left] + x * source[row, right] for row in (top, bottom))
    noise = np.sqrt(3) * how.noise * np.array([uniform(mix(seed), i) for i in range(source.size)])
    return np.clip((1 - y) * above + y * below + noise.reshape(source.shape), source.min(), source.max())
