"""Trainings that are killed, interrupted or cut off from their disk.

``python -m support.interrupted_training KIND FOLDER ...`` prints a line of JSON for each. `bits` are those of
weights, losses and generator: of a training that was resumed they must be those of a training that nobody disturbed.
"""

import hashlib
import json
import os
import random
import shutil
import signal
import sys
import time
import warnings
from contextlib import suppress
from pathlib import Path

import numpy as np

import cmlp
from cmlp.training.checkpoint_files import read_checkpoint
from cmlp.training.epoch import MiniBatches
from support.children import in_child
from support.injection import calls_of, under_strace

FAILING = ("openat", "read", "write", "fsync", "close", "link", "linkat", "rename", "unlink")
ERRORS = ("ENOSPC", "EIO", "EDQUOT")
RNG = np.random.default_rng(0)
SMALL = RNG.random((60, 20)), np.arange(60) % 4
LARGE = RNG.integers(256, size=(6000, 784), dtype=np.uint8), RNG.integers(10, size=6000)
SETTINGS = {"mini_batch_size": 25, "optimizer": "adam", "progress": False, "threads": 1}


def show(**report):
    print(json.dumps(report), flush=True)


def new_network(data):
    sizes = (data[0].shape[1], 30, 10)
    return cmlp.Network(sizes, activation="relu", loss="cross_entropy", dropout=0.2, dtype="float32", seed=1)


def train(data, epochs, **settings):
    """Return the bits of a training with shuffled samples and dropout."""
    network = new_network(data)
    history = network.train(data, epochs, 0.01, **SETTINGS | settings)
    return bits(network, history.loss)


def bits(network, losses):
    digest = hashlib.sha256(json.dumps([losses, network.rng.bit_generator.state]).encode())
    for array in (*network.weights, *network.biases):
        digest.update(array.tobytes())
    return digest.hexdigest()


class Small:
    """A training of three epochs that was left after two, and goes on."""

    def __init__(self, folder):
        self.path, self.kept = folder / "run", folder / "kept"
        self.expected = train(SMALL, 3)
        train(SMALL, 2, checkpoint=self.path)
        self.kept.mkdir()
        self.files = ("run", "run.previous")
        for file in self.files:
            shutil.copy(folder / file, self.kept)

    def go_on(self):
        with warnings.catch_warnings(record=True) as caught:
            warnings.simplefilter("always")
            found = train(SMALL, 3, checkpoint=self.path, resume=True)
        if found != self.expected:
            raise AssertionError("other bits")
        return [str(warning.message) for warning in caught]

    def facts(self):
        """Return what there is, and whether the training goes on from it; everything is as before afterwards."""
        whole = [is_whole(self.path.with_name(file)) for file in self.files]
        left = [file.name for file in self.path.parent.iterdir() if file.name not in (*self.files, "kept")]
        found = in_child(self.go_on)
        for name in left:
            self.path.with_name(name).unlink(missing_ok=True)
        for file in self.files:
            shutil.copy(self.kept / file, self.path.parent)
        return {"whole": whole, "left": left, "resumed": found}


def is_whole(path):
    try:
        read_checkpoint(path)
    except (OSError, cmlp.ModelError):
        return False
    return True


def calls(folder):
    """Kill a training at every system call."""
    small = Small(folder)
    found = calls_of(small.go_on)
    small.facts()
    for name, n in found:
        ending = under_strace(small.go_on, f"inject={name}:signal=KILL:when={n}")
        show(call=name, n=n, killed=ending.killed, **small.facts())


def errors(folder, share):
    """Let calls fail in turn, once and for good: a share of all cases, taken by chance."""
    small = Small(folder)
    found = calls_of(small.go_on)
    small.facts()
    rng = random.Random(1)
    for name, n in found:
        for error in ERRORS if name in FAILING else ():
            for lasting in ("", "+"):
                if rng.random() < float(share):
                    rule = f"inject={name}:error={error}:when={n}{lasting}"
                    ending = under_strace(small.go_on, rule)
                    show(rule=rule, injected=ending.injected, error=ending.error, **small.facts())


def started(work):
    """Return the number of a forked process that does this work and ends with 0 where nothing went wrong."""
    child = os.fork()
    if child:
        return child
    with suppress(BaseException):
        warnings.simplefilter("error")
        work()
        os._exit(0)
    os._exit(1)


def kills(folder, times):
    """Kill trainings after random amounts of work and resume them, until they are through."""
    expected = train(LARGE, 3)
    for number in range(int(times)):
        rng, path, attempts = random.Random(number), folder / str(number), 0

        def go_on(work, path=path):
            signal.setitimer(signal.ITIMER_PROF, work)  # seconds of the processor, after which the system kills it
            found = train(LARGE, 3, checkpoint=path, checkpoint_every="0.01s", resume=True)
            written = path.with_suffix(".tmp")
            written.write_text(found)
            written.replace(path.with_suffix(".bits"))

        while not path.with_suffix(".bits").exists():
            attempts += 1
            work = rng.uniform(0.0001, 0.03 * attempts)
            _, status = os.waitpid(started(lambda go_on=go_on, work=work: go_on(work)), 0)
            if status not in (0, signal.SIGPROF):
                break
        else:
            status = 0
        same = path.with_suffix(".bits").exists() and path.with_suffix(".bits").read_text() == expected
        show(number=number, attempts=attempts, status=status, same=same)


def interrupts(folder, times):
    """Interrupt trainings after random amounts of work; then let them go on."""
    durations = []
    for _ in range(3):
        begun = time.process_time()
        expected = train(LARGE, 3)
        durations.append(time.process_time() - begun)
    for number in range(int(times)):
        path, report = folder / str(number), folder / f"{number}.json"
        work = random.Random(number).uniform(0.0001, min(durations))
        child = started(lambda path=path, report=report, work=work: interrupted(path, report, work))
        _, status = os.waitpid(child, 0)
        facts = json.loads(report.read_text()) if report.exists() else {"interrupted": False}
        same = train(LARGE, 3, checkpoint=path, resume=True) == expected
        show(number=number, status=status, same=same, **facts)


def interrupted(path, report, work):
    """Train, and write down how an interruption after so much processor time leaves the network, if it comes."""
    train_chunk = MiniBatches._train_chunk

    def armed(*arguments):  # for the first chunk; the first checkpoint is there
        MiniBatches._train_chunk = train_chunk
        signal.setitimer(signal.ITIMER_PROF, work)
        return train_chunk(*arguments)

    MiniBatches._train_chunk = armed
    signal.signal(signal.SIGINT, signal.default_int_handler)
    signal.signal(signal.SIGPROF, lambda *_: signal.raise_signal(signal.SIGINT))
    network = new_network(LARGE)
    try:
        network.train(LARGE, 3, 0.01, **SETTINGS, checkpoint=path)
        signal.setitimer(signal.ITIMER_PROF, 0)
    except KeyboardInterrupt:
        kept = read_checkpoint(path)
        pairs = zip((*network.weights, *network.biases), (*kept.model.weights, *kept.model.biases), strict=True)
        facts = {"interrupted": True}
        facts["whole step"] = all(np.array_equal(found, written) for found, written in pairs)
        facts["finite"] = all(bool(np.isfinite(w).all()) for w in network.weights)
        report.write_text(json.dumps(facts))


KINDS = {f.__name__: f for f in (calls, errors, kills, interrupts)}

if __name__ == "__main__":
    kind, folder, *rest = sys.argv[1:]
    KINDS[kind](Path(folder), *rest)
