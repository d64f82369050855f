"""The formulas of every activation, loss and optimizer in plain NumPy, written without a look at cmlp's core.

Images are columns, as in reference.py: a batch is (features, n), targets are (outputs, n).
"""

import numpy as np
from scipy.special import erfc

KINKED = {"relu", "leaky_relu", "elu"}  # at z = 0 their derivative, or its derivative, jumps
POSITIVE = {"sigmoid", "softplus", "exponential", "softmax"}  # outputs that poisson can take the logarithm of


def sigmoid(z):
    return np.exp(-np.logaddexp(0, -z))


def normal_cdf(z):
    return erfc(-z / np.sqrt(2)) / 2


def normal_density(z):
    return np.exp(-z * z / 2) / np.sqrt(2 * np.pi)


def softmax(z):
    e = np.exp(z - z.max(axis=0))
    return e / e.sum(axis=0)


ACTIVATIONS = {
    "identity": lambda z: z,
    "sigmoid": sigmoid,
    "tanh": np.tanh,
    "relu": lambda z: np.maximum(z, 0),
    "leaky_relu": lambda z: np.where(z > 0, z, 0.01 * z),
    "elu": lambda z: np.where(z > 0, z, np.expm1(np.minimum(z, 0))),
    "gelu": lambda z: z * normal_cdf(z),
    "silu": lambda z: z * sigmoid(z),
    "softplus": lambda z: np.logaddexp(0, z),
    "exponential": np.exp,
    "softmax": softmax,
}

PRIMES = {
    "identity": np.ones_like,
    "sigmoid": lambda z: sigmoid(z) * sigmoid(-z),
    "tanh": lambda z: 1 / np.cosh(z) ** 2,
    "relu": lambda z: (z > 0).astype(float),
    "leaky_relu": lambda z: np.where(z > 0, 1, 0.01),
    "elu": lambda z: np.exp(np.minimum(z, 0)),
    "gelu": lambda z: normal_cdf(z) + z * normal_density(z),
    "silu": lambda z: sigmoid(z) * (1 + z * sigmoid(-z)),
    "softplus": sigmoid,
    "exponential": np.exp,
}

LOSSES = {  # of one image, from the errors a - y or from a and y
    "quadratic": lambda a, y: np.sum((a - y) ** 2, axis=0),
    "mean_squared_error": lambda a, y: np.mean((a - y) ** 2, axis=0),
    "half_squared_error": lambda a, y: np.sum((a - y) ** 2, axis=0) / 2,
    "mean_absolute_error": lambda a, y: np.mean(np.abs(a - y), axis=0),
    "huber": lambda a, y: np.mean(np.where(np.abs(a - y) < 1, (a - y) ** 2 / 2, np.abs(a - y) - 0.5), axis=0),
    "cross_entropy": lambda a, y: -np.sum(y * np.log(a), axis=0),
    "binary_cross_entropy": lambda a, y: -np.sum(y * np.log(a) + (1 - y) * np.log(1 - a), axis=0),
    "poisson": lambda a, y: np.mean(a - y * np.log(a), axis=0),
}

LOSS_PRIMES = {  # dC/da
    "quadratic": lambda a, y: 2 * (a - y),
    "mean_squared_error": lambda a, y: 2 * (a - y) / len(a),
    "half_squared_error": lambda a, y: a - y,
    "mean_absolute_error": lambda a, y: np.sign(a - y) / len(a),
    "huber": lambda a, y: np.clip(a - y, -1, 1) / len(a),
    "cross_entropy": lambda a, y: -y / a,
    "binary_cross_entropy": lambda a, y: (a - y) / (a * (1 - a)),
    "poisson": lambda a, y: (1 - y / a) / len(a),
}

LABELLED = {"quadratic", "cross_entropy"}
NEEDED = {"cross_entropy": {"softmax"}, "binary_cross_entropy": {"sigmoid"}, "poisson": POSITIVE}


def outputs_of(loss):
    """Return the activations that the outputs may have, and for which the loss is finite."""
    return sorted(NEEDED.get(loss, ACTIVATIONS))


PAIRS = [(loss, activation) for loss in LOSSES for activation in outputs_of(loss)]


def backwards(activation, z, derivative):
    """Return dC/dz from dC/da."""
    if activation != "softmax":
        return derivative * PRIMES[activation](z)
    a = softmax(z)
    return a * (derivative - np.sum(a * derivative, axis=0))


def feedforward(weights, biases, activations, images, masks=None):
    """Return the weighted inputs and, after the images, the activations of every layer, each times its mask."""
    masks = masks or [1] * len(weights)
    zs, layers = [], [images]
    for w, b, activation, mask in zip(weights, biases, activations, masks, strict=True):
        zs.append(w @ layers[-1] + b[:, None])
        layers.append(ACTIVATIONS[activation](zs[-1]) * mask)
    return zs, layers


def mean_loss(weights, biases, activations, loss, images, targets, importance=None):
    outputs = feedforward(weights, biases, activations, images)[1][-1]
    return np.average(LOSSES[loss](outputs, targets), weights=importance)


