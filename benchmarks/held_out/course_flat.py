"""ML course, exercise 4: Neural network learning (Python port of ex4.m)"""
import numpy as np


def sigmoid(z):
    return 1.0 / (1.0 + np.exp(-z))


def sigmoidGradient(z):
    g = sigmoid(z)
    return g * (1 - g)


def randInitializeWeights(L_in, L_out, epsilon_init=0.12):
    return np.random.rand(L_out, 1 + L_in) * 2 * epsilon_init - epsilon_init


class NN:
    def __init__(self, input_layer_size, hidden_layer_size, num_labels):
        self.s1, self.s2, self.s3 = input_layer_size, hidden_layer_size, num_labels
        Theta1 = randInitializeWeights(self.s1, self.s2)
        Theta2 = randInitializeWeights(self.s2, self.s3)
        self.nn_params = np.concatenate([Theta1.ravel(), Theta2.ravel()])

    def unroll(self, nn_params):
        k = self.s2 * (self.s1 + 1)
        Theta1 = nn_params[:k].reshape(self.s2, self.s1 + 1)
        Theta2 = nn_params[k:].reshape(self.s3, self.s2 + 1)
        return Theta1, Theta2

    def costFunction(self, nn_params, X, y, lam):
        m = X.shape[0]
        Theta1, Theta2 = self.unroll(nn_params)
        Y = np.eye(self.s3)[y]

        # feedforward
        a1 = np.hstack([np.ones((m, 1)), X])
        z2 = a1.dot(Theta1.T)
        a2 = np.hstack([np.ones((m, 1)), sigmoid(z2)])
        h = sigmoid(a2.dot(Theta2.T))
        J = -np.sum(Y * np.log(h + 1e-12) + (1 - Y) * np.log(1 - h + 1e-12)) / m
        J += lam / (2 * m) * (np.sum(Theta1[:, 1:] ** 2) + np.sum(Theta2[:, 1:] ** 2))

        # backpropagation
        d3 = h - Y
        d2 = d3.dot(Theta2[:, 1:]) * sigmoidGradient(z2)
        Theta1_grad = d2.T.dot(a1) / m
        Theta2_grad = d3.T.dot(a2) / m
        Theta1_grad[:, 1:] += lam / m * Theta1[:, 1:]
        Theta2_grad[:, 1:] += lam / m * Theta2[:, 1:]
        grad = np.concatenate([Theta1_grad.ravel(), Theta2_grad.ravel()])
        return J, grad

    def gradientDescent(self, X, y, alpha, num_iters, lam=0.1, batch=200):
        J_history = []
        for it in range(num_iters):
            k = it * batch % len(X)
            J, grad = self.costFunction(self.nn_params, X[k:k + batch], y[k:k + batch], lam)
            self.nn_params = self.nn_params - alpha * grad
            J_history.append(J)
        return J_history

    def h(self, X):
        Theta1, Theta2 = self.unroll(self.nn_params)
        ones = np.ones((X.shape[0], 1))
        h1 = sigmoid(np.hstack([ones, X]).dot(Theta1.T))
        return sigmoid(np.hstack([ones, h1]).dot(Theta2.T))

    def predict(self, X):
        return np.argmax(self.h(X), axis=1)


def case(x, y, test_x, test_y):
    np.random.seed(1)
    nn = NN(784, 25, 10)
    return (x, y), (test_x, test_y), {"network": nn, "alpha": 1.0, "num_iters": 750, "lam": 0.1}
