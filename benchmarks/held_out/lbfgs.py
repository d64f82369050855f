import numpy as np
from scipy.optimize import minimize
from scipy.special import expit

INPUT, HIDDEN, LABELS = 784, 25, 10


def sigmoid_gradient(z):
    s = expit(z)
    return s * (1 - s)


def rand_initialize_weights(l_in, l_out, rng):
    epsilon_init = np.sqrt(6) / np.sqrt(l_in + l_out)
    return rng.uniform(-epsilon_init, epsilon_init, size=(l_out, 1 + l_in))


def unroll(theta1, theta2):
    return np.concatenate([theta1.ravel(), theta2.ravel()])


def reshape(nn_params):
    cut = HIDDEN * (INPUT + 1)
    return nn_params[:cut].reshape(HIDDEN, INPUT + 1), nn_params[cut:].reshape(LABELS, HIDDEN + 1)


def with_bias(a):
    return np.hstack([np.ones((a.shape[0], 1)), a])


def hypothesis(nn_params, X):
    theta1, theta2 = reshape(nn_params)
    a2 = expit(with_bias(X) @ theta1.T)
    return expit(with_bias(a2) @ theta2.T)


def nn_cost_function(nn_params, X, y, lam):
    m = X.shape[0]
    theta1, theta2 = reshape(nn_params)
    Y = (y[:, None] == np.arange(LABELS)).astype(float)

    a1 = with_bias(X)
    z2 = a1 @ theta1.T
    a2 = with_bias(expit(z2))
    h = np.clip(expit(a2 @ theta2.T), 1e-10, 1 - 1e-10)

    J = -np.sum(Y * np.log(h) + (1 - Y) * np.log(1 - h)) / m
    J += lam / (2 * m) * (np.sum(theta1[:, 1:] ** 2) + np.sum(theta2[:, 1:] ** 2))

    delta3 = h - Y
    delta2 = (delta3 @ theta2[:, 1:]) * sigmoid_gradient(z2)
    theta1_grad = delta2.T @ a1 / m
    theta2_grad = delta3.T @ a2 / m
    theta1_grad[:, 1:] += lam / m * theta1[:, 1:]
    theta2_grad[:, 1:] += lam / m * theta2[:, 1:]
    return J, unroll(theta1_grad, theta2_grad)


def check_gradient(nn_params, X, y, lam, how_many=5, eps=1e-4):
    _, grad = nn_cost_function(nn_params, X, y, lam)
    worst = 0.0
    for k in np.random.default_rng(0).integers(0, nn_params.size, how_many):
        bump = np.zeros_like(nn_params)
        bump[k] = eps
        slope = (nn_cost_function(nn_params + bump, X, y, lam)[0] - nn_cost_function(nn_params - bump, X, y, lam)[0]) / (2 * eps)
        worst = max(worst, abs(slope - grad[k]))
    return worst


def train_nn(nn_params, X, y, lam=1.0, maxiter=60, method="L-BFGS-B"):
    result = minimize(nn_cost_function, nn_params, args=(X, y, lam), jac=True, method=method,
                      options={"maxiter": maxiter})
    nn_params = result.x
    return nn_params


def predict(nn_params, X):
    return np.argmax(hypothesis(nn_params, X), axis=1)


def training_set_accuracy(nn_params, X, y):
    return np.mean(predict(nn_params, X) == y) * 100


def case(x, y, test_x, test_y):
    rng = np.random.default_rng(8)
    initial_nn_params = unroll(rand_initialize_weights(INPUT, HIDDEN, rng),
                               rand_initialize_weights(HIDDEN, LABELS, rng))
    return (x, y), (test_x, test_y), dict(
        network=initial_nn_params, fit=train_nn, forward=hypothesis, score=training_set_accuracy,
        lam=1.0, maxiter=60)
