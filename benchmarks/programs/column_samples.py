"""MNIST from scratch. Every image is a (784, 1) column and I go through them one at a time."""
import random

import numpy as np


def sigmoid(z):
    return 1.0 / (1.0 + np.exp(-z))


def sigmoid_prime(z):
    return sigmoid(z) * (1 - sigmoid(z))


def vectorized(j):
    e = np.zeros((10, 1))
    e[j] = 1.0
    return e


class Network:

    def __init__(self, n_in, n_hidden, n_out):
        self.W1 = np.random.randn(n_hidden, n_in) / np.sqrt(n_in)
        self.b1 = np.random.randn(n_hidden, 1)
        self.W2 = np.random.randn(n_out, n_hidden) / np.sqrt(n_hidden)
        self.b2 = np.random.randn(n_out, 1)

    def feedforward(self, x):
        h = sigmoid(self.W1 @ x + self.b1)
        return sigmoid(self.W2 @ h + self.b2)

    def learn_one(self, x, t, alpha):
        # forward
        z1 = self.W1 @ x + self.b1
        a1 = sigmoid(z1)
        z2 = self.W2 @ a1 + self.b2
        a2 = sigmoid(z2)
        # backward
        d2 = (a2 - t) * sigmoid_prime(z2)
        d1 = (self.W2.T @ d2) * sigmoid_prime(z1)
        # update
        self.W2 -= alpha * d2 @ a1.T
        self.b2 -= alpha * d2
        self.W1 -= alpha * d1 @ x.T
        self.b1 -= alpha * d1

    def train(self, samples, epochs, alpha):
        for epoch in range(epochs):
            random.shuffle(samples)
            for x, t in samples:
                self.learn_one(x, t, alpha)
            print("epoch", epoch + 1, "done")

    def accuracy(self, samples):
        hits = 0
        for x, label in samples:
            if np.argmax(self.feedforward(x)) == label:
                hits += 1
        return hits / len(samples)


def case(x, y, test_x, test_y):
    np.random.seed(7)
    training = [(img.reshape(784, 1), vectorized(label)) for img, label in zip(x, y)]
    test = [(img.reshape(784, 1), int(label)) for img, label in zip(test_x, test_y)]
    return training, test, {"network": Network(784, 30, 10), "epochs": 5, "alpha": 0.5}
