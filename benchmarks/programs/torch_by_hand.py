# torch only for its tensors and its autograd: the parameters in a dict, the update by hand.
import math

import torch

torch.set_num_threads(1)


def init(sizes, seed=0):
    g = torch.Generator().manual_seed(seed)
    p = {}
    for k, (n, m) in enumerate(zip(sizes[:-1], sizes[1:]), start=1):
        p[f"W{k}"] = (torch.randn(n, m, generator=g) / math.sqrt(n)).requires_grad_()
        p[f"b{k}"] = torch.zeros(m).requires_grad_()
    return p


def net(p, xb):
    a1 = torch.tanh(xb @ p["W1"] + p["b1"])
    return a1 @ p["W2"] + p["b2"]


def log_softmax(z):
    return z - z.logsumexp(dim=1, keepdim=True)


def nll(logp, yb):
    return -logp[torch.arange(len(yb)), yb].mean()


def sgd(p, lr):
    with torch.no_grad():
        for name in p:
            p[name] -= lr * p[name].grad
            p[name].grad.zero_()


def learn(p, xy, n_epochs=6, bs=50, lr=0.2):
    xs, ys = xy
    for _ in range(n_epochs):
        order = torch.randperm(len(xs))
        for idx in order.split(bs):
            xb, yb = xs[idx], ys[idx]
            loss = nll(log_softmax(net(p, xb)), yb)
            loss.backward()
            sgd(p, lr)


def hits(p, xy):
    xs, ys = xy
    with torch.no_grad():
        return (net(p, xs).argmax(1) == ys).float().mean().item()


def case(x, y, test_x, test_y):
    torch.manual_seed(3)
    train = torch.from_numpy(x).float(), torch.from_numpy(y)
    test = torch.from_numpy(test_x).float(), torch.from_numpy(test_y)
    return train, test, {"network": init([784, 40, 10]), "fit": learn, "forward": net, "score": hits, "n_epochs": 8, "lr": 0.3}
