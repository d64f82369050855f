"""What the diagram shows of a network, and how it is reached by keys."""

import numpy as np
import pytest

import cmlp

RAISE, LOWER, CARD = (31, 102, 176), (192, 90, 8), (255, 255, 255)  # of the light style


def example(browser, position):
    browser.focus("#position")
    browser.press("HOME", *["ARROW_RIGHT"] * position)


def opacities(browser, layer):
    return browser.run(
        f"const circles = document.querySelectorAll('[data-layer=\"{layer}\"] .unit');"
        "return Array.from(circles, (circle) => Number(circle.style.fillOpacity))"
    )


def pixels(browser, selector):
    values = browser.run(
        f"const picture = document.querySelector('{selector}');"
        "return Array.from(picture.getContext('2d').getImageData(0, 0, picture.width, picture.height).data)"
    )
    return np.reshape(values, (-1, 4))[:, :3]


def test_neurons_are_as_bright_as_they_are_active(browser, digits, digits_page, chosen):
    network, test = digits
    browser.open(digits_page)
    for position in (1, 200 - 60):
        browser.run("document.getElementById('position').value = arguments[0]", position - 1)
        browser.focus("#position")
        browser.press("ARROW_RIGHT")
        network.feedforward(chosen(network, test).images[position - 1])
        for layer, a in enumerate(network.activations[1:]):
            np.testing.assert_allclose(opacities(browser, layer), a, atol=1e-5)
        np.testing.assert_allclose(pixels(browser, ".seen")[:, 0], np.rint(255 * network.activations[0]))


def test_the_strongest_connections(browser, digits, digits_page, chosen):
    network, test = digits
    browser.open(digits_page)
    example(browser, 1)
    network.feedforward(chosen(network, test).images[0])
    counts = {"raise": 0, "lower": 0}
    for w, a in zip(network.weights, network.activations, strict=False):
        carried = (w * a).ravel()
        largest = carried[np.argsort(-abs(carried), kind="stable")[:64]]
        counts["raise"] += int(np.sum(largest > 0))
        counts["lower"] += int(np.sum(largest < 0))
    for name, count in counts.items():
        assert browser.run("return document.querySelectorAll(`line.${arguments[0]}`).length", name) == count
    assert min(counts.values()) > 0


def test_keys_choose_a_neuron(browser, digits_page):
    browser.open(digits_page)
    example(browser, 1)
    browser.focus("[role=radio][tabindex='0']")
    names = [browser.text("neuron-name")]
    for key in ("ARROW_DOWN", "ARROW_DOWN", "ARROW_RIGHT", "ARROW_UP", "ARROW_RIGHT", "ARROW_RIGHT", "ARROW_LEFT"):
        browser.press(key)
        names.append(browser.text("neuron-name"))
    assert names[:5] == [f"Layer {layer}, neuron {unit}" for layer, unit in [(1, 1), (1, 2), (1, 3), (2, 3), (2, 2)]]
    assert names[5] == names[6] == "Output 0"
    assert names[7].startswith("Layer 2, neuron ")
    assert browser.run("return document.activeElement.ariaChecked") == "true"
    assert browser.run("return document.querySelectorAll('[role=radio][aria-checked=true]').length") == 1
    assert browser.run("return document.querySelectorAll('[role=radio][tabindex=\"0\"]').length") == 1
    browser.press("ARROW_LEFT", *["ARROW_UP"] * 16)
    assert browser.text("neuron-name").startswith("Layer 1, neuron ")


def test_a_click_chooses_a_neuron(browser, digits_page):
    browser.open(digits_page)
    browser.driver.find_element("css selector", '[data-layer="1"][data-unit="4"] .hit').click()
    browser.settle()
    assert browser.text("neuron-name") == "Layer 2, neuron 5"
    browser.driver.find_element("css selector", "#weight-pictures li:nth-child(3) canvas").click()
    browser.settle()
    assert browser.text("neuron-name") == "Layer 1, neuron 3"


def test_names_for_screen_readers(browser, digits, digits_page, chosen):
    network, test = digits
    browser.open(digits_page)
    example(browser, 1)
    network.feedforward(chosen(network, test).images[0])
    found = browser.run("return Array.from(document.querySelectorAll('[role=radio]'), (e) => e.ariaLabel)")
    hidden = [f"layer {layer}, neuron {unit + 1}" for layer in (1, 2) for unit in range(16)]
    names = hidden + [f"output {unit}" for unit in range(10)]
    activations = np.concatenate(network.activations[1:])
    assert found == [f"{name}: {a:.2f}" for name, a in zip(names, activations, strict=True)]


def test_pictures_of_weights(browser, digits, digits_page):
    """Blue for weights above 0, orange below, full for the strongest, and the paper's white for 0."""
    network, _ = digits
    browser.open(digits_page)
    for unit in (0, 11):
        w = network.weights[0][unit]
        found = pixels(browser, f"#weight-pictures li:nth-child({unit + 1}) canvas")
        full = np.where(w[:, np.newaxis] > 0, RAISE, LOWER)
        share = np.minimum(abs(w) / np.quantile(abs(w), 0.99), 1)[:, np.newaxis]
        np.testing.assert_allclose(found, CARD + share * (np.array(full) - CARD), atol=0.5001)
    np.testing.assert_array_equal(pixels(browser, "#neuron-picture"), pixels(browser, "#weight-pictures canvas"))


@pytest.mark.parametrize("activation", ["tanh", "relu", "identity"])
def test_other_activations_are_compared_within_a_layer(browser, write, activation):
    network = cmlp.Network([3, 8, 2], activation=activation, loss="mean_squared_error")
    browser.open(write(network, ([[1.0, -2.0, 0.5]], [[0.0, 0.0]])))
    example(browser, 1)
    network.feedforward([1.0, -2.0, 0.5])
    a = network.activations[1]
    largest = 1 if activation == "tanh" else abs(a).max()
    np.testing.assert_allclose(opacities(browser, 0), abs(a) / largest, atol=1e-5)
    negative = browser.run(
        "const circles = document.querySelectorAll('[data-layer=\"0\"] .unit');"
        "return Array.from(circles, (circle) => circle.classList.contains('negative'))"
    )
    assert negative == (a < 0).tolist()
    assert browser.text("diagram-note") == "Orange circles are negative."


def test_of_a_large_layer_the_most_active(browser, write):
    network = cmlp.Network([64, 100, 10], activation="relu", loss="cross_entropy", dtype="float32")
    _, test = cmlp.load_digits()
    browser.open(write(network, test))
    browser.focus("[role=radio][tabindex='0']")
    browser.press("ARROW_DOWN")
    chosen_one = browser.run("return Number(document.activeElement.dataset.unit)")
    example(browser, 3)
    a = browser.run("return cmlp.input()") @ network.weights[0].T.astype(float)
    found = browser.run(
        "return Array.from(document.querySelectorAll('[data-layer=\"0\"]'), (e) => Number(e.dataset.unit))"
    )
    assert len(found) == 32
    assert set(np.argsort(-a)[:31]) | {chosen_one} <= set(found)
    assert found == sorted(found)
    assert browser.text("diagram-note") == "Of large layers, the 32 most active neurons are shown."
    assert browser.run("return document.querySelectorAll('#weight-pictures li').length") == 32