def gradient(weights, biases, activations, loss, images, targets, *, importance=None, masks=None):
    """Return the gradient of the mean loss of images that weigh the same, or are of some importance (n,)."""
    zs, layers = feedforward(weights, biases, activations, images, masks)
    share = np.ones(images.shape[1]) if importance is None else importance
    derivative = LOSS_PRIMES[loss](layers[-1], targets) * share / share.sum()
    nabla_w, nabla_b = [], []
    for layer in reversed(range(len(weights))):
        if masks is not None:
            derivative = derivative * masks[layer]
        delta = backwards(activations[layer], zs[layer], derivative)
        nabla_w.insert(0, delta @ layers[layer].T)
        nabla_b.insert(0, delta.sum(axis=1))
        derivative = weights[layer].T @ delta
    return nabla_w, nabla_b


def sgd():
    return lambda w, g, eta: w - eta * g


def with_velocity(share, *, ahead):
    velocity = 0

    def step(w, g, eta):
        nonlocal velocity
        velocity = share * velocity - eta * g
        return w + (share * velocity - eta * g if ahead else velocity)

    return step


def momentum(momentum=0.9):
    return with_velocity(momentum, ahead=False)


def nesterov(momentum=0.9):
    return with_velocity(momentum, ahead=True)


def rmsprop(rho=0.99, epsilon=1e-8):
    v = 0

    def step(w, g, eta):
        nonlocal v
        v = rho * v + (1 - rho) * g**2
        return w - eta * g / (np.sqrt(v) + epsilon)

    return step


def adam(beta_1=0.9, beta_2=0.999, epsilon=1e-8, epsilon_hat=False, weight_decay=0.0):
    m = v = t = 0

    def step(w, g, eta):
        nonlocal m, v, t
        t += 1
        m = beta_1 * m + (1 - beta_1) * g
        v = beta_2 * v + (1 - beta_2) * g**2
        w = w - eta * weight_decay * w
        if epsilon_hat:
            return w - eta * np.sqrt(1 - beta_2**t) / (1 - beta_1**t) * m / (np.sqrt(v) + epsilon)
        return w - eta * m / (1 - beta_1**t) / (np.sqrt(v / (1 - beta_2**t)) + epsilon)

    return step


def adamw(beta_1=0.9, beta_2=0.999, epsilon=1e-8, epsilon_hat=False, weight_decay=0.01):
    return adam(beta_1, beta_2, epsilon, epsilon_hat, weight_decay)


def nadam(beta_1=0.9, beta_2=0.999, epsilon=1e-8, momentum_decay=0.004):
    m = v = t = 0
    product = 1

    def step(w, g, eta):
        nonlocal m, v, t, product
        t += 1
        mu, mu_next = (beta_1 * (1 - 0.96 ** (k * momentum_decay) / 2) for k in (t, t + 1))
        product *= mu
        m = beta_1 * m + (1 - beta_1) * g
        v = beta_2 * v + (1 - beta_2) * g**2
        m_hat = mu_next * m / (1 - product * mu_next) + (1 - mu) * g / (1 - product)
        return w - eta * m_hat / (np.sqrt(v / (1 - beta_2**t)) + epsilon)

    return step


OPTIMIZERS = {
    "sgd": sgd, "momentum": momentum, "nesterov": nesterov, "rmsprop": rmsprop, "adam": adam, "adamw": adamw,
    "nadam": nadam,
}  # fmt: skip


def step_of(name, network, **settings):
    """Return the step of an optimizer for all parameters of a network, `flat`; adamw decays weights and no biases."""
    if name == "adamw":
        decay = settings.get("weight_decay", 0.01)
        parts = [np.full(w.shape, decay) for w in network.weights], [np.zeros(b.shape) for b in network.biases]
        settings = settings | {"weight_decay": flat(*parts)}
    return OPTIMIZERS[name](**settings)


def split_mix(x):
    """Return SplitMix64's hash of an array of uint64."""
    x = x + np.uint64(0x9E3779B97F4A7C15)
    x = (x ^ (x >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    x = (x ^ (x >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    return x ^ (x >> np.uint64(31))


def dropout_mask(key, share, units_before, units, first, n):
    """Return the mask (units, n) of a layer with some units in earlier layers; `first` is the first image's place."""
    begin = (key + (units_before << 32) + first * units) % 2**64
    places = np.uint64(begin) + np.arange(n * units, dtype=np.uint64)
    kept = split_mix(places) >> np.uint64(11) >= np.uint64(share * 2**53)
    return kept.reshape(n, units).T / (1 - share)


# What tests of several subjects do with a network.


def random_targets(loss, outputs, n, rng):
    """Return what to give cmlp, and the same as columns (outputs, n)."""
    if loss in LABELLED:
        labels = rng.integers(outputs, size=n)
        return labels, np.eye(outputs)[:, labels]
    targets = {
        "binary_cross_entropy": lambda: rng.integers(0, 2, (n, outputs)).astype(float),
        "poisson": lambda: rng.poisson(2.0, (n, outputs)).astype(float),
    }.get(loss, lambda: 2 * rng.standard_normal((n, outputs)))()
    return targets, targets.T


def parameters(network):
    """Return copies in float64."""
    return [w.astype(float) for w in network.weights], [b.astype(float) for b in network.biases]


def flat(weights, biases):
    return np.concatenate([part.ravel() for part in [*weights, *biases]])


def jitter(network, rng, scale=0.5):
    for array in [*network.weights, *network.biases]:
        array[...] = scale * rng.standard_normal(array.shape)


def distance(actual, expected):
    """Return the largest difference of two lists of arrays, relative to the largest expected value."""
    largest = max(np.abs(e).max() for e in expected)
    return max(np.abs(a - e).max() for a, e in zip(actual, expected, strict=True)) / (largest or 1)
