"""Distortions that destroy classes are measured, named and weakened; others are not accused."""

import json

import numpy as np
import pytest

import cmlp
from cmlp import Distortions
from cmlp.cli import main
from cmlp.diagnosis.distorted import Outcome, distortions_of, examine_distortions

TRAIN, TEST = cmlp.load_digits()
UPSIDE_DOWN = Distortions(rotation=180)


@pytest.mark.parametrize(
    ("distortions", "test"), [(True, None), ("default", TEST), (Distortions(rotation=30, thickness=0.3), TEST)], ids=str
)
def test_what_helps_is_not_accused(distortions, test):
    assert "distortions-too-strong" not in {f.code for f in cmlp.check(TRAIN, test, distortions=distortions)}


@pytest.fixture(scope="module")
def finding():
    (found,) = (f for f in cmlp.check(TRAIN, TEST, distortions=UPSIDE_DOWN))
    return found


def test_six_and_nine_upside_down(finding):
    assert (finding.code, finding.severity.name, finding.where) == ("distortions-too-strong", "WARNING", "training")
    assert finding.verdict == "The distortions make classes alike: 6 and 9 become each other."
    assert "6 and 9 are taken for each other" in finding.measured
    assert finding.before < 93 < finding.after


def test_the_repair_keeps_its_word(finding):
    """The line is run, and a network of another seed trained with what it says."""
    names = {"cmlp": cmlp}
    exec(finding.repair, names)
    weaker = names["distortions"]
    assert 0 < weaker.rotation < 180
    assert weaker == Distortions(rotation=weaker.rotation), "the other settings are not touched"
    net = cmlp.Network([64, 100, 10], activation="relu", loss="cross_entropy", dtype="float32", seed=5)
    net.train(TRAIN, 30, 0.003, optimizer="adam", mini_batch_size=20, schedule="cosine", distortions=weaker)
    assert net.test(TEST) > finding.after - 2
    assert not examine_distortions(weaker, TRAIN, TEST)


@pytest.mark.parametrize(("strong", "name"), [({"shift": 3.5}, "shift"), ({"noise": 1.0}, "noise")])
def test_the_setting_to_blame(strong, name):
    (found,) = examine_distortions(Distortions(**strong), TRAIN, TEST)
    assert found.repair.startswith(f"distortions = cmlp.Distortions({name}=")
    assert "," not in found.repair
    assert found.after > found.before + 4


def test_two_settings_to_blame():
    (found,) = examine_distortions(Distortions(rotation=180, noise=1.0), TRAIN, TEST)
    assert "rotation=" in found.repair and "noise=" in found.repair
    assert found.after > found.before + 20


def test_a_network_knows_how_it_was_trained():
    net = cmlp.Network([64, 30, 10], activation="relu", loss="cross_entropy")
    net.train(TRAIN, 20, 0.003, optimizer="adam", mini_batch_size=20, distortions=UPSIDE_DOWN)
    assert distortions_of(net) == UPSIDE_DOWN.for_pictures(64)
    assert "distortions-too-strong" in {f.code for f in cmlp.check(TRAIN, TEST, net)}
    for strange in ({"rotation": "x"}, {"other": 1}, "default", [], {"rotation": 1e9}):
        net.settings["distortions"] = strange
        assert distortions_of(net) is None


def test_pairs_that_are_mixed_up():
    outcome = Outcome(np.array([0, 1, 2, 2, 1]), np.array([1, 0, 2, 1, 1]), 3)
    assert outcome.accuracy == 40
    assert outcome.mixed_up.tolist() == [[0, 2, 0], [0, 0, 1], [0, 0, 0]]


def test_too_few_to_tell():
    assert examine_distortions(UPSIDE_DOWN, TRAIN[:60], TEST) == []
    assert examine_distortions(UPSIDE_DOWN, cmlp.Dataset(TRAIN.images, 0 * TRAIN.labels, classes=10), TEST) == []


def test_refusals():
    with pytest.raises(cmlp.DataError, match=r"^distortions need pictures"):
        cmlp.check(cmlp.Dataset(np.random.default_rng(0).random((200, 7)), np.arange(200) % 2), distortions=True)
    with pytest.raises(cmlp.ModelError, match=r"^distortions must be"):
        cmlp.check(TRAIN, TEST, distortions=3)


def test_command(capsys):
    assert main(["check", "--distortions", "rotation=180", "--json"]) == 1
    found = json.loads(capsys.readouterr().out)
    assert [each["code"] for each in found["findings"]] == ["distortions-too-strong"]
    assert main(["check", "--distort"]) == 0
    assert main(["check", "--distort", "--script", "nothing.py"]) == 2
