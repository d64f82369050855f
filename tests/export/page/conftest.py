from itertools import count

import numpy as np
import pytest

import cmlp
from cmlp.export.page import choose_examples, html_page


@pytest.fixture(scope="session")
def folder(tmp_path_factory):
    return tmp_path_factory.mktemp("pages")


@pytest.fixture(scope="session")
def write(folder):
    """Return a function that writes a page of a network, and returns its path."""
    numbers = count()

    def write_page(network, data=None, **settings):
        path = folder / f"{next(numbers)}.html"
        network.to_html(path, _arrays(data), **settings)
        return path

    return write_page


def _arrays(data):
    """Return two arrays for two nested lists."""
    is_lists = isinstance(data, tuple) and not hasattr(data[0], "tocsr")
    return tuple(map(np.asarray, data)) if is_lists else data


@pytest.fixture(scope="session")
def digits():
    """Return a network that was trained a little on the built-in digits, and their test data."""
    train, test = cmlp.load_digits()
    network = cmlp.Network([64, 16, 16, 10])
    network.train(train, 8, 3.0, mini_batch_size=10, progress=False)
    return network, test


@pytest.fixture(scope="session")
def digits_page(write, digits):
    return write(*digits, title="The digits")


@pytest.fixture(scope="session")
def chosen():
    """Return a function that chooses examples for a network's page."""

    def choose(network, data):
        samples = network._samples(_arrays(data), "data", network._pixel_scale)
        return choose_examples(samples, network.architecture, network.engine)

    return choose


@pytest.fixture(scope="session")
def page_of():
    """Return a function that returns the text of a network's page."""
    return lambda network, *examples, **settings: html_page(network.model, *examples, **settings).decode()
