"""A Lightning-like split (module / optimizer / trainer / loader) written in plain NumPy."""
import numpy as np


class SGD:
    def __init__(self, params, grads, lr, momentum=0.0):
        self.params, self.grads = params, grads
        self.lr, self.momentum = lr, momentum
        self.velocity = {k: np.zeros_like(v) for k, v in params.items()}

    def zero_grad(self):
        for k in self.grads:
            self.grads[k][...] = 0.0

    def step(self):
        for k in self.params:
            self.velocity[k] = self.momentum * self.velocity[k] - self.lr * self.grads[k]
            self.params[k] += self.velocity[k]


class LitMLP:
    def __init__(self, hidden=32, lr=0.1, seed=42):
        rng = np.random.default_rng(seed)
        self.lr = lr
        self.params = {
            "fc1.weight": rng.normal(size=(784, hidden)) * np.sqrt(2 / 784),
            "fc1.bias": np.zeros(hidden),
            "fc2.weight": rng.normal(size=(hidden, 10)) * np.sqrt(2 / hidden),
            "fc2.bias": np.zeros(10),
        }
        self.grads = {k: np.zeros_like(v) for k, v in self.params.items()}
        self.is_training = False

    def forward(self, x):
        self.x = x
        self.pre = x @ self.params["fc1.weight"] + self.params["fc1.bias"]
        self.h = np.maximum(self.pre, 0)
        return self.h @ self.params["fc2.weight"] + self.params["fc2.bias"]

    def backward(self, d_logits):
        p, g = self.params, self.grads
        g["fc2.weight"] += self.h.T @ d_logits
        g["fc2.bias"] += d_logits.sum(0)
        d_h = d_logits @ p["fc2.weight"].T
        d_pre = d_h * (self.pre > 0)
        g["fc1.weight"] += self.x.T @ d_pre
        g["fc1.bias"] += d_pre.sum(0)

    def training_step(self, batch, batch_idx):
        x, y = batch
        logits = self.forward(x)
        logits = logits - logits.max(axis=1, keepdims=True)
        probs = np.exp(logits) / np.exp(logits).sum(axis=1, keepdims=True)
        loss = -np.log(probs[range(len(y)), y] + 1e-12).mean()
        probs[range(len(y)), y] -= 1
        self.backward(probs / len(y))
        return loss

    def configure_optimizers(self):
        return SGD(self.params, self.grads, lr=self.lr, momentum=0.9)


class DataLoader:
    def __init__(self, images, labels, batch_size, shuffle=False):
        self.images, self.labels = images, labels
        self.batch_size, self.shuffle = batch_size, shuffle

    def __len__(self):
        return -(-len(self.images) // self.batch_size)

    def __iter__(self):
        idx = np.arange(len(self.images))
        if self.shuffle:
            np.random.shuffle(idx)
        for i in range(len(self)):
            take = idx[i * self.batch_size:(i + 1) * self.batch_size]
            yield self.images[take], self.labels[take]


class Trainer:
    def __init__(self, max_epochs):
        self.max_epochs = max_epochs
        self.logged = []

    def fit(self, model, train_dataloader):
        optimizer = model.configure_optimizers()
        for epoch in range(self.max_epochs):
            model.is_training = True
            for batch_idx, batch in enumerate(train_dataloader):
                optimizer.zero_grad()
                loss = model.training_step(batch, batch_idx)
                optimizer.step()
                self.logged.append(loss)
        model.is_training = False

    def validate(self, model, dataloader):
        right = total = 0
        for x, y in dataloader:
            right += (model.forward(x).argmax(axis=1) == y).sum()
            total += len(y)
        return right / total


def case(x, y, test_x, test_y):
    model = LitMLP(lr=0.02)
    trainer = Trainer(max_epochs=8)
    train_loader = DataLoader(x, y, batch_size=32, shuffle=True)
    return train_loader, DataLoader(test_x, test_y, 500), {"network": model, "fit": trainer.fit, "forward": LitMLP.forward,
                                                           "score": trainer.validate}
