"""How cmlp's time grows: with the samples, the parameters and the epochs, over two decades of each."""

from statistics import median

import numpy as np
from harness import Contender, Result, in_units, limited, measure, three_digits, timed
from task import Task

import cmlp

HIDDEN = (8, 25, 80, 250, 800)  # units; the parameters are in proportion to them
EPOCHS = (1, 3, 10, 30, 100)


def times(context):
    """Measure the growth on three axes."""
    n = len(context.training)
    samples = [round(n * share) for share in (0.01, 0.0316, 0.1, 0.316, 1)]
    axes = [
        ("samples, 16-16 hidden units", samples, [run(context, context.training.first(k)) for k in samples]),
        (
            "hidden units, of one layer",
            HIDDEN,
            [run(context, context.training.first(n // 10), (units,)) for units in HIDDEN],
        ),
        (
            "epochs, 16-16 hidden units",
            EPOCHS,
            [run(context, context.training.first(n // 10), epochs=k) for k in EPOCHS],
        ),
    ]
    rows, figures = [], {}
    for name, values, runs in axes:
        contenders = [Contender(str(value), run) for value, run in zip(values, runs, strict=True)]
        with limited(context.threads):
            seconds = measure(contenders, context.rounds)
        medians = [median(seconds[str(value)]) for value in values]
        exponents = [slope(values, medians), slope(values[-2:], medians[-2:])]
        cells = [f"{value:,}: {in_units(spent)}" for value, spent in zip(values, medians, strict=True)]
        rows.append([name, *cells, *map(three_digits, exponents)])
        figures[name] = {"seconds": seconds, "exponent": exponents[0], "exponent at the end": exponents[1]}
    return Result(
        "How cmlp's training grows: sgd, float32, sigmoid, quadratic loss",
        ["", "", "", "", "", "", "exponent", "of the last two"],
        rows,
        figures,
        ["The exponent is the slope of log(time) over log(cost): 1 is proportional, less means a fixed cost."],
    )


def run(context, data, hidden=(16, 16), epochs=1):
    """Return what takes a turn: a training from the beginning."""
    task = Task((data.pixels.shape[1], *hidden, 10), "sigmoid", "quadratic", "sgd", 0.5, 125, "float32")
    network, dataset = task.network(), cmlp.Dataset(data.pixels, data.labels, scale=data.scale)

    def train():
        network.train(dataset, epochs, task.eta, mini_batch_size=task.mini_batch_size, progress=False)

    return lambda turn: timed(context.clock, train)


def slope(values, seconds):
    """Return the exponent b of seconds = a * values**b that fits best."""
    return float(np.polyfit(np.log(values), np.log(seconds), 1)[0])
