"""An exception may fall between any two instructions of a training: its checkpoint goes on to the same bits."""

import dis
import signal
import sys
from functools import cache
from pathlib import Path

import pytest
from support.disturbed import KINDS, train

import cmlp
from cmlp.training.optimizers import OPTIMIZERS
from cmlp.training.signals import SIGNALS

ROOM = Path(cmlp.__path__[0]) / "training"
FILES = {str(ROOM / f"{name}.py") for name in ("loop", "epoch", "checkpointing", "generations", "lbfgs")}


pytestmark = [
    # An exception between a file's opening and its `with` leaves closing it to Python.
    pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning"),
    pytest.mark.skipif("slipcover" in sys.modules, reason="the instructions are others where lines are counted"),
]


class Injected(BaseException):
    pass


@cache
def exits(code):
    """Return the offsets at which a `with` is left: before its exit is called, Python delivers no signal."""
    found, nones = set(), []
    for instruction in dis.get_instructions(code):
        if instruction.opname == "LOAD_CONST" and instruction.argval is None:
            nones.append(instruction.offset)
        elif len(nones) >= 3 and instruction.opname in ("PRECALL", "CALL"):
            found |= {*nones[-3:], instruction.offset}
        else:
            nones = []
    return found


class Tracer:
    """Counts the instructions of the training, and raises an exception before one of them."""

    def __init__(self, target=None):
        self.count, self.target, self.visits = 0, target, {}

    def __call__(self, frame, event, argument):
        if frame.f_code.co_filename not in FILES:
            return None
        frame.f_trace_opcodes, frame.f_trace_lines = True, False
        if event == "opcode" and frame.f_lasti not in exits(frame.f_code):
            self.count += 1
            self.visits.setdefault((frame.f_code, frame.f_lasti), []).append(self.count)
            if self.count == self.target:
                sys.settrace(None)
                raise Injected
        return self

    def run(self, kind, path):
        before = sys.gettrace()
        sys.settrace(self)
        try:
            return train(kind, path)
        finally:
            sys.settrace(before)


@pytest.fixture(autouse=True)
def quick(monkeypatch):
    """Write quickly, and leave no handler behind: before an exit is called, an exception here comes where none can."""
    monkeypatch.setattr("os.fsync", lambda _: None)
    before = {number: signal.getsignal(number) for number in SIGNALS}
    yield
    for number, handler in before.items():
        signal.signal(number, handler)


EVERY = [pytest.param(kind, 1, marks=pytest.mark.exhaustive) for kind in KINDS]


@pytest.mark.parametrize(("kind", "share"), [("adam", 9), ("sgd", 19), ("lbfgs", 19), *EVERY])
def test_an_exception_at_every_instruction(kind, share, tmp_path):
    """Of those that a training comes to, the first two times and the last; or a share of them."""
    expected = train(kind)
    for name in ("first", "second"):  # since Python 3.12 a tracer is told of all instructions from the second call on
        tracer = Tracer()
        assert tracer.run(kind, tmp_path / name) == expected
    targets = sorted({n for numbers in tracer.visits.values() for n in (*numbers[:2], numbers[-1])})[::share]
    assert len(targets) > 3000 / share
    wrong = []
    for target in targets:
        path = tmp_path / str(target)
        with pytest.raises(Injected):
            Tracer(target).run(kind, path)
        if train(kind, path) != expected:
            wrong.append(target)
    assert wrong == []


def test_the_kinds_are_those_of_the_optimizers():
    assert set(KINDS) == set(OPTIMIZERS)
