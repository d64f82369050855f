"""How things are measured: in turns, with medians and ratios, beside the machine's own rates.

Machines are shared and change their pace, and only the ratio of two runs that follow each other survives that. So all
contenders of a job take turns (A B C A B C ...), the first turn of each warms up, and a ratio is the median over the
turns of one contender's time divided by that of another in the same turn.
"""

import gc
import os
import platform
import re
from collections.abc import Callable
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from statistics import median
from time import perf_counter, thread_time
from timeit import Timer

import numpy as np
import threadpoolctl
from scipy.linalg.blas import sgemm

SGEMM_SHAPES = ((1024, 1024, 1024), (128, 784, 800))
COPY_BYTES = 1 << 28  # many times the cache
CALLS_SECONDS = 0.1  # how long a turn of a short call lasts, about


@dataclass
class Contender:
    """Somebody who takes a turn: `run` gets the number of the turn, and returns seconds."""

    name: str
    run: Callable[[int], float]


@dataclass
class Result:
    """A table, and what it was made of."""

    title: str
    header: list[str]
    rows: list[list[str]]
    figures: dict
    notes: list[str] = field(default_factory=list)

    def __str__(self):
        return "\n\n".join([f"## {self.title}", markdown(self.header, self.rows), *self.notes])


@contextmanager
def limited(threads):
    """While it lasts, BLAS and PyTorch have at most that many threads, and cmlp, which reads OMP_NUM_THREADS."""
    try:
        import torch
    except ImportError:
        pass
    else:
        torch.set_num_threads(threads)
    before = os.environ.get("OMP_NUM_THREADS")
    os.environ["OMP_NUM_THREADS"] = str(threads)
    try:
        with threadpoolctl.threadpool_limits(threads):
            yield
    finally:
        del os.environ["OMP_NUM_THREADS"]
        if before is not None:
            os.environ["OMP_NUM_THREADS"] = before


def measure(contenders, rounds):
    """Return the seconds of every turn but the first, by name."""
    seconds = {contender.name: [] for contender in contenders}
    for turn in range(rounds + 1):
        for contender in contenders:
            gc.collect()  # the garbage of one is not collected in the turn of another
            spent = contender.run(turn)
            if turn > 0:
                seconds[contender.name].append(spent)
    return seconds


def ratios(seconds, name, base):
    """Return by how much a contender was slower than another in the same turn, turn by turn."""
    return [a / b for a, b in zip(seconds[name], seconds[base], strict=True)]


def processor_time():
    """Return the seconds that processors have spent on this thread, and on the children that have ended.

    Other threads are not counted: with one thread, they are idle threads of a BLAS that wait for work by spinning.
    """
    try:
        import resource
    except ImportError:  # Windows, where children are not counted
        return thread_time()
    children = resource.getrusage(resource.RUSAGE_CHILDREN)
    return thread_time() + children.ru_utime + children.ru_stime


CLOCKS = {"wall": perf_counter, "cpu": processor_time}


def timed(clock, function, *arguments):
    """Return how long a call took."""
    started = clock()
    function(*arguments)
    return clock() - started


def call_contender(clock, name, function, argument):
    """Return a contender that calls a function so often that the clock's resolution does not matter."""
    timer = Timer("function(argument)", timer=clock, globals={"function": function, "argument": argument})
    number = 1
    while (spent := timer.timeit(number)) < CALLS_SECONDS / 10:
        number *= 4
    number = max(1, round(number * CALLS_SECONDS / spent))
    return Contender(name, lambda turn: timer.timeit(number) / number)


# ---------------------------------------------------------------------------------------------------------------------
# The machine


