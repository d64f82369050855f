"""Write the pickles of tests/network/pickles, and what the networks in them answered.

Version 0.1 wrote them, at commit 4d5aa24, and they stay as they are: check it out elsewhere, compile it by
``python setup.py build_ext --inplace``, and run this file with PYTHONPATH there. Nothing of today's cmlp is used.
"""

import json
import pickle
from pathlib import Path

import numpy as np

import cmlp

FOLDER = Path(__file__).parents[1] / "network" / "pickles"
IMAGES = np.linspace(0, 1, 240).reshape(40, 6)
BYTES = (np.arange(240, dtype=np.uint8) * 7).reshape(40, 6)
LABELS = np.arange(40) % 3
LETTERS = np.array(list("abc"))[LABELS]


def trained(data, **settings):
    network = cmlp.Network([6, 4, 3], seed=1, **settings)
    network.train(data, 2, 0.1, validation_data=data, progress=False)
    return network


def networks():
    yield "untrained", cmlp.Network([6, 4, 3], seed=1)
    yield "float32", trained((IMAGES, LABELS), dtype="float32")
    yield "pictures", trained(cmlp.Dataset(BYTES.reshape(40, 2, 3), LABELS, class_names=["a", "b", "c"]))


def estimators():
    small = {"hidden_layer_sizes": (3,), "max_iter": 3, "random_state": 0}
    yield "unfitted", cmlp.MLPClassifier(**small)
    yield "adam", cmlp.MLPClassifier(**small).fit(IMAGES, LABELS)
    yield "early", cmlp.MLPClassifier(**small, early_stopping=True).fit(IMAGES, LETTERS)
    yield "invscaling", cmlp.MLPClassifier(**small, solver="sgd", learning_rate="invscaling").fit(IMAGES, LABELS)
    yield "lbfgs", cmlp.MLPClassifier(**small, solver="lbfgs").fit(IMAGES, LABELS)
    yield "regressor", cmlp.MLPRegressor(**small).fit(IMAGES, IMAGES.sum(axis=1))


def main():
    assert cmlp.__version__ == "0.1.0"
    FOLDER.mkdir(exist_ok=True)
    answers = {}
    parts = {"weights": cmlp.Network([6, 4, 3], seed=1).weights, "model": cmlp.Network([6, 4, 3], seed=1).model}
    for name, value in {**dict(networks()), **dict(estimators()), **parts}.items():
        (FOLDER / f"{name}.pkl").write_bytes(pickle.dumps(value))
        network = value if isinstance(value, cmlp.Network) else getattr(value, "network_", None)
        if network is not None:
            ask = value.predict if network is value or hasattr(value, "loss") else value.predict_proba
            parameters = [array.tolist() for array in (*network.weights, *network.biases)]
            answers[name] = {"parameters": parameters, "answers": ask(IMAGES[::8]).tolist()}
    (FOLDER / "answers.json").write_text(json.dumps(answers))


if __name__ == "__main__":
    main()
