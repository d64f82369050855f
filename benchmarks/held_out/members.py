"""An ensemble of M small networks, trained side by side. Axis m is the member:
   b: image, i: pixel, h: hidden unit, o: class."""
import numpy as np

M, H = 4, 16


def ein(spec, *arrays):
    return np.einsum(spec, *arrays, optimize=True)


def init(seed=0):
    rng = np.random.default_rng(seed)
    w1 = rng.normal(0, 1 / 28, size=(M, 784, H))
    w2 = rng.normal(0, 1 / np.sqrt(H), size=(M, H, 10))
    return {"w1": w1, "c1": np.zeros((M, 1, H)), "w2": w2, "c2": np.zeros((M, 1, 10))}


def logsumexp(z):
    top = z.max(axis=-1, keepdims=True)
    return top + np.log(np.exp(z - top).sum(axis=-1, keepdims=True))


def hidden(net, x):
    pre = ein("bi,mih->mbh", x, net["w1"]) + net["c1"]
    return np.log1p(np.exp(-np.abs(pre))) + np.maximum(pre, 0), pre


def members_logp(net, x):
    h, _ = hidden(net, x)
    z = ein("mbh,mho->mbo", h, net["w2"]) + net["c2"]
    return z - logsumexp(z)


def mean_prediction(net, x):
    return np.exp(members_logp(net, x)).mean(axis=0)


def gradient(net, x, y):
    h, pre = hidden(net, x)
    z = ein("mbh,mho->mbo", h, net["w2"]) + net["c2"]
    p = np.exp(z - logsumexp(z))
    p[:, np.arange(len(y)), y] -= 1
    e = p / len(y)
    back = ein("mbo,mho->mbh", e, net["w2"]) / (1 + np.exp(-pre))
    return {"w1": ein("bi,mbh->mih", x, back), "c1": back.sum(axis=1, keepdims=True),
            "w2": ein("mbh,mbo->mho", h, e), "c2": e.sum(axis=1, keepdims=True)}


def descend(net, x, y, rate):
    g = gradient(net, x, y)
    return {name: net[name] - rate * g[name] for name in net}


def optimise(net, x, y, rate=0.2, sweeps=4, size=50, seed=1):
    rng = np.random.default_rng(seed)
    for sweep in range(sweeps):
        index = rng.permutation(len(y))[:len(y) // size * size].reshape(-1, size)
        for rows in index:
            net = descend(net, x[rows], y[rows], rate)
    return net


def hit_rate(net, x, y):
    return (mean_prediction(net, x).argmax(axis=-1) == y).mean()


def case(x, y, test_x, test_y):
    return (x, y), (test_x, test_y), dict(
        network=init(), fit=optimise, forward=mean_prediction, step=descend, score=hit_rate,
        rate=0.2, sweeps=4, size=50, seed=1)
