import numpy as np
from random import seed, shuffle, uniform


# one neuron = one dict; the last weight is its bias
def initialize_network(n_inputs, n_hidden, n_outputs):
    network = list()
    hidden_layer = [{'weights': np.array([uniform(-0.1, 0.1) for i in range(n_inputs + 1)])} for i in range(n_hidden)]
    network.append(hidden_layer)
    output_layer = [{'weights': np.array([uniform(-0.1, 0.1) for i in range(n_hidden + 1)])} for i in range(n_outputs)]
    network.append(output_layer)
    return network


def activate(weights, inputs):
    return weights[-1] + np.dot(weights[:-1], inputs)


def transfer(activation):
    return 1.0 / (1.0 + np.exp(-activation))


def transfer_derivative(output):
    return output * (1.0 - output)


def forward_propagate(network, row):
    inputs = row
    for layer in network:
        new_inputs = []
        for neuron in layer:
            neuron['output'] = transfer(activate(neuron['weights'], inputs))
            new_inputs.append(neuron['output'])
        inputs = new_inputs
    return inputs


def backward_propagate_error(network, expected):
    for i in reversed(range(len(network))):
        layer = network[i]
        errors = list()
        if i != len(network) - 1:
            for j in range(len(layer)):
                error = 0.0
                for neuron in network[i + 1]:
                    error += neuron['weights'][j] * neuron['delta']
                errors.append(error)
        else:
            for j in range(len(layer)):
                neuron = layer[j]
                errors.append(neuron['output'] - expected[j])
        for j in range(len(layer)):
            neuron = layer[j]
            neuron['delta'] = errors[j] * transfer_derivative(neuron['output'])


def update_weights(network, row, l_rate):
    for i in range(len(network)):
        inputs = row
        if i != 0:
            inputs = np.array([neuron['output'] for neuron in network[i - 1]])
        for neuron in network[i]:
            neuron['weights'][:-1] -= l_rate * neuron['delta'] * inputs
            neuron['weights'][-1] -= l_rate * neuron['delta']


def train_network(network, train, l_rate, n_epoch, n_outputs):
    for epoch in range(n_epoch):
        shuffle(train)
        sum_error = 0
        for row, label in train:
            outputs = forward_propagate(network, row)
            expected = [0 for i in range(n_outputs)]
            expected[label] = 1
            sum_error += sum([(expected[i] - outputs[i]) ** 2 for i in range(n_outputs)])
            backward_propagate_error(network, expected)
            update_weights(network, row, l_rate)


def predict(network, row):
    outputs = forward_propagate(network, row)
    return outputs.index(max(outputs))


def accuracy_metric(network, dataset):
    correct = 0
    for row, label in dataset:
        if predict(network, row) == label:
            correct += 1
    return correct / float(len(dataset)) * 100.0


def case(x, y, test_x, test_y):
    seed(1)
    train = [(row, int(label)) for row, label in zip(x, y)]
    test = [(row, int(label)) for row, label in zip(test_x, test_y)]
    network = initialize_network(784, 20, 10)
    return train, test, {"network": network, "fit": train_network, "forward": forward_propagate,
                         "score": accuracy_metric, "l_rate": 0.4, "n_epoch": 4, "n_outputs": 10}
