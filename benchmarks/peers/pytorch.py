"""PyTorch, eager, with its fused optimizers, on tensors that are already floats of the right type."""

import numpy as np
import torch
from torch import nn

NAME = "PyTorch"


def version():
    return f"PyTorch {torch.__version__}"


def make_module(task, weights, biases):
    layers = []
    for w, b in zip(weights, biases, strict=True):
        linear = nn.Linear(w.shape[1], w.shape[0], dtype=getattr(torch, task.dtype))
        with torch.no_grad():
            linear.weight.copy_(torch.from_numpy(w))
            linear.bias.copy_(torch.from_numpy(b))
        layers += [linear, nn.Sigmoid() if task.activation == "sigmoid" else nn.ReLU()]
    if task.loss == "cross_entropy":
        layers.pop()  # softmax is part of PyTorch's cross-entropy
    return nn.Sequential(*layers)


class Trainer:
    """The usual loop: zero_grad, loss, backward, step."""

    def __init__(self, task, data):
        self.task = task
        self.module = make_module(task, *task.initial())
        kind = {"sgd": torch.optim.SGD, "adam": torch.optim.Adam}[task.optimizer]
        self.optimizer = kind(self.module.parameters(), lr=task.eta, fused=True)
        self.images = torch.from_numpy(data.floats(task.dtype))
        self.labels = torch.from_numpy(np.array(data.labels, np.int64))
        self.targets = nn.functional.one_hot(self.labels, task.sizes[-1]).to(self.images.dtype)

    def epoch(self, rng):
        order = torch.from_numpy(rng.permutation(len(self.images)))
        for chosen in order.split(self.task.mini_batch_size):
            self.optimizer.zero_grad()
            self.loss(chosen).backward()
            self.optimizer.step()

    def loss(self, chosen):
        outputs = self.module(self.images[chosen])
        if self.task.loss == "cross_entropy":
            return nn.functional.cross_entropy(outputs, self.labels[chosen])
        return (outputs - self.targets[chosen]).square().sum(dim=1).mean()

    @property
    def weights(self):
        return [layer.weight.detach().numpy() for layer in self.module if isinstance(layer, nn.Linear)]

    @property
    def biases(self):
        return [layer.bias.detach().numpy() for layer in self.module if isinstance(layer, nn.Linear)]


def calls(model, images, threads):
    module = make_module(model.task, model.weights, model.biases)
    array = images.floats(model.task.dtype)

    @torch.inference_mode()
    def of_tensor(tensor):
        return module(tensor)

    @torch.inference_mode()
    def of_array(array):
        return module(torch.from_numpy(array)).numpy()

    return [
        (f"{NAME}, tensor in and out", of_tensor, torch.from_numpy(array)),
        (f"{NAME}, array in and out", of_array, array),
    ]
