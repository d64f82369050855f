"""An exception may fall between any two instructions of a training: its checkpoint goes on to the same bits."""

import sys
from pathlib import Path

import pytest
from support.disturbed import KINDS, train

import cmlp

ROOM = Path(cmlp.__path__[0]) / "training"
FILES = {str(ROOM / f"{name}.py") for name in ("loop", "epoch", "checkpointing", "generations", "lbfgs")}
NUMBER_OF_VISITS = 2  # of an instruction: the first two, and the last


class Injected(BaseException):
    pass


class Tracer:
    """Counts the instructions of the training, and raises an exception before one of them."""

    def __init__(self, target=None):
        self.count, self.target, self.visits = 0, target, {}

    def __call__(self, frame, event, argument):
        if frame.f_code.co_filename not in FILES:
            return None
        frame.f_trace_opcodes, frame.f_trace_lines = True, False
        if event == "opcode":
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
    monkeypatch.setattr("os.fsync", lambda _: None)


@pytest.mark.parametrize(
    "kind", [*("adam", "sgd", "lbfgs"), *(pytest.param(k, marks=pytest.mark.exhaustive) for k in ("rmsprop", "nadam"))]
)
def test_an_exception_at_every_instruction(kind, tmp_path):
    expected = train(kind)
    tracer = Tracer()
    assert tracer.run(kind, tmp_path / "whole") == expected
    targets = sorted({n for numbers in tracer.visits.values() for n in (*numbers[:NUMBER_OF_VISITS], numbers[-1])})
    assert len(targets) > 500
    wrong = []
    for target in targets:
        path, tracer = tmp_path / str(target), Tracer(target)
        with pytest.raises(Injected):
            tracer.run(kind, path)
        if train(kind, path) != expected:
            wrong.append(target)
    assert wrong == []


def test_the_kinds_are_those_of_the_optimizers():
    assert set(KINDS) == set(cmlp.training.optimizers.OPTIMIZERS)
