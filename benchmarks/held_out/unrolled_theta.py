"""Exercise 4 in Python: one hidden layer, all parameters unrolled into theta, scipy does the rest."""
import numpy as np
from scipy.optimize import minimize

input_layer_size = 784
hidden_layer_size = 25
num_labels = 10          # labels 1..10, the digit 0 is label 10


def sigmoid(z):
    return 1.0 / (1.0 + np.exp(-z))


def sigmoid_gradient(z):
    g = sigmoid(z)
    return g * (1 - g)


def rand_initialize_weights(l_in, l_out):
    epsilon_init = np.sqrt(6) / np.sqrt(l_in + l_out)
    return np.random.rand(l_out, 1 + l_in) * 2 * epsilon_init - epsilon_init


def unroll(Theta1, Theta2):
    return np.concatenate([Theta1.ravel(), Theta2.ravel()])


def roll(theta):
    cut = hidden_layer_size * (input_layer_size + 1)
    Theta1 = theta[:cut].reshape(hidden_layer_size, input_layer_size + 1)
    Theta2 = theta[cut:].reshape(num_labels, hidden_layer_size + 1)
    return Theta1, Theta2


def add_ones(A):
    return np.column_stack([np.ones(A.shape[0]), A])


def hypothesis(theta, X):
    Theta1, Theta2 = roll(theta)
    a2 = sigmoid(add_ones(X) @ Theta1.T)
    return sigmoid(add_ones(a2) @ Theta2.T)


def nn_cost_function(theta, X, Y, lam):
    Theta1, Theta2 = roll(theta)
    m = X.shape[0]
    a1 = add_ones(X)
    z2 = a1 @ Theta1.T
    a2 = add_ones(sigmoid(z2))
    a3 = sigmoid(a2 @ Theta2.T)

    J = -np.sum(Y * np.log(a3 + 1e-15) + (1 - Y) * np.log(1 - a3 + 1e-15)) / m
    J += lam / (2 * m) * (np.sum(Theta1[:, 1:] ** 2) + np.sum(Theta2[:, 1:] ** 2))

    d3 = a3 - Y
    d2 = (d3 @ Theta2[:, 1:]) * sigmoid_gradient(z2)
    Theta1_grad = d2.T @ a1 / m
    Theta2_grad = d3.T @ a2 / m
    Theta1_grad[:, 1:] += lam / m * Theta1[:, 1:]
    Theta2_grad[:, 1:] += lam / m * Theta2[:, 1:]
    return J, unroll(Theta1_grad, Theta2_grad)


def label_matrix(y):
    return (y.reshape(-1, 1) == np.arange(1, num_labels + 1)).astype(float)


def train_theta(theta, X, y, max_iter=60, lam=1.0):
    result = minimize(nn_cost_function, theta, args=(X, label_matrix(y), lam),
                      jac=True, method="CG", options={"maxiter": max_iter})
    print("cost: %.4f" % result.fun)
    return result.x


def predict(theta, X):
    return np.argmax(hypothesis(theta, X), axis=1) + 1


def training_accuracy(theta, X, y):
    return np.mean(predict(theta, X) == y)


def case(x, y, test_x, test_y):
    np.random.seed(4)
    y = np.where(y == 0, 10, y)
    test_y = np.where(test_y == 0, 10, test_y)
    theta = unroll(rand_initialize_weights(input_layer_size, hidden_layer_size),
                   rand_initialize_weights(hidden_layer_size, num_labels))
    return (x, y), (test_x, test_y), dict(
        network=theta, fit=train_theta, forward=hypothesis, score=training_accuracy, max_iter=60, lam=1.0)
