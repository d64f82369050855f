"""Fetching from mirrors on this machine, good and bad ones."""

import gzip
import hashlib
import os
import socket
import sys
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from queue import Queue
from struct import pack

import numpy as np
import pytest
from support.children import PATIENCE

from cmlp.data import fetching, load_test_data, load_training_data
from cmlp.data.fetching import ORIGINS, Origin, fetch
from cmlp.data.loading import DATA_FILES
from cmlp.errors import CmlpError, DataError

FILES = ("train-images-idx3-ubyte", "train-labels-idx1-ubyte", "t10k-images-idx3-ubyte", "t10k-labels-idx1-ubyte")
FIRST = f"{FILES[0]}.gz"


def idx(array):
    return pack(f">HBB{array.ndim}I", 0, 8, array.ndim, *array.shape) + array.astype(np.uint8).tobytes()


@pytest.fixture(scope="module")
def small():
    """Content of the four files of a data set that is made up."""
    images = np.random.default_rng(0).integers(0, 256, (50, 28, 28))
    labels = np.arange(50) % 10
    arrays = (images[:40], labels[:40], images[40:], labels[40:])
    return {f"{name}.gz": gzip.compress(idx(array)) for name, array in zip(FILES, arrays, strict=True)}


class Mirror(ThreadingHTTPServer):
    """A server that delivers files, or fails in a way of its own, and counts what it was asked for."""

    daemon_threads = True

    def __init__(self, files, failure=None):
        super().__init__(("127.0.0.1", 0), Handler)
        self.files, self.failure, self.asked = files, failure, Queue()
        self.released = threading.Event()

    @property
    def url(self):
        return f"http://127.0.0.1:{self.server_port}/"

    def names(self, count):
        """Return the names of all files that it was asked for, and wait until they are that many."""
        names = [self.asked.get(timeout=PATIENCE) for _ in range(count)]
        assert self.asked.empty()
        return names


class Handler(BaseHTTPRequestHandler):
    def do_GET(self):
        name = self.path.removeprefix("/")
        self.server.asked.put(name)
        failure = self.server.failure
        content = self.server.files.get(name, b"")
        if isinstance(failure, int):
            self.send_error(failure)
            return
        if failure == "stalled before":
            self.server.released.wait()
            return
        self.send_response(200)
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        match failure:
            case "truncated":
                self.wfile.write(content[:-9])
            case "stalled":
                self.wfile.write(content[:9])
                self.wfile.flush()
                self.server.released.wait()
            case "changed":
                self.wfile.write(bytes(len(content)))
            case None:
                self.wfile.write(content)

    def log_message(self, *arguments):
        pass


@pytest.fixture
def mirror():
    """Return a function that starts a mirror."""
    started = []

    def start(files, failure=None):
        server = Mirror(files, failure)
        threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True).start()
        started.append(server)
        return server

    yield start
    for server in started:
        server.released.set()
        server.shutdown()
        server.server_close()


@pytest.fixture
def origin(monkeypatch):
    """Return a function that puts mirrors in the place of those of MNIST."""
    pytest.importorskip("pooch", reason="pooch, of the extra cmlp[fetch], is not installed")

    def use(files, *urls):
        checksums = {name: hashlib.sha256(content).hexdigest() for name, content in files.items()}
        monkeypatch.setitem(ORIGINS, "mnist", Origin(urls, checksums))

    return use


@pytest.fixture
def impatient(monkeypatch):
    """Return a function after which a mirror is waited for in vain only shortly, and any other as long as asked."""
    pooch = pytest.importorskip("pooch", reason="pooch, of the extra cmlp[fetch], is not installed")

    def wait_shortly_for(server):
        class Downloader(pooch.HTTPDownloader):
            def __call__(self, url, *arguments, **named):
                asked = self.kwargs["timeout"]
                self.kwargs["timeout"] = (asked, 0.3) if url.startswith(server.url) else asked
                try:
                    return super().__call__(url, *arguments, **named)
                finally:
                    self.kwargs["timeout"] = asked

        monkeypatch.setattr(pooch, "HTTPDownloader", Downloader)

    return wait_shortly_for


@pytest.fixture(scope="session")
def again():
    """Content of the four files of MNIST, compressed anew."""
    folder = os.environ.get("CMLP_MNIST")
    if not folder:
        pytest.skip("CMLP_MNIST does not name a folder with the four IDX files of MNIST")
    return {f"{name}.gz": (Path(folder) / f"{name}.gz").read_bytes() for name in FILES}


def check_small(folder):
    train, test = load_training_data(folder), load_test_data(folder)
    assert (len(train), len(test), train.images.dtype) == (40, 10, np.uint8)
    np.testing.assert_array_equal(train.labels, np.arange(40) % 10)


