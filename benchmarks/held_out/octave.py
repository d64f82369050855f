# ex4 rewritten in Python, with mini-batches instead of fmincg
import numpy as np

input_layer_size = 784
hidden_layer_size = 40
num_labels = 10


def sigmoid(z):
    return 1.0 / (1.0 + np.exp(-z))


def sigmoidGradient(z):
    g = sigmoid(z)
    return g * (1 - g)


def randInitializeWeights(L_in, L_out):
    epsilon_init = 0.12
    return np.random.rand(L_out, 1 + L_in) * 2 * epsilon_init - epsilon_init


def addOnes(A):
    return np.hstack([np.ones((A.shape[0], 1)), A])


def nnForward(nn_params, X):
    Theta1, Theta2 = nn_params
    a1 = addOnes(X)
    z2 = a1 @ Theta1.T
    a2 = addOnes(sigmoid(z2))
    z3 = a2 @ Theta2.T
    return a1, z2, a2, sigmoid(z3)


def hypothesis(nn_params, X):
    return nnForward(nn_params, X)[-1]


def yMatrix(y):
    return np.eye(num_labels)[y]


def nnCostFunction(nn_params, X, y, lam):
    Theta1, Theta2 = nn_params
    m = X.shape[0]
    Y = yMatrix(y)
    a1, z2, a2, h = nnForward(nn_params, X)

    hs = np.clip(h, 1e-12, 1 - 1e-12)
    J = -np.sum(Y * np.log(hs) + (1 - Y) * np.log(1 - hs)) / m
    J += lam / (2 * m) * (np.sum(Theta1[:, 1:] ** 2) + np.sum(Theta2[:, 1:] ** 2))

    d3 = h - Y
    d2 = (d3 @ Theta2)[:, 1:] * sigmoidGradient(z2)
    Theta1_grad = d2.T @ a1 / m
    Theta2_grad = d3.T @ a2 / m
    Theta1_grad[:, 1:] += lam / m * Theta1[:, 1:]
    Theta2_grad[:, 1:] += lam / m * Theta2[:, 1:]
    return J, Theta1_grad, Theta2_grad


def trainNN(nn_params, X, y, alpha=0.8, lam=0.01, numEpochs=8, batchSize=50):
    m = X.shape[0]
    J_history = []
    for epoch in range(numEpochs):
        sel = np.random.permutation(m)
        for k in range(0, m, batchSize):
            rows = sel[k:k + batchSize]
            J, g1, g2 = nnCostFunction(nn_params, X[rows], y[rows], lam)
            nn_params[0] -= alpha * g1
            nn_params[1] -= alpha * g2
            J_history.append(J)
        print("Epoch %d | Cost: %e" % (epoch + 1, np.mean(J_history[-m // batchSize:])))
    return J_history


def predict(nn_params, X):
    return np.argmax(hypothesis(nn_params, X), axis=1)


def accuracy(nn_params, X, y):
    return np.mean(predict(nn_params, X) == y) * 100


def case(x, y, test_x, test_y):
    np.random.seed(1)
    nn_params = [randInitializeWeights(input_layer_size, hidden_layer_size),
                 randInitializeWeights(hidden_layer_size, num_labels)]
    return (x, y), (test_x, test_y), dict(
        network=nn_params, fit=trainNN, forward=hypothesis, score=accuracy,
        alpha=0.8, lam=0.01, numEpochs=8, batchSize=50)
