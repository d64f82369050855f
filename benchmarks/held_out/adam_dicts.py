import numpy as np

# net = {"fc1": {"W": ..., "b": ...}, "fc2": ..., "fc3": ...}
ORDER = ("fc1", "fc2", "fc3")


def glorot(rng, fan_in, fan_out):
    limit = np.sqrt(6.0 / (fan_in + fan_out))
    return rng.uniform(-limit, limit, (fan_in, fan_out)).astype(np.float32)


def make_net(sizes, seed=7):
    rng = np.random.default_rng(seed)
    net = {}
    for name, n, m in zip(ORDER, sizes[:-1], sizes[1:]):
        net[name] = {"W": glorot(rng, n, m), "b": np.zeros(m, np.float32)}
    return net


def zeros_like(net):
    return {layer: {k: np.zeros_like(v) for k, v in p.items()} for layer, p in net.items()}


def make_adam(net, beta1=0.9, beta2=0.999):
    return {"m": zeros_like(net), "v": zeros_like(net), "t": 0, "beta1": beta1, "beta2": beta2}


def activate(z):
    return np.tanh(z)


def slope(a):
    return 1 - a * a


def softmax(z):
    e = np.exp(z - z.max(1, keepdims=True))
    return e / e.sum(1, keepdims=True)


def forward(net, images, keep=None):
    a = images.astype(np.float32)
    acts = [a]
    for name in ORDER[:-1]:
        a = activate(a @ net[name]["W"] + net[name]["b"])
        acts.append(a)
    out = softmax(a @ net["fc3"]["W"] + net["fc3"]["b"])
    if keep is not None:
        keep.extend(acts)
    return out


def gradients(net, images, onehot):
    acts = []
    p = forward(net, images, acts)
    delta = (p - onehot) / len(images)
    grads = {}
    for i in (2, 1, 0):
        name = ORDER[i]
        grads[name] = {"W": acts[i].T @ delta, "b": delta.sum(0)}
        if i > 0:
            delta = (delta @ net[name]["W"].T) * slope(acts[i])
    return grads


def adam_step(net, grads, opt, lr):
    opt["t"] += 1
    b1, b2, t = opt["beta1"], opt["beta2"], opt["t"]
    for name in ORDER:
        for k in ("W", "b"):
            g = grads[name][k]
            opt["m"][name][k] = b1 * opt["m"][name][k] + (1 - b1) * g
            opt["v"][name][k] = b2 * opt["v"][name][k] + (1 - b2) * g ** 2
            m_hat = opt["m"][name][k] / (1 - b1 ** t)
            v_hat = opt["v"][name][k] / (1 - b2 ** t)
            net[name][k] -= (lr * m_hat / (np.sqrt(v_hat) + 1e-8)).astype(np.float32)


def fit(net, images, onehot, epochs, lr, batch, decay):
    opt = make_adam(net)
    for epoch in range(epochs):
        perm = np.random.permutation(len(images))
        images_e, onehot_e = images[perm], onehot[perm]
        for s in range(0, len(images), batch):
            grads = gradients(net, images_e[s:s + batch], onehot_e[s:s + batch])
            adam_step(net, grads, opt, lr)
        lr *= decay


def evaluate(net, images, onehot):
    return float((forward(net, images).argmax(1) == onehot.argmax(1)).mean())


def case(x, y, test_x, test_y):
    np.random.seed(5)
    onehot = np.eye(10, dtype=np.float32)
    net = make_net((784, 48, 32, 10))
    return (x.astype(np.float32), onehot[y]), (test_x.astype(np.float32), onehot[test_y]), dict(
        network=net, fit=fit, forward=forward, score=evaluate, epochs=4, lr=0.002, batch=64, decay=0.9)