def test_the_four_pickles_are_written(tmp_path, small, mirror, origin):
    server = mirror(small)
    origin(small, server.url)
    train, test = fetch("mnist", tmp_path / "data")
    check_small(tmp_path / "data")
    assert (len(train), len(test)) == (40, 10)
    assert server.names(len(small)) == list(small)
    assert {path.relative_to(tmp_path / "data").as_posix() for path in tmp_path.rglob("*.*")} == set(DATA_FILES)


def test_mnist(tmp_path, again, mirror, origin, mnist):
    origin(again, mirror(again).url)
    fetch("mnist", tmp_path)
    np.testing.assert_array_equal(load_training_data(tmp_path).images, mnist["training images"])
    np.testing.assert_array_equal(load_test_data(tmp_path).labels, mnist["test labels"])


FAILURES = {
    "truncated": "no or incomplete answer",
    "changed": "wrong checksum",
    503: "HTTP status 503",
    404: "HTTP status 404",
    "stalled": "timed out",
    "stalled before": "timed out",
}


def is_silent(failure):
    return str(failure).startswith("stalled")


@pytest.mark.parametrize("failure", FAILURES)
def test_the_next_mirror_is_asked_when_one_fails(tmp_path, small, mirror, origin, impatient, failure):
    bad, good = mirror(small, failure), mirror(small)
    origin(small, bad.url, good.url)
    if is_silent(failure):
        impatient(bad)
    fetch("mnist", tmp_path, timeout=PATIENCE)
    check_small(tmp_path)
    assert bad.names(len(small)) == good.names(len(small)) == list(small)


@pytest.mark.parametrize(("failure", "reason"), FAILURES.items())
def test_nothing_is_written_when_all_mirrors_fail(tmp_path, small, mirror, origin, failure, reason):
    bad = mirror(small, failure)
    with socket.socket() as unused:
        unused.bind(("127.0.0.1", 0))
        closed = f"127.0.0.1:{unused.getsockname()[1]}"
        origin(small, bad.url, f"http://{closed}/")
        with pytest.raises(ConnectionError) as caught:
            fetch("mnist", tmp_path / "data", timeout=0.3 if is_silent(failure) else PATIENCE)
    found = f"127.0.0.1:{bad.server_port} ({reason}) or {closed} (no or incomplete answer)"
    assert str(caught.value) == f"{FIRST} could not be downloaded from {found}"
    assert not list(tmp_path.iterdir())


def test_a_full_disk_is_no_failure_of_a_mirror(tmp_path, small, mirror, origin, monkeypatch):
    server = mirror(small)
    origin(small, server.url, server.url)
    pooch = fetching.require("pooch", "pooch", "fetch", "this test")

    def full(*_, **__):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(pooch, "retrieve", full)
    with pytest.raises(OSError, match="No space left on device"):
        fetch("mnist", tmp_path)


def test_pickles_that_are_there_are_only_replaced_by_force(tmp_path, small, mirror, origin):
    server = mirror(small)
    origin(small, server.url)
    (tmp_path / "labels.pkl").write_text("precious")
    with pytest.raises(DataError, match="already exists"):
        fetch("mnist", tmp_path)
    assert server.names(0) == []
    fetch("mnist", tmp_path, force=True)
    check_small(tmp_path)


def test_what_the_labels_are_called(tmp_path, small, mirror, monkeypatch):
    names = ORIGINS["fashion"].class_names
    checksums = {file: hashlib.sha256(content).hexdigest() for file, content in small.items()}
    monkeypatch.setitem(ORIGINS, "fashion", Origin((mirror(small).url,), checksums, names))
    assert fetch("fashion", tmp_path).train.class_names == names
    assert load_training_data(tmp_path).class_names == load_test_data(tmp_path).class_names == names
    assert names[9] == "Ankle boot"


def test_a_name_that_is_not_known(tmp_path):
    with pytest.raises(DataError, match=r"^name must be one of mnist, fashion, got 'cifar'$"):
        fetch("cifar", tmp_path)


def test_without_pooch(tmp_path, monkeypatch):
    monkeypatch.setitem(sys.modules, "pooch", None)
    with pytest.raises(CmlpError) as caught:
        fetch("mnist", tmp_path)
    assert str(caught.value) == 'fetching data needs pooch: pip install "cmlp[fetch]"'
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize("name", ORIGINS)
def test_every_file_has_a_checksum_and_two_mirrors(name):
    mirrors, files, names = ORIGINS[name]
    assert len(mirrors) >= 2 and all(mirror.endswith("/") for mirror in mirrors)
    assert list(files) == [f"{file}.gz" for file in FILES]
    assert all(len(bytes.fromhex(checksum)) == 32 for checksum in files.values())
    assert len({*files.values()}) == 4
    assert names is None or len({*names}) == 10
