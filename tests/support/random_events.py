"""Trainings into which random events fall, and which go on until they are done.

``python -m support.random_events FIRST LAST FOLDER`` prints a line of JSON for each number: the same number, the same
events. They fall at random lines of the package, so no clock is asked.
"""

import ctypes
import json
import os
import random
import signal
import sys
import threading
import warnings
from pathlib import Path

import cmlp
from cmlp import Network
from cmlp.training.checkpoint_files import read_checkpoint
from support.disturbed import EPOCHS, IMAGES, KINDS, LABELS, new_network, train

PACKAGE = cmlp.__path__[0] + os.sep
SIGNALS = [signal.SIGINT, signal.SIGTERM, signal.SIGHUP, signal.SIGALRM, signal.SIGUSR1]
MOST_ATTEMPTS = 12  # after which nothing disturbs any more


class OfCallback(Exception):
    pass


class OfHandler(Exception):
    pass


RAISED = (KeyboardInterrupt, TimeoutError, SystemExit, OfHandler, OfCallback, cmlp.ModelError, MemoryError)


class Watcher:
    """A callback that lets events happen, and one that hears of every mini-batch."""

    def __init__(self, disturbance):
        self.disturbance = disturbance

    def on_epoch_end(self, event):
        return self.disturbance.in_callback()

    def on_batch_end(self, event):
        return self.disturbance.in_callback()


class Disturbance:
    """Counts the lines of the package that are run, and lets events happen at some of them."""

    def __init__(self, rng, path, network, most):
        self.rng, self.path, self.network, self.count = rng, path, network, 0
        self.targets = {rng.randrange(most) for _ in range(rng.randrange(1, 4))}
        self.told, self.happened = rng.randrange(1, 20), []

    def trace(self, frame, event, _):
        if not frame.f_code.co_filename.startswith(PACKAGE):
            return None
        if event == "line":
            self.count += 1
            if self.count in self.targets:
                self.happen()
        return self.trace

    def in_callback(self):
        self.told -= 1
        if self.told:
            return False
        event = self.rng.choice(["raise", "stop", "save", "train", "fork", "nothing"])
        self.happened.append(f"callback: {event}")
        match event:
            case "raise":
                raise self.rng.choice([OfCallback(), cmlp.ModelError("of a callback"), TimeoutError()])
            case "stop":
                return True
            case "save":
                self.save()
            case "train":
                Network([6, 3]).train((IMAGES, LABELS), 1, 1.0, progress=False)
            case "fork":
                self.fork()
        return False

    def happen(self):
        event = self.rng.choice(["signal", "signal", "two signals", "exception", "stop", "save", "fork"])
        self.happened.append(f"line {self.count}: {event}")
        match event:
            case "signal":
                signal.raise_signal(self.rng.choice(SIGNALS))
            case "two signals":
                for number in self.rng.sample(SIGNALS, 2):
                    signal.raise_signal(number)
            case "exception":
                thread = ctypes.c_ulong(threading.get_ident())
                error = ctypes.py_object(self.rng.choice([KeyboardInterrupt, TimeoutError, MemoryError]))
                ctypes.pythonapi.PyThreadState_SetAsyncExc(thread, error)
            case "stop":
                self.network.stop()
            case "save":
                self.save()
            case "fork":
                self.fork()

    def save(self):
        path = self.path.with_suffix(".model")
        self.network.save(path)
        assert Network.load(path).sizes == self.network.sizes

    def fork(self):
        child = os.fork()
        if not child:
            os._exit(0)
        os.waitpid(child, 0)


def handler(rng):
    error = rng.choice([None, None, KeyboardInterrupt, TimeoutError, SystemExit, OfHandler])

    def handle(*_):
        if error is not None:
            raise error

    return handle


def is_done(path):
    kept = read_checkpoint(path)
    return kept.ended or kept.position.epoch == EPOCHS or "losses" in kept.memory.vectors


def disturbed(number, folder, expected):
    """Disturb a training, and say what happened and whether its bits are those of one that was not."""
    rng, path, happened = random.Random(number), folder / str(number), []
    kind, by_batches = rng.choice(list(KINDS)), rng.random() < 0.5
    by_batches &= kind != "lbfgs"
    before = {each: signal.signal(each, handler(rng)) for each in SIGNALS}
    found, key = None, (kind, by_batches)
    if key not in expected:
        quiet = Disturbance(rng, path, None, 1)
        quiet.told = 0
        expected[key] = train(kind, callbacks=callbacks(quiet, by_batches))
    try:
        for attempt in range(MOST_ATTEMPTS + 1):
            network = new_network(kind)
            disturbance = Disturbance(rng, path, network, 6000)
            if attempt == MOST_ATTEMPTS:
                disturbance.targets, disturbance.told = set(), 0
            try:
                sys.settrace(disturbance.trace)
                found = train(kind, path, callbacks(disturbance, by_batches), network)
                sys.settrace(None)
            except RAISED as error:
                sys.settrace(None)
                disturbance.happened.append(type(error).__name__)
                found = None
            happened += disturbance.happened
            if found == expected[key]:
                break
            if found is not None and not any("stop" in event for event in disturbance.happened):
                break
    finally:
        sys.settrace(None)
        for each, earlier in before.items():
            signal.signal(each, earlier)
    return {"number": number, "kind": kind, "same": found == expected[key], "attempts": attempt + 1, "events": happened}


def callbacks(disturbance, by_batches):
    return Watcher(disturbance) if by_batches else disturbance_only(disturbance)


def disturbance_only(disturbance):
    return lambda event: disturbance.in_callback()


if __name__ == "__main__":
    first, last, folder = int(sys.argv[1]), int(sys.argv[2]), Path(sys.argv[3])
    warnings.simplefilter("ignore")  # of checkpoints that an event kept from being written
    os.fsync = lambda _: None
    expected = {}
    for number in range(first, last):
        print(json.dumps(disturbed(number, folder, expected)), flush=True)
