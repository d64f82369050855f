"""The jobs: what is measured, and what a result must be like to count."""

from collections.abc import Callable
from dataclasses import dataclass
from statistics import median
from types import ModuleType

import numpy as np
import processes
import scaling
from harness import (
    SGEMM_SHAPES,
    Contender,
    Result,
    call_contender,
    in_ratio,
    in_units,
    limited,
    machine_contenders,
    machine_rates,
    measure,
    ratios,
    three_digits,
    timed,
)
from task import Data, Model, Task, accuracy, feedforward

FEW = 10_000  # images: MNIST has more, the built-in digits have less
FIRST_SGEMM = "sgemm {}x{}x{}".format(*SGEMM_SHAPES[0])


@dataclass(frozen=True)
class Context:
    """What all jobs have in common."""

    training: Data
    test: Data
    peers: list[ModuleType]
    rounds: int
    threads: int
    clock: Callable[[], float]


def founding_task(context, dtype="float32"):
    """Return the network of the film, as it was asked for: on the built-in digits with smaller mini-batches."""
    sizes = (context.training.pixels.shape[1], 16, 16, 10)
    size = 125 if len(context.training) > FEW else 10
    return Task(sizes, "sigmoid", "quadratic", "sgd", 3.0, size, dtype)


def wide_task(context, *hidden):
    sizes = (context.training.pixels.shape[1], *hidden, 10)
    return Task(sizes, "relu", "cross_entropy", "adam", 0.001, 128, "float32")


# ---------------------------------------------------------------------------------------------------------------------
# Training


def training(context, task, least):
    """Measure an epoch of every peer that can; `least` is the accuracy (%) below which one has not done the work.

    The digits are so few that after some epochs one can only tell that training has begun: guessing is at 10 %.
    """
    least = least if len(context.training) > FEW else 15
    trainers = {
        peer.NAME: peer.Trainer(task, context.training)
        for peer in context.peers
        if hasattr(peer, "Trainer") and getattr(peer.Trainer, "can", lambda task: True)(task)
    }
    contenders = [
        Contender(name, lambda turn, trainer=trainer: timed(context.clock, trainer.epoch, np.random.default_rng(turn)))
        for name, trainer in trainers.items()
    ]
    with limited(context.threads):
        seconds = measure([*machine_contenders(context.clock), *contenders], context.rounds)
    accuracies = {
        name: accuracy(task, trainer.weights, trainer.biases, context.test) for name, trainer in trainers.items()
    }
    for name, percent in accuracies.items():
        if percent < least:
            raise SystemExit(f"{name} is at {percent:.1f} % after {task}: it did other work, and its time says nothing")
    return training_result(context, task, seconds, accuracies)


def training_result(context, task, seconds, accuracies):
    n = len(context.training)
    title = f"One epoch of {task}: {n:,} images, {threads(context)}"
    shares = {name: share_of_sgemm(task, n, seconds, name) for name in accuracies}
    rows = [
        [
            name,
            in_units(median(seconds[name])),
            in_ratio(ratios(seconds, name, "cmlp")),
            f"{100 * shares[name]:.0f} %",
            f"{percent:.1f} %",
        ]
        for name, percent in accuracies.items()
    ]
    rates = machine_rates(seconds)
    return Result(
        title,
        ["", "time", "times cmlp's", "of sgemm's rate", "test accuracy"],
        rows,
        {"seconds": seconds, "share of sgemm": shares, "accuracy": accuracies, "rates": rates},
        [
            f"The machine in these turns: {', '.join(f'{name} {three_digits(rate)}' for name, rate in rates.items())}.",
            f"The test accuracy is that after {context.rounds + 1} epochs.",
        ],
    )


def share_of_sgemm(task, n, seconds, name):
    """Return the rate of an epoch, counted as dense products, over the rate of the large product in the same turn."""
    m, k, n_columns = SGEMM_SHAPES[0]
    flops_ratio = n * task.flops_per_image / (2 * m * k * n_columns)
    return median(flops_ratio / ratio for ratio in ratios(seconds, name, FIRST_SGEMM))


def threads(context):
    return "one thread" if context.threads == 1 else f"{context.threads} threads"


# ---------------------------------------------------------------------------------------------------------------------
# Outputs


def trained_model(context):
    """Return the founding network after an epoch."""
    task = founding_task(context)
    compiled = next(peer for peer in context.peers if peer.NAME == "cmlp")
    trainer = compiled.Trainer(task, context.training)
    trainer.epoch(np.random.default_rng(0))
    return Model(task, [np.array(w, order="C") for w in trainer.weights], [b.copy() for b in trainer.biases])


def outputs(context, images, what, base):
    """Measure the ways to get the outputs of images, or of one, from Python."""
    model = trained_model(context)
    with limited(context.threads):
        calls = [
            call
            for peer in context.peers
            if hasattr(peer, "calls")
            for call in peer.calls(model, images, context.threads)
        ]
        for name, function, argument in calls:
            check_outputs(model, images, name, function(argument))
        seconds = measure([call_contender(context.clock, *call) for call in calls], context.rounds)
    return Result(
        f"{what} through {model.task.layers}, {threads(context)}",
        ["", "time", f"times that of {base}"],
        [[name, in_units(median(times)), in_ratio(ratios(seconds, name, base))] for name, times in seconds.items()],
        {"seconds": seconds},
    )


def check_outputs(model, images, name, found):
    """Stop where an answer differs: softmax outputs order the classes as sigmoid outputs do."""
    batch = np.atleast_2d(images.floats("float32"))
    expected = feedforward(model.task, model.weights, model.biases, batch)[-1].argmax(axis=1)
    found = np.asarray(found)
    labels = found.reshape(len(batch), -1)
    labels = labels[:, 0] if labels.shape[1] == 1 else labels.argmax(axis=1)
    if (labels != expected).mean() > 0.001:
        raise SystemExit(f"{name} gives other answers: its time says nothing")


def one_image(context):
    """Measure what one image costs that is given as one array."""
    image = Data(context.test.pixels[0].copy(), context.test.labels[0], context.test.scale)
    return outputs(context, image, "One image", "cmlp, float32")


def test_images(context):
    """Measure all test images in one call."""
    return outputs(context, context.test, f"{len(context.test):,} images", "cmlp, uint8")


# ---------------------------------------------------------------------------------------------------------------------


JOBS: dict[str, Callable[[Context], Result]] = {
    "founding": lambda context: training(context, founding_task(context), 80),
    "founding-float64": lambda context: training(context, founding_task(context, "float64"), 80),
    "image": one_image,
    "images": test_images,
    "wide": lambda context: training(context, wide_task(context, 800), 90),
    "deep": lambda context: training(context, wide_task(context, 1024, 512), 90),
    "imports": processes.imports,
    "scaling": scaling.times,
    "memory": processes.memory,
}
