import numpy as np

ACT = {
    'sigmoid': (lambda z: 1 / (1 + np.exp(-z)), lambda z, a: a * (1 - a)),
    'tanh':    (lambda z: np.tanh(z),           lambda z, a: 1 - a ** 2),
    'relu':    (lambda z: z * (z > 0),          lambda z, a: (z > 0) * 1.0),
    'linear':  (lambda z: z,                    lambda z, a: np.ones_like(z)),
}


def make_net(spec, n_in, rng):
    '''spec: [(units, activation name), ...] -> [(W, b, name), ...]'''
    net = []
    for units, name in spec:
        W = rng.standard_normal((n_in, units)) / np.sqrt(n_in)
        net.append((W, np.zeros(units), name))
        n_in = units
    return net


def run(net, x):
    for W, b, name in net:
        x = ACT[name][0](x @ W + b)
    return x


def one_step(net, x, t, lr):
    zs, acts = [], [x]
    for W, b, name in net:
        zs.append(acts[-1] @ W + b)
        acts.append(ACT[name][0](zs[-1]))
    grad = 2 * (acts[-1] - t) / len(x)                # d MSE / d output
    for i in range(len(net) - 1, -1, -1):
        W, b, name = net[i]
        grad = grad * ACT[name][1](zs[i], acts[i + 1])
        gW, gb = acts[i].T @ grad, grad.sum(0)
        grad = grad @ W.T
        net[i] = (W - lr * gW, b - lr * gb, name)


def fit(net, data, lr, n_epochs, bs=16):
    data = list(data)
    for ep in range(n_epochs):
        for j in range(0, len(data), bs):
            xs, ts = zip(*data[j:j + bs])
            one_step(net, np.stack(xs), np.stack(ts), lr)


def score(net, data):
    xs, ts = map(np.stack, zip(*data))
    return (run(net, xs).argmax(1) == ts.argmax(1)).mean()


def case(x, y, test_x, test_y):
    rng = np.random.default_rng(99)
    eye = np.eye(10)
    train = [(a, eye[b]) for a, b in zip(x, y)]
    test = [(a, eye[b]) for a, b in zip(test_x, test_y)]
    net = make_net([(40, 'relu'), (10, 'sigmoid')], 784, rng)
    return train, test, {'network': net, 'fit': fit, 'forward': run, 'step': one_step, 'score': score,
                         'lr': 0.5, 'n_epochs': 6, 'bs': 16}
