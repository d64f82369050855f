"""The C header, compiled by a C and a C++ compiler, against the network and against formulas in NumPy."""

import re
import shutil
import subprocess
from dataclasses import replace

import numpy as np
import pytest
from support import formulas

import cmlp
from cmlp import ModelError, Network
from cmlp.export import c_header
from cmlp.export.c import Header, identifier

SIZES = [20, 7, 5, 6, 4]
C = ("gcc", "-std=c99", "-Wall", "-Wextra", "-Werror", "-pedantic")
CPP = ("g++", "-x", "c++", "-std=c++11", "-Wall", "-Wextra", "-Werror", "-pedantic")
SANITIZED = ("-g", "-fsanitize=address,undefined", "-fno-sanitize-recover=all")
STRICT = ("-Wconversion", "-Wdouble-promotion", "-Wshadow", "-Wcast-qual")
NUMBER = {"float64": np.float64, "float32": np.float32}
TOLERANCE = {"float64": 1e-12, "float32": 1e-6}

pytestmark = pytest.mark.skipif(not (shutil.which("gcc") and shutil.which("g++")), reason="gcc is not installed")

# Reads images of one kind from stdin and writes the outputs of each, and what predict returns, as raw bytes.
DRIVER = """
#include <stdio.h>
#include "network.h"

int main(void)
{
    GIVEN pixels[NETWORK_FAN_IN];
    REAL outputs[NETWORK_FAN_OUT];

    while (fread(pixels, sizeof pixels[0], NETWORK_FAN_IN, stdin) == NETWORK_FAN_IN) {
        network_feedforwardSUFFIX(pixels, outputs);
        fwrite(outputs, sizeof outputs[0], NETWORK_FAN_OUT, stdout);
        {
            PREDICT
        }
    }
    return 0;
}
"""
LABEL = "int label = network_predictSUFFIX(pixels); fwrite(&label, sizeof label, 1, stdout);"
ANSWERS = """uint8_t answers[NETWORK_FAN_OUT]; int status = network_predictSUFFIX(pixels, answers);
            fwrite(answers, 1, NETWORK_FAN_OUT, stdout); fwrite(&status, sizeof status, 1, stdout);"""


def random_network(activation="sigmoid", loss="quadratic", dtype="float64", sizes=SIZES):
    """Return a network with weights and biases of some size; what is for outputs only is in the last layer only."""
    hidden = "tanh" if activation in ("softmax", "exponential") else activation
    network = Network(sizes, activation=[*[hidden] * (len(sizes) - 2), activation], loss=loss, dtype=dtype)
    formulas.jitter(network, np.random.default_rng(1))
    network.scale = 1 / 200
    return network


