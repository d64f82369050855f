# la rete e una lista di stadi; ogni stadio e una coppia di funzioni (avanti, indietro)
import numpy as np

rnd = np.random.RandomState(2024)


def compose(*pairs):
    def ahead(p, a):
        saved = []
        for (f, _), q in zip(pairs, p):
            saved.append(a)
            a = f(q, a)
        return a, saved

    def behind(p, saved, d):
        grads = [None] * len(pairs)
        for k in range(len(pairs) - 1, -1, -1):
            d, grads[k] = pairs[k][1](p[k], saved[k], d)
        return grads

    return ahead, behind


affine = (lambda p, a: a.dot(p[0]) + p[1],
          lambda p, a, d: (d.dot(p[0].T), (a.T.dot(d), d.sum(axis=0))))

elu = (lambda p, a: np.where(a > 0, a, np.exp(np.minimum(a, 0)) - 1),
       lambda p, a, d: (d * np.where(a > 0, 1.0, np.exp(np.minimum(a, 0))), ()))

swish = (lambda p, a: a / (1 + np.exp(-a)),
         lambda p, a, d: (d * ((lambda s: s + a * s * (1 - s))(1 / (1 + np.exp(-a)))), ()))

scale = (lambda p, a: (a - 0.5) * 2,
         lambda p, a, d: (d * 2, ()))

ahead, behind = compose(scale, affine, elu, affine, swish, affine)


def fresh(n_in, n_out):
    return (rnd.normal(scale=np.sqrt(1.0 / n_in), size=(n_in, n_out)), np.zeros(n_out))


def make():
    return [(), fresh(784, 40), (), fresh(40, 25), (), fresh(25, 10)]


def run(p, images):
    out, _ = ahead(p, images)
    return out


def slope(out, one_hot):
    e = np.exp(out - out.max(axis=1)[:, None])
    return (e / e.sum(axis=1)[:, None] - one_hot) / len(out)


def adjust(p, grads, lr, decay):
    for arrays, g in zip(p, grads):
        for k, (array, d) in enumerate(zip(arrays, g)):
            array -= lr * (d + decay * array)


def one_step(p, images, one_hot, lr=0.1, decay=0.0):
    out, saved = ahead(p, images)
    adjust(p, behind(p, saved, slope(out, one_hot)), lr, decay)


def teach(p, images, one_hot, turns=4, lr=0.1, batch=32, decay=1e-5):
    n = len(images)
    for turn in range(turns):
        shift = rnd.randint(n)
        for i in range(0, n, batch):
            rows = np.arange(shift + i, shift + min(i + batch, n)) % n
            one_step(p, images[rows], one_hot[rows], lr, decay)


def correct(p, images, one_hot):
    return np.count_nonzero(run(p, images).argmax(axis=1) == one_hot.argmax(axis=1)) / len(images)


def case(x, y, test_x, test_y):
    code = np.identity(10)
    return (x, code[y]), (test_x, code[test_y]), dict(
        network=make(), fit=teach, forward=run, step=one_step, score=correct,
        turns=4, lr=0.1, batch=32, decay=1e-5)
