"""The classifier of scikit-learn's kind."""

from collections.abc import Callable, Sequence
from numbers import Real
from os import PathLike
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray
from sklearn.base import ClassifierMixin, _fit_context
from sklearn.preprocessing import LabelBinarizer
from sklearn.utils import compute_sample_weight
from sklearn.utils._param_validation import StrOptions
from sklearn.utils.metaestimators import available_if
from sklearn.utils.multiclass import check_classification_targets, type_of_target, unique_labels

from cmlp.data.validation import check_class_names
from cmlp.errors import DataError
from cmlp.estimators.base import MultilayerPerceptron
from cmlp.estimators.parameters import NOT_NEGATIVE, Number, keep_parameters
from cmlp.model.architecture import MULTILABEL, NormalizationName
from cmlp.model.samples import Samples
from cmlp.training.callbacks import Callback
from cmlp.training.distortions import Distortions
from cmlp.training.optimizers import Optimizer
from cmlp.training.schedules import Schedule, ScheduleName
from cmlp.utils.suggestions import suggest_keywords


class MLPClassifier(ClassifierMixin, MultilayerPerceptron):  # type: ignore[misc]
    """A multilayer perceptron that tells classes apart, with the parameters of scikit-learn's [1]_ and some more.

    Two classes are one logistic output, more classes are softmax outputs, and several labels per sample are as many
    logistic outputs. What is minimised is the mean log-loss plus ``alpha / 2 * sum(w**2)`` over the samples of a
    mini-batch.

    Parameters
    ----------
    hidden_layer_sizes : int or sequence of int, default (100,)
        Units of each hidden layer; ``()`` is logistic regression.
    activation : str or sequence of str, default "relu"
        Activation of all hidden layers, or of each of them: identity, logistic, tanh, relu, leaky_relu (slope 0.01),
        elu, gelu, silu, softplus or exponential.
    solver : str or Optimizer, default "adam"
        One of adam, sgd and lbfgs as in scikit-learn; momentum, nesterov, rmsprop, adamw or nadam with their usual
        settings; or one of cmlp's optimizers with its own, such as ``cmlp.AdamW(weight_decay=0.1)``.
    alpha : float, default 0.0001
        Strength of the L2 penalty on the weights.
    batch_size : int or "auto", default "auto"
        Samples per step; "auto" is 200, or all of fewer.
    learning_rate : {"constant", "invscaling", "adaptive"}, default "constant"
        How sgd changes its learning rate after an epoch: not at all; to ``learning_rate_init / (t_ + 1)**power_t``; or
        to a fifth whenever training would otherwise stop, until it is below 1e-6.
    learning_rate_init : float, default 0.001
        Learning rate of the first step.
    power_t : float, default 0.5
        Exponent of "invscaling".
    max_iter : int, default 200
        Maximum number of epochs, or of iterations of lbfgs.
    shuffle : bool, default True
        Whether the samples are reshuffled before each epoch.
    random_state : int, RandomState or None, optional
        Source of the weights, which are scikit-learn's of the same number, of the order of the samples, of dropout and
        of the validation split. None takes NumPy's global generator, as everywhere in scikit-learn.
    tol : float, default 1e-4
        How much the loss, or the validation score, must improve to count; with lbfgs, the largest element of a gradient
        at which training ends.
    verbose : bool, default False
        Whether to print the loss of each epoch.
    warm_start : bool, default False
        Whether `fit` goes on with the weights of the last one.
    momentum : float, default 0.9
        Momentum of sgd, in [0, 1].
    nesterovs_momentum : bool, default True
        Whether it is Nesterov's.
    early_stopping : bool, default False
        Whether the score on validation data decides when to stop, and which weights are kept: those with the best.
    validation_fraction : float, default 0.1
        Fraction of the samples that is split off as validation data, unless `fit` is given others.
    beta_1 : float, default 0.9
        Decay of adam's moving average of the gradient, in [0, 1).
    beta_2 : float, default 0.999
        Decay of adam's moving average of the squared gradient, in [0, 1).
    epsilon : float, default 1e-8
        Added to adam's denominator.
    n_iter_no_change : int or inf, default 10
        Epochs without an improvement after which training stops.
    max_fun : int, default 15000
        Maximum number of evaluations of the loss by lbfgs.
    dropout : float or sequence of float, default 0.0
        Fraction of the units of all hidden layers, or of each, that is left out in each step, in [0, 1).
    normalization : {"batch", "none"} or sequence of them, optional
        Batch normalisation of all hidden layers, or of each, as for `Network`; a fit ends with it folded into
        `coefs_` and `intercepts_`. By default none.
    class_weight : dict, list of dict or "balanced", optional
        Factor of the loss of each class, by default 1; with several labels per sample, a dict for each label.
        "balanced" gives all classes the same total weight.
    schedule : str, Schedule or function of the step, optional
        What the learning rate is multiplied by, as for `Network.train`; needs learning_rate="constant".
    l1 : float, default 0.0
        Strength of an L1 penalty on the weights.
    max_norm : float, optional
        Maximum norm of a unit's incoming weights.
    clip_norm, clip_value : float, optional
        Maximum norm of a gradient, and maximum absolute value of its elements.
    label_smoothing : float, default 0.0
        Fraction of each label's 1 that is shared among all classes, in [0, 1).
    averaging : float, default 0.0
        Decay of the exponential moving average of the parameters, in [0, 1); the fit ends with the average.
    distortions : Distortions, True or "default"; optional
        How pictures are distorted, afresh in each epoch; True and "default" stand for ``cmlp.Distortions()``.
    picture_shape : (int, int) or (int, int, int), optional
        Height and width of the pictures that are distorted, or these and the number of channels, behind or in front; by
        default that of `distortions`, or a square.
    threads : int, optional
        Number of threads that share the samples; it does not change a bit of the result. None is one where there is
        little to do, otherwise OMP_NUM_THREADS, which joblib sets in its workers, or one per processor.
    callbacks : function of an Event, object with on_epoch_end or on_batch_end, or list of them, optional
        Training stops if one returns True. The estimator can predict and be cloned there, but not be fitted; parameters
        that are set there are those of the next fit.
    checkpoint : str or path, optional
        File to which `fit` is written from time to time, as for `Network.train`.
    checkpoint_every : int or str, default 1
        Epochs between two checkpoints, or the time between them, such as "5min".
    resume : bool, default False
        Whether `fit` goes on from the checkpoint, if there is one. Data and parameters must be the same, of which only
        max_iter may be larger; so must a number as random_state, while None goes on from any.
    progress : bool or "curve", default False
        Whether to show progress, as for `Network.train`; None does on a terminal or in a notebook only.

    Attributes
    ----------
    classes_ : ndarray (n_classes,)
        The classes in ascending order, or the numbers of the labels.
    network_ : Network
        The fitted network.
    coefs_, intercepts_ : list of ndarray (fan_in, fan_out) and (fan_out,)
        Views of its weights and biases, into which assigned values are written.
    loss_ : float
        Loss of the last epoch, penalties included.
    best_loss_ : float or None
        The lowest loss; None if the validation score decided.
    loss_curve_ : list of float
        Loss of each epoch.
    validation_scores_ : list of float or None
        Accuracy on the validation data after each epoch; None without.
    best_validation_score_ : float or None
        The best of them; None if the loss decided.
    history_ : History
        Losses, scores and durations, epoch by epoch.
    n_iter_ : int
        Epochs of the last fit.
    t_ : int
        Number of samples seen in all.
    n_layers_ : int
        Number of layers, inputs and outputs included.
    n_outputs_ : int
        Number of outputs.
    n_features_in_ : int
        Number of features.
    feature_names_in_ : ndarray of str (features,)
        Names of the features; only if all of them are strings.
    out_activation_ : str
        Activation of the output layer: softmax, or logistic for two classes and for several labels per sample.

    References
    ----------
    .. [1] `sklearn.neural_network.MLPClassifier`, of which it is no subclass.

    Examples
    --------
    >>> from cmlp import MLPClassifier
    >>> from sklearn.datasets import load_iris
    >>> X, y = load_iris(return_X_y=True)
    >>> MLPClassifier((16, 16), solver="lbfgs", max_iter=2000, random_state=0).fit(X, y).score(X, y) > 0.95
    True
    """

    _parameter_constraints = MultilayerPerceptron._parameter_constraints | {
        "class_weight": [dict, list, StrOptions({"balanced"}), None],
        "label_smoothing": [Number(Real, 0, 1, closed="left")],
    }

    @suggest_keywords
    def __init__(
        self,
        hidden_layer_sizes: int | Sequence[int] = (100,),
        activation: str | Sequence[str] = "relu",
        *,
        solver: str | Optimizer = "adam",
        alpha: float = 0.0001,
        batch_size: int | str = "auto",
        learning_rate: str = "constant",
        learning_rate_init: float = 0.001,
        power_t: float = 0.5,
        max_iter: int = 200,
        shuffle: bool = True,
        random_state: int | np.random.RandomState | None = None,
        tol: float = 1e-4,
        verbose: bool = False,
        warm_start: bool = False,
        momentum: float = 0.9,
        nesterovs_momentum: bool = True,
        early_stopping: bool = False,
        validation_fraction: float = 0.1,
        beta_1: float = 0.9,
        beta_2: float = 0.999,
        epsilon: float = 1e-8,
        n_iter_no_change: float = 10,
        max_fun: int = 15000,
        dropout: float | Sequence[float] = 0.0,
        normalization: NormalizationName | Sequence[NormalizationName | None] | None = None,
        class_weight: dict[Any, float] | list[dict[Any, float]] | str | None = None,
        schedule: ScheduleName | Schedule | Callable[[int], float] | None = None,
        l1: float = 0.0,
        max_norm: float | None = None,
        clip_norm: float | None = None,
        clip_value: float | None = None,
        label_smoothing: float = 0.0,
        averaging: float = 0.0,
        distortions: Distortions | bool | Literal["default"] | None = None,
        picture_shape: tuple[int, ...] | None = None,
        threads: int | None = None,
        callbacks: Callback | Sequence[Callback] | None = None,
        checkpoint: str | PathLike[str] | None = None,
        checkpoint_every: int | str = 1,
        resume: bool = False,
        progress: bool | Literal["curve"] | None = False,
    ) -> None:
        keep_parameters(self, locals())

    @_fit_context(prefer_skip_nested_validation=True)  # type: ignore[untyped-decorator]
    def fit(
        self, X: Any, y: Any, sample_weight: Any = None, *, X_val: Any = None, y_val: Any = None
    ) -> "MLPClassifier":
        """Train from new weights, or with `warm_start` from those of the last fit.

        A call that is refused leaves the estimator as it was. Ctrl-C ends the training with a warning, and what was
        learned is kept.

        Parameters
        ----------
        X : array_like, data frame or scipy.sparse matrix (n, features)
            The samples.
        y : array_like (n,) of classes, or (n, labels) of 0 and 1
            The classes, or the labels, of the samples.
        sample_weight : array_like (n,), optional
            Factor of the loss of each sample, by default 1.
        X_val, y_val : like X and y, optional
            Validation data, instead of a fraction of X and y. Their scores are kept in any case, and decide with
            `early_stopping`.

        Returns
        -------
        MLPClassifier
            The estimator itself.

        Raises
        ------
        ValueError
            If parameters or data break a rule, or the loss is no longer finite.
        """
        self._fit(X, y, sample_weight, X_val=X_val, y_val=y_val)
        return self

    @available_if(MultilayerPerceptron._has_epochs)  # type: ignore[untyped-decorator]
    @_fit_context(prefer_skip_nested_validation=True)  # type: ignore[untyped-decorator]
    def partial_fit(self, X: Any, y: Any, sample_weight: Any = None, classes: Any = None) -> "MLPClassifier":
        """Train for one epoch on these samples, going on with what there is.

        Parameters
        ----------
        X : array_like, data frame or scipy.sparse matrix (n, features)
            The samples.
        y : array_like (n,) of classes, or (n, labels) of 0 and 1
            The classes, or the labels, of the samples; not all classes need occur.
        sample_weight : array_like (n,), optional
            Factor of the loss of each sample, by default 1.
        classes : array_like (n_classes,), optional
            All classes that there will be; needed in the first call, unless y has several labels per sample.

        Returns
        -------
        MLPClassifier
            The estimator itself.

        Raises
        ------
        ValueError
            If parameters or data break a rule, or the loss is no longer finite.
        """
        self._fit(X, y, sample_weight, classes=classes, once=True)
        return self

    def predict(self, X: Any) -> Any:
        """Return the predicted classes.

        Parameters
        ----------
        X : array_like, data frame or scipy.sparse matrix (n, features)
            The samples.

        Returns
        -------
        ndarray
            The classes (n,), or 0 and 1 for each label (n, n_labels).

        Raises
        ------
        NotFittedError
            If the estimator is not fitted.
        ValueError
            If the samples break a rule, or an output is not a number.
        """
        outputs = self._outputs(X)
        return self._label_binarizer.inverse_transform(outputs, threshold=0.5)

    def predict_proba(self, X: Any) -> NDArray[Any]:
        """Return the probabilities of the classes.

        Parameters
        ----------
        X : array_like, data frame or scipy.sparse matrix (n, features)
            The samples.

        Returns
        -------
        ndarray
            Of shape (n, n_classes), in the order of `classes_`, or (n, n_labels).

        Raises
        ------
        NotFittedError
            If the estimator is not fitted.
        ValueError
            If the samples break a rule, or an output is not a number.
        """
        outputs: NDArray[Any] = self._outputs(X)
        if len(self.classes_) == 1:
            return np.ones_like(outputs)
        return np.hstack([1 - outputs, outputs]) if self._label_binarizer.y_type_ == "binary" else outputs

    def predict_log_proba(self, X: Any) -> NDArray[Any]:
        """Return the logarithms of the probabilities of the classes.

        Parameters
        ----------
        X : array_like, data frame or scipy.sparse matrix (n, features)
            The samples.

        Returns
        -------
        ndarray
            Of shape (n, n_classes), in the order of `classes_`, or (n, n_labels).

        Raises
        ------
        NotFittedError
            If the estimator is not fitted.
        ValueError
            If the samples break a rule, or an output is not a number.
        """
        with np.errstate(divide="ignore"):
            logarithms: NDArray[Any] = np.log(self.predict_proba(X))
        return logarithms

    def _encode(self, y: Any, classes: Any, *, first: bool, once: bool) -> tuple[NDArray[Any], dict[str, Any]]:
        """Return labels (n,) or targets (n, n_outputs_), and what is to be known of the classes."""
        check_classification_targets(y)
        multilabel = type_of_target(y) == "multilabel-indicator"
        if y.ndim != 1 and not multilabel:
            raise ValueError(f"y must be classes (n,) or 0 and 1 for each label (n, labels), got shape {y.shape}")
        if first and once and classes is None and not multilabel:
            raise ValueError("classes must be passed on the first call to partial_fit.")
        binarizer = self._new_binarizer(y, classes, multilabel) if first else self._label_binarizer
        learned = {"_label_binarizer": binarizer, "classes_": binarizer.classes_}
        learned["n_outputs_"] = 1 if binarizer.y_type_ == "binary" else len(binarizer.classes_)
        if not first and classes is not None and not np.array_equal(unique_labels(classes), self.classes_):
            raise ValueError(
                f"`classes={classes!r}` is not the same as on last call to partial_fit, was: {self.classes_!r}"
            )
        if not (first or once or multilabel) and not np.array_equal(unique_labels(y), self.classes_):
            raise ValueError(
                "warm_start can only be used where `y` has the same classes as in the previous call to fit. "
                f"Previously got {self.classes_}, `y` has {unique_labels(y)}"
            )
        return self._encode_more(y, learned, "y"), learned

    def _new_binarizer(self, y: NDArray[Any], classes: Any, multilabel: bool) -> LabelBinarizer:
        """Return what knows the classes: those that are given, or those of y."""
        if classes is None or not multilabel:
            return LabelBinarizer().fit(y if classes is None else unique_labels(classes))
        labels = np.arange(y.shape[1])
        if not np.array_equal(unique_labels(classes), labels):
            raise ValueError(f"classes must be {labels} where y has several labels per sample, got {classes!r}")
        return LabelBinarizer().fit(y)

    def _encode_more(self, y: Any, learned: dict[str, Any], name: str) -> NDArray[Any]:
        """Return the labels or the targets of classes that must be known."""
        binarizer, classes = learned["_label_binarizer"], learned["classes_"]
        multilabel = binarizer.y_type_ == "multilabel-indicator"
        if (y.ndim == 2) != multilabel or (multilabel and y.shape[1] != len(classes)):
            shape = f"(n, {len(classes)}) of 0 and 1" if multilabel else "(n,)"
            raise ValueError(f"{name} must have the shape {shape} of the classes {classes}, got shape {y.shape}")
        unknown = np.setdiff1d(unique_labels(y), classes)
        if len(unknown):
            raise ValueError(f"{name} must have the classes {classes} only, got {unknown}")
        if binarizer.y_type_ == "multiclass":
            labels: NDArray[np.intp] = np.searchsorted(classes, y).astype(np.intp)
            return labels
        return np.ascontiguousarray(binarizer.transform(y), np.float64)

    def _class_names(self, learned: dict[str, Any]) -> tuple[str, ...] | None:
        """Return the classes as texts, of two the second, whose probability the only output is."""
        outputs, names = learned["n_outputs_"], [str(name) for name in learned["classes_"]]
        try:
            return check_class_names(names[1:] if outputs == 1 else names, outputs)
        except DataError:  # they are numbers to no file then
            return None

    def _weigh_classes(self, y: Any, learned: dict[str, Any], *, once: bool) -> NDArray[np.float64] | None:
        if self.class_weight is None:
            return None
        if once and isinstance(self.class_weight, str):
            raise ValueError('partial_fit cannot balance classes it has not yet seen; class_weight is "balanced"')
        multilabel = learned["_label_binarizer"].y_type_ == "multilabel-indicator"
        for each in self.class_weight if isinstance(self.class_weight, list) else [self.class_weight]:
            _check_class_weight(each, [0, 1] if multilabel else learned["classes_"].tolist())
        if isinstance(self.class_weight, list) and not multilabel:
            rule = 'class_weight must be a dict or "balanced" where each sample has one class'
            raise ValueError(f"{rule}, got {self.class_weight}")
        weights = np.ascontiguousarray(compute_sample_weight(self.class_weight, y), np.float64)
        if not weights.any():
            raise ValueError(f"class_weight must not make every weight 0, got {self.class_weight}")
        return weights

    def _loss(self, learned: dict[str, Any]) -> tuple[str, str]:
        """Return the loss, and the activation of the outputs."""
        softmax = learned["_label_binarizer"].y_type_ == "multiclass"
        return ("cross_entropy", "softmax") if softmax else (MULTILABEL, "sigmoid")

    def _score_outputs(self, outputs: NDArray[Any], samples: Samples) -> float:
        """Return the accuracy; of several labels per sample, all must be right."""
        if samples.labels is not None:
            right = outputs.argmax(axis=1) == samples.labels
        else:
            right = ((outputs > 0.5) == (np.asarray(samples.targets) > 0.5)).all(axis=1)
        return float(np.average(right, weights=samples.weights))

    def __sklearn_tags__(self) -> Any:
        tags = super().__sklearn_tags__()
        tags.classifier_tags.multi_label = True
        return tags


def _check_class_weight(weights: Any, classes: list[Any]) -> None:
    if isinstance(weights, str):
        return
    if not isinstance(weights, dict):
        raise ValueError(f"class_weight must hold dicts of class and weight, got {weights!r}")
    for name, weight in weights.items():
        if not NOT_NEGATIVE.is_satisfied_by(weight):
            raise ValueError(f"class_weight must be numbers of at least 0, got {weight!r} for class {name!r}")
        if name not in classes:
            raise ValueError(f"class_weight must be of the classes {classes}, got {name!r}")
