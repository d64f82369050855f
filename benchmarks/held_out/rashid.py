import numpy
import scipy.special


class neuralNetwork:

    def __init__(self, inputnodes, hiddennodes, outputnodes, learningrate):
        self.inodes = inputnodes
        self.hnodes = hiddennodes
        self.onodes = outputnodes

        self.wih = numpy.random.normal(0.0, pow(self.inodes, -0.5), (self.hnodes, self.inodes))
        self.who = numpy.random.normal(0.0, pow(self.hnodes, -0.5), (self.onodes, self.hnodes))

        self.lr = learningrate

        self.activation_function = lambda x: scipy.special.expit(x)

    def train(self, inputs_list, targets_list):
        inputs = numpy.array(inputs_list, ndmin=2).T
        targets = numpy.array(targets_list, ndmin=2).T

        hidden_inputs = numpy.dot(self.wih, inputs)
        hidden_outputs = self.activation_function(hidden_inputs)

        final_inputs = numpy.dot(self.who, hidden_outputs)
        final_outputs = self.activation_function(final_inputs)

        output_errors = (targets - final_outputs) * final_outputs * (1.0 - final_outputs)
        hidden_errors = numpy.dot(self.who.T, output_errors)

        self.who += self.lr * numpy.dot(output_errors, numpy.transpose(hidden_outputs))
        self.wih += self.lr * numpy.dot(hidden_errors * hidden_outputs * (1.0 - hidden_outputs), numpy.transpose(inputs))

    def query(self, inputs_list):
        inputs = numpy.array(inputs_list, ndmin=2).T

        hidden_inputs = numpy.dot(self.wih, inputs)
        hidden_outputs = self.activation_function(hidden_inputs)

        final_inputs = numpy.dot(self.who, hidden_outputs)
        final_outputs = self.activation_function(final_inputs)

        return final_outputs


def train_records(n, training_data_list, epochs):
    for e in range(epochs):
        for all_values in training_data_list:
            inputs = (numpy.asarray(all_values[1:], dtype=float) / 255.0 * 0.99) + 0.01
            targets = numpy.zeros(n.onodes) + 0.01
            targets[int(all_values[0])] = 0.99
            n.train(inputs, targets)


def ask(n, records):
    images = (numpy.asarray(records, dtype=float)[:, -784:] / 255.0 * 0.99) + 0.01
    return n.query(images).T


def performance(n, test_data_list):
    scorecard = []
    for all_values in test_data_list:
        correct_label = int(all_values[0])
        outputs = ask(n, [all_values])
        label = numpy.argmax(outputs)
        if label == correct_label:
            scorecard.append(1)
        else:
            scorecard.append(0)
    scorecard_array = numpy.asarray(scorecard)
    return scorecard_array.sum() / scorecard_array.size


def records_of(images, labels):
    rows = numpy.zeros((len(labels), 785), dtype=numpy.int64)
    rows[:, 0] = labels
    rows[:, 1:] = numpy.round(images * 255)
    return rows


def case(x, y, test_x, test_y):
    numpy.random.seed(3)
    n = neuralNetwork(784, 60, 10, 0.2)
    return records_of(x, y), records_of(test_x, test_y), dict(
        network=n, fit=train_records, forward=ask, score=performance, epochs=3)
