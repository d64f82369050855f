"""What the learning rate is multiplied by, at steps worked out by hand."""

from functools import partial
from itertools import product
from math import cos, pi

import numpy as np
import pytest

import cmlp
from cmlp import ModelError, Network
from cmlp.training.schedules import SCHEDULES, Constant, Function, Schedule, find_schedule, learning_rates

# A training of 10 epochs of 4 steps.
BY_HAND = [
    (Constant(), {0: 1, 39: 1}),
    (cmlp.Step(), {0: 1, 39: 1}),
    (cmlp.Step(3, 0.5), {0: 1, 11: 1, 12: 0.5, 23: 0.5, 24: 0.25, 36: 0.125, 39: 0.125}),
    (cmlp.Exponential(), {0: 1, 4: 0.95, 8: 0.95**2, 2: 0.95**0.5}),
    (cmlp.Exponential(0.5), {4: 0.5, 1: 0.5**0.25, 39: 0.5**9.75}),
    (cmlp.InverseScaling(), {0: 1, 12: 0.5, 32: 1 / 3}),
    (cmlp.InverseScaling(2), {4: 0.25, 2: 1 / 2.25}),
    (cmlp.Adaptive(), {0: 1, 39: 1}),
    (cmlp.Cosine(), {0: 1, 20: 0.5, 10: (1 + cos(pi / 4)) / 2, 39: (1 + cos(pi * 39 / 40)) / 2}),
    (cmlp.Cosine(lowest=0.2), {0: 1, 20: 0.6, 10: 0.2 + 0.4 * (1 + cos(pi / 4))}),
    (cmlp.Cosine(warm_up=1), {0: 0.2, 1: 0.4, 2: 0.6, 3: 0.8, 4: 1, 22: 0.5}),
    (cmlp.Cosine(warm_up=20), {0: 1 / 81, 39: 40 / 81}),
    (cmlp.OneCycle(rise=1 / 3), {0: 0.04, 13: 1, 39: 4e-6, 26: (1 + 4e-6) / 2}),
    (cmlp.OneCycle(rise=1 / 3, lowest=0.5), {0: 0.5, 13: 1, 39: 5e-5}),
    (cmlp.OneCycle(rise=0), {0: 1, 39: 4e-6}),
    (Function(lambda step: step / 2), {0: 0, 39: 19.5}),
]  # fmt: skip


@pytest.mark.parametrize(("schedule", "factors"), BY_HAND, ids=str)
def test_by_hand(schedule, factors):
    for step, factor in factors.items():
        assert schedule.factor(step, 4, 40) == pytest.approx(factor, rel=1e-12, abs=1e-15)


@pytest.mark.parametrize("schedule", [schedule for schedule, _ in BY_HAND], ids=str)
def test_learning_rates_an_epoch(schedule):
    for epoch in (0, 3, 9):
        expected = [0.3 * schedule.factor(step, 4, 40) for step in range(4 * epoch, 4 * epoch + 4)]
        etas = learning_rates(schedule, 0.3, epoch, 4, 10)
        assert etas.dtype == np.float64 and etas.shape == (4,)
        assert etas.tolist() == pytest.approx(expected, rel=1e-15)


@pytest.mark.parametrize("schedule", [*SCHEDULES, cmlp.Cosine(2), cmlp.OneCycle(0.9), cmlp.OneCycle(0.99)], ids=str)
@pytest.mark.parametrize(("per_epoch", "epochs"), [(1, 1), (1, 2), (1, 3), (7, 1), (3, 25)])
def test_in_trainings_of_any_length(schedule, per_epoch, epochs):
    found = find_schedule(schedule)
    factors = [found.factor(step, per_epoch, per_epoch * epochs) for step in range(per_epoch * epochs)]
    assert all(0 <= factor <= 1 for factor in factors)
    assert max(factors) > 0


