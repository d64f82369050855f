from __future__ import print_function

import numpy as np


class TwoLayerNet(object):
    """A two-layer fully-connected net: affine - relu - affine - softmax, with L2 on the weights."""

    def __init__(self, input_size, hidden_size, output_size, std=1e-2):
        self.params = {}
        self.params['W1'] = std * np.random.randn(input_size, hidden_size)
        self.params['b1'] = np.zeros(hidden_size)
        self.params['W2'] = std * np.random.randn(hidden_size, output_size)
        self.params['b2'] = np.zeros(output_size)

    def loss(self, X, y=None, reg=0.0):
        W1, b1 = self.params['W1'], self.params['b1']
        W2, b2 = self.params['W2'], self.params['b2']
        N = X.shape[0]

        z1 = X.dot(W1) + b1
        h1 = np.maximum(0, z1)
        scores = h1.dot(W2) + b2
        if y is None:
            return scores

        shifted = scores - scores.max(axis=1, keepdims=True)
        e = np.exp(shifted)
        probs = e / e.sum(axis=1, keepdims=True)
        loss = -np.log(probs[np.arange(N), y] + 1e-300).mean()
        loss += reg * (np.sum(W1 * W1) + np.sum(W2 * W2))

        grads = {}
        dscores = probs.copy()
        dscores[np.arange(N), y] -= 1
        dscores /= N
        grads['W2'] = h1.T.dot(dscores) + 2 * reg * W2
        grads['b2'] = dscores.sum(axis=0)
        dh = dscores.dot(W2.T)
        dh[h1 <= 0] = 0
        grads['W1'] = X.T.dot(dh) + 2 * reg * W1
        grads['b1'] = dh.sum(axis=0)
        return loss, grads

    def train(self, X, y, X_val=None, y_val=None, learning_rate=0.3, learning_rate_decay=0.95,
              reg=1e-5, num_iters=1200, batch_size=100, verbose=False):
        num_train = X.shape[0]
        iterations_per_epoch = max(num_train // batch_size, 1)
        loss_history = []
        for it in range(num_iters):
            idx = np.random.choice(num_train, batch_size)
            X_batch = X[idx]
            y_batch = y[idx]
            loss, grads = self.loss(X_batch, y=y_batch, reg=reg)
            loss_history.append(loss)
            for p in self.params:
                self.params[p] -= learning_rate * grads[p]
            if verbose and it % 100 == 0:
                print('iteration %d / %d: loss %f' % (it, num_iters, loss))
            if (it + 1) % iterations_per_epoch == 0:
                learning_rate *= learning_rate_decay
        stats = {'loss_history': loss_history}
        if X_val is not None:
            stats['val_acc'] = (self.predict(X_val) == y_val).mean()
        return stats

    def predict(self, X):
        scores = self.loss(X)
        return np.argmax(scores, axis=1)


def case(x, y, test_x, test_y):
    np.random.seed(231)
    mean_image = x.mean(axis=0)
    x_train = x - mean_image
    x_test = test_x - mean_image
    net = TwoLayerNet(784, 50, 10)
    return (x_train, y), (x_test, test_y), dict(
        network=net, learning_rate=0.3, learning_rate_decay=0.95, reg=1e-5, num_iters=1200, batch_size=100)
