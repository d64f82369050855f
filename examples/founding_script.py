"""The NumPy script that cmlp started from, with its three faults corrected, compared with cmlp.

It trains 3Blue1Brown's network one image at a time. With the faults its accuracy stayed at 10 %.
"""

from time import perf_counter

import numpy as np

import cmlp


def sigmoid(z):
    """Return the logistic function of z."""
    return 1 / (1 + np.exp(-z))


def sigmoid_prime(z):
    """Return the derivative of sigmoid."""
    # was: np.exp(-z) / (1 + np.exp(-z)) ** 2, which is inf / inf for large negative z, as from raw pixels
    return sigmoid(z) * (1 - sigmoid(z))


class Network:
    """3Blue1Brown's network."""

    def __init__(self, sizes):
        rng = np.random.default_rng(0)
        shapes = list(zip(sizes[1:], sizes[:-1], strict=True))
        self.weights = [rng.standard_normal(shape) * np.sqrt(2 / sum(shape)) for shape in shapes]
        self.biases = [np.zeros(fan_out) for fan_out, _ in shapes]

    def feedforward(self, image):
        """Return the output activations, and store those of all layers."""
        self.zs, self.activations = [], [image]
        for w, b in zip(self.weights, self.biases, strict=True):
            self.zs.append(w @ self.activations[-1] + b)
            self.activations.append(sigmoid(self.zs[-1]))
        return self.activations[-1]

    def gradient_step(self, mini_batch, eta):
        """Take one gradient descent step on the quadratic cost of a mini-batch."""
        nabla_w = [np.zeros_like(w) for w in self.weights]
        nabla_b = [np.zeros_like(b) for b in self.biases]
        for image, label in mini_batch:
            derivative = 2 * (self.feedforward(image) - np.eye(10)[label])
            for layer in reversed(range(len(self.weights))):
                delta = derivative * sigmoid_prime(self.zs[layer])
                nabla_w[layer] += np.outer(delta, self.activations[layer])
                nabla_b[layer] += delta
                derivative = self.weights[layer].T @ delta
        for parameters, nabla in zip(self.weights + self.biases, nabla_w + nabla_b, strict=True):
            parameters -= eta * nabla / len(mini_batch)

    def train(self, training_data, epochs, eta, *, mini_batch_size):
        """Train for a number of epochs."""
        for _ in range(epochs):
            # was: for k in range(len(training_data) // mini_batch_size), where each
            # mini-batch starts one image after the previous one, so that an epoch uses a tenth of the images
            for k in range(0, len(training_data), mini_batch_size):
                self.gradient_step(training_data[k : k + mini_batch_size], eta)

    def test(self, test_data):
        """Return the accuracy in percent."""
        return 100 * np.mean([self.feedforward(image).argmax() == label for image, label in test_data])


train, test = cmlp.load_digits()
training_data = list(zip(train.images / 16, train.labels, strict=True))
test_data = list(zip(test.images / 16, test.labels, strict=True))

for name, network in (("the script", Network([64, 16, 16, 10])), ("cmlp", cmlp.Network([64, 16, 16, 10]))):
    started = perf_counter()
    network.train(training_data, 15, 3.0, mini_batch_size=10)  # was: eta 0.005, too small for a mean gradient
    print(f"{name}: {network.test(test_data):.1f} % of the test images in {perf_counter() - started:.2f} s")
