"""Saves of a model that are killed or fail: ``python -m support.faulty_saves KIND FOLDER`` tells of each in JSON."""

import json
import os
import resource
import signal
import subprocess
import sys
from contextlib import suppress
from itertools import count
from pathlib import Path

import numpy as np

from cmlp.model.architecture import make_architecture
from cmlp.model.record import Model
from cmlp.storage import read_model, write_model
from cmlp.storage.container import pack
from cmlp.storage.models import KIND, VERSION, describe, tensors_of
from support.children import in_child
from support.injection import calls_of, under_strace

NAME = "model.cmlp"
FAILING = ("openat", "write", "fsync", "close", "rename")
ERRORS = ("ENOSPC", "EIO", "EDQUOT", "EROFS")
FILE_SIZE_LIMIT = 512


def model(number, units=3):
    """Return a network all of whose parameters are this number."""
    architecture = make_architecture([4, units, 2], "sigmoid", "quadratic", 0.0, "float64")
    weights = [np.full((units, 4), number), np.full((2, units), number)]
    return Model(architecture, weights, [np.full(units, number), np.full(2, number)])


def content(number):
    return pack(KIND, VERSION, describe(model(number)), tensors_of(model(number)))


OLD, NEW = content(1.0), content(2.0)


def show(**report):
    print(json.dumps(report), flush=True)


def facts(folder):
    """Return what a save left behind, and whether the next one works; the folder is as before afterwards."""
    path = folder / NAME
    found = {OLD: "old", NEW: "new"}.get(path.read_bytes(), "torn")
    number = read_model(path).weights[0][0, 0]
    left = [file.name for file in folder.iterdir() if file.name != NAME]
    write_model(model(3.0), path)
    works = bool(read_model(path).weights[0][0, 0] == 3.0)
    works &= [file.name for file in folder.iterdir()] == [NAME]
    path.write_bytes(OLD)
    return {"found": found, "number": number, "left": left, "next works": works}


def calls_of_a_save(folder):
    calls = calls_of(lambda: write_model(model(2.0), folder / NAME))
    (folder / NAME).write_bytes(OLD)
    return calls


def calls(folder):
    """Kill a save at every system call."""
    for name, n in calls_of_a_save(folder):
        ending = under_strace(lambda: write_model(model(2.0), folder / NAME), f"inject={name}:signal=KILL:when={n}")
        show(call=name, n=n, killed=ending.killed, **facts(folder))


def steps(folder, number=signal.SIGKILL):
    """Send a signal at every call of a function that is not written in Python: these alone change files."""
    for n in count(1):
        child = os.fork()
        if not child:
            with suppress(KeyboardInterrupt):
                sys.setprofile(sender(number, n))
                write_model(model(2.0), folder / NAME)
                sys.setprofile(None)
                os._exit(0)
            os._exit(1)
        _, status = os.waitpid(child, 0)
        if status == 0:
            return
        show(n=n, status=status, **facts(folder))


def interrupts(folder):
    """Interrupt a save at every such call."""
    signal.signal(signal.SIGINT, signal.default_int_handler)
    steps(folder, signal.SIGINT)


def sender(number, n):
    """Return what sends a signal at the n-th event of the profiler that is a call of such a function."""
    numbers = count(1)

    def profile(frame, event, function):
        if event == "c_call" and next(numbers) == n:
            signal.raise_signal(number)

    return profile


def errors(folder):
    """Let each call fail with each error, once, and with all that follow of its name."""
    for name, n in calls_of_a_save(folder):
        for error in ERRORS if name in FAILING else ():
            for lasting in ("", "+"):
                rule = f"inject={name}:error={error}:when={n}{lasting}"
                ending = under_strace(lambda: write_model(model(2.0), folder / NAME), rule)
                show(call=name, n=n, rule=rule, injected=ending.injected, error=ending.error, **facts(folder))


def tolerable(folder):
    """Let calls fail in ways that are no reason to complain."""
    rules = ["write:error=EINTR:when=1", "fsync:error=EINTR:when=1", "openat:error=EINTR:when=2"]
    rules += ["openat:error=EACCES:when=1", "openat:error=EACCES:when=3", "fsync:error=EINVAL:when=2"]  # of the folder
    for rule in rules:
        ending = under_strace(lambda: write_model(model(2.0), folder / NAME), f"inject={rule}")
        show(rule=rule, injected=ending.injected, error=ending.error, **facts(folder))


def unremovable(folder):
    """Let neither the file be written nor its temporary be removed."""
    rules = ("inject=fsync:error=EIO", "inject=unlink:error=EIO")
    ending = under_strace(lambda: write_model(model(2.0), folder / NAME), *rules)
    show(error=ending.error, **facts(folder))


def order(folder):
    """Tell the system calls of one save."""
    show(calls=under_strace(lambda: write_model(model(2.0), folder / NAME)).calls)


def disk(folder):
    """Save too large a model on a small disk, then on one that is read only."""
    subprocess.run(["mount", "-t", "tmpfs", "-o", "size=64k", "none", str(folder)], check=True)
    (folder / NAME).write_bytes(OLD)
    show(error=in_child(complaint, model(2.0, units=10_000), folder), **facts(folder))
    subprocess.run(["mount", "-o", "remount,ro", str(folder)], check=True)
    error = in_child(complaint, model(2.0), folder)
    subprocess.run(["mount", "-o", "remount,rw", str(folder)], check=True)
    show(error=error, **facts(folder))


def limit(folder):
    """Save a larger file than the process may write."""
    show(error=in_child(complaint, model(2.0), folder, FILE_SIZE_LIMIT), **facts(folder))


def repeatedly(folder, times):
    """Save model after model."""
    for n in range(int(times)):
        write_model(model(float(n % 7), 300), folder / NAME)


def complaint(model, folder, size=resource.RLIM_INFINITY):
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, size))
    try:
        write_model(model, folder / NAME)
    except OSError as error:
        return f"{type(error).__name__}: {error}"
    return ""


KINDS = {
    f.__name__: f for f in (calls, steps, interrupts, errors, tolerable, unremovable, order, disk, limit, repeatedly)
}

if __name__ == "__main__":
    kind, folder, *rest = sys.argv[1:]
    Path(folder, NAME).write_bytes(OLD)
    KINDS[kind](Path(folder), *rest)
