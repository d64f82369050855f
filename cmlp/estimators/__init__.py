"""The network as scikit-learn knows its estimators; the only place that imports scikit-learn."""

from cmlp.estimators.classifier import MLPClassifier
from cmlp.estimators.regressor import MLPRegressor

__all__ = ["MLPClassifier", "MLPRegressor"]
