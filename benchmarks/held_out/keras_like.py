import numpy as np


class Dense:
    def __init__(self, units, activation=None, input_dim=None):
        self.units, self.activation, self.input_dim = units, activation, input_dim

    def build(self, input_dim):
        limit = np.sqrt(6 / (input_dim + self.units))
        self.kernel = np.random.uniform(-limit, limit, (input_dim, self.units))
        self.bias = np.zeros(self.units)

    def call(self, inputs, training):
        self.inputs = inputs
        self.z = inputs @ self.kernel + self.bias
        if self.activation == "relu":
            return np.maximum(self.z, 0)
        if self.activation == "softmax":
            e = np.exp(self.z - self.z.max(axis=-1, keepdims=True))
            self.out = e / e.sum(axis=-1, keepdims=True)
            return self.out
        return self.z

    def backprop(self, g):
        if self.activation == "relu":
            g = g * (self.z > 0)
        elif self.activation == "softmax":
            s = self.out
            g = s * (g - np.sum(g * s, axis=-1, keepdims=True))
        self.grads = [self.inputs.T @ g, g.sum(axis=0)]
        return g @ self.kernel.T

    def params(self):
        return [self.kernel, self.bias]


class Dropout:
    def __init__(self, rate):
        self.rate = rate

    def build(self, input_dim):
        self.units = input_dim

    def call(self, inputs, training):
        self.mask = 1.0
        if training:
            self.mask = np.random.binomial(1, 1 - self.rate, inputs.shape) / (1 - self.rate)
        return inputs * self.mask

    def backprop(self, g):
        self.grads = []
        return g * self.mask

    def params(self):
        return []


class Adam:
    def __init__(self, learning_rate=0.001, beta_1=0.9, beta_2=0.999, eps=1e-7):
        self.lr, self.b1, self.b2, self.eps = learning_rate, beta_1, beta_2, eps
        self.t, self.m, self.v = 0, {}, {}

    def apply_gradients(self, params, grads):
        self.t += 1
        for k, (p, g) in enumerate(zip(params, grads)):
            self.m[k] = self.b1 * self.m.get(k, 0) + (1 - self.b1) * g
            self.v[k] = self.b2 * self.v.get(k, 0) + (1 - self.b2) * g ** 2
            m_hat = self.m[k] / (1 - self.b1 ** self.t)
            v_hat = self.v[k] / (1 - self.b2 ** self.t)
            p -= self.lr * m_hat / (np.sqrt(v_hat) + self.eps)


class Sequential:
    def __init__(self):
        self.layers = []

    def add(self, layer):
        layer.build(self.layers[-1].units if self.layers else layer.input_dim)
        self.layers.append(layer)

    def compile(self, optimizer):
        self.optimizer = optimizer

    def __call__(self, x, training=False):
        for layer in self.layers:
            x = layer.call(x, training)
        return x

    def train_on_batch(self, x, y):
        y_pred = np.clip(self(x, training=True), 1e-7, 1.0)
        g = -y / y_pred / len(x)            # categorical crossentropy
        for layer in self.layers[::-1]:
            g = layer.backprop(g)
        params = [p for layer in self.layers for p in layer.params()]
        grads = [q for layer in self.layers for q in layer.grads]
        self.optimizer.apply_gradients(params, grads)

    def fit(self, x, y, epochs=1, batch_size=32):
        for epoch in range(epochs):
            idx = np.random.permutation(len(x))
            for b in range(int(np.ceil(len(x) / batch_size))):
                sel = idx[b * batch_size:(b + 1) * batch_size]
                self.train_on_batch(x[sel], y[sel])

    def predict(self, x):
        return self(x)

    def evaluate(self, x, y):
        return np.mean(self.predict(x).argmax(-1) == y.argmax(-1))


def to_categorical(y, num_classes=10):
    out = np.zeros((len(y), num_classes))
    out[np.arange(len(y)), y] = 1
    return out


def case(x, y, test_x, test_y):
    np.random.seed(0)
    model = Sequential()
    model.add(Dense(64, activation="relu", input_dim=784))
    model.add(Dropout(0.2))
    model.add(Dense(10, activation="softmax"))
    model.compile(optimizer=Adam(learning_rate=0.002))
    return (x, to_categorical(y)), (test_x, to_categorical(test_y)), {"network": model, "epochs": 5, "batch_size": 32}
