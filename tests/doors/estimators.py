"""The estimators in calls of every order, with answers of every kind."""

import numpy as np
from doors.arrays import draw, lay_out, shapes_of_answers, shapes_of_images
from doors.expected import Case
from doors.rules import Refused, Unsaid, require
from scipy.sparse import csr_matrix
from support import formulas

import cmlp

FEATURES, N, ETA = 6, 12, 0.1
WORDS = np.array(["cat", "dog", "lynx"])
SETTINGS = {
    "hidden_layer_sizes": (4,), "activation": "logistic", "solver": "sgd", "momentum": 0.0, "alpha": 0.0,
    "learning_rate_init": ETA, "max_iter": 1, "shuffle": False,
}  # fmt: skip
ERRORS = (ValueError, TypeError)
LOSSES = {"softmax": "cross_entropy", "sigmoid": "binary_cross_entropy", "identity": "half_squared_error"}


def every(rng, classes, n):
    """Return labels (n,) of which all occur."""
    return rng.permutation(np.arange(n) % classes)


KINDS = {  # of answers: how n of them are drawn, and of which classes they are
    "two": (lambda rng, n: every(rng, 2, n), [0, 1]),
    "three": (lambda rng, n: every(rng, 3, n).astype(rng.choice(["i1", "u1", "i4", "u8"])), [0, 1, 2]),
    "from 3": (lambda rng, n: every(rng, 3, n) * 2 + 3, [3, 5, 7]),
    "words": (lambda rng, n: WORDS[every(rng, 3, n)], list(WORDS)),
    "two words": (lambda rng, n: WORDS[every(rng, 2, n)], list(WORDS[:2])),
    "objects": (lambda rng, n: WORDS[every(rng, 3, n)].astype(object), list(WORDS)),
    "bools": (lambda rng, n: every(rng, 2, n) == 1, [False, True]),
    "floats": (lambda rng, n: every(rng, 3, n).astype(rng.choice(["f4", "f8"])), [0, 1, 2]),
    "one": (lambda rng, n: np.full(n, 4), [4]),
    "two flags": (lambda rng, n: _flags(rng, n, 2), None),
    "three flags": (lambda rng, n: _flags(rng, n, 3), None),
}
NUMBERS_OF = {"number": 1, "two numbers": 2, "three numbers": 3}
FLAT = (
    "C",
    "columns apart",
    "rows apart",
    "reversed",
    "swapped bytes",
    "read-only",
    "subclass",
    "lists",
    "frame",
    "memory map",
    "misaligned",
)


def _flags(rng, n, labels):
    flags = rng.integers(0, 2, (n, labels)).astype(rng.choice(["i8", "i1", "f8", "?"]))
    flags[0], flags[1] = 0, 1
    return flags


