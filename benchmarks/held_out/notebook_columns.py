"""MNIST from scratch, maths and numpy only. Exported from my Kaggle notebook."""
import numpy as np

HIDDEN = 24


def init_params():
    W1 = np.random.normal(size=(HIDDEN, 784)) * np.sqrt(1 / 784)
    b1 = np.zeros((HIDDEN, 1))
    W2 = np.random.normal(size=(10, HIDDEN)) * np.sqrt(1 / HIDDEN)
    b2 = np.zeros((10, 1))
    return W1, b1, W2, b2


def ReLU(Z):
    return np.maximum(Z, 0)


def deriv_ReLU(Z):
    return Z > 0


def softmax(Z):
    e = np.exp(Z)
    return e / np.sum(e, axis=0)


def one_hot(Y):
    one_hot_Y = np.zeros((Y.size, 10))
    one_hot_Y[np.arange(Y.size), Y] = 1
    return one_hot_Y.T


def forward_prop(W1, b1, W2, b2, X):
    Z1 = W1.dot(X) + b1
    A1 = ReLU(Z1)
    Z2 = W2.dot(A1) + b2
    A2 = softmax(Z2)
    return Z1, A1, Z2, A2


def backward_prop(Z1, A1, A2, W2, X, Y):
    m = Y.size
    dZ2 = A2 - one_hot(Y)
    dW2 = dZ2.dot(A1.T) / m
    db2 = np.sum(dZ2, axis=1, keepdims=True) / m
    dZ1 = W2.T.dot(dZ2) * deriv_ReLU(Z1)
    dW1 = dZ1.dot(X.T) / m
    db1 = np.sum(dZ1, axis=1, keepdims=True) / m
    return dW1, db1, dW2, db2


def update_params(W1, b1, W2, b2, dW1, db1, dW2, db2, alpha):
    W1 = W1 - alpha * dW1
    b1 = b1 - alpha * db1
    W2 = W2 - alpha * dW2
    b2 = b2 - alpha * db2
    return W1, b1, W2, b2


def get_predictions(A2):
    return np.argmax(A2, 0)


def get_accuracy(predictions, Y):
    return np.sum(predictions == Y) / Y.size


def gradient_descent(params, X, Y, alpha, iterations):
    W1, b1, W2, b2 = params
    for i in range(iterations):
        Z1, A1, Z2, A2 = forward_prop(W1, b1, W2, b2, X)
        dW1, db1, dW2, db2 = backward_prop(Z1, A1, A2, W2, X, Y)
        W1, b1, W2, b2 = update_params(W1, b1, W2, b2, dW1, db1, dW2, db2, alpha)
        if i % 50 == 0:
            print("Iteration:", i, get_accuracy(get_predictions(A2), Y))
    return W1, b1, W2, b2


def make_output(params, X):
    return forward_prop(*params, X)[-1]


def test_accuracy(params, X, Y):
    return get_accuracy(get_predictions(make_output(params, X)), Y)


def case(x, y, test_x, test_y):
    np.random.seed(0)
    params = init_params()
    return (x.T.copy(), y), (test_x.T.copy(), test_y), dict(
        network=params, fit=gradient_descent, forward=make_output, score=test_accuracy,
        alpha=0.6, iterations=120)
