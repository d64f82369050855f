# Machine Learning course, exercise 4, redone in Python.  X is (m, 784), y is (m,) with 0..9.
import numpy as np

INPUT_SIZE = 784
HIDDEN_SIZE = 25
NUM_LABELS = 10


def sigmoid(z):
    return 1 / (1 + np.exp(-z))


def sigmoidGradient(z):
    g = sigmoid(z)
    return g * (1 - g)


def randInitializeWeights(L_in, L_out, epsilon_init=0.12):
    return np.random.rand(L_out, 1 + L_in) * 2 * epsilon_init - epsilon_init


def unpack(nn_params):
    cut = HIDDEN_SIZE * (INPUT_SIZE + 1)
    Theta1 = np.reshape(nn_params[:cut], (HIDDEN_SIZE, INPUT_SIZE + 1))
    Theta2 = np.reshape(nn_params[cut:], (NUM_LABELS, HIDDEN_SIZE + 1))
    return Theta1, Theta2


def hypothesis(nn_params, X):
    Theta1, Theta2 = unpack(nn_params)
    m = X.shape[0]
    h1 = sigmoid(np.hstack([np.ones((m, 1)), X]) @ Theta1.T)
    return sigmoid(np.hstack([np.ones((m, 1)), h1]) @ Theta2.T)


def nnCostFunction(nn_params, X, y, lam):
    Theta1, Theta2 = unpack(nn_params)
    m = X.shape[0]
    Y = np.eye(NUM_LABELS)[y]

    a1 = np.hstack([np.ones((m, 1)), X])
    z2 = a1 @ Theta1.T
    a2 = np.hstack([np.ones((m, 1)), sigmoid(z2)])
    z3 = a2 @ Theta2.T
    a3 = sigmoid(z3)

    J = -np.sum(Y * np.log(a3 + 1e-12) + (1 - Y) * np.log(1 - a3 + 1e-12)) / m
    J += lam / (2 * m) * (np.sum(Theta1[:, 1:] ** 2) + np.sum(Theta2[:, 1:] ** 2))

    delta3 = a3 - Y
    delta2 = (delta3 @ Theta2[:, 1:]) * sigmoidGradient(z2)
    Theta1_grad = delta2.T @ a1 / m
    Theta2_grad = delta3.T @ a2 / m
    Theta1_grad[:, 1:] += lam / m * Theta1[:, 1:]
    Theta2_grad[:, 1:] += lam / m * Theta2[:, 1:]

    grad = np.concatenate([Theta1_grad.ravel(), Theta2_grad.ravel()])
    return J, grad


def gradientStep(nn_params, X, y, alpha=1.0, lam=0.01):
    J, grad = nnCostFunction(nn_params, X, y, lam)
    return nn_params - alpha * grad


def trainNN(nn_params, X, y, alpha=1.0, lam=0.01, num_passes=5, batch=50):
    m = X.shape[0]
    for p in range(num_passes):
        perm = np.random.permutation(m)
        for i in range(0, m, batch):
            rows = perm[i:i + batch]
            nn_params = gradientStep(nn_params, X[rows], y[rows], alpha, lam)
    return nn_params


def percentCorrect(nn_params, X, y):
    p = np.argmax(hypothesis(nn_params, X), axis=1)
    return 100.0 * np.mean(p == y)


def case(x, y, test_x, test_y):
    np.random.seed(4)
    initial = np.concatenate([randInitializeWeights(INPUT_SIZE, HIDDEN_SIZE).ravel(),
                              randInitializeWeights(HIDDEN_SIZE, NUM_LABELS).ravel()])
    return (x, y), (test_x, test_y), {"network": initial, "fit": trainNN, "forward": hypothesis, "step": gradientStep,
                                      "score": percentCorrect, "alpha": 1.0, "lam": 0.01, "num_passes": 15, "batch": 50}