class Sequence:
    """An estimator, and some calls of it."""

    def __init__(self, rng):
        self.rng, self.kind = rng, None
        self.classifies = rng.random() < 0.7
        self.warm, self.seed = bool(rng.random() < 0.4), int(rng.integers(100))
        made = cmlp.MLPClassifier if self.classifies else cmlp.MLPRegressor
        self.model = made(**SETTINGS, warm_start=self.warm, random_state=self.seed)

    def cases(self):
        """Yield the calls, each from what the calls before it have made of the estimator."""
        calls = [self.fit, self.partial_fit, self.predict, self.predict, self.score]
        for place in range(self.rng.integers(2, 6)):
            begins = place == 0 and self.rng.random() < 0.9
            yield calls[self.rng.integers(2 if begins else len(calls))]()

    # ------------------------------------------------------------------------------------------------ what is given

    def samples(self, n, good):
        if not good:
            return draw(self.rng, shapes_of_images(n, FEATURES))
        return draw(self.rng, [(n, FEATURES)], dtypes=["f8", "f8", "f4", "u1", "i8"], contents=("fractions", "answers"))

    def answers(self, n):
        """Return answers and their kind, or None for arrays of any kind."""
        if self.rng.random() < 0.2:
            return draw(self.rng, shapes_of_answers(n, 3)), None
        if self.kind not in (None, "other") and self.rng.random() < 0.6:
            kind = self.kind
        else:
            kind = str(self.rng.choice(list(KINDS if self.classifies else NUMBERS_OF)))
        if self.classifies:
            return lay_out(self.rng, KINDS[kind][0](self.rng, n), sparse=KINDS[kind][1] is None), kind
        shape = (n,) if NUMBERS_OF[kind] == 1 else (n, NUMBERS_OF[kind])
        return draw(self.rng, [shape], dtypes=["f8", "f4", "i4", "u1"], contents=("fractions", "negative")), kind

    def weights(self, n):
        if self.rng.random() < 0.7:
            return None
        if self.rng.random() < 0.5:
            return draw(self.rng, [(n,)], dtypes=["f8", "f4", "i8"], contents=("ones",), sparse=False)
        return draw(self.rng, shapes_of_answers(n, 3))

    # ------------------------------------------------------------------------------------------------ what is meant

    def checked_samples(self, samples):
        """Return the samples (n, FEATURES) as floats."""
        array = samples.meaning
        if array.dtype.kind not in "biuf":
            raise Unsaid
        require(array.ndim == 2 and array.shape[0] > 0 and array.shape[1] > 0, "shape")
        floats = array.astype(float)
        require(np.isfinite(floats).all(), "finite")
        if self.kind is not None and array.shape[1] != self.model.n_features_in_:
            raise Refused("features")
        if np.abs(floats).max() > 1e3:
            raise Unsaid
        return floats

    def columns_of(self, answers):
        """Return targets as columns (outputs, n), as the estimator is fitted."""
        array = answers.meaning
        if not self.classifies:
            return array.astype(float).reshape(len(array), -1).T
        classes = KINDS[self.kind][1]
        if classes is None:
            return array.astype(float).T
        labels = np.array([classes.index(each) for each in array.tolist()])
        if len(classes) < 3:
            return (labels == 1)[None].astype(float)
        return np.eye(len(classes))[:, labels]

    def first_parameters(self, x, outputs):
        """Return the weights and biases that scikit-learn would draw."""
        random, weights, biases = np.random.RandomState(self.seed), [], []
        for fan_in, fan_out in ((x.shape[1], 4), (4, outputs)):
            limit = np.sqrt(2 / (fan_in + fan_out))
            weights.append(random.uniform(-limit, limit, (fan_in, fan_out)).T)
            biases.append(random.uniform(-limit, limit, fan_out))
        return weights, biases

    def activations(self):
        return self.model.network_.architecture.activations

    def outputs_of(self, x):
        weights, biases = (
            [w.T.astype(float) for w in self.model.coefs_],
            [b.astype(float) for b in self.model.intercepts_],
        )
        return formulas.feedforward(weights, biases, self.activations(), x.T)[1][-1].T

    # ---------------------------------------------------------------------------------------------------- the calls

    def fit(self):
        return self._training("fit")

    def partial_fit(self):
        return self._training("partial_fit")

    def _training(self, name):
        n = int(self.rng.choice([N, N, 3 * N]))
        samples, (answers, kind), weights = self.samples(n, self.rng.random() < 0.7), self.answers(n), self.weights(n)
        fresh = self.kind is None or (name == "fit" and not self.warm)
        before = None if fresh else formulas.parameters(self.model.network_)
        arguments = {} if weights is None else {"sample_weight": weights.value}
        if name == "partial_fit" and self.classifies and kind is not None and KINDS[kind][1] is not None and fresh:
            arguments["classes"] = KINDS[kind][1]

        def rule():
            if kind is None:
                raise Unsaid
            if fresh:
                known, self.kind = self.kind, None
                try:
                    x = self.checked_samples(samples)
                finally:
                    self.kind = known
            else:
                x = self.checked_samples(samples)
                require(_fits(self.kind, kind, name), f"{kind} after {self.kind}")
            require(len(x) == len(answers.meaning), "length")
            if weights is None:
                return x, None
            shape, real = weights.meaning.shape, weights.meaning.dtype.kind in "biuf"
            require(not weights.is_sparse and (not real or shape in ((len(x),), ())), "weights")
            if not real or shape == ():
                raise Unsaid
            importance = weights.meaning.astype(float)
            require(np.isfinite(importance).all() and (importance >= 0).all() and importance.any(), "weights")
            if not 1e-5 < importance.max() < 1e5:
                raise Unsaid
            return x, importance

        def call():
            try:
                return getattr(self.model, name)(samples.value, answers.value, **arguments)
            finally:
                self._note(kind)

        def verify(found, expected):
            x, importance = expected
            columns = self.columns_of(answers)
            single = self.model.network_.dtype == np.float32
            start = self.first_parameters(x, len(columns)) if before is None else before
            loss = LOSSES[self.activations()[-1]]
            nabla = formulas.gradient(*start, self.activations(), loss, x.T, columns, importance=importance)
            for layers, gradients, after in zip(start, nabla, formulas.parameters(self.model.network_), strict=True):
                for p, g, a in zip(layers, gradients, after, strict=True):
                    np.testing.assert_allclose(
                        a, p - ETA * g, rtol=1e-3 if single else 1e-8, atol=1e-3 if single else 1e-9
                    )

        return self._case(name, [samples, answers] + ([] if weights is None else [weights]), call, rule, verify)

    def _note(self, kind):
        """Note what the estimator has been fitted with; of arrays of any kind, what they were is found out."""
        if not hasattr(self.model, "network_"):
            self.kind = None
        elif kind is None or not self._is_of(kind):
            self.kind = next(
                (each for each in (KINDS if self.classifies else NUMBERS_OF) if self._is_of(each)), "other"
            )
        else:
            self.kind = kind

    def _is_of(self, kind):
        if not self.classifies:
            return self.model.n_outputs_ == NUMBERS_OF[kind]
        classes, several = KINDS[kind][1], self.model._label_binarizer.y_type_.startswith("multilabel")
        if several or classes is None:
            return several and classes is None and self.model.n_outputs_ == (2 if kind == "two flags" else 3)
        return self.model.classes_.tolist() == classes

    def predict(self):
        samples = self.samples(N, self.rng.random() < 0.5)
        method = ["predict", "predict_proba", "predict_log_proba"][self.rng.integers(3 if self.classifies else 1)]

        def rule():
            require(self.kind is not None, "not fitted")
            return self.checked_samples(samples)

        def verify(found, x):
            outputs = self.outputs_of(x)
            several = self.classifies and self.model._label_binarizer.y_type_.startswith("multilabel")
            close = (
                {"rtol": 2e-3, "atol": 1e-4}
                if self.model.network_.dtype == np.float32
                else {"rtol": 1e-8, "atol": 1e-9}
            )
            if not self.classifies:
                np.testing.assert_allclose(found, outputs[:, 0] if outputs.shape[1] == 1 else outputs, **close)
                return
            classes = self.model.classes_
            if outputs.shape[1] == 1 and not several:
                outputs = np.hstack([1 - outputs, outputs]) if len(classes) == 2 else np.ones_like(outputs)
            if method != "predict":
                expected = outputs if method == "predict_proba" else np.log(outputs)
                np.testing.assert_allclose(found, expected, **close)
                return
            if several:
                assert found.shape == outputs.shape
                assert (np.abs(outputs - 0.5) < 1e-4)[found != (outputs > 0.5)].all()
            else:
                assert found.shape == (len(x),)
                chosen = outputs[np.arange(len(x)), np.searchsorted(classes, found)]
                assert (chosen >= outputs.max(axis=1) - 1e-4).all()

        return self._case(method, [samples], lambda: getattr(self.model, method)(samples.value), rule, verify)

    def score(self):
        samples, (answers, kind) = self.samples(N, self.rng.random() < 0.7), self.answers(N)

        def rule():
            require(self.kind is not None, "not fitted")
            x = self.checked_samples(samples)
            if kind != self.kind or len(x) != len(answers.meaning) or (answers.is_sparse and not self.classifies):
                raise Unsaid
            if answers.meaning.ndim == 2 and self.classifies:
                try:
                    csr_matrix(answers.value)
                except (TypeError, ValueError) as error:  # scikit-learn's metrics make it one
                    raise Unsaid from error
            return x

        def verify(found, x):
            columns, predicted = self.columns_of(answers), self.model.predict(samples.value)
            if self.classifies:
                right = predicted == answers.meaning
                expected = (right.all(axis=1) if right.ndim == 2 else right).mean()
            else:
                of, found_of = columns.T, predicted.reshape(len(x), -1)
                total = ((of - of.mean(axis=0)) ** 2).sum(axis=0)
                if (total <= 1e-12 * (of**2).sum(axis=0)).any():  # the same numbers everywhere, but for rounding
                    return
                expected = np.mean(1 - ((of - found_of) ** 2).sum(axis=0) / total)
            np.testing.assert_allclose(found, expected, rtol=1e-4, atol=1e-6)

        return self._case(
            "score", [samples, answers], lambda: self.model.score(samples.value, answers.value), rule, verify
        )

    def _case(self, name, given, call, rule, verify):
        return EstimatorCase(
            f"{type(self.model).__name__}.{name}", self.model, given, call, rule, verify, errors=ERRORS
        )


class EstimatorCase(Case):
    """A call of an estimator, whose sentences are scikit-learn's in part."""

    one_sentence = False

    def state(self):
        model = self.network
        known = {name: value for name, value in vars(model).items() if name not in ("network_", "_memory", "history_")}
        network = getattr(model, "network_", None)
        inside = None if network is None else (
            network.engine.parameters.tobytes(), str(network.rng.bit_generator.state), network.class_names,
            sorted(network.settings.items(), key=str),
        )  # fmt: skip
        return {name: repr(value) for name, value in known.items()}, inside, len(getattr(model, "loss_curve_", ()))


def _fits(before, after, call):
    """Return whether an estimator can go on from answers of one kind with those of another."""
    if before == after:
        return True
    if before == "other":
        raise Unsaid
    if before in NUMBERS_OF or KINDS[before][1] is None or KINDS[after][1] is None:
        return False
    known, new = ([str(each) for each in KINDS[kind][1]] for kind in (before, after))
    if any(isinstance(each, bool) for kind in (before, after) for each in KINDS[kind][1]):
        raise Unsaid  # for Python, True is 1
    return known == new if call == "fit" else set(new) <= set(known)
