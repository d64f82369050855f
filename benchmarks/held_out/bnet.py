# coding: utf-8
from collections import OrderedDict
import numpy as np


class Affine:
    def __init__(self, W, b):
        self.W = W
        self.b = b

    def forward(self, x, train_flg):
        self.x = x
        return np.dot(x, self.W) + self.b

    def backward(self, dout):
        self.dW = np.dot(self.x.T, dout)
        self.db = np.sum(dout, axis=0)
        return np.dot(dout, self.W.T)


class Relu:
    def forward(self, x, train_flg):
        self.mask = (x <= 0)
        out = x.copy()
        out[self.mask] = 0
        return out

    def backward(self, dout):
        dout[self.mask] = 0
        return dout


class BatchNorm:
    def __init__(self, gamma, beta, momentum=0.9):
        self.gamma = gamma
        self.beta = beta
        self.momentum = momentum
        self.running_mean = np.zeros_like(gamma)
        self.running_var = np.ones_like(gamma)

    def forward(self, x, train_flg):
        if train_flg:
            mu = x.mean(axis=0)
            self.xc = x - mu
            var = np.mean(self.xc ** 2, axis=0)
            self.std = np.sqrt(var + 1e-6)
            self.xn = self.xc / self.std
            self.running_mean = self.momentum * self.running_mean + (1 - self.momentum) * mu
            self.running_var = self.momentum * self.running_var + (1 - self.momentum) * var
            return self.gamma * self.xn + self.beta
        xn = (x - self.running_mean) / np.sqrt(self.running_var + 1e-6)
        return self.gamma * xn + self.beta

    def backward(self, dout):
        self.db = dout.sum(axis=0)
        self.dW = np.sum(self.xn * dout, axis=0)
        dxn = self.gamma * dout
        return (dxn - dxn.mean(axis=0) - self.xn * np.mean(dxn * self.xn, axis=0)) / self.std


class SoftmaxWithLoss:
    def forward(self, x, t):
        x = x - np.max(x, axis=1, keepdims=True)
        self.y = np.exp(x) / np.sum(np.exp(x), axis=1, keepdims=True)
        self.t = t
        return -np.sum(t * np.log(self.y + 1e-7)) / len(t)

    def backward(self):
        return (self.y - self.t) / self.t.shape[0]


class ThreeLayerNet:
    def __init__(self, sizes=(784, 50, 30, 10)):
        self.params = {}
        self.layers = OrderedDict()
        for i in range(1, len(sizes)):
            self.params['W%d' % i] = np.sqrt(2.0 / sizes[i - 1]) * np.random.randn(sizes[i - 1], sizes[i])
            self.params['b%d' % i] = np.zeros(sizes[i])
            self.layers['Affine%d' % i] = Affine(self.params['W%d' % i], self.params['b%d' % i])
            if i < len(sizes) - 1:
                self.params['gamma%d' % i] = np.ones(sizes[i])
                self.params['beta%d' % i] = np.zeros(sizes[i])
                self.layers['BatchNorm%d' % i] = BatchNorm(self.params['gamma%d' % i], self.params['beta%d' % i])
                self.layers['Relu%d' % i] = Relu()
        self.last_layer = SoftmaxWithLoss()

    def predict(self, x, train_flg=False):
        for layer in self.layers.values():
            x = layer.forward(x, train_flg)
        return x

    def loss(self, x, t, train_flg=False):
        return self.last_layer.forward(self.predict(x, train_flg), t)

    def accuracy(self, x, t):
        y = np.argmax(self.predict(x), axis=1)
        return np.sum(y == np.argmax(t, axis=1)) / float(x.shape[0])

    def gradient(self, x, t):
        self.loss(x, t, train_flg=True)
        dout = self.last_layer.backward()
        for layer in reversed(list(self.layers.values())):
            dout = layer.backward(dout)
        grads = {}
        for name, layer in self.layers.items():
            if name.startswith('Affine'):
                grads['W' + name[6:]], grads['b' + name[6:]] = layer.dW, layer.db
            elif name.startswith('BatchNorm'):
                grads['gamma' + name[9:]], grads['beta' + name[9:]] = layer.dW, layer.db
        return grads


def train_network(network, x_train, t_train, iters_num=800, batch_size=50, learning_rate=0.1):
    train_loss_list = []
    for i in range(iters_num):
        batch_mask = np.random.choice(x_train.shape[0], batch_size)
        x_batch, t_batch = x_train[batch_mask], t_train[batch_mask]
        grad = network.gradient(x_batch, t_batch)
        for key in network.params:
            network.params[key] -= learning_rate * grad[key]
        train_loss_list.append(network.last_layer.forward(network.predict(x_batch), t_batch))
    return train_loss_list


def case(x, y, test_x, test_y):
    np.random.seed(0)
    t_train, t_test = np.eye(10)[y], np.eye(10)[test_y]
    network = ThreeLayerNet()
    return (x, t_train), (test_x, t_test), dict(
        network=network, fit=train_network, forward=ThreeLayerNet.predict, score=ThreeLayerNet.accuracy,
        iters_num=800, batch_size=50, learning_rate=0.1)
