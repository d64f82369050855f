"""What a program keeps outside of its network, and what belongs to the whole process, is as it was afterwards."""

import os
import signal
import subprocess
import sys
import threading
from pathlib import Path

import numpy as np
import pytest
from threadpoolctl import threadpool_info, threadpool_limits

import cmlp
from cmlp.core.blas_threads import single_blas_thread
from cmlp.diagnosis.programs import one_thread
from cmlp.diagnosis.programs.files import kept_files
from cmlp.diagnosis.programs.isolation import Ended, silence
from cmlp.diagnosis.programs.process import kept_process

TRAIN, TEST = cmlp.load_digits()
DATA, TESTED = (TRAIN.images / 16, TRAIN.labels), (TEST.images / 16, TEST.labels)
HISTORY = []
RNG = np.random.default_rng(4)


class Momentum:
    """An optimizer that holds the arrays of one network."""

    def __init__(self, arrays, eta=0.1):
        self.arrays, self.eta = arrays, eta
        self.velocities = [np.zeros_like(array) for array in arrays]

    def step(self, gradients):
        for array, velocity, gradient in zip(self.arrays, self.velocities, gradients, strict=True):
            velocity[...] = 0.9 * velocity + gradient
            array -= self.eta * velocity


class Softmax:
    """One layer, trained with all samples at once."""

    losses = []  # noqa: RUF012 (as people write it)

    def __init__(self):
        self.w, self.b = np.zeros((64, 10)), np.zeros(10)

    def forward(self, x):
        e = np.exp(x @ self.w + self.b)
        return e / e.sum(axis=1, keepdims=True)

    def gradients(self, x, y):
        error = (self.forward(x) - np.eye(10)[y]) / len(x)
        return x.T @ error, error.sum(axis=0)

    def train(self, x, y, epochs=100, eta=0.5):
        for _ in range(epochs):
            w, b = self.gradients(x, y)
            self.w -= eta * w
            self.b -= eta * b
            self.losses.append(float(np.abs(w).sum()))
            HISTORY.append(RNG.normal())


class WithOptimizer(Softmax):
    def train(self, x, y, epochs=100):
        for _ in range(epochs):
            OPTIMIZERS[0].step(self.gradients(x, y))


OPTIMIZERS = []


class Process(Softmax):
    def train(self, x, y, epochs=100, eta=0.5):
        os.chdir("/")
        os.environ["CMLP_TRIED"] = "yes"
        sys.argv.append("more")
        sys.path.append("/nowhere")
        sys.setrecursionlimit(2000)
        np.set_printoptions(precision=2)
        super().train(x, y, epochs, eta)


class ItsOwnCopy(Softmax):
    def __deepcopy__(self, memo):
        return self


class AnswersToAnything(Softmax):
    def __getattr__(self, name):
        if name.startswith("__"):
            raise AttributeError(name)
        return lambda *arguments, **keywords: 42


def check(network, **keywords):
    return cmlp.check(DATA, TESTED, network=network, epochs=100, seconds=10, progress=False, **keywords)


def test_variables_of_classes_and_modules_are_put_back():
    kept = list(Softmax.losses), list(HISTORY), RNG.bit_generator.state
    report = check(Softmax())
    assert report.accuracy > 90
    assert (list(Softmax.losses), list(HISTORY), RNG.bit_generator.state) == kept


def test_a_network_that_something_outside_trains_is_put_back():
    network = WithOptimizer()
    OPTIMIZERS[:] = [Momentum([network.w, network.b])]
    report = check(network)
    assert not network.w.any()
    assert not OPTIMIZERS[0].velocities[0].any()
    assert any("outside of the copies" in note for note in report.notes)


def test_the_process_is_as_it_was():
    def state():
        printed = np.get_printoptions()["precision"]
        return Path.cwd(), dict(os.environ), list(sys.argv), list(sys.path), sys.getrecursionlimit(), printed

    before = state()
    check(Process())
    assert state() == before


class TakesSignals(Softmax):
    def train(self, x, y, epochs=100, eta=0.5):
        signal.signal(signal.SIGINT, signal.SIG_IGN)
        signal.signal(signal.SIGTERM, lambda *_: None)
        super().train(x, y, epochs, eta)


