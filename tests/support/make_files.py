"""Write the model files of tests/storage/files, and what their networks answered when they were written.

They are written once for each version of the format and never again: every later cmlp must read them.
``python tests/support/make_files.py`` therefore refuses to write where a file is there already.
"""

import json
from dataclasses import replace
from pathlib import Path

import numpy as np

from cmlp import Network
from cmlp.data.framing import Framing
from cmlp.storage import write_model

FOLDER = Path(__file__).parents[1] / "storage" / "files"
DIGITS = ("zero", "one", "zwei", "trois", "\u56db", "\u043f\u044f\u0442\u044c", "\u0666", "se7en", "8", "\U0001f4af")


def images():
    """Return three rows of six pixels: floats, and bytes that the scale applies to."""
    return np.linspace(-1, 2, 18).reshape(3, 6), np.arange(18, dtype=np.uint8).reshape(3, 6) * 15


def facts(model):
    """Return what is compared besides the outputs."""
    framing, names = model.framing and [*vars(model.framing).values()], model.class_names and [*model.class_names]
    return [str(model.architecture), model.scale, names, framing, dict(model.training)]


def models():
    """Yield the models by the names of their files."""
    yield "version1-float64", Network([6, 5, 3], seed=1).model
    relu = Network([6, 4, 4, 2], activation="relu", loss="cross_entropy", dtype="float32", seed=2)
    yield "version1-float32", relu.model
    named = Network([6, 8, 10], activation="tanh", loss="cross_entropy", dropout=0.25, dtype="float32", seed=3)
    framing = Framing(2, 3, True, 2, "mass")
    yield "version1-names", replace(named.model, class_names=DIGITS, framing=framing, scale=1 / 15)
    numbers = Network([6, 3, 1], activation="gelu", loss="huber", seed=4)
    pixels = np.random.default_rng(5).random((40, 6))
    numbers.train((pixels, pixels.sum(axis=1)), 2, 0.01, optimizer="adam", mini_batch_size=7, progress=False)
    yield "version1-trained", numbers.model


def main():
    FOLDER.mkdir(exist_ok=True)
    for name, model in models():
        if (FOLDER / f"{name}.cmlp").exists():
            raise FileExistsError(f"{name}.cmlp is there already, and must stay as it was written")
        write_model(model, FOLDER / f"{name}.cmlp")
        network = Network.from_model(model)
        answers = {"facts": facts(model), "outputs": [network(pixels).tolist() for pixels in images()]}
        (FOLDER / f"{name}.json").write_text(json.dumps(answers))


if __name__ == "__main__":
    main()
