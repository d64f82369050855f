"""Trainings that go wrong, on the built-in digits and on MNIST."""

import numpy as np

import cmlp
from cmlp.diagnosis.training import examine_training

RNG = np.random.default_rng
UNITS = "units that do not depend on the image (deviation below 0.001), layer by layer: "


def raw(data):
    """Return data whose pixels were never scaled."""
    return cmlp.Dataset(data.images.astype(np.float64), data.labels, scale=1.0)


def with_weights(draw, sizes, biases=None, dtype="float64"):
    """Return a network whose weights and biases are what draw(shape) returns."""
    net = cmlp.Network(sizes, dtype=dtype)
    for w in net.weights:
        w[...] = draw(w.shape)
    for b in net.biases:
        b[...] = 0 if biases is None else biases(b.shape)
    return net


def up_the_gradient(net, data):
    """Train with the sign of the gradient reversed."""
    for _ in range(100):
        nabla_w, nabla_b = net.gradient(data.images * data.scale, data.labels)
        for parameters, nablas in ((net.weights, nabla_w), (net.biases, nabla_b)):
            for parameter, nabla in zip(parameters, nablas, strict=True):
                parameter += 3 * nabla
    return None


class Setting:
    """Data, and how long networks have to be trained on them."""

    def __init__(self, train, test, epochs):
        self.train, self.test, self.epochs = train, test, epochs
        self.sizes = (train.images.shape[1], 16, 16, 10)

    def trained(self, net, eta=3.0, data=None, mini_batch_size=10, epochs=None):
        data = self.train if data is None else data
        history = net.train(data, epochs or self.epochs, eta, mini_batch_size=mini_batch_size, progress=False)
        return net, history, data


def untrained(s):
    return cmlp.Network(s.sizes), None, s.train


def positive(s, mini_batch_size=10):
    net = with_weights(RNG(5).random, s.sizes, RNG(6).random)
    return s.trained(net, mini_batch_size=mini_batch_size)


def shuffled_apart(s):
    data = cmlp.Dataset(s.train.images, RNG(3).permutation(s.train.labels))
    return s.trained(cmlp.Network(s.sizes), data=data)


def outputs_renamed(s):
    data = cmlp.Dataset(s.train.images, (s.train.labels + 3) % 10, scale=s.train.scale)
    net, history, _ = s.trained(cmlp.Network(s.sizes), data=data)
    return net, history, s.train


def held_back(s):
    net = cmlp.Network(s.sizes, activation="relu", loss="cross_entropy")
    settings = {"mini_batch_size": 20, "optimizer": "adam", "lmbda": 800.0, "progress": False}
    return net, net.train(s.train, s.epochs, 0.005, **settings), s.train


def without_fours(s):
    net = cmlp.Network(s.sizes, activation="relu", loss="cross_entropy")
    others = s.train[s.train.labels != 4]
    return net, net.train(others, s.epochs, 0.005, mini_batch_size=20, optimizer="adam", progress=False), s.train


def climbing(s):
    net, data = cmlp.Network(s.sizes), s.train[:1400]
    return net, up_the_gradient(net, data), data


FAULTS = {
    "eta 0.001": ("hardly-trained", lambda s: s.trained(cmlp.Network(s.sizes), 1e-3)),
    "eta 0.001, N(0, 1)": ("hardly-trained", lambda s: s.trained(with_weights(RNG(5).standard_normal, s.sizes), 1e-3)),
    "eta 0.001, float32": ("hardly-trained", lambda s: s.trained(cmlp.Network(s.sizes, dtype="float32"), 1e-3)),
    "never trained": ("hardly-trained", untrained),
    "eta 30": ("eta-too-large", lambda s: s.trained(cmlp.Network(s.sizes), 30.0)),
    "eta 100": ("eta-too-large", lambda s: s.trained(cmlp.Network(s.sizes), 100.0)),
    "eta 100, batches of 125": (
        "eta-too-large",
        lambda s: s.trained(cmlp.Network(s.sizes), 100.0, mini_batch_size=125),
    ),
    "eta 100, float32": ("eta-too-large", lambda s: s.trained(cmlp.Network(s.sizes, dtype="float32"), 100.0)),
    "eta 30, one layer": ("eta-too-large", lambda s: s.trained(cmlp.Network((s.sizes[0], 100, 10)), 30.0)),
    "zero weights": ("equal-units", lambda s: s.trained(with_weights(np.zeros, s.sizes))),
    "weights of 0.5": ("equal-units", lambda s: s.trained(with_weights(lambda shape: np.full(shape, 0.5), s.sizes))),
    "U(0, 1)": ("one-sided-weights", positive),
    "U(0, 1), batches of 125": ("one-sided-weights", lambda s: positive(s, 125)),
    "10 N(0, 1)": ("stuck", lambda s: s.trained(with_weights(lambda n: 10 * RNG(5).standard_normal(n), s.sizes))),
    "raw pixels": ("unscaled-inputs", lambda s: s.trained(cmlp.Network(s.sizes, seed=1), data=raw(s.train))),
    "up the gradient": ("gradient-reversed", climbing),
}


# Other architectures
def other(s, eta, optimizer="sgd", **architecture):
    """Return a network of another architecture, trained for 10 epochs of the digits or one of MNIST."""
    net = cmlp.Network(s.sizes, **architecture)
    settings = {"mini_batch_size": 32, "optimizer": optimizer, "progress": False}
    return net, net.train(s.train, 10 if len(s.train) < 10_000 else 1, eta, **settings)


SOFTMAX = {"loss": "cross_entropy"}
RELU = {"activation": "relu", "loss": "cross_entropy"}
TANH = {"activation": ["tanh", "tanh", "tanh"]}


def finding_of(digits, name, test=None):
    net, history, train = FAULTS[name][1](digits)
    (finding,) = examine_training(net, history, train, test)
    return finding


ANSWER = r"the network answers \d for \d+% of the images, its loss is \d\.\d{3}"
