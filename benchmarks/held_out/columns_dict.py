import numpy as np


def initialize_parameters(layer_dims):
    rng = np.random.RandomState(3)
    parameters = {}
    for l in range(1, len(layer_dims)):
        parameters["W" + str(l)] = rng.randn(layer_dims[l], layer_dims[l - 1]) / np.sqrt(layer_dims[l - 1])
        parameters["b" + str(l)] = np.zeros((layer_dims[l], 1))
    return parameters


def softmax(Z):
    t = np.exp(Z - np.max(Z, axis=0, keepdims=True))
    return t / np.sum(t, axis=0, keepdims=True)


def forward_propagation(parameters, X):
    cache = {"A0": X}
    A = X
    L = len(parameters) // 2
    for l in range(1, L + 1):
        Z = np.dot(parameters["W" + str(l)], A) + parameters["b" + str(l)]
        A = softmax(Z) if l == L else np.tanh(Z)
        cache["Z" + str(l)], cache["A" + str(l)] = Z, A
    return A, cache


def backward_propagation(parameters, cache, Y):
    grads = {}
    L = len(parameters) // 2
    m = Y.shape[1]
    dZ = cache["A" + str(L)] - Y
    for l in range(L, 0, -1):
        grads["dW" + str(l)] = 1. / m * np.dot(dZ, cache["A" + str(l - 1)].T)
        grads["db" + str(l)] = 1. / m * np.sum(dZ, axis=1, keepdims=True)
        if l > 1:
            dA = np.dot(parameters["W" + str(l)].T, dZ)
            dZ = dA * (1 - np.power(cache["A" + str(l - 1)], 2))
    return grads


def update_parameters(parameters, grads, learning_rate):
    for key in parameters:
        parameters[key] = parameters[key] - learning_rate * grads["d" + key]


def random_mini_batches(X, Y, mini_batch_size=64):
    m = X.shape[1]
    permutation = list(np.random.permutation(m))
    shuffled_X = X[:, permutation]
    shuffled_Y = Y[:, permutation]
    mini_batches = []
    for k in range(0, m, mini_batch_size):
        mini_batches.append((shuffled_X[:, k:k + mini_batch_size], shuffled_Y[:, k:k + mini_batch_size]))
    return mini_batches


def train_step(parameters, X, Y, learning_rate):
    AL, cache = forward_propagation(parameters, X)
    grads = backward_propagation(parameters, cache, Y)
    update_parameters(parameters, grads, learning_rate)


def model(parameters, X, Y, learning_rate=0.3, num_epochs=10):
    for epoch in range(num_epochs):
        for minibatch_X, minibatch_Y in random_mini_batches(X, Y):
            train_step(parameters, minibatch_X, minibatch_Y, learning_rate)
    return parameters


def outputs(parameters, X):
    AL, _ = forward_propagation(parameters, X)
    return AL


def accuracy(parameters, X, Y):
    p = np.argmax(outputs(parameters, X), axis=0)
    return np.mean(p == np.argmax(Y, axis=0))


def case(x, y, test_x, test_y):
    train = (x.T, np.eye(10)[y].T)
    test = (test_x.T, np.eye(10)[test_y].T)
    parameters = initialize_parameters([784, 40, 20, 10])
    return train, test, {"network": parameters, "fit": model, "forward": outputs, "step": train_step,
                         "score": accuracy, "learning_rate": 0.3, "num_epochs": 8}
