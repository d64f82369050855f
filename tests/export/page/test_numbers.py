"""Pages of networks whose inputs are no pictures, and whose outputs are more than a label."""

import numpy as np
import pytest

import cmlp

FILL = """
const field = document.querySelectorAll(arguments[0])[arguments[1]];
field.value = arguments[2];
field.dispatchEvent(new Event("input"));
"""


def fill(browser, selector, which, value):
    browser.run(FILL, selector, which, value)
    browser.settle()


@pytest.fixture(scope="module")
def table():
    """Return a network for numbers from numbers, and data with columns of different ranges."""
    rng = np.random.default_rng(0)
    images = rng.normal(size=(60, 6)) * [1, 2, 3, 4, 5, 6]
    images[:, 3] = 7
    network = cmlp.Network([6, 5, 2], activation="tanh", loss="mean_squared_error")
    return network, (images, images[:, :2])


def test_sliders(browser, write, table, chosen):
    network, (images, _) = table
    browser.open(write(*table))
    assert browser.shown("numbers")
    assert not browser.shown("drawing") and not browser.shown("weights")
    sliders = browser.run(
        "return Array.from(document.querySelectorAll('#numbers [type=range]'), (e) => [e.min, e.max].map(Number))"
    )
    ranges = np.column_stack([images.min(axis=0), images.max(axis=0)])
    ranges[3] = 6, 8  # a constant has room, too
    np.testing.assert_allclose(sliders, ranges)
    inputs = images.mean(axis=0)  # of all, because there are fewer than 200
    np.testing.assert_allclose(browser.run("return cmlp.input()"), inputs)

    fill(browser, "#numbers [type=number]", 1, "100.5")  # beyond its slider
    inputs[1] = 100.5
    np.testing.assert_allclose(browser.run("return cmlp.input()"), inputs)
    fill(browser, "#numbers [type=range]", 2, "-1.25")
    inputs[2] = -1.25
    np.testing.assert_allclose(browser.run("return cmlp.input()"), inputs)
    assert browser.run("return document.querySelectorAll('#numbers [type=number]')[2].value") == "-1.25"
    fill(browser, "#numbers [type=number]", 2, "")  # nothing is no number
    np.testing.assert_allclose(browser.run("return cmlp.input()"), inputs)
    shown = [text.replace("\N{MINUS SIGN}", "-") for text in browser.text("answer-text").split(", ")]
    np.testing.assert_allclose([float(text) for text in shown], network(inputs), atol=0.005)


def test_a_change_of_an_example_keeps_the_rest_of_it(browser, write, table, chosen):
    examples = chosen(*table)
    browser.open(write(*table))
    browser.focus("#position")
    browser.press("ARROW_RIGHT")
    assert browser.text("verdict") == "Expected: " + ", ".join(
        f"{value:.2f}".replace("-", "\N{MINUS SIGN}") for value in examples.expected[0]
    )
    fill(browser, "#numbers [type=number]", 0, "9")
    assert browser.text("example-text") == "Your own input"
    np.testing.assert_allclose(browser.run("return cmlp.input()"), [9, *examples.images[0][1:]])


def test_keys_move_the_sliders(browser, write, table):
    browser.open(write(*table))
    browser.focus("#numbers [type=range]")
    before = browser.run("return cmlp.input()[0]")
    browser.press("ARROW_RIGHT")
    assert browser.run("return cmlp.input()[0]") > before


def test_many_inputs_are_one_text(browser, write):
    network = cmlp.Network([70, 3, 2])
    browser.open(write(network))
    values = np.round(np.random.default_rng(0).normal(size=70), 3)
    fill(browser, "textarea", 0, "\n".join(map(str, values)))
    np.testing.assert_array_equal(browser.run("return cmlp.input()"), values)
    assert browser.text("number-note") == "70 numbers, separated by spaces"
    fill(browser, "textarea", 0, "1 2 3")
    assert browser.text("number-note") == "70 numbers, separated by spaces: these are 3"
    fill(browser, "textarea", 0, "1, two")
    assert browser.text("number-note") == "70 numbers, separated by spaces: number 2 is none"
    np.testing.assert_array_equal(browser.run("return cmlp.input()"), values)
    assert browser.run("return document.querySelector('textarea').ariaInvalid") == "true"


def test_squares_that_are_no_pictures(browser, write):
    network = cmlp.Network([64, 2])
    images = np.random.default_rng(0).normal(size=(10, 64))
    browser.open(write(network, (images, [0, 1] * 5)))
    assert browser.shown("numbers")
    browser.open(write(network, (abs(images) / abs(images).max(), [0, 1] * 5)))
    assert browser.shown("drawing")
    browser.open(write(cmlp.Network([4, 2])))
    assert browser.shown("numbers")


def test_several_labels(browser, write):
    network = cmlp.Network([2, 3], loss="binary_cross_entropy", initializer=[[[1, 0], [0, 1], [-1, -1]]])
    network.class_names = ("urgent", "spam", "empty")
    browser.open(write(network, ([[1.0, -1.0], [1.0, 1.0], [-0.5, -0.5]], [[1, 0, 0], [1, 0, 0], [0, 0, 0]])))
    found = []
    browser.focus("#position")
    for _ in range(3):
        browser.press("ARROW_RIGHT")
        found.append((browser.text("answer-text"), browser.text("verdict")))
    assert found == [("urgent, spam", "Wrong: it is urgent."), ("empty", "Wrong: it is none."), ("urgent", "Right.")]


def test_outputs_that_are_no_numbers(browser, write):
    network = cmlp.Network([2, 2], loss="poisson", initializer=[[[1e3, 0], [0, 1]]])
    browser.open(write(network))
    fill(browser, "#numbers [type=number]", 0, "5")
    assert browser.text("answer-text") == "\N{INFINITY}, 1.00"
    network = cmlp.Network(
        [2, 2, 2],
        activation="exponential",
        loss="half_squared_error",
        initializer=[[[1e3, 0], [1e3, 0]], [[1, -1], [1, 1]]],
    )
    browser.open(write(network))
    fill(browser, "#numbers [type=number]", 0, "5")
    assert browser.text("answer-text") == "not a number"


def test_inputs_begin_at_the_mean_of_the_training_data(browser, write):
    images = np.array([[10.0, -1.0], [30.0, -1.0], [80.0, -4.0]])
    data = cmlp.Dataset(images, [0, 1, 1], feature_names=["age", "a <b>"], class_names=["no", "yes"])
    network = cmlp.Network([2, 2])
    network.train(data, 1, 0.001, progress=False)
    for page in (write(network), write(network, ([[90.0, -2.0]], [1]))):
        browser.open(page)
        np.testing.assert_allclose(browser.run("return cmlp.input()"), [40, -2])
        assert browser.text("number-origin") == "They begin at the mean of the training data."
        assert browser.text("answer-text") in ("no", "yes")
        names = browser.run("return Array.from(document.querySelectorAll('#number-fields span'), (e) => e.textContent)")
        assert names == ["age", "a <b>"]
    high = browser.run("return Array.from(document.querySelectorAll('#numbers [type=range]'), (e) => Number(e.max))")
    assert high == [90, -1]  # of the training data and the images shown


def test_where_inputs_begin_without_training_data(browser, write, table):
    browser.open(write(*table))
    assert browser.text("number-origin") == "They begin at the mean of the test data below."
    browser.open(write(table[0]))
    np.testing.assert_array_equal(browser.run("return cmlp.input()"), np.zeros(6))
    assert browser.text("number-origin").startswith("The training data are not known: each begins at 0.")
