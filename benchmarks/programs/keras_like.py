"""kerasito: Sequential / Dense / compile / fit / evaluate, but only NumPy underneath."""
import numpy as np

activations = {
    "linear": (lambda z: z, lambda z: np.ones_like(z)),
    "relu": (lambda z: np.maximum(z, 0), lambda z: (z > 0) * 1.0),
    "tanh": (np.tanh, lambda z: 1 - np.tanh(z) ** 2),
    "sigmoid": (lambda z: 1 / (1 + np.exp(-z)), lambda z: np.exp(-np.abs(z)) / (1 + np.exp(-np.abs(z))) ** 2),
}


def softmax(z):
    ez = np.exp(z - np.max(z, axis=-1, keepdims=True))
    return ez / np.sum(ez, axis=-1, keepdims=True)


class Dense:
    def __init__(self, units, activation="linear", input_dim=None):
        self.units, self.activation, self.input_dim = units, activation, input_dim

    def build(self, input_dim):
        limit = np.sqrt(6 / (input_dim + self.units))
        self.kernel = np.random.uniform(-limit, limit, (input_dim, self.units))
        self.bias = np.zeros(self.units)

    def call(self, inputs):
        self.inputs = inputs
        self.z = inputs @ self.kernel + self.bias
        if self.activation == "softmax":
            return softmax(self.z)
        return activations[self.activation][0](self.z)

    def gradient(self, upstream):
        if self.activation != "softmax":
            upstream = upstream * activations[self.activation][1](self.z)
        self.d_kernel = self.inputs.T @ upstream
        self.d_bias = upstream.sum(axis=0)
        return upstream @ self.kernel.T


class SGD:
    def __init__(self, learning_rate=0.01):
        self.learning_rate = learning_rate

    def apply_gradients(self, layer):
        layer.kernel = layer.kernel - self.learning_rate * layer.d_kernel
        layer.bias = layer.bias - self.learning_rate * layer.d_bias


class Sequential:
    def __init__(self):
        self.layers = []

    def add(self, layer):
        layer.build(layer.input_dim if not self.layers else self.layers[-1].units)
        self.layers.append(layer)

    def compile(self, optimizer):
        self.optimizer = optimizer

    def predict(self, x):
        for layer in self.layers:
            x = layer.call(x)
        return x

    def train_on_batch(self, x, y):
        y_pred = self.predict(x)
        upstream = (y_pred - y) / x.shape[0]     # softmax + categorical cross-entropy
        for layer in self.layers[::-1]:
            upstream = layer.gradient(upstream)
        for layer in self.layers:
            self.optimizer.apply_gradients(layer)
        return -np.mean(np.sum(y * np.log(y_pred + 1e-7), axis=1))

    def fit(self, x, y, epochs=1, batch_size=32, verbose=0):
        history = {"loss": []}
        for epoch in range(epochs):
            index = np.random.permutation(x.shape[0])
            losses = []
            for batch in np.array_split(index, x.shape[0] // batch_size):
                losses.append(self.train_on_batch(x[batch], y[batch]))
            history["loss"].append(np.mean(losses))
            if verbose:
                print("Epoch %d/%d - loss: %.4f" % (epoch + 1, epochs, history["loss"][-1]))
        return history

    def evaluate(self, x, y):
        y_pred = self.predict(x)
        loss = -np.mean(np.sum(y * np.log(y_pred + 1e-7), axis=1))
        return loss, np.mean(y_pred.argmax(axis=1) == y.argmax(axis=1))


def to_categorical(y, num_classes=10):
    return np.eye(num_classes)[y]


def case(x, y, test_x, test_y):
    np.random.seed(21)
    model = Sequential()
    model.add(Dense(48, activation="relu", input_dim=784))
    model.add(Dense(32, activation="tanh"))
    model.add(Dense(10, activation="softmax"))
    model.compile(optimizer=SGD(learning_rate=0.1))
    return (x, to_categorical(y)), (test_x, to_categorical(test_y)), {"network": model, "epochs": 8, "batch_size": 32}
