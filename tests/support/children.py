"""Small processes that do what could end, bloat or change the one they happen in, and report what happened.

A program made of this prints one line of JSON for each thing it does; `reports` runs it from a test.
"""

import builtins
import gc
import json
import os
import subprocess
import sys
import warnings
from pathlib import Path

import numpy as np

import cmlp

GIB = 1 << 30
CPU_SECONDS = 30  # after which a child that reads is killed: many times what the longest needs
PATIENCE = 600  # seconds, of which a test needs a fraction: only what hangs takes longer
TESTS = Path(__file__).parents[1]


def reports(program, *arguments, wrapper=()):
    """Run a module of the tests as a program and return what it reported, line by line."""
    run = subprocess.run(
        [*wrapper, *command(program, *arguments)],
        capture_output=True,
        text=True,
        env=environment(),
    )
    assert run.returncode == 0, run.stderr
    return [json.loads(line) for line in run.stdout.splitlines()]


def command(program, *arguments):
    """Return the command that runs a module, such as ``support.reading``, in `environment`."""
    return [sys.executable, "-P", "-m", program, *map(str, arguments)]  # -P: no other cmlp where the tests are run


def environment():
    """Return an environment in which a program finds the package that is tested, and the tests' own modules."""
    places = os.pathsep.join(map(str, (Path(cmlp.__path__[0]).parent, TESTS)))
    return {**os.environ, "OPENBLAS_NUM_THREADS": "1", "PYTHONPATH": places}


def in_child(work, *arguments):
    """Return what a function returned in a forked process, or how that died."""
    receive, send = os.pipe()
    child = os.fork()
    if not child:
        try:
            os.write(send, json.dumps(work(*arguments)).encode())
        finally:
            os._exit(0)
    os.close(send)
    with os.fdopen(receive, "rb") as pipe:
        content = pipe.read()
    _, status = os.waitpid(child, 0)
    return json.loads(content) if content else {"outcome": f"process ended with status {status}"}


def read_under_watch(reader, path):
    """Read a file under limits and an audit hook, and return what happened; for use in a child."""
    import resource  # which Windows has not

    resource.setrlimit(resource.RLIMIT_AS, (GIB, GIB))
    resource.setrlimit(resource.RLIMIT_CPU, (CPU_SECONDS, CPU_SECONDS))
    before, events, watching = fingerprint(), [], False

    def watch(event, arguments):
        innocent = event == "builtins.id" or (event == "open" and arguments[:2] == (str(path), "r"))
        if watching and not innocent:
            events.append(f"{event} {arguments!r:.100}")

    sys.addaudithook(watch)
    outcome, message = "value", ""
    watching = True
    try:
        reader(path)
    except BaseException as error:
        outcome, message = type(error).__name__, str(error)
    watching = False
    after = fingerprint()
    changed = [key for key in before if before[key] != after[key]]
    return {"outcome": outcome, "message": message, "events": events, "changed": changed}


def fingerprint():
    """Return what an attack could change in this process, in a form that can be compared."""
    modules = (builtins, os, sys, np, np._core.numeric, np._core.multiarray, np.random)
    return {
        "modules": sorted(sys.modules),
        "names": [{name: id(value) for name, value in vars(module).items()} for module in modules],
        "defaults": repr(np._core.numeric._frombuffer.__defaults__),
        "attributes": [sorted(vars(function)) for function in (np.prod, np._core.numeric._frombuffer)],
        "random": repr(np.random.get_state()),  # noqa: NPY002 - that nobody changes it is the question
        "interpreter": (sys.getrecursionlimit(), gc.isenabled(), gc.get_threshold(), warnings.filters[:]),
        "files": sorted(path.name for path in Path().iterdir()),
        "environment": dict(os.environ),
    }


def read_corpus(readers, groups, reader, directory, group, *names):
    """Let a reader read the named files of a group, or all, each in a child; print a report of each."""
    os.chdir(directory)
    path = Path(directory, "hostile")
    for name, content, words in groups[group]():
        if not names or name in names:
            path.write_bytes(content)
            facts = {"name": name, "size": len(content), "words": words}
            del content  # a small process forks fast
            print(json.dumps(facts | in_child(read_under_watch, readers[reader], path)), flush=True)
