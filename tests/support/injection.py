"""Faults at chosen system calls of a child, by strace: it is killed there, or told of a full disk.

strace is attached to a forked child that waits, so that the first call it counts is the first of the work.
"""

import ctypes
import mmap
import os
import subprocess
import tempfile
import time
from dataclasses import dataclass

READY, BEGIN = 1, 2
LET_ANY_PROCESS_TRACE = (0x59616D61, -1)  # PR_SET_PTRACER, where the kernel allows only ancestors to trace


@dataclass
class Ending:
    """How a child ended.

    Attributes
    ----------
    killed : bool
    error : str
        The type of the exception that left the work, and its message; empty where there was none.
    calls : list of str
        The system calls as strace prints them.
    """

    killed: bool
    error: str
    calls: list[str]

    @property
    def injected(self):
        """Whether there was a fault at all."""
        return self.killed or any("(INJECTED)" in call for call in self.calls)


def under_strace(work, *rules):
    """Do a work in a forked child, while strace follows rules such as ``"inject=fsync:error=EIO:when=1+"``."""
    shared = mmap.mmap(-1, 4096)  # what parent and child tell each other: no call of the work's is needed for that
    child = os.fork()
    if not child:
        try:
            ctypes.CDLL(None).prctl(*LET_ANY_PROCESS_TRACE)
            shared[0] = READY
            await_state(shared, BEGIN)
            os.getppid()  # a mark among the calls
            work()
        except BaseException as error:
            text = f"{type(error).__name__}: {error}".encode()[:4000]
            shared[1 : 1 + len(text)] = text
        finally:
            os._exit(0)
    await_state(shared, READY)
    options = [part for rule in rules for part in ("-e", rule)]
    with tempfile.NamedTemporaryFile() as log:
        program = ["strace", "-y", "-o", log.name, *options, "-p", str(child)]
        with subprocess.Popen(program, stderr=subprocess.PIPE, text=True) as strace:
            attached = strace.stderr.readline()
            assert "attached" in attached, attached
            shared[0] = BEGIN
            _, status = os.waitpid(child, 0)
            strace.stderr.read()
        calls = log.read().decode(errors="replace").splitlines()
    return Ending(os.WIFSIGNALED(status), shared[1:].rstrip(b"\0").decode(), calls)


def await_state(shared, state):
    while shared[0] < state:
        time.sleep(0.0005)


def calls_of(work):
    """Return the system calls of a work: the name, and which of that name it is."""
    calls = [call.partition("(")[0] for call in under_strace(work).calls if "(" in call]
    begin = calls.index("getppid") + 1
    numbered = [(name, calls[: place + 1].count(name)) for place, name in enumerate(calls)]
    return [(name, n) for name, n in numbered[begin:] if name not in ("exit_group", "brk")]  # the heap may have room
