"""The process in which a script runs, and what it says."""

import json
import os
import queue
import signal
import subprocess
import sys
import threading
import time
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from cmlp.utils.text import printable

CHILD = "cmlp.diagnosis.scripts.child"
PATIENCE, EXTRA = 3.0, 15.0  # by the clock on the wall, a child gets so many times its seconds, and so many more
AFTER_INTERRUPT = 5.0  # seconds that a child gets to say what it knows


@dataclass
class Outcome:
    """All that a child has said."""

    facts: dict[str, Any] = field(default_factory=dict)
    code: int | None = None
    interrupted: bool = False
    late: bool = False


def run_child(request: dict[str, Any], scratch: Path, child: str, bar: Any) -> Outcome:
    """Run a child, and collect what it says until it ends, its time is over, or Ctrl-C is pressed."""
    command = [sys.executable, "-P", "-m", child, json.dumps(request)]
    own_group = {"start_new_session": True} if os.name == "posix" else {}
    process = subprocess.Popen(
        command,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        env=_environment(scratch),
        **own_group,  # type: ignore[call-overload]
    )
    outcome = Outcome()
    bar.set_description(f"check: {printable(Path(request['path']).name)} runs")
    try:
        lines = _lines_of(process)
        deadline = time.monotonic() + PATIENCE * request["seconds"] + EXTRA
        try:
            outcome.late = not _collect(lines, outcome, deadline, bar)
        except KeyboardInterrupt:
            outcome.interrupted = True
            if os.name == "posix":  # elsewhere the console has told the child, too
                process.send_signal(signal.SIGINT)
            with suppress(KeyboardInterrupt):
                _collect(lines, outcome, time.monotonic() + AFTER_INTERRUPT, bar)
    finally:
        _kill(process)
    outcome.code = process.returncode
    return outcome


def _environment(scratch: Path) -> dict[str, str]:
    """Return the environment of a child: it draws on no screen, computes with one thread, and writes no bytecode."""
    (scratch / "tmp").mkdir(exist_ok=True)
    threads = ("OPENBLAS_NUM_THREADS", "OMP_NUM_THREADS", "MKL_NUM_THREADS", "NUMEXPR_NUM_THREADS")
    house = str(Path(__file__).parents[3])
    places = os.environ.get("PYTHONPATH", "").split(os.pathsep) if os.environ.get("PYTHONPATH") else []
    if not any(part in ("site-packages", "dist-packages") for part in Path(house).parts):
        places.insert(0, house)
    return {
        **os.environ,
        **dict.fromkeys(threads, "1"),
        "MPLBACKEND": "Agg",
        "PYTHONDONTWRITEBYTECODE": "1",
        "PYTHONPATH": os.pathsep.join(places),
        "TMPDIR": str(scratch / "tmp"),
    }


def _lines_of(process: subprocess.Popen[bytes]) -> "queue.Queue[bytes | None]":
    """Read what a child says in a thread, which closes the pipe, so that waiting has an end; None is the last line."""
    lines: queue.Queue[bytes | None] = queue.Queue()

    def read() -> None:
        assert process.stdout is not None
        with process.stdout, suppress(ValueError, OSError):
            for line in process.stdout:
                lines.put(line)
        lines.put(None)

    def wait() -> None:
        process.wait()
        reader.join(1.0)  # longer only where something that the script has started keeps the pipe open
        lines.put(None)

    reader = threading.Thread(target=read, daemon=True)
    reader.start()
    threading.Thread(target=wait, daemon=True).start()
    return lines


def _collect(lines: "queue.Queue[bytes | None]", outcome: Outcome, deadline: float, bar: Any) -> bool:
    """Take lines until there are no more; return whether that was before the deadline."""
    while True:
        try:
            line = lines.get(timeout=max(0.0, min(0.5, deadline - time.monotonic())))
        except queue.Empty:
            if time.monotonic() >= deadline:
                return False
            bar.refresh()
            continue
        if line is None:
            return True
        with suppress(ValueError):
            facts = json.loads(line)
            outcome.facts.update(facts if isinstance(facts, dict) else {})
            if "doing" in facts:
                bar.set_description(printable(facts["doing"]))
                bar.update()


def _kill(process: subprocess.Popen[bytes]) -> None:
    """End a child and all that it has started."""
    with suppress(ProcessLookupError, PermissionError):
        if os.name == "posix":
            os.killpg(process.pid, signal.SIGKILL)
        else:
            process.kill()
    process.wait()
