"""The doors of `Network` and `Dataset` that take arrays: a case of each, what it must refuse, and what it returns."""

import numpy as np
from doors.arrays import DTYPES, draw, given, shapes_of_answers
from doors.expected import ETA, LARGE, Case, Reference
from doors.rules import Refused, Unsaid, checked_images, images_of, labels_of, require, weights_of
from support import formulas
from support.formulas import LABELLED, LOSSES

import cmlp


class Doors(Reference):
    """A case of each door."""

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

    def door_evaluate(self):
        images, answers, data = self._data()

        def verify(found, expected):
            x, _, columns = expected
            self.compare([found.loss], [self.mean_loss(x, columns)], x)
            has_accuracy = self.loss in LABELLED or self.loss == "binary_cross_entropy"
            assert (found.accuracy is not None) == has_accuracy
            assert (found.r2 is not None) == (not has_accuracy and len(x) > 1)
            assert found.samples == len(x)
            assert found.accuracy is None or found.accuracy == self.network.test(data)

        rule = self._careful(lambda: self._learned(images, answers))
        return self._case("evaluate", [images, answers], lambda: self.network.evaluate(data), rule, verify)

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
            require(
                purpose == "validation_data" or self.loss in LABELLED or self.loss == "binary_cross_entropy", "loss"
            )
            # uint8 pixels beside floats keep the network's scale; other integers are as they are
            return self._careful(lambda: self._learned(images, answers, (self.network.scale, 1.0)))()

        def call():
            return self.network.train(
                (good.value, known.value), 1, ETA, mini_batch_size=999, **{purpose: data}, progress=False
            )

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