def test_handlers_of_signals_are_put_back():
    before = [signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM)]
    assert check(TakesSignals()).accuracy > 85
    assert [signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM)] == before


ENDINGS = {
    "os._exit": lambda: os._exit(3),
    "os.abort": lambda: os.abort(),
    "os.kill": lambda: os.kill(os.getpid(), signal.SIGKILL),
    "signal.raise_signal": lambda: signal.raise_signal(signal.SIGTERM),
    "sys.exit": sys.exit,
}


@pytest.mark.parametrize("how", ENDINGS)
def test_the_process_is_not_ended(how):
    functions = os._exit, os.abort, os.kill, os.system, os.write, signal.raise_signal, subprocess.Popen.__init__
    with pytest.raises(Ended, match=f"by {how}"), kept_process(), kept_files(), silence():
        ENDINGS[how]()
    assert functions == (
        os._exit,
        os.abort,
        os.kill,
        os.system,
        os.write,
        signal.raise_signal,
        subprocess.Popen.__init__,
    )


def test_a_training_that_ends_the_process_is_told_of():
    class EndsIt(Softmax):
        def train(self, x, y, epochs=100, eta=0.5):
            os._exit(3)

    assert any("it ended the program by os._exit" in note for note in check(EndsIt()).notes)


def test_other_programs_are_not_heard_and_told_of(capfd):
    with kept_process() as started, kept_files():
        os.write(1, b"loud")
        assert os.system("echo loud") == 0
        subprocess.run("echo loud", shell=True, check=True)
        assert subprocess.check_output([sys.executable, "-c", "print(1)"]) == b"1\n"
    assert started == {"os.system", "subprocess"}
    assert capfd.readouterr() == ("", "")


def most_threads():
    return max(library["num_threads"] for library in threadpool_info() if library["user_api"] == "blas")


def with_one_thread(network, x):
    assert most_threads() == 1
    return network.forward(x)


def fails(network, x):
    raise RuntimeError


def test_products_of_a_program_use_one_thread_meanwhile():
    with threadpool_limits(2):
        assert check(Softmax(), forward=with_one_thread).accuracy > 90
        assert most_threads() == 2
        check(Softmax(), forward=fails)
        assert most_threads() == 2


@pytest.mark.parametrize("first", [0, 1])
def test_the_setting_comes_back_in_whatever_order_threads_end(first):
    def blas_threads():
        return [library["num_threads"] for library in threadpool_info() if library["user_api"] == "blas"]

    with threadpool_limits(2):
        before = blas_threads()
        contexts = [single_blas_thread(), one_thread()]  # of a training in another thread, and of an examination
        for context in contexts:
            context.__enter__()
        for context in (contexts[first], contexts[1 - first]):
            context.__exit__(None, None, None)
        assert blas_threads() == before


def test_no_thread_is_left():
    before = threading.enumerate()
    check(Softmax())
    assert threading.enumerate() == before


def test_two_checks_at_once_leave_stdout_alone():
    kept, reports = (sys.stdout, sys.stderr, sys.stdin), []
    threads = [threading.Thread(target=lambda: reports.append(check(Softmax()))) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert (sys.stdout, sys.stderr, sys.stdin) == kept
    assert [report.accuracy > 90 for report in reports] == [True, True]


def test_a_copy_that_is_the_network_itself_is_put_back():
    network = ItsOwnCopy()
    check(network)
    assert not network.w.any()


def test_an_object_that_answers_to_any_name_gives_a_report():
    assert check(AnswersToAnything()).accuracy > 90


def test_the_report_is_the_same_each_time():
    first, second = (check(Softmax()).to_dict() for _ in range(2))
    assert first["findings"] == second["findings"]


@pytest.mark.parametrize("labels", [np.zeros(1437, int), np.arange(1437) % 2])
def test_one_class_or_two_are_no_fault(labels):
    class Two(Softmax):
        pass

    report = cmlp.check((TRAIN.images / 16, labels), network=Two(), epochs=50, seconds=8, progress=False)
    assert "learns-nothing" not in [finding.code for finding in report.problems]
