import numpy as np

# --- cell 3
np.random.seed(42)
n_inputs, n_hidden, n_outputs = 784, 64, 10

W1 = np.random.randn(n_inputs, n_hidden) * np.sqrt(2.0 / n_inputs)
b1 = np.zeros(n_hidden)
W2 = np.random.randn(n_hidden, n_outputs) * np.sqrt(2.0 / n_hidden)
b2 = np.zeros(n_outputs)
weights = [W1, b1, W2, b2]


# --- cell 4
def relu(z):
    return np.maximum(0, z)


def softmax(z):
    e = np.exp(z - np.max(z, axis=1, keepdims=True))
    return e / np.sum(e, axis=1, keepdims=True)


def one_hot(labels):
    out = np.zeros((len(labels), n_outputs))
    out[np.arange(len(labels)), labels] = 1
    return out


# --- cell 5
def feed(weights, X):
    W1, b1, W2, b2 = weights
    h = relu(X @ W1 + b1)
    return softmax(h @ W2 + b2)


def gradients(weights, X, Y):
    W1, b1, W2, b2 = weights
    z1 = X @ W1 + b1
    h = relu(z1)
    p = softmax(h @ W2 + b2)
    d2 = (p - Y) / len(X)
    d1 = (d2 @ W2.T) * (z1 > 0)
    gW2 = h.T @ d2
    gb2 = d2.sum(axis=0)
    gW1 = X.T @ d1
    gb1 = d1.sum(axis=0)
    return gW1, gb1, gW2, gb2


def train_step(weights, X, Y, lr):
    grads = gradients(weights, X, Y)
    for w, g in zip(weights, grads):
        w -= lr * g


# --- cell 6
def train_model(weights, X, Y, epochs=5, batch_size=50, lr=0.1):
    n = len(X)
    for epoch in range(epochs):
        order = np.random.permutation(n)
        Xs, Ys = X[order], Y[order]
        for i in range(0, n, batch_size):
            train_step(weights, Xs[i:i + batch_size], Ys[i:i + batch_size], lr)
        loss = -np.mean(np.sum(Y[:1000] * np.log(feed(weights, X[:1000]) + 1e-9), axis=1))
        print("epoch", epoch, "loss", round(float(loss), 4))


# --- cell 7
def accuracy(weights, X, labels):
    return np.mean(np.argmax(feed(weights, X), axis=1) == labels)


def case(x, y, test_x, test_y):
    X_train, Y_train = x, one_hot(y)
    X_test = test_x
    return (X_train, Y_train), (X_test, test_y), dict(
        network=weights, fit=train_model, forward=feed, step=train_step, score=accuracy,
        epochs=5, batch_size=50, lr=0.1)
