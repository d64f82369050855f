"""An exception between any two instructions of `Network.train` leaves the network as before the call, or trained."""

import signal
import sys
from contextlib import suppress

import numpy as np
import pytest

import cmlp.network
from cmlp import Dataset, Network

RNG = np.random.default_rng(0)
BYTES, LABELS = RNG.integers(0, 256, (30, 6), dtype=np.uint8), np.arange(30) % 3
OTHERS = Dataset(BYTES // 16, LABELS, scale=1 / 15, class_names=["ant", "bee", "cow"])
FUNCTIONS = {Network.train.__wrapped__.__code__, Network._prepare.__code__, Network._end.__code__}
KNOWN = cmlp.network.LEARNED


class Injected(BaseException):
    pass


class Tracer:
    """Raises an exception before the instruction of a number, of those of FUNCTIONS."""

    def __init__(self, target=None):
        self.count, self.target = 0, target

    def __call__(self, frame, event, argument):
        if frame.f_code not in FUNCTIONS:
            return None
        frame.f_trace_opcodes, frame.f_trace_lines = True, False
        if event == "opcode":
            self.count += 1
            if self.count == self.target:
                sys.settrace(None)
                raise Injected
        return self

    def run(self, work):
        before = sys.gettrace()
        sys.settrace(self)
        try:
            return work()
        finally:
            sys.settrace(before)


def new_network():
    network = Network([6, 4, 3], seed=2)
    network.train((BYTES, LABELS), 1, 0.1, progress=False)
    return network


def known(network):
    random = str(network.rng.bit_generator.state)
    return [network.engine.parameters.tobytes(), random, *(repr(vars(network)[name]) for name in KNOWN)]


def train(network, **settings):
    return network.train(OTHERS, 2, 0.1, validation_data=0.2, progress=False, **settings)


def numbers():
    for _ in range(2):  # since Python 3.12 a tracer is told of all instructions from the second call on
        tracer, network = Tracer(), new_network()
        tracer.run(lambda network=network: train(network))
    return range(1, tracer.count + 1)


@pytest.mark.skipif("slipcover" in sys.modules, reason="the instructions are others where lines are counted")
def test_an_exception_at_every_instruction():
    before, after = known(new_network()), new_network()
    train(after)
    assert len(numbers()) > 200
    for number in numbers():
        network = new_network()
        with pytest.raises(Injected):
            Tracer(number).run(lambda network=network: train(network))
        assert network._loops == [], number
        found = known(network)
        assert found == before or found[2:] == known(after)[2:], number
        assert found[0] in (before[0], known(after)[0]), number
        train(network)
        assert network.scale == 1 / 15, number  # of no nested call


@pytest.mark.parametrize("share", [7])
def test_a_call_in_a_callback_leaves_the_outer_one_alone(share):
    for number in numbers()[::share]:
        network = new_network()
        outer = {"epochs": 1, "eta": 0.1, "progress": False}

        def callback(event, number=number):
            with suppress(Injected):  # a nested call has some instructions less
                Tracer(number).run(lambda: train(event.network))

        network.train((BYTES, LABELS), callbacks=callback, **outer)
        assert network._loops == [] and (network.scale, network.class_names) == (1 / 255, None)


def test_a_signal_while_a_checkpoint_is_taken_over(tmp_path, monkeypatch):
    """Its weights are then all the checkpoint's, and the network knows of its data what the checkpoint's knew."""
    kept = new_network()
    train(kept, checkpoint=tmp_path / "kept")
    network, restore = new_network(), cmlp.training.loop.restore

    def interrupted(rng, state):
        restore(rng, state)
        if rng is network.rng:
            signal.raise_signal(signal.SIGINT)

    monkeypatch.setattr(cmlp.training.loop, "restore", interrupted)
    with pytest.raises(KeyboardInterrupt):
        train(network, checkpoint=tmp_path / "kept", resume=True)
    assert (known(network)[:5], network.framing) == (known(kept)[:5], kept.framing)
