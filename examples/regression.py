"""Regression: fit a curve to noisy points, with early stopping against overfitting."""

import numpy as np

import cmlp


def curve(x):
    """Return the true values, without noise."""
    return np.sin(3 * x) + x / 2


rng = np.random.default_rng(0)
x = rng.uniform(-2, 2, (400, 1))
y = curve(x) + rng.normal(0, 0.2, x.shape)

network = cmlp.Network([1, 32, 32, 1], activation="tanh", loss="mean_squared_error")
history = network.train(
    (x[:300], y[:300]), 500, 0.005, mini_batch_size=20, optimizer="adam",
    validation_data=(x[300:], y[300:]), patience=50,
)  # fmt: skip
print(f"stopped after {len(history)} epochs; the lowest validation error was {min(history.validation_loss) ** 0.5:.2f}")

grid = np.linspace(-2, 2, 9)[:, np.newaxis]
for point, found in zip(grid[:, 0], network(grid)[:, 0], strict=True):
    print(f"x {point:5.2f}   curve {curve(point):5.2f}   network {found:5.2f}")
error = np.sqrt(np.mean((network(grid) - curve(grid)) ** 2))
print(f"the network is off the curve by {error:.2f}, the points by 0.20")
