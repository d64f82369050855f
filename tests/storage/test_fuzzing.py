"""Whatever a file holds: it is read, or refused by a ModelError; and what is read is fit for use.

Half of the mutants are sealed anew, so that they reach the code behind the checksum. Each comes from a number, which a
failure names.
"""

import json
import random
from itertools import islice

import numpy as np
import pytest
from support.sealing import MODEL, TENSORS, dumped, sealed

from cmlp import ModelError, Network
from cmlp.errors import CmlpError
from cmlp.storage.container import unpack
from cmlp.storage.models import read_model
from cmlp.training.checkpoint_files import KIND, VERSION, read_checkpoint

MUTANTS, MANY_MUTANTS = 1000, 100_000
DATA = np.random.default_rng(0).random((12, 4)), np.arange(12) % 2
TRAINING = {"epochs": 3, "eta": 0.1, "mini_batch_size": 5, "optimizer": "adam", "averaging": 0.5, "patience": 2}
TRAINING |= {"validation_data": 0.3, "schedule": "adaptive", "training_accuracy": True}
SCALARS = [None, True, False, 0, 1, 2, 3, 5, -1, 255, 2**31, 2**63, 2**64, 10**25, 0.0, -0.0, 0.5, 1.0, 1e308, 5e-324]
SCALARS += ["", "x", "relu", "softmax", "sigmoid", "quadratic", "float32", "float64", "weights.0", "\ud800", "\x1b[2J"]
TYPES = ["<f4", "<f8", "<i8", "u1"]


def mutated_bytes(content, rng):
    content = bytearray(content)
    for _ in range(rng.randint(1, 4)):
        at = rng.randrange(len(content) + 1)
        match rng.randrange(4):
            case 0:
                content[at : at + 1] = bytes([rng.randrange(256)])
            case 1:
                content[at:at] = rng.choice([b'"', b"[", b"}", b",", b"\\", b"9", b"null", b"-", b"e9", bytes(8)])
            case 2:
                del content[at : at + rng.randint(1, 20)]
            case 3:
                begin = rng.randrange(len(content) + 1)
                content[at:at] = content[begin : begin + rng.randint(1, 50)]
    return bytes(content)


def mutated(value, rng, keep=()):
    """Return a JSON value with another somewhere in it; the members that `keep` names stay as they are."""
    if rng.random() < 0.15 or not isinstance(value, dict | list):
        return rng.choice([*SCALARS, [], {}, [value], {"a": value}, [value] * 3])
    if isinstance(value, dict):
        keys = [key for key in value if key not in keep]
        key = rng.choice([*keys, "more"])
        if key == "more" or rng.random() < 0.1:
            return {k: v for k, v in value.items() if k != key} | ({"more": 1} if key == "more" else {})
        return value | {key: mutated(value[key], rng)}
    at = rng.randrange(len(value) + 1)
    match rng.randrange(4):
        case 0:
            return value[:at] + value[at + 1 :]
        case 1:
            return [*value[:at], rng.choice(SCALARS), *value[at:]]
        case 2:
            return rng.sample(value, len(value))
        case _ if value:
            at = rng.randrange(len(value))
            return [*value[:at], mutated(value[at], rng), *value[at + 1 :]]
    return value * 2


def mutated_arrays(tensors, rng):
    """Return arrays of which one has another name, type, shape or number."""
    name = rng.choice(["", *(name for name, array in tensors.items() if array.size)])
    if name not in tensors:
        return tensors
    array = tensors[name]
    rest = {key: other for key, other in tensors.items() if key != name}
    match rng.randrange(5):
        case 0:
            return rest
        case 1:
            return rest | {rng.choice([*tensors, name + "0", "", "\n"]): array}
        case 2:
            return tensors | {name: array.astype(rng.choice(TYPES))}
        case 3:
            shape = rng.choice([array.T.shape, (array.size,), (1, *array.shape), (0,), (*array.shape, 1)])
            return tensors | {name: np.resize(array, shape)}
        case _:
            array = array.copy()
            numbers = [0, -1, 1e30, np.inf, np.nan] if array.dtype.kind == "f" else [0, 1]
            array.flat[rng.randrange(array.size)] = rng.choice(numbers)
            return tensors | {name: array}


def mutant(description, tensors, rng, keep=(), **kind):
    for _ in range(rng.randint(1, 2)):
        if rng.random() < 0.3:
            with np.errstate(all="ignore"):
                tensors = mutated_arrays(tensors, rng)
        else:
            description = mutated(description, rng, keep)
    return sealed(dumped(description), tensors, **kind)


def mutants(content, description, tensors, **options):
    """Yield numbers and mutants for ever."""
    number = 0
    while True:
        rng = random.Random(number)
        resealed = bool(number % 2)
        with np.errstate(all="ignore"):
            yield number, mutant(description, tensors, rng, **options) if resealed else mutated_bytes(content, rng)
        number += 1


EFFORTS = pytest.mark.parametrize("effort", [MUTANTS, pytest.param(MANY_MUTANTS, marks=pytest.mark.exhaustive)])


@EFFORTS
def test_models(tmp_path, effort):
    path, again = tmp_path / "model.cmlp", tmp_path / "again.cmlp"
    fates = []
    for number, content in islice(mutants(sealed(), MODEL, TENSORS), effort):
        path.write_bytes(content)
        try:
            model = read_model(path)
        except ModelError as error:
            fates.append("refused")
            assert str(error).isprintable(), number
            continue
        except Exception as error:
            raise AssertionError(f"mutant {number}") from error
        fates.append("read")
        with np.errstate(all="ignore"):
            network = Network.from_model(model)
        network(np.zeros((2, network.sizes[0])))
        if fates.count("read") < 30:
            network.save(again)
            assert read_model(again).architecture == model.architecture, number
    assert set(fates) == {"read", "refused"}


@pytest.fixture
def checkpoint(tmp_path):
    """The bytes of a checkpoint in the middle of an epoch, its description and its arrays."""

    class Stop:
        def on_batch_end(self, event):
            return event.step == 3

    Network([4, 3, 2]).train(DATA, checkpoint=tmp_path / "run", callbacks=Stop(), **TRAINING)
    content = (tmp_path / "run").read_bytes()
    return content, *unpack(content, KIND, VERSION, "it")


@EFFORTS
@pytest.mark.filterwarnings("ignore:.* comes from another machine:UserWarning")
def test_checkpoints(checkpoint, tmp_path, effort):
    path = tmp_path / "run"
    fates = []
    options = {"keep": ("identity",), "kind": json.dumps(KIND)}
    for number, content in islice(mutants(*checkpoint, **options), effort):
        path.write_bytes(content)
        path.with_name("run.previous").unlink(missing_ok=True)
        try:
            with np.errstate(all="ignore"):
                Network([4, 3, 2]).train(DATA, checkpoint=path, resume=True, **TRAINING)
            fates.append("resumed")
            read_checkpoint(path)
        except CmlpError:
            fates.append("refused")
        except Exception as error:
            raise AssertionError(f"mutant {number}") from error
    assert set(fates) == {"resumed", "refused"}
