import numpy as np

def build(n_in, n_hidden, n_out, seed=0):
    rng = np.random.default_rng(seed)
    W1 = rng.normal(0, 1 / np.sqrt(n_in), (n_in, n_hidden)); b1 = np.zeros(n_hidden)
    W2 = rng.normal(0, 1 / np.sqrt(n_hidden), (n_hidden, n_out)); b2 = np.zeros(n_out)

    def forward(X):
        h = np.tanh(X @ W1 + b1)
        z = h @ W2 + b2
        e = np.exp(z - z.max(axis=1, keepdims=True))
        return h, e / e.sum(axis=1, keepdims=True)

    def predict(X):
        return forward(X)[1].argmax(axis=1)

    def train(X, y, epochs=5, lr=0.1, batch_size=32):
        nonlocal W1, b1, W2, b2
        T = np.eye(n_out)[y]
        for _ in range(epochs):
            order = rng.permutation(len(X))
            for s in range(0, len(X), batch_size):
                i = order[s:s + batch_size]
                h, p = forward(X[i])
                d2 = (p - T[i]) / len(i)
                d1 = d2 @ W2.T * (1 - h ** 2)
                W2 = W2 - lr * h.T @ d2
                b2 = b2 - lr * d2.sum(axis=0)
                W1 = W1 - lr * X[i].T @ d1
                b1 = b1 - lr * d1.sum(axis=0)
    return predict, train

def case(x, y, test_x, test_y):
    predict, train = build(784, 32, 10)
    return (x, y), (test_x, test_y), {"network": predict, "fit": train, "epochs": 5, "lr": 0.1, "batch_size": 32}
