"""The doors of `Network` and `Dataset` that take arrays: a case of each, what it must refuse, and what it returns."""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from doors.arrays import DTYPES, NUMBERS, draw, given, shapes_of_answers, shapes_of_images
from doors.rules import Refused, Unsaid, checked_images, images_of, labels_of, require, targets_of, weights_of
from support import formulas
from support.formulas import LABELLED, LOSSES

import cmlp

SIZES, ETA = (1, 2, 5, 5, 5, 37, 300), 0.1
KINDS = [
    {"sizes": [6, 5, 3]},
    {"sizes": [6, 4, 3], "activation": "relu", "loss": "cross_entropy", "dtype": "float32"},
    {"sizes": [6, 3], "loss": "cross_entropy"},
    {"sizes": [64, 7, 3], "dtype": "float32"},
    {"sizes": [1, 2, 3], "activation": "tanh"},
    {"sizes": [6, 3, 2], "activation": "tanh", "loss": "binary_cross_entropy"},
    {"sizes": [6, 4, 2], "activation": "gelu", "loss": "mean_squared_error", "dtype": "float32"},
    {"sizes": [6, 4, 1], "activation": ["silu", "softplus"], "loss": "poisson"},
]
LARGE = 1e6  # from which on rounding decides too much to be compared
WELL = {"dtypes": ["f8", "f8", "f4", "u1", "i4"]}


@dataclass
class Case:
    """A call that is to be tried.

    `rule` raises `Refused` or `Unsaid`, or returns what `verify` gets beside the result.
    """

    name: str
    network: Any
    given: list[Any]
    call: Callable[[], Any]
    rule: Callable[[], Any]
    verify: Callable[[Any, Any], None]
    may_change: bool = False  # even if it is refused: the steps before it were taken
    errors: tuple[type[Exception], ...] = field(default=(cmlp.CmlpError,))

    one_sentence = True  # whether every error is one

    def state(self):
        """Return what a refused call must not change."""
        network = self.network
        settings = sorted(network.settings.items())
        return network.engine.parameters.tobytes(), str(network.rng.bit_generator.state), network.scale, settings

    def __str__(self):
        return f"{self.name} of {self.network}: {'; '.join(each.description for each in self.given)}"


