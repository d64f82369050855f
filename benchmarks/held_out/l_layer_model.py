import copy
import math

import numpy as np


def initialize_parameters_deep(layers_dims):
    np.random.seed(3)
    parameters = {}
    L = len(layers_dims)
    for l in range(1, L):
        parameters["W" + str(l)] = np.random.randn(layers_dims[l], layers_dims[l - 1]) / np.sqrt(layers_dims[l - 1])
        parameters["b" + str(l)] = np.zeros((layers_dims[l], 1))
    return parameters


def sigmoid(Z):
    return 1 / (1 + np.exp(-Z)), Z


def relu(Z):
    return np.maximum(0, Z), Z


def relu_backward(dA, Z):
    dZ = np.array(dA, copy=True)
    dZ[Z <= 0] = 0
    return dZ


def linear_activation_forward(A_prev, W, b, activation):
    Z = np.dot(W, A_prev) + b
    A, activation_cache = sigmoid(Z) if activation == "sigmoid" else relu(Z)
    return A, ((A_prev, W, b), activation_cache)


def L_model_forward(X, parameters):
    caches, A = [], X
    L = len(parameters) // 2
    for l in range(1, L):
        A, cache = linear_activation_forward(A, parameters["W" + str(l)], parameters["b" + str(l)], "relu")
        caches.append(cache)
    AL, cache = linear_activation_forward(A, parameters["W" + str(L)], parameters["b" + str(L)], "sigmoid")
    caches.append(cache)
    return AL, caches


def compute_cost(AL, Y):
    m = Y.shape[1]
    AL = np.clip(AL, 1e-12, 1 - 1e-12)
    return float(-np.sum(Y * np.log(AL) + (1 - Y) * np.log(1 - AL)) / m)


def linear_backward(dZ, linear_cache):
    A_prev, W, b = linear_cache
    m = A_prev.shape[1]
    dW = np.dot(dZ, A_prev.T) / m
    db = np.sum(dZ, axis=1, keepdims=True) / m
    dA_prev = np.dot(W.T, dZ)
    return dA_prev, dW, db


def L_model_backward(AL, Y, caches):
    grads, L = {}, len(caches)
    dZ = AL - Y
    for l in reversed(range(L)):
        linear_cache, Z = caches[l]
        if l < L - 1:
            dZ = relu_backward(dA, Z)
        dA, grads["dW" + str(l + 1)], grads["db" + str(l + 1)] = linear_backward(dZ, linear_cache)
    return grads


def update_parameters(params, grads, learning_rate):
    parameters = copy.deepcopy(params)
    L = len(parameters) // 2
    for l in range(L):
        parameters["W" + str(l + 1)] -= learning_rate * grads["dW" + str(l + 1)]
        parameters["b" + str(l + 1)] -= learning_rate * grads["db" + str(l + 1)]
    return parameters


def random_mini_batches(X, Y, mini_batch_size, seed):
    np.random.seed(seed)
    m = X.shape[1]
    permutation = np.random.permutation(m)
    shuffled_X = X[:, permutation]
    shuffled_Y = Y[:, permutation]
    mini_batches = []
    for k in range(math.ceil(m / mini_batch_size)):
        mini_batch_X = shuffled_X[:, k * mini_batch_size:(k + 1) * mini_batch_size]
        mini_batch_Y = shuffled_Y[:, k * mini_batch_size:(k + 1) * mini_batch_size]
        mini_batches.append((mini_batch_X, mini_batch_Y))
    return mini_batches


def L_layer_model(parameters, X, Y, learning_rate, num_epochs, mini_batch_size, print_cost=False):
    seed = 10
    for i in range(num_epochs):
        seed = seed + 1
        for mini_X, mini_Y in random_mini_batches(X, Y, mini_batch_size, seed):
            AL, caches = L_model_forward(mini_X, parameters)
            cost = compute_cost(AL, mini_Y)
            grads = L_model_backward(AL, mini_Y, caches)
            parameters = update_parameters(parameters, grads, learning_rate)
        if print_cost:
            print("Cost after epoch %i: %f" % (i, cost))
    return parameters


def predict(parameters, X):
    return L_model_forward(X, parameters)[0]


def accuracy(parameters, X, Y):
    return np.mean(np.argmax(predict(parameters, X), axis=0) == np.argmax(Y, axis=0))


def case(x, y, test_x, test_y):
    Y = np.eye(10)[y].T
    test_Y = np.eye(10)[test_y].T
    parameters = initialize_parameters_deep([784, 50, 30, 20, 10])
    return (x.T, Y), (test_x.T, test_Y), dict(
        network=parameters, fit=L_layer_model, forward=predict, score=accuracy,
        learning_rate=0.05, num_epochs=7, mini_batch_size=64)
