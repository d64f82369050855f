import numpy as np

WIDTH, DEPTH = 40, 2


def init_params(seed=0):
    g = np.random.default_rng(seed)
    glorot = lambda i, o, *lead: g.normal(size=(*lead, i, o)) * np.sqrt(2.0 / (i + o))
    return {
        "inp": {"W": glorot(784, WIDTH), "b": np.zeros(WIDTH)},
        "stack": {"W": glorot(WIDTH, WIDTH, DEPTH), "b": np.zeros((DEPTH, WIDTH))},
        "out": {"W": glorot(WIDTH, 10), "b": np.zeros(10)},
    }


def log_softmax(z):
    z = z - z.max(-1, keepdims=True)
    return z - np.log(np.exp(z).sum(-1, keepdims=True))


def activations(params, x):
    hs = [np.tanh(np.einsum("bi,ij->bj", x, params["inp"]["W"]) + params["inp"]["b"])]
    for d in range(DEPTH):
        hs.append(np.tanh(np.einsum("bi,ij->bj", hs[-1], params["stack"]["W"][d]) + params["stack"]["b"][d]))
    logits = np.einsum("bi,ij->bj", hs[-1], params["out"]["W"]) + params["out"]["b"]
    return hs, logits


def apply(params, x):
    return log_softmax(activations(params, x)[1])


def grad_fn(params, x, t):
    hs, logits = activations(params, x)
    grads = {k: {n: np.zeros_like(v) for n, v in group.items()} for k, group in params.items()}
    e = (np.exp(log_softmax(logits)) - t) / len(x)
    grads["out"]["W"] = np.einsum("bi,bj->ij", hs[-1], e)
    grads["out"]["b"] = e.sum(0)
    e = np.einsum("bj,ij->bi", e, params["out"]["W"]) * (1 - hs[-1] ** 2)
    for d in range(DEPTH - 1, -1, -1):
        grads["stack"]["W"][d] = np.einsum("bi,bj->ij", hs[d], e)
        grads["stack"]["b"][d] = e.sum(0)
        e = np.einsum("bj,ij->bi", e, params["stack"]["W"][d]) * (1 - hs[d] ** 2)
    grads["inp"]["W"] = np.einsum("bi,bj->ij", x, e)
    grads["inp"]["b"] = e.sum(0)
    return grads


def init_adam(params):
    state = {"t": 0}
    for k, group in params.items():
        state[k] = {}
        for n, v in group.items():
            state[k][n] = {"m": np.zeros_like(v), "v": np.zeros_like(v)}
    return state


def adam(params, grads, state, lr, b1=0.9, b2=0.999, eps=1e-8, decay=0.0):
    state["t"] += 1
    for k, group in params.items():
        for n in group:
            g, s = grads[k][n] + decay * group[n], state[k][n]
            s["m"] *= b1
            s["m"] += (1 - b1) * g
            s["v"] *= b2
            s["v"] += (1 - b2) * g * g
            mhat = s["m"] / (1 - b1 ** state["t"])
            vhat = s["v"] / (1 - b2 ** state["t"])
            group[n] -= lr * mhat / (np.sqrt(vhat) + eps)


def optimise(params, data, n_epochs=5, lr=0.002, bs=50, gamma=0.8, weight_decay=0.0, seed=1):
    g = np.random.default_rng(seed)
    images, onehots = data["images"], data["onehots"]
    state = init_adam(params)
    for epoch in range(n_epochs):
        order = g.permutation(len(images))
        for batch in np.array_split(order, len(order) // bs):
            grads = grad_fn(params, images[batch], onehots[batch])
            adam(params, grads, state, lr, decay=weight_decay)
        lr *= gamma


def case(x, y, test_x, test_y):
    onehot = lambda k: (np.arange(10) == k[:, None]).astype(float)
    return dict(images=x, onehots=onehot(y)), dict(images=test_x, onehots=onehot(test_y)), dict(
        network=init_params(), fit=optimise, forward=apply, n_epochs=5, lr=0.002, bs=50, gamma=0.8)