class TestAdaptive:
    def test_reduces_on_a_plateau(self):
        schedule = cmlp.Adaptive(0.5, patience=2, tolerance=0.1)
        factors = []
        for loss in [1.0, 0.8, 0.75, 0.72, 0.72, 0.5, 0.45, 0.45, 0.45, 0.45]:
            schedule.observe(loss)
            factors.append(schedule.factor(0, 1, 1))
        # 0.8 is better by enough; 0.75 and 0.72 are not; 0.72 waits once; 0.5 is better again; then twice two in vain.
        assert factors == [1, 1, 1, 0.5, 0.5, 0.5, 0.5, 0.25, 0.25, 0.125]

    def test_in_a_training_that_gets_nowhere(self):
        network = Network([2, 2])
        seen = []
        network.train(
            (np.zeros((3, 2)), np.zeros(3, int)), 7, 1e-9, schedule=cmlp.Adaptive(0.5, 2),
            callbacks=lambda event: seen.append(network.biases[0][0]),
        )  # fmt: skip
        steps = np.diff([0, *seen])
        # The first epoch is the best so far; after each two more the steps are half as long.
        np.testing.assert_allclose(steps / steps[0], [1, 1, 1, 0.5, 0.5, 0.25, 0.25], rtol=1e-6)

    def test_every_training_begins_with_eta(self):
        schedule = cmlp.Adaptive(0.5, 1)
        ends = []
        for _ in range(2):
            network = Network([2, 2])
            network.train((np.zeros((3, 2)), np.zeros(3, int)), 5, 1e-9, schedule=schedule)
            ends.append(network.biases[0].tolist())
        assert ends[0] == ends[1]
        assert schedule == cmlp.Adaptive(0.5, 1)


class TestInTraining:
    @pytest.mark.parametrize("schedule", [lambda step: 1 / (1 + step), "exponential", cmlp.Step(1, 0.5), "cosine"])
    def test_each_step_has_its_eta(self, schedule):
        """Weights of zero and hardly any change: every step moves the biases by the same, times its eta."""
        network = Network([1, 2], initializer="zeros")
        seen = []

        class Watch:
            def on_batch_end(self, event):
                seen.append(event.network.biases[0][0])

        data = (np.zeros((10, 1)), np.zeros(10, int))
        network.train(data, 3, 1e-9, mini_batch_size=4, schedule=schedule, callbacks=Watch())
        factors = [find_schedule(schedule).factor(step, 3, 9) for step in range(9)]
        np.testing.assert_allclose(np.diff([0, *seen]), 1e-9 / 4 * np.array(factors), rtol=1e-6)

    def test_none_is_constant(self):
        data = (np.eye(3), np.arange(3))
        networks = [Network([3, 3]) for _ in range(3)]
        for network, schedule in zip(networks, (None, "constant", lambda step: 1), strict=True):
            network.train(data, 3, 0.5, schedule=schedule)
        assert networks[0].weights[0].tobytes() == networks[1].weights[0].tobytes() == networks[2].weights[0].tobytes()

    def test_a_function_counts_steps_and_not_epochs(self):
        steps = []
        network = Network([3, 3])
        network.train(
            (np.eye(3), np.arange(3)), 2, 0.5, mini_batch_size=1, schedule=lambda step: steps.append(step) or 1
        )
        assert steps == [0, 1, 2, 3, 4, 5]

    @pytest.mark.parametrize("value", [float("nan"), float("inf"), -0.5, "1", None])
    def test_a_function_that_returns_no_factor(self, value):
        network = Network([3, 3])
        before = network.weights[0].copy()
        with pytest.raises(ModelError) as error:
            network.train((np.eye(3), np.arange(3)), 2, 0.5, schedule=lambda step: value)
        assert str(error.value) == f"schedule must return a number of at least 0, got {value!r} for step 0"
        assert np.array_equal(network.weights[0], before)
        network.train((np.eye(3), np.arange(3)), 1, 0.5)

    @pytest.mark.parametrize("step", [0, 3])
    @pytest.mark.parametrize("value", [float("nan"), float("inf"), -0.5, "1", None, 10**400], ids=lambda v: str(v)[:5])
    def test_a_first_epoch_without_factors_is_refused_before_anything_changes(self, value, step):
        network, data = Network([3, 3]), (np.eye(6, 3), np.arange(6) % 3)
        before = network.rng.bit_generator.state, network.settings, network.scale
        kind = type("Mine", (Schedule,), {"factor": lambda self, at, per_epoch, steps: value if at == step else 1.0})
        for given in (kind, lambda at: value if at == step else 1.0):
            with pytest.raises(ModelError, match="schedule must return a number of at least 0"):
                network.train(data, 2, 0.5, mini_batch_size=1, schedule=given)
            assert (network.rng.bit_generator.state, network.settings, network.scale) == before

    @pytest.mark.parametrize("function", [lambda: 1.0, lambda step, more: 1.0], ids=["none", "two"])
    def test_a_function_of_another_number_of_parameters(self, function):
        with pytest.raises(ModelError, match=r"function of the step, got .* which does not take the step alone"):
            find_schedule(function)

    def test_a_function_that_has_a_state_is_asked_once_a_step(self):
        factors, data = iter([1.0, 0.5, 0.25, 0.125]), (np.eye(3), np.arange(3))
        networks = [Network([3, 3]) for _ in range(2)]
        for network, schedule in zip(networks, (lambda step: next(factors), lambda step: 0.5**step), strict=True):
            network.train(data, 2, 0.5, mini_batch_size=2, schedule=schedule)
        assert networks[0].weights[0].tobytes() == networks[1].weights[0].tobytes()

    @pytest.mark.parametrize("value", [0, 1, np.float32(0.5), np.int64(1)])
    def test_a_function_may_return_any_number(self, value):
        network = Network([3, 3])
        network.train((np.eye(3), np.arange(3)), 2, 0.5, schedule=lambda step: value)