def compile_in(folder, source, *, compiler=C, flags=(), name="program"):
    program = folder / name
    path = folder / f"{name}.c"
    path.write_text(source)
    command = [*compiler, *flags, str(path), "-o", str(program), "-lm"]
    done = subprocess.run(command, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    assert done.stderr == ""
    return program


def run_c(folder, model, images, *, dtype=None, compiler=C, flags=("-O1",)):
    """Return the outputs (n, outputs) of a compiled header, and what it predicts (n,) or (n, outputs + 1)."""
    header = Header(model, "network", dtype)
    (folder / "network.h").write_text(header.text())
    classifies = model.architecture.classifies
    predict = LABEL if classifies else ANSWERS if header.decides else ""
    given, suffix = ("uint8_t", "_uint8") if images.dtype == np.uint8 else (header.real, "")
    source = DRIVER.replace("PREDICT", predict).replace("GIVEN", given).replace("REAL", header.real)
    program = compile_in(folder, source.replace("SUFFIX", suffix), compiler=compiler, flags=flags)
    done = subprocess.run([program], input=images.tobytes(), capture_output=True, check=True)
    number, fan_out = NUMBER[str(header.parameters.dtype)], model.architecture.sizes[-1]
    fields = [("outputs", number, fan_out), ("answers", np.uint8, fan_out), ("status", np.intc)]
    kept = [field for field in fields if header.decides and not (classifies and field[0] == "answers")] or fields[:1]
    return np.frombuffer(done.stdout, np.dtype(kept))


def images_of(kind, network, n=1000):
    rng = np.random.default_rng(2)
    shape = (n, network.sizes[0])
    if kind == "uint8":
        return rng.integers(0, 256, shape, np.uint8) * (rng.random(shape) < 0.5).astype(np.uint8)
    return rng.standard_normal(shape).astype(network.dtype)


def assert_close(found, expected, tolerance):
    assert np.abs(found - expected).max() <= tolerance * max(1, np.abs(expected).max())


# ------------------------------------------------------------------------------------------------ the same numbers


@pytest.mark.parametrize("kind", ["uint8", "float"])
@pytest.mark.parametrize("dtype", TOLERANCE)
@pytest.mark.parametrize("activation", formulas.ACTIVATIONS)
def test_outputs_and_labels_are_those_of_the_network(tmp_path, activation, dtype, kind):
    network = random_network(activation, dtype=dtype)
    images = images_of(kind, network)
    found = run_c(tmp_path, network.model, images)
    assert found["outputs"].dtype == dtype
    assert_close(found["outputs"], network(images), TOLERANCE[dtype])
    np.testing.assert_array_equal(found["status"], found["outputs"].argmax(axis=1))


@pytest.mark.parametrize("kind", ["uint8", "float"])
@pytest.mark.parametrize("sizes", [(1, 1), (3, 2), (9, 33, 1), (64, 100, 3, 50, 10)], ids=str)
@pytest.mark.parametrize("loss", ["cross_entropy", "binary_cross_entropy", "mean_squared_error"])
def test_answers_of_every_kind(tmp_path, loss, sizes, kind):
    output = {"cross_entropy": "softmax", "binary_cross_entropy": "sigmoid"}.get(loss, "identity")
    network = random_network(output, loss, sizes=sizes)
    images = images_of(kind, network)
    found = run_c(tmp_path, network.model, images)
    assert_close(found["outputs"].reshape(1000, -1), network(images), 1e-12)
    if loss == "binary_cross_entropy":
        np.testing.assert_array_equal(found["answers"].reshape(1000, -1), network.predict(images))
        assert not found["status"].any()
    elif loss == "cross_entropy":
        np.testing.assert_array_equal(found["status"], network.predict(images))
    else:
        assert "predict" not in c_header(network.model)


@pytest.mark.parametrize(("dtype", "given"), [("float32", "float64"), ("float64", "float32")])
def test_the_type_can_be_chosen(tmp_path, dtype, given):
    network = random_network("gelu", dtype=given)
    images = images_of("float", network).astype(dtype)
    found = run_c(tmp_path, network.model, images, dtype=dtype)
    assert found["outputs"].dtype == dtype
    assert_close(found["outputs"], network(images), 1e-6)


@pytest.mark.parametrize("dtype", TOLERANCE)
@pytest.mark.parametrize("activation", formulas.ACTIVATIONS)
def test_activations_far_out(tmp_path, activation, dtype):
    """Nothing overflows that must not, and small values keep their digits."""
    network = Network([2, 2], activation=[activation], dtype=dtype)
    network.weights[0], network.biases[0] = np.eye(2), np.zeros(2)
    far = np.array([0, 1e-6, 0.99, 1.01, 5, 9, 30, 80, 1000] if activation != "exponential" else [0, 1e-6, 9, 80])
    images = np.stack([np.concatenate([-far, far]), np.full(2 * len(far), 1.5)], axis=1).astype(dtype)
    expected = formulas.ACTIVATIONS[activation](images.T.astype(float)).T
    found = run_c(tmp_path, network.model, images)["outputs"]
    small = np.finfo(dtype).tiny  # below, digits are lost everywhere
    np.testing.assert_allclose(found, expected, rtol=1e-12 if dtype == "float64" else 1e-5, atol=small)


@pytest.mark.parametrize("dtype", TOLERANCE)
def test_every_literal_gives_back_its_number(tmp_path, dtype):
    """The outputs are the biases: the largest and the smallest numbers, and many with all digits."""
    info = np.finfo(dtype)
    numbers = np.array([info.max, info.min, info.tiny, info.smallest_subnormal, -0.0, 1.0, 1e20, 0.1, 1 / 3], dtype)
    numbers = np.concatenate([numbers, np.random.default_rng(3).standard_normal(991).astype(dtype)])
    network = Network([1, 1000], activation=["identity"], loss="mean_squared_error", dtype=dtype)
    network.biases[0] = numbers
    found = run_c(tmp_path, network.model, np.zeros((1, 1), dtype))["outputs"]
    assert found.tobytes() == numbers.tobytes()
    assert f" 0.1{'f' if dtype == 'float32' else ''}," in c_header(network.model)


# --------------------------------------------------------------------------------------------- what C asks for


@pytest.mark.parametrize("compiler", [C, CPP], ids=["c99", "c++11"])
@pytest.mark.parametrize("loss", ["quadratic", "binary_cross_entropy", "mean_squared_error"])
def test_sanitizers_find_nothing(tmp_path, compiler, loss):
    for activation in formulas.ACTIVATIONS:
        if loss == "quadratic" or activation == "sigmoid":
            network = random_network(activation, loss, dtype="float32", sizes=[12, 7, 5, 6, 3])
            images = images_of("uint8", network, 50)
            found = run_c(tmp_path, network.model, images, compiler=compiler, flags=SANITIZED)
            assert_close(found["outputs"], network(images), 1e-6)


@pytest.mark.parametrize("compiler", [C, CPP], ids=["c99", "c++11"])
@pytest.mark.parametrize("dtype", TOLERANCE)
def test_strict_warnings_find_nothing(tmp_path, compiler, dtype):
    for loss, activation in (("cross_entropy", "softmax"), ("binary_cross_entropy", "sigmoid")):
        model = Network([5, 4, 3], activation=["gelu", activation], loss=loss, dtype=dtype).model
        (tmp_path / "network.h").write_text(c_header(replace(model, class_names=("a", "b", "c"))))
        source = '#include "network.h"\nint main(void) { return 0; }\n'
        compile_in(tmp_path, source, compiler=compiler, flags=("-O2", *STRICT))


@pytest.mark.parametrize("compiler", [C, CPP], ids=["c99", "c++11"])
def test_headers_share_a_program(tmp_path, compiler):
    """One is included in two files, and twice in one, beside another network."""
    first, second = random_network("softmax", "cross_entropy"), random_network("tanh")
    (tmp_path / "a.h").write_text(c_header(first.model, "for"))
    (tmp_path / "b.h").write_text(c_header(second.model, "2nd net"))
    (tmp_path / "other.c").write_text(
        '#include "a.h"\nint other(const uint8_t *p);\nint other(const uint8_t *p) { return for_predict_uint8(p); }\n'
    )
    source = """
    #include <stdio.h>
    #include "a.h"
    #include "b.h"
    #include "a.h"
    int other(const uint8_t *pixels);
    int main(void)
    {
        uint8_t pixels[FOR_FAN_IN];
        if (fread(pixels, 1, sizeof pixels, stdin) != sizeof pixels)
            return 1;
        printf("%d %d %d", for_predict_uint8(pixels), other(pixels), network_2nd_net_predict_uint8(pixels));
        return 0;
    }
    """
    program = compile_in(tmp_path, source, compiler=compiler, flags=(str(tmp_path / "other.c"),))
    image = images_of("uint8", first, 1)
    done = subprocess.run([program], input=image.tobytes(), capture_output=True, check=True, text=False)
    label = first.predict(image)[0]
    assert list(map(int, done.stdout.split())) == [label, label, second.predict(image)[0]]


@pytest.mark.parametrize("loss", ["quadratic", "binary_cross_entropy", "half_squared_error"])
def test_the_example_in_the_comment_runs(tmp_path, loss):
    network = random_network("sigmoid", loss)
    header = c_header(network.model, "digits", file="digits.h")
    (tmp_path / "digits.h").write_text(header)
    example = re.search(r"Example;.*?\n \*\n(.*?)\n \*/", header, re.DOTALL)[1]
    source = "\n".join(line.removeprefix(" *").removeprefix("   ") for line in example.splitlines())
    program = compile_in(tmp_path, source + "\n")
    image = images_of("uint8", network, 1)
    done = subprocess.run([program], input=image.tobytes(), capture_output=True, check=True)
    expected = network.predict(image)[0]
    if loss != "quadratic":
        expected = expected[0]
    assert float(done.stdout) == pytest.approx(float(expected), rel=1e-5)
    assert subprocess.run([program], input=b"short").returncode == 1


def test_the_prototypes_in_the_comment_are_the_functions(tmp_path):
    for loss in ("quadratic", "binary_cross_entropy", "poisson"):
        activation = "exponential" if loss == "poisson" else "sigmoid"
        header = Header(random_network(activation, loss).model, "net")
        comment, code = header.text().split("*/", 1)
        assert len(header.prototypes) == (2 if loss == "poisson" else 4)
        for prototype in header.prototypes:
            assert f"{prototype};" in comment and f"static inline {prototype}\n{{" in code
        assert not re.search(r"^static (?!inline |const )", code, re.MULTILINE)


def test_the_stack_is_what_the_comment_says(tmp_path):
    header = Header(random_network(sizes=[20, 7, 5, 6, 30, 4]).model)  # 7 and 6 take turns, 5 and 30, and 4 outputs
    assert header.stack == (7 + 30 + 4) * 8
    assert "Their arrays take 328 bytes of stack" in re.sub(r"\s+\*\s+", " ", header.text())


def test_an_output_that_is_not_a_number(tmp_path):
    for loss in ("quadratic", "binary_cross_entropy"):
        network = random_network(loss=loss)
        images = np.zeros((2, 20))
        images[1, 3] = np.nan
        assert list(run_c(tmp_path, network.model, images)["status"] < 0) == [False, True]


def test_class_names_arrive_whatever_they_are(tmp_path):
    names = ("Ziffer", 'a "quoted" \\ one', "??/trigraph */", "\u6570\n\u5b571")
    model = replace(random_network().model, class_names=names)
    (tmp_path / "network.h").write_text(c_header(model))
    assert "network_class_names has the name" in c_header(model)
    assert "class_names" not in c_header(random_network().model)
    source = """
    #include <stdio.h>
    #include "network.h"
    int main(void)
    {
        int i;
        for (i = 0; i < NETWORK_FAN_OUT; i++)
            printf("%s|", network_class_names[i]);
        return 0;
    }
    """
    for compiler in (C, CPP):
        program = compile_in(tmp_path, source, compiler=compiler)
        assert subprocess.run([program], capture_output=True, check=True).stdout.decode() == "|".join(names) + "|"


# ---------------------------------------------------------------------------------------------------- the faces


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("digits", "digits"), ("Digits 2", "Digits_2"), ("2 layers", "network_2_layers"), ("for", "for"),
        ("_Bool", "Bool"), ("a--b__c.", "a_b_c"), ("\u6570", "network"), ("", "network"), ("a" * 50, "a" * 40),
        ("*/ int main", "int_main"),
    ],
)  # fmt: skip
def test_identifiers(text, name):
    assert identifier(text) == name


