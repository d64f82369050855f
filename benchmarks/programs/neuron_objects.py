"""Neurons as objects, no NumPy in the network. The pictures are shrunk to 7 x 7, else it takes for ever."""
import math
import random


class Neuron:
    def __init__(self, number_of_inputs):
        limit = 1.0 / math.sqrt(number_of_inputs)
        self.weights = [random.uniform(-limit, limit) for _ in range(number_of_inputs)]
        self.bias = 0.0
        self.inputs = []
        self.output = 0.0
        self.delta = 0.0

    def activate(self, inputs):
        self.inputs = inputs
        total = self.bias
        for w, i in zip(self.weights, inputs):
            total += w * i
        self.output = 1.0 / (1.0 + math.exp(-max(-500.0, min(500.0, total))))
        return self.output

    def derivative(self):
        return self.output * (1.0 - self.output)

    def adjust(self, rate):
        change = rate * self.delta
        self.weights = [w - change * i for w, i in zip(self.weights, self.inputs)]
        self.bias -= change


class Layer:
    def __init__(self, size, number_of_inputs):
        self.neurons = [Neuron(number_of_inputs) for _ in range(size)]

    def feed(self, inputs):
        return [neuron.activate(inputs) for neuron in self.neurons]


class NeuralNetwork:
    def __init__(self, inputs, hidden, outputs):
        self.hidden_layer = Layer(hidden, inputs)
        self.output_layer = Layer(outputs, hidden)

    def predict(self, inputs):
        return self.output_layer.feed(self.hidden_layer.feed(inputs))

    def train_one(self, inputs, target, rate):
        self.predict(inputs)
        for k, neuron in enumerate(self.output_layer.neurons):
            wanted = 1.0 if k == target else 0.0
            neuron.delta = (neuron.output - wanted) * neuron.derivative()
        for j, neuron in enumerate(self.hidden_layer.neurons):
            error = sum(n.weights[j] * n.delta for n in self.output_layer.neurons)
            neuron.delta = error * neuron.derivative()
        for layer in (self.hidden_layer, self.output_layer):
            for neuron in layer.neurons:
                neuron.adjust(rate)

    def train(self, dataset, rate=0.5, epochs=3):
        for epoch in range(epochs):
            random.shuffle(dataset)
            for inputs, target in dataset:
                self.train_one(inputs, target, rate)

    def test(self, dataset):
        correct = 0
        for inputs, target in dataset:
            outputs = self.predict(inputs)
            if outputs.index(max(outputs)) == target:
                correct += 1
        return correct / len(dataset)


def shrink(images):
    return images.reshape(-1, 7, 4, 7, 4).mean(axis=(2, 4)).reshape(-1, 49)


def case(x, y, test_x, test_y):
    random.seed(6)
    small, small_test = shrink(x), shrink(test_x)
    mean, spread = small.mean(axis=0), small.std(axis=0) + 0.05
    train_set = list(zip(((small - mean) / spread).tolist(), y.tolist()))
    test_set = list(zip(((small_test - mean) / spread).tolist(), test_y.tolist()))
    return train_set, test_set, {"network": NeuralNetwork(49, 20, 10), "rate": 0.2, "epochs": 6}
