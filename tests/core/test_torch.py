"""Agreement with PyTorch: outputs, losses, gradients, and ten steps of every optimizer. Skipped where it is absent."""

import numpy as np
import pytest
from support import formulas

import cmlp
from cmlp import Network

torch = pytest.importorskip("torch", reason="PyTorch is not installed")
F = torch.nn.functional

TYPES = pytest.mark.parametrize("dtype", ["float64", "float32"])
TOLERANCE = 1e-6

ACTIVATIONS = {
    "identity": lambda z: z,
    "sigmoid": torch.sigmoid,
    "tanh": torch.tanh,
    "relu": F.relu,
    "leaky_relu": lambda z: F.leaky_relu(z, 0.01),
    "elu": F.elu,
    "gelu": F.gelu,
    "silu": F.silu,
    "softplus": F.softplus,
    "exponential": torch.exp,
    "softmax": lambda z: torch.softmax(z, 1),
}

LOSSES = {  # of the last weighted inputs z, the outputs a and the targets y, whose rows are images
    "quadratic": lambda z, a, y: F.mse_loss(a, y) * y.shape[1],
    "mean_squared_error": lambda z, a, y: F.mse_loss(a, y),
    "half_squared_error": lambda z, a, y: F.mse_loss(a, y) * y.shape[1] / 2,
    "mean_absolute_error": lambda z, a, y: F.l1_loss(a, y),
    "huber": lambda z, a, y: F.huber_loss(a, y),
    "cross_entropy": lambda z, a, y: F.cross_entropy(z, y),
    "binary_cross_entropy": lambda z, a, y: F.binary_cross_entropy_with_logits(z, y) * y.shape[1],
    "poisson": lambda z, a, y: torch.mean(a - y * torch.log(a)),
}

OPTIMIZERS = [
    (cmlp.SGD(), torch.optim.SGD, {}),
    (cmlp.Momentum(0.8), torch.optim.SGD, {"momentum": 0.8}),
    (cmlp.Nesterov(0.8), torch.optim.SGD, {"momentum": 0.8, "nesterov": True}),
    (cmlp.RMSprop(), torch.optim.RMSprop, {}),
    (cmlp.RMSprop(0.9, 1e-5), torch.optim.RMSprop, {"alpha": 0.9, "eps": 1e-5}),
    (cmlp.Adam(), torch.optim.Adam, {}),
    (cmlp.Adam(0.8, 0.95, 1e-3), torch.optim.Adam, {"betas": (0.8, 0.95), "eps": 1e-3}),
    (cmlp.AdamW(), torch.optim.AdamW, {}),
    (cmlp.AdamW(weight_decay=0.3), torch.optim.AdamW, {"weight_decay": 0.3}),
    (cmlp.Nadam(), torch.optim.NAdam, {}),
    (cmlp.Nadam(0.8, 0.95, 1e-3, 0.1), torch.optim.NAdam,
     {"betas": (0.8, 0.95), "eps": 1e-3, "momentum_decay": 0.1}),
]  # fmt: skip


MODULES = {"relu": torch.nn.ReLU, "gelu": torch.nn.GELU, "silu": torch.nn.SiLU}


class Twin:
    """The same network in PyTorch."""

    def __init__(self, network):
        self.network = network
        self.weights = [torch.tensor(w.copy(), requires_grad=True) for w in network.weights]
        self.biases = [torch.tensor(b.copy(), requires_grad=True) for b in network.biases]

    @property
    def parameters(self):
        return [*self.weights, *self.biases]

    def forward(self, images):
        z = a = torch.tensor(images)
        for w, b, activation in zip(self.weights, self.biases, self.network.architecture.activations, strict=True):
            z = a @ w.T + b
            a = ACTIVATIONS[activation](z)
        return z, a

    def loss(self, images, targets):
        z, a = self.forward(images)
        return LOSSES[self.network.architecture.loss](z, a, torch.tensor(targets.astype(images.dtype)))


def make_network(loss, activations, dtype="float64", seed=0):
    network = Network([6, *[7, 5][: len(activations) - 1], 4], activation=activations, loss=loss, dtype=dtype)
    formulas.jitter(network, np.random.default_rng(seed), 0.4)
    return network


def random_data(loss, dtype="float64", n=20, seed=1):
    rng = np.random.default_rng(seed)
    images = rng.standard_normal((n, 6)).astype(dtype)
    given, targets = formulas.random_targets(loss, 4, n, rng)
    return images, given, np.ascontiguousarray(targets.T)


def assert_same(network, twin, images, given, targets):
    _, outputs = twin.forward(images)
    assert formulas.distance([network(images)], [outputs.detach().numpy()]) < TOLERANCE
    loss = twin.loss(images, targets)
    assert network.loss(images, given) == pytest.approx(loss.item(), rel=TOLERANCE)
    loss.backward()
    nabla_w, nabla_b = network.gradient(images, given)
    assert formulas.distance([*nabla_w, *nabla_b], [p.grad.numpy() for p in twin.parameters]) < TOLERANCE


@TYPES
@pytest.mark.parametrize(("loss", "activation"), formulas.PAIRS)
def test_every_loss_and_output(loss, activation, dtype):
    network = make_network(loss, ["tanh", activation], dtype)
    assert_same(network, Twin(network), *random_data(loss, dtype))


@TYPES
@pytest.mark.parametrize("activation", formulas.PRIMES)
def test_every_hidden_activation(activation, dtype):
    network = make_network("cross_entropy", [activation, activation, "softmax"], dtype)
    assert_same(network, Twin(network), *random_data("cross_entropy", dtype))


