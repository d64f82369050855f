"""The founding question's script and a reconstruction: exactly its faults are named, by object and as a script."""

import importlib.util
import json
import os
import pickle
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

import cmlp

SCRIPT = Path(os.environ.get("CMLP_FOUNDING", "none")) / "script.py"
FAULTS = {"epoch-sees-few", "overflow", "unscaled-pixels", "eta-too-small"}

RECONSTRUCTION = """
import numpy as np


class Network:
    def __init__(self):
        np.random.seed(0)
        sizes = [784, 16, 16, 10]
        self.W = [np.random.randn(n, m) * np.sqrt(2 / (n + m)) for m, n in zip(sizes, sizes[1:])]
        self.B = [np.zeros(n) for n in sizes[1:]]

    def prime(self, z):
        return np.exp(-z) / (1 + np.exp(-z)) ** 2

    def feedforward(self, image):
        self.zs, self.activations = [], [image]
        for w, b in zip(self.W, self.B):
            self.zs.append(w @ self.activations[-1] + b)
            self.activations.append(1 / (1 + np.exp(-self.zs[-1])))
        return self.activations[-1]

    def gradient_step(self, batch, eta):
        gw, gb = [np.zeros_like(w) for w in self.W], [np.zeros_like(b) for b in self.B]
        for image, label in batch:
            g = 2 * (self.feedforward(image) - np.eye(10)[label])
            for i in (2, 1, 0):
                delta = self.prime(self.zs[i]) * g
                gw[i] += np.outer(delta, self.activations[i])
                gb[i] += delta
                g = self.W[i].T @ delta
        self.W = [w - eta * g / len(batch) for w, g in zip(self.W, gw)]
        self.B = [b - eta * g / len(batch) for b, g in zip(self.B, gb)]

    def train(self, training_data, epochs, eta):
        size = SIZE
        for epoch in range(epochs):
            batches = [training_data[k:k + size] for k in range(len(training_data) // size)]
            for batch in batches:
                self.gradient_step(batch, eta)

    def test(self, data):
        return 100 * np.mean([self.feedforward(image).argmax() == label for image, label in data])
"""


def module_of(path, name):
    spec = importlib.util.spec_from_file_location(name, path)
    module = importlib.util.module_from_spec(spec)
    sys.modules[name] = module
    spec.loader.exec_module(module)
    return module


@pytest.fixture
def script():
    if not SCRIPT.exists():
        pytest.skip("CMLP_FOUNDING does not name a folder with the script of the founding question")
    return module_of(SCRIPT, "founding_script")


@pytest.fixture
def reconstruction(tmp_path):
    def _make(size):
        path = tmp_path / f"reconstruction{size}.py"
        path.write_text(RECONSTRUCTION.replace("SIZE", str(size)))
        return module_of(path, f"reconstruction{size}")

    return _make


def pairs(images, labels, divisor):
    return list(
        zip(
            images.reshape(len(images), -1) / divisor if divisor > 1 else images.reshape(len(images), -1),
            labels,
            strict=True,
        )
    )


def checked(network, mnist, divisor, **settings):
    train = pairs(mnist["training images"], mnist["training labels"], divisor)
    test = pairs(mnist["test images"], mnist["test labels"], divisor)
    return cmlp.check(train, test, network=network, **settings, seconds=120, progress=False)


def last_trial(report):
    (note,) = [note for note in report.notes if note.startswith("With th")]
    return float(note.partition("reaches ")[2].partition(" %")[0])


def test_the_script_with_raw_pixels(script, mnist):
    report = checked(script.Neural_Network(), mnist, 1, epochs=25, eta=0.005)
    assert {finding.code for finding in report.problems} == FAULTS, str(report)
    assert last_trial(report) > 93
    overflow = next(finding for finding in report if finding.code == "overflow")
    assert f"{SCRIPT.name}:59: np.exp(-x)/((1+np.exp(-x))**2)" in overflow.measured
    few = next(finding for finding in report if finding.code == "epoch-sees-few")
    assert few.verdict == "An epoch sees 604 of 60,000 images."


def test_the_script_with_scaled_pixels(script, mnist):
    report = checked(script.Neural_Network(), mnist, 255, epochs=25, eta=0.005)
    assert {finding.code for finding in report.problems} == {"epoch-sees-few", "eta-too-small"}, str(report)
    assert last_trial(report) > 93


def test_the_script_on_the_command_line(script, mnist, tmp_path):
    (tmp_path / "data/test").mkdir(parents=True)
    for name, key in (
        ("images", "training images"),
        ("labels", "training labels"),
        ("test/test_images", "test images"),
        ("test/test_labels", "test labels"),
    ):
        array = mnist[key]
        (tmp_path / f"data/{name}.pkl").write_bytes(
            pickle.dumps(array.reshape(len(array), -1) if "images" in key else array)
        )
    path = tmp_path / "script.py"
    path.write_bytes(SCRIPT.read_bytes())
    command = [sys.executable, "-m", "cmlp", "check", "--script", str(path), "--json"]
    done = subprocess.run(command, capture_output=True, text=True, timeout=400, cwd=tmp_path)
    report = json.loads(done.stdout)
    assert {f["code"] for f in report["findings"] if f["severity"] != "note"} == FAULTS, done.stderr
    assert "never-scored" in [f["code"] for f in report["findings"]]
    assert sorted(p.name for p in tmp_path.iterdir()) == ["data", "script.py"]


def test_the_reconstruction_on_digits(reconstruction):
    train, test = cmlp.load_digits()
    source = RECONSTRUCTION.replace("784", "64")
    space = reconstruction(10)
    exec(source.replace("SIZE", "10"), vars(space))
    data = [list(zip(part.images / 16, part.labels, strict=True)) for part in (train, test)]
    report = cmlp.check(*data, network=space.Network(), epochs=15, eta=0.005, seconds=120, progress=False)
    assert {finding.code for finding in report.problems} == {"epoch-sees-few", "eta-too-small"}, str(report)
    assert last_trial(report) > 93


def test_the_sound_reconstruction_is_not_accused(reconstruction):
    train, test = cmlp.load_digits()
    space = reconstruction(11)
    mended = (
        RECONSTRUCTION.replace("784", "64")
        .replace("SIZE", "10")
        .replace("range(len(training_data) // size)", "range(0, len(training_data), size)")
    )
    exec(mended.replace("np.exp(-z) / (1 + np.exp(-z)) ** 2", "(a := 1 / (1 + np.exp(-z))) * (1 - a)"), vars(space))
    data = [list(zip(part.images / 16, part.labels, strict=True)) for part in (train, test)]
    report = cmlp.check(*data, network=space.Network(), epochs=15, eta=3.0, seconds=120, progress=False)
    assert report.ok, str(report)
    assert len(report) == 0
    assert report.accuracy > np.float64(90)
