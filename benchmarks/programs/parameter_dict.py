# Samples in columns, parameters in a dict, functions in the module (as in a well-known online course).
import numpy as np


def initialize_parameters(layer_dims, seed=2):
    np.random.seed(seed)
    parameters = {}
    for l in range(1, len(layer_dims)):
        parameters["W" + str(l)] = np.random.randn(layer_dims[l], layer_dims[l - 1]) / np.sqrt(layer_dims[l - 1])
        parameters["b" + str(l)] = np.zeros((layer_dims[l], 1))
    return parameters


def relu(Z):
    return np.maximum(0, Z)


def softmax(Z):
    expZ = np.exp(Z - np.max(Z, axis=0, keepdims=True))
    return expZ / np.sum(expZ, axis=0, keepdims=True)


def forward(parameters, X):
    Z1 = np.dot(parameters["W1"], X) + parameters["b1"]
    A1 = relu(Z1)
    Z2 = np.dot(parameters["W2"], A1) + parameters["b2"]
    A2 = softmax(Z2)
    cache = {"Z1": Z1, "A1": A1, "Z2": Z2, "A2": A2}
    return A2, cache


def compute_cost(A2, Y):
    m = Y.shape[1]
    return -np.sum(Y * np.log(A2 + 1e-10)) / m


def backward(parameters, cache, X, Y):
    m = X.shape[1]
    dZ2 = cache["A2"] - Y
    dW2 = np.dot(dZ2, cache["A1"].T) / m
    db2 = np.sum(dZ2, axis=1, keepdims=True) / m
    dA1 = np.dot(parameters["W2"].T, dZ2)
    dZ1 = dA1 * (cache["Z1"] > 0)
    dW1 = np.dot(dZ1, X.T) / m
    db1 = np.sum(dZ1, axis=1, keepdims=True) / m
    return {"dW1": dW1, "db1": db1, "dW2": dW2, "db2": db2}


def update(parameters, grads, learning_rate):
    new = {}
    for key in parameters:
        new[key] = parameters[key] - learning_rate * grads["d" + key]
    return new


def random_mini_batches(X, Y, mini_batch_size):
    m = X.shape[1]
    permutation = np.random.permutation(m)
    shuffled_X = X[:, permutation]
    shuffled_Y = Y[:, permutation]
    batches = []
    for k in range(0, m, mini_batch_size):
        batches.append((shuffled_X[:, k:k + mini_batch_size], shuffled_Y[:, k:k + mini_batch_size]))
    return batches


def train(parameters, data, num_epochs=10, mini_batch_size=64, learning_rate=0.1, print_cost=False):
    X, Y = data
    for i in range(num_epochs):
        epoch_cost = 0.0
        for mini_X, mini_Y in random_mini_batches(X, Y, mini_batch_size):
            A2, cache = forward(parameters, mini_X)
            epoch_cost += compute_cost(A2, mini_Y) * mini_X.shape[1]
            grads = backward(parameters, cache, mini_X, mini_Y)
            parameters = update(parameters, grads, learning_rate)
        if print_cost:
            print("Cost after epoch %i: %f" % (i, epoch_cost / X.shape[1]))
    return parameters


def accuracy(parameters, data):
    X, Y = data
    A2, _ = forward(parameters, X)
    return np.mean(np.argmax(A2, axis=0) == np.argmax(Y, axis=0))


def case(x, y, test_x, test_y):
    train_data = (x.T, np.eye(10)[y].T)
    test_data = (test_x.T, np.eye(10)[test_y].T)
    return train_data, test_data, {"network": initialize_parameters([784, 40, 10]), "fit": train, "forward": forward,
                                   "score": accuracy, "num_epochs": 8, "mini_batch_size": 64, "learning_rate": 0.2}
