import math
import numpy as np


def initialize_parameters_deep(layer_dims):
    np.random.seed(1)
    parameters = {}
    L = len(layer_dims)
    for l in range(1, L):
        parameters["W" + str(l)] = np.random.randn(layer_dims[l], layer_dims[l - 1]) * np.sqrt(2 / layer_dims[l - 1])
        parameters["b" + str(l)] = np.zeros((layer_dims[l], 1))
    return parameters


def linear_activation_forward(A_prev, W, b, activation):
    Z = np.dot(W, A_prev) + b
    if activation == "relu":
        A = np.maximum(0, Z)
    else:
        T = np.exp(Z - np.max(Z, axis=0, keepdims=True))
        A = T / np.sum(T, axis=0, keepdims=True)
    return A, (A_prev, W, b, Z)


def L_model_forward(X, parameters):
    caches = []
    A = X
    L = len(parameters) // 2
    for l in range(1, L):
        A, cache = linear_activation_forward(A, parameters["W" + str(l)], parameters["b" + str(l)], "relu")
        caches.append(cache)
    AL, cache = linear_activation_forward(A, parameters["W" + str(L)], parameters["b" + str(L)], "softmax")
    caches.append(cache)
    return AL, caches


def compute_cost(AL, Y):
    m = Y.shape[1]
    return -np.sum(Y * np.log(AL + 1e-8)) / m


def linear_backward(dZ, cache):
    A_prev, W, b, Z = cache
    m = A_prev.shape[1]
    dW = np.dot(dZ, A_prev.T) / m
    db = np.sum(dZ, axis=1, keepdims=True) / m
    dA_prev = np.dot(W.T, dZ)
    return dA_prev, dW, db


def relu_backward(dA, cache):
    Z = cache[3]
    dZ = np.array(dA, copy=True)
    dZ[Z <= 0] = 0
    return dZ


def L_model_backward(AL, Y, caches):
    grads = {}
    L = len(caches)
    dZ = AL - Y
    grads["dA" + str(L - 1)], grads["dW" + str(L)], grads["db" + str(L)] = linear_backward(dZ, caches[L - 1])
    for l in reversed(range(L - 1)):
        dZ = relu_backward(grads["dA" + str(l + 1)], caches[l])
        grads["dA" + str(l)], grads["dW" + str(l + 1)], grads["db" + str(l + 1)] = linear_backward(dZ, caches[l])
    return grads


def update_parameters(parameters, grads, learning_rate):
    L = len(parameters) // 2
    for l in range(1, L + 1):
        parameters["W" + str(l)] = parameters["W" + str(l)] - learning_rate * grads["dW" + str(l)]
        parameters["b" + str(l)] = parameters["b" + str(l)] - learning_rate * grads["db" + str(l)]
    return parameters


def random_mini_batches(X, Y, mini_batch_size):
    m = X.shape[1]
    permutation = np.random.permutation(m)
    shuffled_X = X[:, permutation]
    shuffled_Y = Y[:, permutation]
    batches = []
    for k in range(math.ceil(m / mini_batch_size)):
        batches.append((shuffled_X[:, k * mini_batch_size:(k + 1) * mini_batch_size],
                        shuffled_Y[:, k * mini_batch_size:(k + 1) * mini_batch_size]))
    return batches


def model(parameters, X, Y, learning_rate=0.1, num_epochs=8, mini_batch_size=64):
    costs = []
    for i in range(num_epochs):
        for minibatch_X, minibatch_Y in random_mini_batches(X, Y, mini_batch_size):
            AL, caches = L_model_forward(minibatch_X, parameters)
            cost = compute_cost(AL, minibatch_Y)
            grads = L_model_backward(AL, minibatch_Y, caches)
            parameters = update_parameters(parameters, grads, learning_rate)
        costs.append(cost)
    return parameters


def forward(parameters, X):
    AL, _ = L_model_forward(X, parameters)
    return AL


def predict_accuracy(parameters, X, Y):
    return np.mean(np.argmax(forward(parameters, X), axis=0) == np.argmax(Y, axis=0))


def case(x, y, test_x, test_y):
    parameters = initialize_parameters_deep([784, 50, 30, 10])
    train_X, test_X = x.T, test_x.T
    train_Y, test_Y = np.eye(10)[y].T, np.eye(10)[test_y].T
    return (train_X, train_Y), (test_X, test_Y), dict(
        network=parameters, fit=model, forward=forward, score=predict_accuracy,
        learning_rate=0.1, num_epochs=8, mini_batch_size=64)
