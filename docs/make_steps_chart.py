"""Draw docs/steps.html: the validation error of four networks of the tutorial, epoch by epoch.

Usage: python docs/make_steps_chart.py MNIST, where MNIST is anything that `cmlp.load` reads.
"""

import sys
from math import log
from pathlib import Path

import cmlp

RELU = {"activation": "relu", "initializer": "he_normal", "loss": "cross_entropy"}
ADAM = {"optimizer": "adam", "schedule": "cosine"}
STEPS = [
    ("first network", [16, 16], {}, 3.0, {}),
    ("cross-entropy", [100], {"loss": "cross_entropy"}, 1.0, {}),
    ("Adam, cosine", [200], RELU, 0.002, ADAM),
    ("label smoothing", [200], RELU, 0.002, ADAM | {"label_smoothing": 0.1}),
]
EPOCHS = 10

WIDTH, HEIGHT, LEFT, RIGHT, TOP, BOTTOM = 740, 380, 50, 190, 30, 30
COLOURS = ["#8a8f98", "#d9822b", "#3b82f6", "#10a37f"]
TICKS = [1.5, 2, 3, 5, 10]  # percent


def wrong(data, hidden, made, eta, trained):
    """Return the validation error after each epoch, in percent."""
    train, _ = data
    n = len(train) * 5 // 6
    network = cmlp.Network([train.images.shape[1], *hidden, train.classes], dtype="float32", **made)
    history = network.train(train[:n], EPOCHS, eta, validation_data=train[n:], **trained)
    return [100 - accuracy for accuracy in history.validation_accuracy]


def x_of(epoch):
    return LEFT + (WIDTH - LEFT - RIGHT) * (epoch - 1) / (EPOCHS - 1)


def y_of(percent):
    return TOP + (HEIGHT - TOP - BOTTOM) * log(max(TICKS) * 1.1 / percent) / log(max(TICKS) * 1.1 / min(TICKS))


def text(x, y, content, anchor="start", colour="currentColor"):
    return f'<text x="{x:.0f}" y="{y:.0f}" text-anchor="{anchor}" fill="{colour}">{content}</text>'


def line(points, colour):
    joined = " ".join(f"{x:.1f},{y:.1f}" for x, y in points)
    return f'<polyline points="{joined}" fill="none" stroke="{colour}" stroke-width="2.5" stroke-linejoin="round"/>'


def chart(curves):
    """Return an SVG of curves by name, which scrolls on narrow screens."""
    parts = [text(0, 14, "error")]
    for tick in TICKS:
        y, right = y_of(tick), WIDTH - RIGHT
        parts.append(f'<path d="M{LEFT} {y:.1f}H{right}" stroke="currentColor" stroke-opacity="0.15"/>')
        parts.append(text(LEFT - 8, y + 4, f"{tick:g} %", "end"))
    parts += [text(x_of(epoch), HEIGHT - 8, epoch, "middle") for epoch in range(1, EPOCHS)]
    parts.append(text(x_of(EPOCHS), HEIGHT - 8, f"epoch {EPOCHS}", "middle"))
    for (name, values), colour in zip(curves.items(), COLOURS, strict=True):
        parts.append(line([(x_of(i + 1), y_of(value)) for i, value in enumerate(values)], colour))
        parts.append(text(WIDTH - RIGHT + 10, y_of(values[-1]) + 4, f"{name}, {values[-1]:.1f} %", colour=colour))
    title = "Validation error after each epoch"
    style = 'style="width: 100%; min-width: 34rem; max-width: 45rem; font: 13px sans-serif"'
    head = f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {HEIGHT}" role="img" {style}>'
    return "\n".join(['<div style="overflow-x: auto">', head, f"<title>{title}</title>", *parts, "</svg>", "</div>\n"])


def main(source):
    data = cmlp.load(source)
    curves = {name: wrong(data, *step) for name, *step in STEPS}
    (Path(__file__).parent / "steps.html").write_text(chart(curves))


if __name__ == "__main__":
    main(sys.argv[1])
