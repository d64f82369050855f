import numpy as np
from sklearn.base import BaseEstimator, ClassifierMixin


class MLPClassifierScratch(BaseEstimator, ClassifierMixin):
    """Multi-layer perceptron with one hidden layer, scikit-learn API.

    n_hidden : units in the hidden layer
    l2 : strength of the penalty
    decrease_const : eta / (1 + decrease_const * epoch)
    """

    def __init__(self, n_hidden=50, l2=0.0, epochs=10, eta=0.1, decrease_const=0.0, minibatch_size=50, random_state=1):
        self.n_hidden = n_hidden
        self.l2 = l2
        self.epochs = epochs
        self.eta = eta
        self.decrease_const = decrease_const
        self.minibatch_size = minibatch_size
        self.random_state = random_state

    def _sigmoid(self, z):
        return 1. / (1. + np.exp(-np.clip(z, -250, 250)))

    def _forward(self, X):
        X = self._prepare(X)
        a_h = self._sigmoid(np.dot(X, self.w_h_) + self.b_h_)
        z_out = np.dot(a_h, self.w_out_) + self.b_out_
        z_out = z_out - z_out.max(axis=1, keepdims=True)
        a_out = np.exp(z_out) / np.exp(z_out).sum(axis=1, keepdims=True)
        return X, a_h, a_out

    def _prepare(self, X):
        return (X - 0.13) / 0.31

    def _encode(self, y):
        onehot = np.zeros((y.shape[0], len(self.classes_)))
        onehot[np.arange(y.shape[0]), np.searchsorted(self.classes_, y)] = 1.
        return onehot

    def fit(self, X, y):
        rgen = np.random.RandomState(self.random_state)
        self.classes_ = np.unique(y)
        n_output = len(self.classes_)
        self.w_h_ = rgen.normal(0.0, 0.05, size=(X.shape[1], self.n_hidden))
        self.b_h_ = np.zeros(self.n_hidden)
        self.w_out_ = rgen.normal(0.0, 0.05, size=(self.n_hidden, n_output))
        self.b_out_ = np.zeros(n_output)
        y_enc = self._encode(y)
        for epoch in range(self.epochs):
            eta = self.eta / (1 + self.decrease_const * epoch)
            indices = rgen.permutation(X.shape[0])
            for start in range(0, indices.shape[0], self.minibatch_size):
                batch_idx = indices[start:start + self.minibatch_size]
                Xb, a_h, a_out = self._forward(X[batch_idx])
                delta_out = (a_out - y_enc[batch_idx]) / len(batch_idx)
                delta_h = np.dot(delta_out, self.w_out_.T) * a_h * (1. - a_h)
                self.w_h_ -= eta * (np.dot(Xb.T, delta_h) + self.l2 * self.w_h_)
                self.b_h_ -= eta * delta_h.sum(axis=0)
                self.w_out_ -= eta * (np.dot(a_h.T, delta_out) + self.l2 * self.w_out_)
                self.b_out_ -= eta * delta_out.sum(axis=0)
        return self

    def predict_proba(self, X):
        return self._forward(X)[-1]

    def predict(self, X):
        return self.classes_[np.argmax(self.predict_proba(X), axis=1)]

    def score(self, X, y):
        return np.mean(self.predict(X) == y)


def case(x, y, test_x, test_y):
    clf = MLPClassifierScratch(n_hidden=40, epochs=8, eta=0.3)
    return (x, y), (test_x, test_y), {"network": clf}
