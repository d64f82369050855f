"""The script with which cmlp began, with its three faults mended; and the same with cmlp.

It is the film's network in NumPy, image by image. It stayed at 10 %, and asked why.
"""

from time import perf_counter

import numpy as np

import cmlp


def sigmoid(z):
    """Squash z into 0..1."""
    return 1 / (1 + np.exp(-z))


def sigmoid_prime(z):
    """Return the derivative of sigmoid."""
    # was: np.exp(-z) / (1 + np.exp(-z)) ** 2, which is inf / inf far below 0, where raw pixels lead
    return sigmoid(z) * (1 - sigmoid(z))


class Network:
    """The film's network."""

    def __init__(self, sizes):
        rng = np.random.default_rng(0)
        shapes = list(zip(sizes[1:], sizes[:-1], strict=True))
        self.weights = [rng.standard_normal(shape) * np.sqrt(2 / sum(shape)) for shape in shapes]
        self.biases = [np.zeros(fan_out) for fan_out, _ in shapes]

    def feedforward(self, image):
        """Return the output activations, and keep all others."""
        self.zs, self.activations = [], [image]
        for w, b in zip(self.weights, self.biases, strict=True):
            self.zs.append(w @ self.activations[-1] + b)
            self.activations.append(sigmoid(self.zs[-1]))
        return self.activations[-1]

    def gradient_step(self, mini_batch, eta):
        """Step against the mean gradient of the quadratic cost."""
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
        """Go through all images, so many times."""
        for _ in range(epochs):
            # was: for k in range(len(training_data) // mini_batch_size), where a mini-batch begins
            # one image after the one before, so that an epoch sees a tenth of the images
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
