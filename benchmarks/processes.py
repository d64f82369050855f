"""What needs a process of its own: the time of an import, and the memory of a training."""

import json
import subprocess
import sys
import tempfile
from importlib.util import find_spec
from itertools import pairwise
from pathlib import Path
from statistics import median

import numpy as np
from harness import Contender, Result, in_ratio, in_units, limited, measure, ratios, timed

# -P: the folder that one happens to be in is not searched, so it is the installed cmlp that is measured.
PYTHON = [sys.executable, "-P"]

IMPORTS = {
    "import numpy": "numpy",
    "import scipy.linalg.cython_blas": "scipy",
    "import cmlp": "cmlp",
    "from cmlp import Network": "cmlp",
    "from sklearn.neural_network import MLPClassifier": "sklearn",
    "import onnxruntime": "onnxruntime",
    "import torch": "torch",
}
NOTHING = "python, nothing imported"


def imports(context):
    """Measure what an import costs in a new process, beyond the start of Python."""
    commands = {NOTHING: ["-c", "pass"]}
    commands |= {code: ["-c", code] for code, package in IMPORTS.items() if find_spec(package)}
    commands["cmlp --help"] = ["-m", "cmlp", "--help"]
    seconds = measure(
        [process_contender(context.clock, name, command) for name, command in commands.items()], context.rounds
    )
    base = "from cmlp import Network"
    beyond = {
        name: [a - b for a, b in zip(times, seconds[NOTHING], strict=True)]
        for name, times in seconds.items()
        if name != NOTHING
    }
    rows = [[NOTHING, in_units(median(seconds[NOTHING])), "", ""]]
    rows += [
        [name, in_units(median(seconds[name])), in_units(median(times)), in_ratio(ratios(beyond, name, base))]
        for name, times in beyond.items()
    ]
    return Result(
        "Import times, each in a new process",
        ["", "wall time", "beyond Python's start", f"times that of `{base}`"],
        rows,
        {"seconds": seconds},
    )


def process_contender(clock, name, command):
    def run(turn):
        return timed(clock, lambda: subprocess.run([*PYTHON, *command], check=True, stdout=subprocess.DEVNULL))

    return Contender(name, run)


# What follows is run in a child process: the peak is reset when everything is imported and has run once.
TRAINING = """
import json, sys
from pathlib import Path
import numpy as np
import cmlp

def status(field):
    lines = Path("/proc/self/status").read_text().splitlines()
    return next(int(line.split()[1]) for line in lines if line.startswith(field + ":")) * 1024

def train(sizes, pixels, labels):
    net = cmlp.Network(sizes, activation="relu", loss="cross_entropy", dtype="float32")
    data = cmlp.Dataset(pixels, labels, scale=1 / 255)
    net.train(data, 1, 0.001, mini_batch_size=job["mini_batch_size"], optimizer=job["optimizer"], progress=False)

job = json.loads(sys.argv[1])
train([784, 16, 10], np.ones((256, 784), np.uint8), np.arange(256) % 10)
baseline = status("VmRSS")
Path("/proc/self/clear_refs").write_text("5")
pixels, labels = np.load(job["pixels"]), np.load(job["labels"])
train(job["sizes"], pixels, labels)
print(status("VmHWM") - baseline)
"""


def memory(context):
    """Measure the peak of a training's memory beyond that of a process that has trained a little already."""
    if not Path("/proc/self/clear_refs").exists():
        return Result("Memory", ["", ""], [], {}, ["Measured on Linux only: it reads /proc/self."])
    data = context.training
    pixels = data.pixels.shape[1]
    cases = [(16, 16), (800,), (1024, 512), (2048, 2048)]
    rows, figures = [], []
    with tempfile.TemporaryDirectory() as folder, limited(context.threads):
        files = {"pixels": str(Path(folder, "pixels.npy")), "labels": str(Path(folder, "labels.npy"))}
        np.save(files["pixels"], data.pixels)
        np.save(files["labels"], data.labels.astype(np.uint8))
        for hidden in cases:
            job = {"sizes": [pixels, *hidden, 10], "mini_batch_size": 128, "optimizer": "adam"} | files
            expected = expected_bytes(job, len(data))
            peak = peak_bytes(job)
            figures.append({"sizes": job["sizes"], "expected": expected, "peak": peak})
            parts = [*expected.values(), sum(expected.values()), peak]
            ratio = peak / sum(expected.values())
            rows.append(["-".join(map(str, job["sizes"])), *(f"{part / 1e6:.1f}" for part in parts), f"{ratio:.2f}"])
    return Result(
        f"Memory of training with adam, {len(data):,} images of uint8, mini-batches of 128, float32 (MB)",
        ["", *expected, "expected", "peak beyond baseline", "ratio"],
        rows,
        {"cases": figures},
    )


def expected_bytes(job, n):
    """Return what must be there: parameters, gradient and two moments; a mini-batch's activations and their deltas."""
    sizes = job["sizes"]
    parameters = sum((a + 1) * b for a, b in pairwise(sizes))
    activations = job["mini_batch_size"] * (sizes[0] + 2 * sum(sizes[1:]))
    return {"data": n * (sizes[0] + 1), "4 x parameters": 16 * parameters, "activations": 4 * activations}


def peak_bytes(job):
    """Return the median of three processes."""
    command = [*PYTHON, "-c", TRAINING, json.dumps(job)]
    return median(int(subprocess.run(command, check=True, capture_output=True, text=True).stdout) for _ in range(3))