@pytest.mark.parametrize("activation", formulas.PRIMES)
def test_values_one_by_one(activation):
    z = np.linspace(-5, 5, 1001)
    network = Network([1001, 1001], activation=[activation], loss="mean_squared_error", initializer=[np.eye(1001)])
    np.testing.assert_allclose(network(z), ACTIVATIONS[activation](torch.tensor(z)).numpy(), rtol=1e-9, atol=1e-12)


@pytest.mark.parametrize(("optimizer", "kind", "settings"), OPTIMIZERS, ids=str)
@pytest.mark.parametrize("hidden", ["tanh", "relu"])
def test_ten_steps(hidden, optimizer, kind, settings):
    network = make_network("cross_entropy", [hidden, "softmax"])
    twin = Twin(network)
    images, labels, targets = random_data("cross_entropy")
    groups = [{"params": twin.weights}, {"params": twin.biases}]
    if kind is torch.optim.AdamW:  # of which only matrices decay here
        groups[1]["weight_decay"] = 0.0
    other = kind(groups, lr=0.05, **settings)
    losses = []
    for _ in range(10):
        other.zero_grad()
        loss = twin.loss(images, targets)
        loss.backward()
        losses.append(loss.item())
        other.step()
    history = network.train((images, labels), 10, 0.05, optimizer=optimizer)
    assert history.loss == pytest.approx(losses, rel=TOLERANCE)
    expected = [p.detach().numpy() for p in twin.parameters]
    assert formulas.distance([*network.weights, *network.biases], expected) < TOLERANCE


def test_label_smoothing():
    network = make_network("cross_entropy", ["tanh", "softmax"])
    twin = Twin(network)
    images, labels, _ = random_data("cross_entropy")
    z, _ = twin.forward(images)
    loss = F.cross_entropy(z, torch.tensor(labels), label_smoothing=0.1)
    loss.backward()
    history = network.train((images, labels), 1, 0.5, label_smoothing=0.1)
    assert history.loss[0] == pytest.approx(loss.item(), rel=TOLERANCE)
    expected = [p.detach().numpy() - 0.5 * p.grad.numpy() for p in twin.parameters]
    assert formulas.distance([*network.weights, *network.biases], expected) < TOLERANCE


def test_clipping_by_norm_and_weights_of_classes():
    network = make_network("cross_entropy", ["tanh", "softmax"])
    twin = Twin(network)
    images, labels, _ = random_data("cross_entropy")
    z, _ = twin.forward(images)
    F.cross_entropy(z, torch.tensor(labels), torch.tensor([1.0, 2.0, 0.0, 5.0], dtype=torch.float64)).backward()
    torch.nn.utils.clip_grad_norm_(twin.parameters, 0.1)
    network.train((images, labels), 1, 0.5, clip_norm=0.1, class_weight={1: 2, 2: 0, 3: 5})
    expected = [p.detach().numpy() - 0.5 * p.grad.numpy() for p in twin.parameters]
    assert formulas.distance([*network.weights, *network.biases], expected) < 1e-5, "torch adds 1e-6 to the norm"


@pytest.mark.parametrize(("dtype", "tolerance"), [("float64", 1e-12), ("float32", 1e-6)])
@pytest.mark.parametrize("activation", ["relu", "gelu", "silu"])
def test_batch_normalisation(activation, dtype, tolerance):
    """Weights, factors, running averages and the answers after five steps."""
    network = Network(
        [6, 9, 5, 4], activation=activation, loss="cross_entropy", normalization="batch", dtype=dtype, seed=3
    )
    formulas.jitter(network, np.random.default_rng(0), 0.4)
    images, labels, _ = random_data("cross_entropy", dtype, 320)
    modules = []
    for layer, (w, b) in enumerate(zip(network.weights, network.biases, strict=True)):
        last = layer == 2
        linear = torch.nn.Linear(w.shape[1], w.shape[0], bias=last, dtype=getattr(torch, dtype))
        norm = torch.nn.BatchNorm1d(w.shape[0], dtype=getattr(torch, dtype))
        with torch.no_grad():
            linear.weight.copy_(torch.tensor(w.copy()))
            (linear if last else norm).bias.copy_(torch.tensor(b.copy()))
        modules += [linear] if last else [linear, norm, MODULES[activation]()]
    twin = torch.nn.Sequential(*modules)
    other = torch.optim.SGD(twin.parameters(), lr=0.1)
    losses = []
    for begin in range(0, 320, 64):
        rows = slice(begin, begin + 64)
        loss = F.cross_entropy(twin(torch.tensor(images[rows])), torch.tensor(labels[rows]))
        other.zero_grad()
        loss.backward()
        other.step()
        losses.append(loss.item())
    batches = [(images[begin : begin + 64], labels[begin : begin + 64]) for begin in range(0, 320, 64)]
    assert network.train_on_batches(batches, 0.1) == pytest.approx(losses, rel=tolerance)
    engine = network._trained_engine
    found = [*engine.views(engine.parameters)[0]]
    expected = [module.weight.detach().numpy() for module in twin if isinstance(module, torch.nn.Linear)]
    for ours, theirs in zip(engine.normalisation(engine.parameters)[:2], (twin[1], twin[4]), strict=True):
        found += ours
        expected += [each.detach().numpy() for each in (theirs.weight, theirs.running_mean, theirs.running_var)]
    for ours, theirs in zip(found, expected, strict=True):
        np.testing.assert_allclose(ours, theirs, rtol=tolerance, atol=tolerance)
    answers = torch.softmax(twin.eval()(torch.tensor(images)), 1).detach().numpy()
    np.testing.assert_allclose(network(images), answers, rtol=0, atol=tolerance)
