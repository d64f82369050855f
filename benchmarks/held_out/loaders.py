import numpy as np


def dense(n_in, n_out, rng):
    w = rng.standard_normal((n_in, n_out)) * (2.0 / n_in) ** 0.5
    b = np.zeros(n_out)
    seen = {}

    def forward(x):
        seen["x"] = x
        return x @ w + b

    def backward(g):
        seen["gw"] = seen["x"].T @ g
        seen["gb"] = g.sum(axis=0)
        return g @ w.T

    def update(rate):
        w[:] = w - rate * seen["gw"]
        b[:] = b - rate * seen["gb"]

    return {"forward": forward, "backward": backward, "update": update, "weights": (w, b)}


def elu(alpha=1.0):
    seen = {}

    def forward(x):
        y = np.where(x > 0, x, alpha * np.expm1(np.minimum(x, 0)))
        seen["slope"] = np.where(x > 0, 1.0, y + alpha)
        return y

    return {"forward": forward, "backward": lambda g: g * seen["slope"], "update": lambda rate: None, "weights": ()}


def build(sizes, seed=0):
    rng = np.random.default_rng(seed)
    net = []
    for k, (i, o) in enumerate(zip(sizes, sizes[1:])):
        net.append(dense(i, o, rng))
        if k < len(sizes) - 2:
            net.append(elu())
    return net


def run(net, x):
    for part in net:
        x = part["forward"](x)
    return x


def softmax(z):
    e = np.exp(z - z.max(axis=1, keepdims=True))
    return e / e.sum(axis=1, keepdims=True)


class DigitLoader:
    def __init__(self, images, labels, size=25, seed=None):
        self.images, self.labels, self.size = images, labels, size
        self.rng = None if seed is None else np.random.default_rng(seed)

    def __len__(self):
        return -(-len(self.images) // self.size)

    def __iter__(self):
        order = np.arange(len(self.images))
        if self.rng is not None:
            self.rng.shuffle(order)
        at = 0
        while at < len(order):
            chosen = order[at:at + self.size]
            yield self.images[chosen], self.labels[chosen]
            at += self.size


class EarlyStopping:
    def __init__(self, patience=2):
        self.patience, self.best, self.waited = patience, np.inf, 0

    def __call__(self, epoch, loss, accuracy):
        if loss < self.best:
            self.best, self.waited = loss, 0
        else:
            self.waited += 1
        return self.waited >= self.patience


class Snapshot:
    def __init__(self, net):
        self.net, self.top, self.kept = net, -1.0, None

    def __call__(self, epoch, loss, accuracy):
        if accuracy > self.top:
            self.top = accuracy
            self.kept = [w.copy() for part in self.net for w in part["weights"]]
        return False

    def restore(self):
        for w, k in zip((w for part in self.net for w in part["weights"]), self.kept):
            w[:] = k


def learn(net, loader, max_epochs=6, rate=0.1):
    stop, snapshot = EarlyStopping(), Snapshot(net)
    for epoch in range(max_epochs):
        total, hits, count = 0.0, 0, 0
        for images, labels in loader:
            p = softmax(run(net, images))
            rows = np.arange(len(labels))
            total -= np.log(p[rows, labels] + 1e-12).sum()
            hits += (p.argmax(axis=1) == labels).sum()
            count += len(labels)
            p[rows, labels] -= 1
            g = p / len(labels)
            for part in net[::-1]:
                g = part["backward"](g)
            for part in net:
                part["update"](rate)
        loss, accuracy = total / max(count, 1), hits / max(count, 1)
        snapshot(epoch, loss, accuracy)
        if stop(epoch, loss, accuracy):
            break
    snapshot.restore()


def right(net, loader):
    hits = [(run(net, a).argmax(axis=1) == b).mean() for a, b in loader]
    return float(np.mean(hits))


def case(x, y, test_x, test_y):
    train, test = DigitLoader(x, y, 25, seed=1), DigitLoader(test_x, test_y, 100)
    return train, test, dict(network=build([784, 48, 10]), fit=learn, forward=run, score=right,
                             max_epochs=6, rate=0.1)
