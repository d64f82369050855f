"""NeuralNetworkBuilder, ported from my Java homework. One sample at a time, everything has a getter."""
import math

import numpy as np


class ActivationFunction:
    def apply(self, weightedSum):
        raise NotImplementedError

    def derivativeFromOutput(self, output):
        raise NotImplementedError


class Sigmoid(ActivationFunction):
    def apply(self, weightedSum):
        return 1.0 / (1.0 + np.exp(-weightedSum))

    def derivativeFromOutput(self, output):
        return output * (1.0 - output)


class TanH(ActivationFunction):
    def apply(self, weightedSum):
        return np.tanh(weightedSum)

    def derivativeFromOutput(self, output):
        return 1.0 - output * output


class TrainingSample:
    def __init__(self, pixels, label):
        self.__pixels = pixels
        self.__label = int(label)

    def getPixels(self):
        return self.__pixels

    def getLabel(self):
        return self.__label

    def getTarget(self):
        target = np.zeros(10)
        target[self.__label] = 1.0
        return target


class Layer:
    def __init__(self, inputCount, neuronCount, function, random):
        limit = math.sqrt(6.0 / (inputCount + neuronCount))
        self.__weights = random.uniform(-limit, limit, (neuronCount, inputCount))
        self.__biases = np.zeros(neuronCount)
        self.__function = function
        self.__input = None
        self.__output = None

    def getWeights(self):
        return self.__weights

    def getBiases(self):
        return self.__biases

    def getOutput(self):
        return self.__output

    def activate(self, inputVector):
        self.__input = inputVector
        self.__output = self.__function.apply(self.__weights.dot(inputVector) + self.__biases)
        return self.__output

    def computeDelta(self, errorVector):
        return errorVector * self.__function.derivativeFromOutput(self.__output)

    def errorForPrevious(self, delta):
        return self.__weights.T.dot(delta)

    def adjust(self, delta, learningRate):
        weights = self.getWeights()
        weights -= learningRate * np.outer(delta, self.__input)
        biases = self.getBiases()
        biases -= learningRate * delta


class NeuralNetwork:
    def __init__(self, layers, learningRate):
        self.__layers = layers
        self.__learningRate = learningRate

    def feedForward(self, pixels):
        signal = pixels
        for layer in self.__layers:
            signal = layer.activate(signal)
        return signal

    def backPropagate(self, target):
        error = self.__layers[-1].getOutput() - target
        for layer in reversed(self.__layers):
            delta = layer.computeDelta(error)
            error = layer.errorForPrevious(delta)
            layer.adjust(delta, self.__learningRate)

    def train(self, samples, iterations):
        for iteration in range(iterations):
            for sample in samples:
                self.feedForward(sample.getPixels())
                self.backPropagate(sample.getTarget())

    def classify(self, sample):
        return int(self.feedForward(sample.getPixels()).argmax())

    def evaluate(self, samples):
        return sum(1 for s in samples if self.classify(s) == s.getLabel()) / float(len(samples))


class NeuralNetworkBuilder:
    def __init__(self):
        self.sizes, self.functions, self.rate, self.random = [784], [], 0.1, np.random.RandomState(42)

    def addLayer(self, neuronCount, function):
        self.sizes.append(neuronCount)
        self.functions.append(function)
        return self

    def withLearningRate(self, rate):
        self.rate = rate
        return self

    def build(self):
        layers = [Layer(a, b, f, self.random) for a, b, f in zip(self.sizes, self.sizes[1:], self.functions)]
        return NeuralNetwork(layers, self.rate)


def case(x, y, test_x, test_y):
    samples = [TrainingSample(p, c) for p, c in zip(x, y)]
    testSamples = [TrainingSample(p, c) for p, c in zip(test_x, test_y)]
    network = (NeuralNetworkBuilder().addLayer(40, Sigmoid()).addLayer(10, Sigmoid())
               .withLearningRate(0.3).build())
    return samples, testSamples, dict(network=network, iterations=3)
