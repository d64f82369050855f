"""Classifiers of scikit-learn, also within pipelines, searches and ensembles: their settings are found and changed."""

import pytest

import cmlp

pytest.importorskip("sklearn", reason="scikit-learn is not installed")

from sklearn.calibration import CalibratedClassifierCV
from sklearn.model_selection import GridSearchCV
from sklearn.neural_network import MLPClassifier
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

TRAIN, TEST = cmlp.load_digits()
DATA, TESTED = (TRAIN.images / 16, TRAIN.labels), (TEST.images / 16, TEST.labels)


def network(**settings):
    return MLPClassifier((30,), random_state=0, **{"max_iter": 20, **settings})


def check(estimator):
    return cmlp.check(DATA, TESTED, network=estimator, seconds=12, progress=False)


SOUND = {
    "pipeline": lambda: make_pipeline(StandardScaler(), network()),
    "search": lambda: GridSearchCV(network(), {"alpha": [1e-4, 1e-2]}, cv=2),
    "calibrated": lambda: CalibratedClassifierCV(network(max_iter=60), cv=2),
    "of cmlp": lambda: make_pipeline(StandardScaler(), cmlp.MLPClassifier()),
}


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("name", SOUND)
def test_sound_ones_are_not_accused(name):
    report = check(SOUND[name]())
    assert report.accuracy > 75
    assert not report.problems


@pytest.mark.filterwarnings("ignore")
def test_the_repair_within_a_pipeline_brings_what_it_says():
    pipeline = make_pipeline(StandardScaler(), network(learning_rate_init=1e-6))
    (finding,) = check(pipeline).problems
    assert finding.code == "eta-too-small"
    assert finding.repair == "set_params(mlpclassifier__learning_rate_init=0.001)"
    eval(f"pipeline.{finding.repair}")
    assert 100 * pipeline.fit(*DATA).score(*TESTED) == pytest.approx(finding.after)
