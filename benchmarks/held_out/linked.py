import numpy as np

rnd = np.random.RandomState(12345)


class Node(object):
    """One layer that knows its neighbours."""

    def __init__(self, size):
        self.size = size
        self.prev = None
        self.next = None
        self.W = None
        self.b = None

    def connect(self, other):
        self.next = other
        other.prev = self
        other.W = rnd.normal(0.0, self.size ** -0.5, (self.size, other.size))
        other.b = np.zeros(other.size)
        return other

    def activation(self, z):
        return np.tanh(z)

    def dactivation(self, a):
        return 1.0 - a * a

    def push(self, values):
        self.a = values if self.prev is None else self.activation(values.dot(self.W) + self.b)
        if self.next is None:
            return self.a
        return self.next.push(self.a)

    def pull(self, err, lr):
        if self.prev is None:
            return
        d = err * self.dactivation(self.a)
        below = d.dot(self.W.T)
        n = float(d.shape[0])
        self.W -= lr * self.prev.a.T.dot(d) / n
        self.b -= lr * d.mean(axis=0)
        self.prev.pull(below, lr)


class Output(Node):
    def activation(self, z):
        return 1.0 / (1.0 + np.exp(-z))

    def dactivation(self, a):
        return a * (1.0 - a)


class Chain(object):
    def __init__(self, *sizes):
        self.first = node = Node(sizes[0])
        for s in sizes[1:-1]:
            node = node.connect(Node(s))
        self.last = node.connect(Output(sizes[-1]))

    def think(self, X):
        return self.first.push(X)

    def learn(self, samples, rounds=10, rate=1.0, chunk=20):
        samples = list(samples)
        for r in range(rounds):
            rnd.shuffle(samples)
            while_left = 0
            while while_left < len(samples):
                part = samples[while_left:while_left + chunk]
                while_left += chunk
                X = np.array([s[0] for s in part])
                T = np.zeros((len(part), 10))
                for i, s in enumerate(part):
                    T[i, s[1]] = 1.0
                out = self.think(X)
                self.last.pull(out - T, rate)

    def hits(self, samples):
        good = 0
        for pic, digit in samples:
            if self.think(pic[None, :])[0].argmax() == digit:
                good += 1
        return good / len(samples)


def case(x, y, test_x, test_y):
    train = list(zip(x, y))
    test = list(zip(test_x, test_y))
    return train, test, {"network": Chain(784, 32, 10), "rounds": 8, "rate": 1.0, "chunk": 20}