def sgemm_contender(clock, m, k, n):
    """Return a contender that multiplies float32 matrices (m, k) and (k, n), with one thread."""
    rng = np.random.default_rng(0)
    a, b = (np.asfortranarray(rng.random(shape, dtype=np.float32)) for shape in ((m, k), (k, n)))
    c = np.zeros((m, n), np.float32, order="F")
    number = max(1, round(2e10 / (2 * m * k * n)))

    def multiply():
        for _ in range(number):
            sgemm(1.0, a, b, 0.0, c, overwrite_c=True)

    def run(turn):
        with threadpoolctl.threadpool_limits(1, user_api="blas"):
            return timed(clock, multiply) / number

    return Contender(f"sgemm {m}x{k}x{n}", run)


def copy_contender(clock):
    """Return a contender that copies memory."""
    source = np.ones(COPY_BYTES, np.uint8)
    target = np.zeros_like(source)
    return Contender("copy", lambda turn: timed(clock, np.copyto, target, source))


def machine_contenders(clock):
    """Return what measures the machine itself, to take turns with the others."""
    return [*(sgemm_contender(clock, *shape) for shape in SGEMM_SHAPES), copy_contender(clock)]


def machine_rates(seconds):
    """Return GFLOP/s of the products, and GB/s of reading and writing, from what was measured among the others."""
    rates = {
        f"sgemm {m}x{k}x{n}, GFLOP/s": 2e-9 * m * k * n / median(seconds[f"sgemm {m}x{k}x{n}"])
        for m, k, n in SGEMM_SHAPES
    }
    return rates | {"copy, GB/s read + written": 2e-9 * COPY_BYTES / median(seconds["copy"])}


def machine():
    """Return what is known of this machine."""
    blas = threadpoolctl.threadpool_info()
    return {
        "cpu": _cpu_name(),
        "cores": os.cpu_count(),
        "caches": _caches(),
        "platform": platform.platform(),
        "python": platform.python_version(),
        "blas": sorted({f"{b['internal_api']} {b['version']} {b.get('architecture', '')}".strip() for b in blas}),
        "load average": [round(load, 2) for load in os.getloadavg()],
    }


def _cpu_name():
    """Return the model, and the family behind a name as short as clouds give them."""
    file = Path("/proc/cpuinfo")
    text = file.read_text() if file.exists() else ""
    fields = dict(re.findall(r"^(model name|cpu family|model)\s*: (.*)$", text, re.MULTILINE))
    if not fields:
        return platform.processor()
    return "{model name} (family {cpu family}, model {model})".format(**fields)


def _caches():
    sizes = {}
    for index in sorted(Path("/sys/devices/system/cpu/cpu0/cache").glob("index*")):
        level, kind, size = ((index / name).read_text().strip() for name in ("level", "type", "size"))
        sizes[f"L{level} {kind.lower()}"] = size
    return sizes


# ---------------------------------------------------------------------------------------------------------------------
# The tables


def markdown(header, rows):
    """Return a table: the first column to the left, the others to the right."""
    table = [header, *rows]
    widths = [max(len(row[column]) for row in table) for column in range(len(header))]
    rule = ["-" * widths[0], *("-" * (width - 1) + ":" for width in widths[1:])]
    return "\n".join(_line(row, widths) for row in (header, rule, *rows))


def _line(row, widths):
    numbers = (cell.rjust(width) for cell, width in zip(row[1:], widths[1:], strict=True))
    return "| " + " | ".join([row[0].ljust(widths[0]), *numbers]) + " |"


def in_units(seconds):
    """Write a duration with three digits."""
    for unit, size in (("s", 1), ("ms", 1e-3), ("µs", 1e-6)):
        if seconds >= size:
            return f"{three_digits(seconds / size)} {unit}"
    return f"{seconds / 1e-9:.0f} ns"


def three_digits(value):
    """Write a positive number with three digits, without an exponent."""
    digits = max(0, 2 - int(np.floor(np.log10(value)))) if value > 0 else 0
    return f"{value:,.{digits}f}"


def in_ratio(values):
    """Write the median of ratios, and their range."""
    return f"{three_digits(median(values))} ({three_digits(min(values))} to {three_digits(max(values))})"
