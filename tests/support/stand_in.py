"""A stand-in for the check of programs: it says what it was given, trains that, and measures it.

``python -m support.stand_in REQUEST`` runs a script as the real child does.
"""

import copy
import inspect
import json
import textwrap

import numpy as np

from cmlp.diagnosis.report import Report
from cmlp.diagnosis.scripts.child import main
from cmlp.diagnosis.scripts.face import check_script
from cmlp.diagnosis.scripts.state import Variables

DATA = """
import numpy as np
rng = np.random.default_rng(0)
centres = rng.normal(size=(3, 12)) * 2
y_train = np.arange(120) % 3
X_train = centres[y_train] + rng.normal(size=(120, 12)) * 0.3
y_test = np.arange(30) % 3
X_test = centres[y_test] + rng.normal(size=(30, 12)) * 0.3
np.random.seed(0)
"""


class Scripts:
    """Runs scripts in a folder up to the stand-in; each begins with DATA."""

    def __init__(self, folder):
        self.folder = folder

    def __call__(self, text, seconds=20, data=DATA, **settings):
        """Return the line that was caught, what the stand-in got, the other notes, and the report."""
        script = self.folder / "script.py"
        script.write_text(data + textwrap.dedent(text))
        before = self.content()
        result = check_script(script, seconds=seconds, child="support.stand_in", **settings)
        assert self.content() == before
        facts = [json.loads(note) for note in result.report.notes if note.startswith("{")]
        rest = [note for note in result.report.notes if not note.startswith("{")]
        return result.caught, facts[0] if facts else None, rest, result.report

    def content(self):
        return {path: path.read_bytes() if path.is_file() else None for path in self.folder.rglob("*")}


def shapes(value):
    if isinstance(value, np.ndarray):
        return list(value.shape)
    if isinstance(value, Variables):
        value = vars(value)
    if isinstance(value, dict):
        return {name: shapes(part) for name, part in value.items()}
    if isinstance(value, (list, tuple)):
        return [shapes(part) for part in value[:2]]
    return type(value).__name__


def accuracy(network, forward, images, labels):
    answers = forward(copy.deepcopy(network), images)
    if isinstance(answers, tuple):
        answers = [part for part in answers if isinstance(part, np.ndarray)][-1]
    if answers.shape[0] != len(labels):
        answers = answers.T
    return round(100 * float(np.mean(answers.reshape(len(labels), -1).argmax(1) == labels)), 1)


def check(train, test=None, network=None, fit=None, forward=None, seconds=None, **settings):
    facts = {"test": shapes(test), "network": shapes(network), "settings": settings, "seconds": seconds}
    facts |= {"train": shapes(train) if isinstance(train, tuple) else [len(list(copy.copy(train)))]}
    if fit is not None:
        facts["parameters"] = list(inspect.signature(fit).parameters)
        trained = copy.deepcopy(network)
        given = copy.deepcopy(network)
        fit(trained, *(train if isinstance(train, tuple) else (copy.copy(train),)), **settings)
        facts["untouched"] = repr(given) == repr(network) or not isinstance(network, dict | Variables)
        if forward is not None and isinstance(train, tuple):
            images, labels = train
            if np.ndim(labels) == 2:
                labels = labels.argmax(0 if labels.shape[-1] == 120 else 1)
            facts["before"] = accuracy(network, forward, images, labels)
            facts["after"] = accuracy(trained, forward, images, labels)
            few = images[..., :60] if images.shape[-1] == 120 else images[:60]
            some = train[1][..., :60] if train[1].shape[-1] == 120 else train[1][:60]
            fit(copy.deepcopy(network), few, some, **settings)
    return Report(notes=(json.dumps(facts),))


if __name__ == "__main__":
    main(check)