def test_a_file_name_cannot_end_the_comment():
    header = c_header(random_network().model, "net", file='x*/\n".h')
    assert header.count("*/") == header.count("/*") and '#include "net.h"' in header


def test_the_same_network_gives_the_same_text():
    assert c_header(random_network().model) == c_header(random_network().model)


def test_what_is_not_finite_is_refused():
    network = random_network()
    network.biases[1][2] = np.inf
    with pytest.raises(ModelError, match=r"^biases\[1\] must be finite in float64 to be exported, got inf at \(2,\)$"):
        c_header(network.model)
    network = random_network()
    network.weights[0][1, 2] = 1e200
    assert "1e+200" in c_header(network.model)
    with pytest.raises(
        ModelError, match=r"^weights\[0\] must be finite in float32 to be exported, got inf at \(1, 2\)$"
    ):
        c_header(network.model, dtype="float32")
    with pytest.raises(ModelError, match=r"^dtype must be float64 or float32, got 'half'$"):
        c_header(network.model, dtype="half")


def test_the_built_in_digits(tmp_path):
    train, test = cmlp.load_digits()
    network = Network([64, 16, 16, 10], dtype="float32")
    network.train(train, 3, 3.0, mini_batch_size=10, progress=False)
    labels = run_c(tmp_path, network.model, test.images)["status"]
    np.testing.assert_array_equal(labels, network.predict(test.images))
