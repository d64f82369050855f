"""The test images of a page: which they are, and the slider through them."""

import numpy as np
import pytest

import cmlp
from cmlp.errors import DataError

WALK = """
const [done] = arguments, slider = document.getElementById('position'), found = [];
function step() {
    if (found.length == slider.max) return done(found);
    slider.value = found.length + 1;
    slider.dispatchEvent(new Event('input'));
    requestAnimationFrame(() => {
        found.push(['example-text', 'answer-text', 'verdict'].map((id) => document.getElementById(id).textContent));
        step();
    });
}
step();
"""


def first_of(wrong, right):
    """Return a network that says which of two inputs is larger, and data of which it gets so many wrong."""
    network = cmlp.Network([2, 2], initializer=[np.eye(2)])
    images = np.tile([[0.0, 1.0]], (wrong + right, 1))
    images[:, 1] += np.arange(wrong + right)
    labels = np.repeat([0, 1], [wrong, right])
    order = np.random.default_rng(0).permutation(wrong + right)
    return network, (images[order], labels[order])


@pytest.mark.parametrize(
    ("wrong", "right", "shown_wrong", "shown"),
    [(0, 5, 0, 5), (5, 0, 5, 5), (30, 500, 30, 200), (400, 500, 100, 200), (400, 20, 180, 200), (150, 60, 140, 200)],
)
def test_wrong_ones_first(chosen, wrong, right, shown_wrong, shown):
    network, data = first_of(wrong, right)
    examples = chosen(network, data)
    assert (examples.total, examples.wrong) == (wrong + right, wrong)
    assert examples.expected.tolist() == [0] * shown_wrong + [1] * (shown - shown_wrong)
    assert len({tuple(image) for image in examples.images}) == shown


def test_they_come_from_all_over_the_data(chosen):
    network, (images, labels) = first_of(0, 1000)
    rows = [int(np.flatnonzero((images == image).all(axis=1))[0]) for image in chosen(network, (images, labels)).images]
    assert rows == list(range(0, 1000, 5))


def test_largest_errors_first(chosen):
    network = cmlp.Network([1, 1], loss="mean_squared_error", initializer=[[[1]]])
    images = np.arange(300.0)[:, np.newaxis]
    targets = images + np.where(images % 100 == 50, images, 0)
    examples = chosen(network, (images, targets))
    assert examples.images[:4, 0].tolist() == [250, 150, 50, 0]
    assert examples.wrong is None
    assert examples.expected.shape == (200, 1)


def test_several_labels(chosen):
    network = cmlp.Network([2, 2], loss="binary_cross_entropy", initializer=[np.eye(2)])
    images = np.array([[1.0, -1.0], [1.0, 1.0], [-1.0, -1.0]])
    examples = chosen(network, (images, [[1, 0], [1, 0], [0, 0]]))
    assert examples.images.tolist() == [[1, 1], [1, -1], [-1, -1]]
    assert (examples.wrong, examples.total) == (1, 3)


def test_large_images_are_fewer(chosen):
    network = cmlp.Network([100_000, 2], dtype="float32")
    images = np.random.default_rng(0).integers(0, 256, (20, 100_000), np.uint8)
    assert len(chosen(network, (images, [0, 1] * 10)).images) == 4
    assert len(chosen(network, (images / np.float32(255), [0, 1] * 10)).images) == 1


def test_data_of_another_size(write):
    with pytest.raises(DataError, match="images of data must have the network's 784 pixels, got 64"):
        write(cmlp.Network(), cmlp.load_digits()[1])


def test_the_slider_through_all(browser, digits, digits_page, chosen):
    network, test = digits
    examples = chosen(network, test)
    browser.open(digits_page)
    found = browser.driver.execute_async_script(WALK)
    answers = network.predict(examples.images).tolist()
    labels = examples.expected.tolist()
    verdicts = ["Right." if a == label else f"Wrong: it is {label}." for a, label in zip(answers, labels, strict=True)]
    places = [f"Image {i} of 200" for i in range(1, 201)]
    assert found == [list(row) for row in zip(places, map(str, answers), verdicts, strict=True)]
    assert len(set(verdicts[: examples.wrong])) > 1
    assert set(verdicts[examples.wrong :]) == {"Right."}
    right = network.test(test)
    assert browser.text("examples-note") == f"200 of 360; wrong ones first. {right:.2f} % of all are right."


def test_keys_and_buttons(browser, digits_page):
    browser.open(digits_page)
    assert browser.text("example-text") == "Your own input"
    browser.focus("#position")
    browser.press("ARROW_RIGHT", "ARROW_RIGHT")
    assert browser.text("example-text") == "Image 2 of 200"
    assert browser.run("return document.getElementById('position').ariaValueText").startswith(
        "Image 2 of 200: Wrong: it is "
    )
    for button, place in {"next": "Image 3 of 200", "previous": "Image 2 of 200"}.items():
        browser.run("document.getElementById(arguments[0]).click()", button)
        browser.settle()
        assert browser.text("example-text") == place
    browser.press("END")
    browser.run("document.getElementById('next').click()")
    browser.settle()
    assert browser.text("example-text") == "Image 200 of 200"
    browser.press("HOME")
    assert browser.text("example-text") == "Your own input"
    assert browser.text("verdict") == ""


def test_the_drawing_comes_back_and_takes_over(browser, digits_page):
    browser.open(digits_page)
    browser.draw([(0.2, 0.5), (0.8, 0.5)])
    drawn = browser.run("return cmlp.input()")
    browser.focus("#position")
    browser.press("ARROW_RIGHT")
    example = browser.run("return cmlp.input()")
    assert example == browser.run("return Array.from(cmlp.examples.images[0])") != drawn
    browser.press("ARROW_LEFT")
    assert browser.run("return cmlp.input()") == drawn
    browser.press("ARROW_RIGHT")
    browser.draw([(0.5, 0.2), (0.5, 0.8)])
    assert browser.text("example-text") == "Your own input"
    assert np.count_nonzero(np.reshape(browser.run("return cmlp.input()"), (8, 8))[:, 0]) == 0  # of the first drawing


def test_without_data_there_is_no_slider(browser, write, digits):
    browser.open(write(digits[0]))
    assert not browser.shown("examples")
    assert browser.shown("drawing")
