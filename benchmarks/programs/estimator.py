import numpy as np

class NeuralNetClassifier:
    def __init__(self, hidden=32, lr=0.1, n_epochs=5, batch=32, random_state=0):
        self.hidden, self.lr, self.n_epochs, self.batch, self.random_state = hidden, lr, n_epochs, batch, random_state

    def fit(self, X, y):
        rng = np.random.RandomState(self.random_state)
        self.classes_ = np.unique(y)
        k = len(self.classes_)
        self.W1_ = rng.randn(X.shape[1], self.hidden) * np.sqrt(2 / X.shape[1]); self.b1_ = np.zeros(self.hidden)
        self.W2_ = rng.randn(self.hidden, k) * np.sqrt(2 / self.hidden); self.b2_ = np.zeros(k)
        T = (y[:, None] == self.classes_).astype(float)
        for _ in range(self.n_epochs):
            idx = rng.permutation(len(X))
            for s in range(0, len(X), self.batch):
                i = idx[s:s + self.batch]
                a1 = np.maximum(0, X[i] @ self.W1_ + self.b1_)
                p = self._softmax(a1 @ self.W2_ + self.b2_)
                d2 = (p - T[i]) / len(i)
                d1 = d2 @ self.W2_.T * (a1 > 0)
                self.W2_ -= self.lr * a1.T @ d2
                self.b2_ -= self.lr * d2.sum(axis=0)
                self.W1_ -= self.lr * X[i].T @ d1
                self.b1_ -= self.lr * d1.sum(axis=0)
        return self

    def _softmax(self, z):
        e = np.exp(z - z.max(axis=1, keepdims=True))
        return e / e.sum(axis=1, keepdims=True)

    def predict_proba(self, X):
        return self._softmax(np.maximum(0, X @ self.W1_ + self.b1_) @ self.W2_ + self.b2_)

    def predict(self, X):
        return self.classes_[self.predict_proba(X).argmax(axis=1)]

    def score(self, X, y):
        return np.mean(self.predict(X) == y)

def case(x, y, test_x, test_y):
    return (x, y), (test_x, test_y), {"network": NeuralNetClassifier()}
