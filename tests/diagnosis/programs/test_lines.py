"""The line that changes a parameter, and the same line with the other sign."""

import linecache

import pytest

from cmlp.diagnosis.programs.lines import downhill, line_that_changes, sources

PROGRAM = """
def update(parameters, grads, learning_rate):
    for l in (1, 2):
        parameters["W" + str(l)] = parameters["W" + str(l)] + learning_rate * grads["dW" + str(l)]
    return parameters
def model(X, Y):
    parameters = {"W1": X}
    for i in range(3):
        parameters = update(parameters, {}, 0.1)
    return parameters
def descend(model, lr):
    for p in model:
        p += lr * p.grad
"""


@pytest.fixture
def program(tmp_path):
    path, names = str(tmp_path / "mine.py"), {}
    linecache.cache[path] = len(PROGRAM), None, PROGRAM.splitlines(keepends=True), path
    exec(compile(PROGRAM, path, "exec"), names)
    yield names
    del linecache.cache[path]


@pytest.mark.parametrize(
    ("function", "name", "line"),
    [
        ("model", "parameters['W1']", 'mine.py:4: parameters["W" + str(l)] = parameters["W" + str(l)] + learning_rate'),
        ("descend", "0.weight", "mine.py:13: p += lr * p.grad"),
        ("descend", "missing", "mine.py:13: p += lr * p.grad"),
    ],
)
def test_the_line_that_adds_is_preferred(program, function, name, line):
    assert line_that_changes(list(sources(program[function], None)), name).startswith(line)


def test_code_of_libraries_is_not_searched():
    assert list(sources(linecache.getline, None)) == []


@pytest.mark.parametrize(
    ("line", "mended"),
    [
        ("self.W1 += lr * dW1", "self.W1 -= lr * dW1"),
        ("    W = W + eta * (a + b)  # up", "W = W - eta * (a + b)  # up"),
        ("p['W'] = p['W'] + eta * g", "p['W'] = p['W'] - eta * g"),
        ("W -= eta * g", None),
        ("W = W - eta * g", None),
        ("W = step(W) + eta * g", None),
        ("for W in all:", None),
        ("", None),
    ],
)
def test_downhill(line, mended):
    assert downhill(line) == mended
