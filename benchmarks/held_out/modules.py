"""A pocket torch: Modules register what is assigned to them, parameters carry .grad, fit() is the usual loop."""
import numpy as np

rng = np.random.default_rng(99)


class Parameter:
    def __init__(self, data):
        self.data = data
        self.grad = np.zeros_like(data)


class Module:
    def __init__(self):
        self._modules = {}
        self._parameters = {}
        self.training = True

    def __setattr__(self, name, value):
        if isinstance(value, Module):
            self._modules[name] = value
        elif isinstance(value, Parameter):
            self._parameters[name] = value
        object.__setattr__(self, name, value)

    def parameters(self):
        yield from self._parameters.values()
        for m in self._modules.values():
            yield from m.parameters()

    def train(self, mode=True):
        self.training = mode
        for m in self._modules.values():
            m.train(mode)
        return self

    def eval(self):
        return self.train(False)

    def __call__(self, x):
        return self.forward(x)


class Linear(Module):
    def __init__(self, fan_in, fan_out):
        super().__init__()
        k = 1.0 / np.sqrt(fan_in)
        self.weight = Parameter(rng.uniform(-k, k, (fan_out, fan_in)))
        self.bias = Parameter(rng.uniform(-k, k, fan_out))

    def forward(self, x):
        self.saved = x
        return x @ self.weight.data.T + self.bias.data

    def backward(self, grad):
        self.weight.grad += grad.T @ self.saved
        self.bias.grad += grad.sum(0)
        return grad @ self.weight.data


class ReLU(Module):
    def forward(self, x):
        self.on = x > 0
        return x * self.on

    def backward(self, grad):
        return grad * self.on


class Dropout(Module):
    def __init__(self, p):
        super().__init__()
        self.keep = 1.0 - p

    def forward(self, x):
        if not self.training:
            self.mask = np.ones_like(x)
            return x
        self.mask = (rng.random(x.shape) < self.keep) / self.keep
        return x * self.mask

    def backward(self, grad):
        return grad * self.mask


class Net(Module):
    def __init__(self, hidden=64, p=0.3):
        super().__init__()
        self.fc1 = Linear(784, hidden)
        self.act = ReLU()
        self.drop = Dropout(p)
        self.fc2 = Linear(hidden, 10)
        self.order = (self.fc1, self.act, self.drop, self.fc2)

    def forward(self, x):
        for layer in self.order:
            x = layer(x)
        return x

    def backward(self, grad):
        for layer in self.order[::-1]:
            grad = layer.backward(grad)


def cross_entropy(logits, labels):
    z = logits - logits.max(1, keepdims=True)
    logp = z - np.log(np.exp(z).sum(1, keepdims=True))
    hot = np.eye(10)[labels]
    return -(hot * logp).sum(1).mean(), (np.exp(logp) - hot) / len(labels)


def batches(images, labels, size):
    order = rng.permutation(len(images))
    for i in range(0, len(order), size):
        yield images[order[i:i + size]], labels[order[i:i + size]]


def fit(model, images, labels, epochs=5, lr=0.2, size=64):
    model.train()
    for epoch in range(epochs):
        running = 0.0
        for xb, yb in batches(images, labels, size):
            for p in model.parameters():
                p.grad[...] = 0
            loss, grad = cross_entropy(model(xb), yb)
            model.backward(grad)
            for p in model.parameters():
                p.data -= lr * p.grad
            running += loss * len(yb)
        print("epoch", epoch, "loss", running / len(images))
    model.eval()


def outputs(model, images):
    return model(images)


def accuracy(model, data):
    model.eval()
    images, labels = data
    return float((outputs(model, images).argmax(1) == labels).mean())


def case(x, y, test_x, test_y):
    model = Net()
    return (x, y), (test_x, test_y), dict(
        network=model, fit=fit, forward=outputs, score=accuracy, epochs=5, lr=0.2, size=64)