class TestFinding:
    def test_names(self):
        for name, kind in SCHEDULES.items():
            assert find_schedule(name) == kind()

    @pytest.mark.parametrize(
        ("make", "message"),
        [
            (lambda: cmlp.Step(0), "epochs must be a positive integer below 2**31, got 0"),
            (lambda: cmlp.Step(1, 0), "rate must be a positive number, got 0"),
            (lambda: cmlp.Exponential(-1), "rate must be a positive number, got -1"),
            (lambda: cmlp.InverseScaling("x"), "power must be a positive number, got 'x'"),
            (lambda: cmlp.Adaptive(0), "rate must be a positive number, got 0"),
            (lambda: cmlp.Adaptive(patience=0), "patience must be a positive integer below 2**31, got 0"),
            (lambda: cmlp.Adaptive(tolerance=-1), "tolerance must be at least 0, got -1"),
            (lambda: cmlp.Cosine(-1), "warm_up must be at least 0, got -1"),
            (lambda: cmlp.Cosine(lowest=1.5), "lowest must be in [0, 1], got 1.5"),
            (lambda: cmlp.OneCycle(1), "rise must be in [0, 1), got 1"),
            (lambda: cmlp.OneCycle(lowest=-1), "lowest must be in [0, 1], got -1"),
            (
                lambda: find_schedule("linear"),
                'schedule must be one of "constant", "step", "exponential", "invscaling", "adaptive", "cosine" or '
                "\"one_cycle\", got 'linear'",
            ),
            (lambda: find_schedule(7), "schedule must be a name, a schedule or a function of the step, got 7"),
        ],
    )
    def test_complaints(self, make, message):
        with pytest.raises(ModelError) as error:
            make()
        assert str(error.value) == message


def test_functions_of_other_values_have_other_fingerprints():
    def of(k):
        return lambda step: 1 / (1 + step / k)

    def power(step, k):
        return k**step

    class Falling:
        def __init__(self, k):
            self.k = k

        def __call__(self, step):
            return self.k**step

    makers = [of, lambda k: partial(power, k=k), Falling]
    kinds = [int, float, np.int64, np.float32]
    for make, kind in product(makers, kinds):
        one, same, other = (find_schedule(make(kind(k))).describe() for k in (100, 100, 200))
        assert one == same != other, (make, kind)


def test_a_function_that_calls_itself_has_a_fingerprint():
    def halved(step):
        return 1.0 if step == 0 else halved(step - 1) / 2

    assert find_schedule(halved).describe()["function"]
    Network([2, 2]).train((np.eye(2), np.arange(2)), 2, 0.1, schedule=halved)


class TestWarmUpByAShare:
    """Linear from 0 over a share of all steps, then half a cosine, whatever the number of steps is."""

    @pytest.mark.parametrize("steps", [10, 97, 1000])
    def test_the_rates(self, steps):
        schedule, rising = cmlp.Cosine(warm_up_share=0.2), 0.2 * steps
        for step in range(steps):
            expected = (step + 1) / (rising + 1)
            if step >= rising:
                expected = (1 + cos(pi * (step - rising) / (steps - rising))) / 2
            assert schedule.factor(step, 7, steps) == pytest.approx(expected, rel=1e-12)

    def test_one_of_two_warm_ups(self):
        rule = "cosine has a warm-up of some epochs or of a share of the training, got warm_up=2 and warm_up_share=0.1"
        with pytest.raises(ModelError, match=f"^{rule}$"):
            cmlp.Cosine(warm_up=2, warm_up_share=0.1)
        with pytest.raises(ModelError, match=r"^warm_up_share must be in \[0, 1\), got 1$"):
            cmlp.Cosine(warm_up_share=1)

    def test_a_schedule_without_one_is_described_as_it_was(self):
        assert cmlp.Cosine(1.0).describe() == {"name": "cosine", "warm_up": 1.0, "lowest": 0.0}
        assert cmlp.Cosine(warm_up_share=0.1).describe()["warm_up_share"] == 0.1
