"""The NumPy script that cmlp started from, with its faults; what the check says of it; and the script mended.

It trains 3Blue1Brown's network one image at a time, on the 8x8 digits that come with cmlp.
"""

import numpy as np

import cmlp


def sigmoid(z):
    """Return the logistic function of z."""
    return 1 / (1 + np.exp(-z))


class Network:
    """3Blue1Brown's network, as it was first written."""

    def __init__(self, sizes):
        rng = np.random.default_rng(0)
        shapes = list(zip(sizes[1:], sizes[:-1], strict=True))
        self.weights = [rng.standard_normal(shape) * np.sqrt(2 / sum(shape)) for shape in shapes]
        self.biases = [np.zeros(fan_out) for fan_out, _ in shapes]

    def sigmoid_prime(self, z):
        """Return the derivative of sigmoid: inf / inf for large negative z, as from pixels of 0..255."""
        return np.exp(-z) / (1 + np.exp(-z)) ** 2

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
                delta = derivative * self.sigmoid_prime(self.zs[layer])
                nabla_w[layer] += np.outer(delta, self.activations[layer])
                nabla_b[layer] += delta
                derivative = self.weights[layer].T @ delta
        for parameters, nabla in zip(self.weights + self.biases, nabla_w + nabla_b, strict=True):
            parameters -= eta * nabla / len(mini_batch)

    def mini_batches(self, training_data, size):
        """Return mini-batches: each begins one image after the one before, so that most images are in none."""
        return [training_data[k : k + size] for k in range(len(training_data) // size)]

    def train(self, training_data, epochs, eta, mini_batch_size=10):
        """Train for a number of epochs."""
        for _ in range(epochs):
            for mini_batch in self.mini_batches(training_data, mini_batch_size):
                self.gradient_step(mini_batch, eta)

    def test(self, test_data):
        """Return the accuracy in percent."""
        return 100 * np.mean([self.feedforward(image).argmax() == label for image, label in test_data])


class MendedNetwork(Network):
    """The same with the repairs that the check names."""

    def sigmoid_prime(self, z):
        """Return the derivative of sigmoid, which is finite for every z."""
        return sigmoid(z) * (1 - sigmoid(z))

    def mini_batches(self, training_data, size):
        """Return mini-batches that begin `size` images apart."""
        return [training_data[k : k + size] for k in range(0, len(training_data), size)]


train, test = cmlp.load_digits()
training_data = list(zip(train.images / 16, train.labels, strict=True))
test_data = list(zip(test.images / 16, test.labels, strict=True))

network = Network([64, 16, 16, 10])
report = cmlp.check(training_data, test_data, network=network, epochs=15, eta=0.005)  # before it is trained
network.train(training_data, 15, 0.005)
print(f"as it was: {network.test(test_data):.1f} %\n")

print(report)

mended = MendedNetwork([64, 16, 16, 10])
mended.train(training_data, 15, 3.0)
print(f"\nmended: {mended.test(test_data):.1f} %")
