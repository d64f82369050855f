"""Classify handwritten digits with ReLU, cross-entropy and Adam, and show some of the mistakes."""

import cmlp

INK = " .:-=+*#%@"


def draw(picture):
    """Return a picture of 8x8 pixels as text."""
    return "\n".join("".join(2 * INK[int(9 * pixel / 16)] for pixel in row) for row in picture)


train, test = cmlp.load_digits()
network = cmlp.Network(
    [64, 100, 10], activation="relu", loss="cross_entropy", initializer="he_normal", dropout=0.2, dtype="float32"
)
history = network.train(train, 30, 0.002, mini_batch_size=32, optimizer="adam", schedule="cosine", test_data=test)
print(f"{history.test_accuracy[0]:.1f} % after one epoch, {history.test_accuracy[-1]:.1f} % after {len(history)}")

predicted = network.predict(test.images)
wrong = (predicted != test.labels).nonzero()[0]
for i in wrong[:3]:
    print(f"\na {test.labels[i]}, read as {predicted[i]}:\n{draw(test.pictures()[i])}")
