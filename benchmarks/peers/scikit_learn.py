"""scikit-learn's MLPClassifier. Its outputs are always softmax with the cross-entropy loss: the same products."""

import warnings

import numpy as np
import sklearn
from sklearn.neural_network import MLPClassifier

NAME = "scikit-learn"


def version():
    return f"scikit-learn {sklearn.__version__}"


def make_classifier(task):
    return MLPClassifier(
        task.sizes[1:-1],
        activation={"sigmoid": "logistic", "relu": "relu"}[task.activation],
        solver=task.optimizer,
        alpha=0,
        batch_size=task.mini_batch_size,
        learning_rate_init=min(task.eta, 0.5),  # its gradient is steeper than that of the quadratic cost
        momentum=0,
        nesterovs_momentum=False,
        random_state=0,
    )


class Trainer:
    """`partial_fit`, which is one epoch and goes on where the one before ended."""

    def __init__(self, task, data):
        self.classifier = make_classifier(task)
        self.images, self.labels = data.floats(task.dtype), data.labels
        self.classes = np.arange(task.sizes[-1])

    def epoch(self, rng):
        self.classifier.partial_fit(self.images, self.labels, classes=self.classes)

    @property
    def weights(self):
        return [w.T for w in self.classifier.coefs_]

    @property
    def biases(self):
        return self.classifier.intercepts_


def calls(model, images, threads):
    batch = np.atleast_2d(images.floats(model.task.dtype))
    classifier = make_classifier(model.task)
    classes = np.arange(model.task.sizes[-1])
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # a batch smaller than batch_size
        classifier.partial_fit(np.resize(batch, (len(classes), batch.shape[1])), classes, classes=classes)
    classifier.coefs_ = [w.T.copy() for w in model.weights]
    classifier.intercepts_ = list(model.biases)
    return [
        (f"{NAME}, predict", classifier.predict, batch),
        (f"{NAME}, predict_proba", classifier.predict_proba, batch),
    ]
