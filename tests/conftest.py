import gzip
import os
import shutil
import subprocess
from pathlib import Path

import numpy as np
import pytest
from hypothesis import HealthCheck, settings
from support.browser import Missing, started

# A busy machine decides no test.
settings.register_profile("cmlp", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("cmlp")

MNIST_FILES = {
    "training images": ("train-images-idx3-ubyte.gz", 16),
    "training labels": ("train-labels-idx1-ubyte.gz", 8),
    "test images": ("t10k-images-idx3-ubyte.gz", 16),
    "test labels": ("t10k-labels-idx1-ubyte.gz", 8),
}


@pytest.fixture(scope="session")
def mnist():
    """The arrays of MNIST by name: images (n, 784) of uint8, labels (n,) of uint8."""
    folder = os.environ.get("CMLP_MNIST")
    if not folder:
        pytest.skip("CMLP_MNIST does not name a folder with the four IDX files of MNIST")
    arrays = {}
    for name, (file, header) in MNIST_FILES.items():
        content = gzip.decompress((Path(folder) / file).read_bytes())
        pixels = np.frombuffer(content, np.uint8, offset=header)
        arrays[name] = pixels.reshape(-1, 784) if "images" in name else pixels
    return arrays


@pytest.fixture(scope="session")
def window(tmp_path_factory):
    """Return a browser that all tests share."""
    try:
        with started(tmp_path_factory.mktemp("profile")) as browser:
            yield browser
    except Missing as missing:
        pytest.skip(str(missing))


@pytest.fixture
def browser(window):
    """Return the browser, which must have had nothing to complain about when the test is over."""
    window.look()
    window.complaints()
    yield window
    assert window.complaints() == []


@pytest.fixture(scope="session")
def strace():
    """Skip tests that need strace where it is not there, or may not trace processes."""
    program = shutil.which("strace")
    if program is None or subprocess.run([program, "-o", os.devnull, "true"], capture_output=True).returncode:
        pytest.skip("strace is not there, or may not trace processes")