class Doors:
    """A network, and cases of it.

    Parameters
    ----------
    rng : numpy.random.Generator
        Draws everything.
    """

    def __init__(self, rng):
        self.rng, self.n = rng, int(rng.choice(SIZES))
        kind = KINDS[rng.integers(len(KINDS))]
        self.network = cmlp.Network(**kind, seed=int(rng.integers(100)))
        self.features, self.outputs, self.loss = kind["sizes"][0], kind["sizes"][-1], self.network.architecture.loss
        if rng.random() < 0.3:  # as if it had been trained with integers
            self.network.settings = {"input": "uint8"}
        scale = self.network.scale
        self.scales = (scale, scale if self.network.settings else 1.0)
        self.weights, self.biases = formulas.parameters(self.network)

    # ------------------------------------------------------------------------------------------------- what is given

    def images(self, good):
        if good:
            contents = ("fractions",) if self.rng.random() < 0.7 else ("fractions", "bytes", "zeros")
            return draw(self.rng, [(self.n, self.features)], **WELL, contents=contents)
        return draw(self.rng, shapes_of_images(self.n, self.features))

    def answers(self, good):
        if not good:
            return draw(self.rng, shapes_of_answers(self.n, self.outputs))
        if self.loss in LABELLED:
            if self.rng.random() < 0.3:
                return draw(self.rng, [(self.n, self.outputs)], dtypes=NUMBERS, contents=("one-hot",), sparse=False)
            return draw(self.rng, [(self.n,), (self.n, 1)], dtypes=NUMBERS[1:], contents=("labels",), sparse=False)
        contents = ("answers",) if self.loss == "binary_cross_entropy" else ("fractions", "answers")
        shapes = [(self.n, self.outputs), (self.n, self.outputs, 1)]
        return draw(self.rng, shapes, dtypes=["f8", "f4", "i4", "u1"], contents=contents, sparse=False)

    def weights_or_none(self):
        if self.rng.random() < 0.5:
            return None
        if self.rng.random() < 0.5:
            return draw(self.rng, [(self.n,)], dtypes=NUMBERS, contents=("fractions", "answers", "ones"))
        return draw(self.rng, shapes_of_answers(self.n, self.outputs))

    def both(self):
        """Return images and answers, of which one is well-formed at least in half of the cases."""
        which = self.rng.integers(5)
        return self.images(which not in (0, 1)), self.answers(which not in (1, 2))

    def as_data(self, images, answers):
        """Return data of one of the forms that a network learns from, and whether NumPy can say what they mean."""
        by_rows = not _has_columns(images, answers)
        if all(each.is_array or each.is_sparse for each in (images, answers)) and (self.rng.random() < 0.7 or not by_rows):
            return (images.value, answers.value)
        if not by_rows or not images.meaning.ndim or not answers.meaning.ndim:
            return None
        pairs = list(zip(images.value, answers.value, strict=False))
        images.meaning, answers.meaning = (
            np.asarray(list(each.meaning[: len(pairs)])) if each.meaning.dtype == "O" else each.meaning[: len(pairs)]
            for each in (images, answers)
        )
        return pairs

    # -------------------------------------------------------------------------------------------- what NumPy says

    def numbers_of(self, answers, n):
        """Return labels (n,) or targets (n, outputs), and targets as columns (outputs, n)."""
        if self.loss in LABELLED:
            labels = labels_of(answers, self.outputs, n)
            return labels, np.eye(self.outputs)[:, labels]
        targets = targets_of(answers, self.outputs, n, *self.network.architecture.target_range)
        return targets, targets.T

    def rounded(self, x):
        """Return images as columns in the type of the computation, in which what is smaller than all normal numbers is 0."""
        single = x.T.astype(self.network.dtype)
        return np.where(np.abs(single) < np.finfo(single.dtype).tiny, 0, single).astype(float)

    def outputs_of(self, x, weights=None, biases=None):
        with np.errstate(all="ignore"):
            layers = formulas.feedforward(
                self.weights if weights is None else weights, self.biases if biases is None else biases,
                self.network.architecture.activations, self.rounded(x),
            )[1]  # fmt: skip
        return layers[1:]

    def mean_loss(self, x, columns, parameters=(None, None)):
        with np.errstate(all="ignore"):
            return np.mean(LOSSES[self.loss](self.outputs_of(x, *parameters)[-1], columns))

    def step(self, x, columns, importance=None):
        """Return the parameters after a step."""
        activations = self.network.architecture.activations
        with np.errstate(all="ignore"):
            nabla = formulas.gradient(
                self.weights, self.biases, activations, self.loss, self.rounded(x), columns, importance=importance
            )
        return [[p - ETA * g for p, g in zip(*part, strict=True)] for part in zip((self.weights, self.biases), nabla, strict=True)]

    def tolerance(self, x):
        """Return how far results may be from those of NumPy, or infinity where they need not be compared."""
        largest = np.abs(x).max(initial=0)
        if not largest <= LARGE:
            return np.inf
        return 1000 * np.finfo(self.network.dtype).eps * (1 + largest)

    def compare(self, found, expected, x):
        """Compare arrays of the same shapes, as far as NumPy can say what they are."""
        tolerance = self.tolerance(x)
        for a, e in zip(found, expected, strict=True):
            assert np.shape(a) == np.shape(e), f"shape {np.shape(a)} instead of {np.shape(e)}"
            if not np.isfinite(e).all() or np.isinf(tolerance):
                return
            far = np.abs(np.asarray(a, float) - e).max(initial=0)
            assert far <= tolerance * max(1, np.abs(e).max(initial=0)), f"off by {far}"

    def compare_parameters(self, expected, x):
        self.compare(formulas.parameters(self.network)[0], expected[0], x)
        self.compare(formulas.parameters(self.network)[1], expected[1], x)

    # ----------------------------------------------------------------------------------------------- the doors

    def cases(self):
        """Yield a case of any door."""
        doors = [name for name in dir(type(self)) if name.startswith("door_")]
        yield getattr(self, doors[self.rng.integers(len(doors))])()

    def _case(self, name, given, call, rule, verify, **more):
        return Case(name, self.network, given, call, rule, verify, **more)

    def door_call(self):
        images, threads = self.images(False), [None, 1, 2][self.rng.integers(3)]

        def verify(found, expected):
            x, single = expected
            outputs = self.outputs_of(x)[-1].T
            self.compare([found], [outputs[0] if single else outputs], x)

        return self._case(
            "call", [images], lambda: self.network(images.value, threads),
            lambda: images_of(images, self.features, self.scales), verify,
        )  # fmt: skip

    def door_feedforward(self):
        images = self.images(False)

        def rule():
            require(not images.is_sparse, "sparse")
            return images_of(images, self.features, self.scales)

        def verify(found, expected):
            x, single = expected
            layers = [layer.T[0] if single else layer.T for layer in [x.T, *self.outputs_of(x)]]
            self.compare(self.network.activations, layers, x)
            assert found is self.network.activations[-1]

        return self._case("feedforward", [images], lambda: self.network.feedforward(images.value), rule, verify)

    def door_predict(self):
        images = self.images(False)

        def rule():
            x, single = images_of(images, self.features, self.scales)
            if not np.isfinite(self.outputs_of(x)[-1]).all() or np.isinf(self.tolerance(x)):
                raise Unsaid
            return x, single

        def verify(found, expected):
            x, single = expected
            outputs = self.outputs_of(x)[-1].T
            if self.loss in LABELLED:
                found = np.atleast_1d(found)
                assert found.shape == (len(x),)
                chosen = outputs[np.arange(len(x)), found]
                assert (chosen >= outputs.max(axis=1, initial=-np.inf) - self.tolerance(x)).all()
            elif self.loss == "binary_cross_entropy":
                assert found.shape == (outputs[0] if single else outputs).shape
                wrong = (outputs > 0.5) != found.reshape(outputs.shape)
                assert (np.abs(outputs[wrong] - 0.5) < self.tolerance(x)).all()
            else:
                self.compare([found], [outputs[0] if single else outputs], x)

        return self._case("predict", [images], lambda: self.network.predict(images.value), rule, verify)

    def _apart(self, images, answers):
        """Return images, labels and columns of targets that are given apart; one image has one answer."""
        x, single = images_of(images, self.features, self.scales)
        if images.is_sparse and not len(x):
            raise Refused("empty")
        require(np.isfinite(x).all() and x.size, "finite")
        if single:
            answers = given(answers.meaning[None] if not answers.is_sparse else answers.value)
        return x, *self.numbers_of(answers, len(x))

    def door_loss(self):
        images, answers = self.both()

        def verify(found, expected):
            x, _, columns = expected
            assert isinstance(found, float)
            self.compare([found], [self.mean_loss(x, columns)], x)

        return self._case(
            "loss", [images, answers], lambda: self.network.loss(images.value, answers.value),
            lambda: self._apart(images, answers), verify,
        )  # fmt: skip

    def _careful(self, rule):
        """Return a rule that leaves open what happens to a loss that is not finite, or nearly so."""

        def with_losses():
            x, answers, columns, *more = rule()
            after = self.step(x, columns)
            known = [self.mean_loss(x, columns), *map(np.max, map(np.abs, after[0]))]
            if not np.isfinite(known).all() or max(known) > LARGE or np.isinf(self.tolerance(x)):
                raise Unsaid
            return x, answers, columns, *more

        return with_losses

    def door_gradient(self):
        images, answers = self.both()

        def verify(found, expected):
            x, _, columns = expected
            moved = self.step(x, columns)
            for nabla, before, after in zip(found, (self.weights, self.biases), moved, strict=True):
                self.compare(nabla, [(b - a) / ETA for a, b in zip(after, before, strict=True)], x)

        return self._case(
            "gradient", [images, answers], lambda: self.network.gradient(images.value, answers.value),
            self._careful(lambda: self._apart(images, answers)), verify,
        )  # fmt: skip

    def _learned(self, images, answers, scales=None):
        """Return images, answers and columns of targets of data to learn from."""
        x = checked_images(images, self.features, self.scales if scales is None else scales)
        return x, *self.numbers_of(answers, len(x))

    def _data(self):
        images, answers = self.both()
        data = self.as_data(images, answers)
        while data is None:
            images, answers = self.both()
            data = self.as_data(images, answers)
        return images, answers, data

    def door_test(self):
        images, answers, data = self._data()

        def rule():
            require(self.loss in LABELLED or self.loss == "binary_cross_entropy", "accuracy")
            return self._careful(lambda: self._learned(images, answers))()

        def verify(found, expected):
            x, known, _ = expected
            outputs = self.outputs_of(x)[-1].T
            right = outputs.argmax(axis=1) == known if self.loss in LABELLED else (outputs > 0.5) == (known > 0.5)
            doubtful = np.ptp(outputs, axis=1).min() < self.tolerance(x) or self.tolerance(x) > 1e-3
            assert 0 <= found <= 100
            assert doubtful or abs(found - 100 * right.mean()) < 1e-9, f"{found} instead of {100 * right.mean()}"

        return self._case("test", [images, answers], lambda: self.network.test(data), rule, verify)

    def door_gradient_step(self):
        images, answers, data = self._data()

        def verify(found, expected):
            x, _, columns = expected
            self.compare([found], [self.mean_loss(x, columns)], x)
            self.compare_parameters(self.step(x, columns), x)

        return self._case(
            "gradient_step", [images, answers], lambda: self.network.gradient_step(data, ETA),
            self._careful(lambda: self._learned(images, answers)), verify,
        )  # fmt: skip

    def door_train_on_batches(self):
        images, answers, data = self._data()

        def verify(found, expected):
            x, _, columns = expected
            self.compare(found, [self.mean_loss(x, columns)], x)
            self.compare_parameters(self.step(x, columns), x)

        return self._case(
            "train_on_batches", [images, answers], lambda: self.network.train_on_batches([data], ETA),
            self._careful(lambda: self._learned(images, answers)), verify, may_change=True,
        )  # fmt: skip

    def _seen(self, x, images):
        """Return images as the training has seen them: integers times the scale that it found."""
        if images.meaning.dtype.kind not in "iu" or self.network.settings["input"] == "float":
            return x
        assert self.network.scale in (1, 1 / 16, 1 / 255, 1 / 65535)
        return x * self.network.scale

    def door_train(self):
        images, answers, data = self._data()
        weights = self.weights_or_none()
        settings = {"optimizer": ["sgd", "adam", "lbfgs"][self.rng.choice(3, p=[0.8, 0.1, 0.1])], "progress": False}
        given = [images, answers] + ([] if weights is None else [weights])

        def rule():
            x, known, columns = self._careful(lambda: self._learned(images, answers, (1.0, 1.0)))()
            importance = None if weights is None else weights_of(weights, len(x), self.network.dtype)
            if settings["optimizer"] == "lbfgs" or (importance is not None and importance.max() > LARGE):
                raise Unsaid
            return x, known, columns, importance

        def call():
            value = None if weights is None else weights.value
            return self.network.train(data, 1, ETA, mini_batch_size=999, sample_weight=value, **settings)

        def verify(found, expected):
            x, _, columns, importance = expected
            x = self._seen(x, images)
            with np.errstate(all="ignore"):
                losses = LOSSES[self.loss](self.outputs_of(x)[-1], columns)
            self.compare(found.loss, [np.average(losses, weights=importance)], x)
            if settings["optimizer"] == "sgd":
                self.compare_parameters(self.step(x, columns, importance), x)

        return self._case("train", given, call, rule, verify)

    def door_train_with_other_data(self):
        """Validation and test data are fuzzed, and what is trained with is well-formed."""
        good = given(self.rng.random((self.n, self.features)))
        known = self.answers(True)
        while known.meaning.shape[0] != self.n or not known.is_array:
            known = self.answers(True)
        images, answers, data = self._data()
        purpose = ["validation_data", "test_data"][self.rng.integers(2)]

        def rule():
            require(purpose == "validation_data" or self.loss in LABELLED or self.loss == "binary_cross_entropy", "loss")
            # uint8 pixels beside floats keep the network's scale; other integers are as they are
            return self._careful(lambda: self._learned(images, answers, (self.network.scale, 1.0)))()

        def call():
            return self.network.train((good.value, known.value), 1, ETA, mini_batch_size=999, **{purpose: data}, progress=False)

        def verify(found, expected):
            x, _, columns = expected
            if purpose == "validation_data":
                after = formulas.parameters(self.network)
                self.compare(found.validation_loss, [self.mean_loss(x, columns, after)], x)
            else:
                assert 0 <= found.test_accuracy[0] <= 100

        return self._case(purpose, [images, answers], call, rule, verify)

    def door_dataset(self):
        images, answers = self.both()

        def rule():
            x = checked_images(images, int(np.prod(images.meaning.shape[1:])), (1.0, 1.0))
            require(not images.is_sparse, "sparse")
            array = answers.meaning
            classes = self.outputs
            return x, labels_of(answers, classes, len(x)), array

        def verify(found, expected):
            x, labels, _ = expected
            assert np.array_equal(found.labels, labels) and len(found) == len(x)
            factor = found.scale if found.images.dtype == np.uint8 else 1.0
            largest = np.abs(x).max()
            np.testing.assert_allclose(found.images * factor, x * found.scale, rtol=1e-6, atol=1e-12 * largest)

        return self._case(
            "Dataset", [images, answers], lambda: cmlp.Dataset(images.value, answers.value, classes=self.outputs),
            rule, verify,
        )  # fmt: skip

    def _small_dataset(self):
        """Return a Dataset of what may be given to it, or another."""
        images, answers = self.images(self.rng.random() < 0.5), self.answers(True)
        try:
            return images, cmlp.Dataset(images.value, answers.value)
        except cmlp.DataError:
            images = given(self.rng.random((self.n, 6)))
            return images, cmlp.Dataset(images.value, np.zeros(self.n, int))

    def door_check(self):
        images, dataset = self._small_dataset()

        def verify(found, _):
            assert isinstance(found, cmlp.Report) and str(found)

        return self._case("check", [images], lambda: cmlp.check(dataset, progress=False), lambda: None, verify)

    def door_index(self):
        images, dataset = self._small_dataset()
        chosen = draw(self.rng, shapes_of_answers(self.n, self.outputs), dtypes=DTYPES[:15], sparse=False)

        def rule():
            numbers, n = chosen.meaning, len(dataset)
            if not numbers.size or numbers.dtype == np.uint64:  # of which NumPy takes the largest for -1
                raise Unsaid
            whole = numbers.dtype.kind in "iu" and (numbers >= -n).all() and (numbers < n).all()
            mask = numbers.dtype.kind == "b" and numbers.shape == (n,)
            require(numbers.ndim == 1 and (whole or mask), "index")
            return numbers

        def verify(found, index):
            assert np.array_equal(found.labels, dataset.labels[index])
            assert np.array_equal(found.images, dataset.images[index])

        return self._case(
            "index", [images, chosen], lambda: dataset[chosen.meaning], rule, verify, errors=(IndexError, TypeError)
        )  # fmt: skip


def _has_columns(*given):
    """Return whether one goes through something of them by other parts than rows, or not at all."""
    return any(each.is_sparse or hasattr(each.value, "iloc") or not hasattr(each.value, "__iter__") for each in given)
