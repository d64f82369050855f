# neural network class definition, after the book, with my own changes
import numpy
import scipy.special


class neuralNetwork:

    def __init__(self, inputnodes, hiddennodes, outputnodes, learningrate):
        self.inodes = inputnodes
        self.hnodes = hiddennodes
        self.onodes = outputnodes
        # link weight matrices, wih and who
        self.wih = numpy.random.normal(0.0, pow(self.inodes, -0.5), (self.hnodes, self.inodes))
        self.who = numpy.random.normal(0.0, pow(self.hnodes, -0.5), (self.onodes, self.hnodes))
        self.lr = learningrate
        # activation function is the sigmoid function
        self.activation_function = scipy.special.expit

    # train the neural network with one picture
    def train(self, inputs_list, targets_list):
        inputs = numpy.array(inputs_list, ndmin=2).T
        targets = numpy.array(targets_list, ndmin=2).T

        hidden_inputs = numpy.dot(self.wih, inputs)
        hidden_outputs = self.activation_function(hidden_inputs)
        final_inputs = numpy.dot(self.who, hidden_outputs)
        final_outputs = self.activation_function(final_inputs)

        # output layer error is the (target - actual)
        output_errors = targets - final_outputs
        output_grad = output_errors * final_outputs * (1.0 - final_outputs)
        hidden_errors = numpy.dot(self.who.T, output_grad)
        hidden_grad = hidden_errors * hidden_outputs * (1.0 - hidden_outputs)

        self.who += self.lr * numpy.dot(output_grad, hidden_outputs.T)
        self.wih += self.lr * numpy.dot(hidden_grad, inputs.T)

    # query the neural network
    def query(self, inputs_list):
        inputs = numpy.array(inputs_list, ndmin=2).T
        hidden_outputs = self.activation_function(numpy.dot(self.wih, inputs))
        final_outputs = self.activation_function(numpy.dot(self.who, hidden_outputs))
        return final_outputs


def scale(pixels):
    return (numpy.asarray(pixels, dtype=float) / 255.0 * 0.99) + 0.01


def train_network(n, training_data_list, epochs):
    for e in range(epochs):
        # go through all records in the training data set
        for label, pixels in training_data_list:
            targets = numpy.zeros(n.onodes) + 0.01
            targets[int(label)] = 0.99
            n.train(scale(pixels), targets)


def ask(n, pixels):
    return n.query(scale(pixels))


def performance(n, test_data_list):
    scorecard = []
    for label, pixels in test_data_list:
        answer = numpy.argmax(ask(n, pixels))
        scorecard.append(1 if answer == int(label) else 0)
    return sum(scorecard) / len(scorecard)


def case(x, y, test_x, test_y):
    numpy.random.seed(12)
    records = [(int(k), row) for k, row in zip(y, numpy.rint(x * 255).astype(numpy.uint8))]
    test_records = [(int(k), row) for k, row in zip(test_y, numpy.rint(test_x * 255).astype(numpy.uint8))]
    n = neuralNetwork(784, 60, 10, 0.3)
    return records, test_records, dict(
        network=n, fit=train_network, forward=ask, step=neuralNetwork.train, score=performance, epochs=2)
