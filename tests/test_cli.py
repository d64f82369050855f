"""The command line, as a child process where the process matters and in this one otherwise."""

import ctypes
import json
import os
import pickle
import re
import shlex
import shutil
import signal
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import scipy
import threadpoolctl

import cmlp
from cmlp import optimizers
from cmlp.cli import info, main, test, train
from cmlp.cli.options import ACTIVATIONS, LOSSES, OPTIMIZERS
from cmlp.core import activations
from cmlp.core.blas_threads import openblas_function, single_blas_thread

PLAIN_LINES = re.compile(
    r"(epoch \d+/\d+: loss \d\.\d{4}, test \d+\.\d\d %, [\d,]+ images/s(, [\d:]+ left)?\n)+", re.ASCII
)
COMMAND = [sys.executable, "-m", "cmlp"]
POSIX = os.name == "posix"
TEXT_KEYS = ["data", "network", "training", "training accuracy", "test accuracy", "time"]


def environment():
    """Return an environment in which a child finds the package that is tested, from any folder."""
    inherited = {name: value for name, value in os.environ.items() if not name.startswith("PYTHON")}
    return inherited | {"PYTHONPATH": str(Path(cmlp.__path__[0]).parent)}


def run(arguments, cwd, **options):
    options = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE, "text": True, "env": environment()} | options
    done = subprocess.run([*COMMAND, *arguments], cwd=cwd, timeout=60, **options)
    return done.returncode, done.stdout, done.stderr


def write_folder(folder, training, test):
    files = ("images.pkl", "labels.pkl", "test/test_images.pkl", "test/test_labels.pkl")
    (folder / "test").mkdir(parents=True)
    for file, values in zip(files, (*training, *test), strict=True):
        with (folder / file).open("wb") as stream:
            pickle.dump(values, stream)
    return folder


@pytest.fixture
def digits(tmp_path):
    """Return a data folder with every tenth of the digits."""
    parts = [data[::10] for data in cmlp.load_digits()]
    return write_folder(tmp_path / "data", *[(np.array(part.images), part.labels.tolist()) for part in parts])


@pytest.fixture
def report(capsys):
    """Return a function that runs a command with --json and returns its report."""

    def call(*arguments):
        quiet = ["--quiet"] if arguments[0] == "train" else []
        assert main([*arguments, "--json", *quiet]) == 0
        out, err = capsys.readouterr()
        assert out.count("\n") == 1 and err == ""
        return json.loads(out)

    return call


@pytest.fixture
def complaint(capsys):
    """Return a function that runs a command that cannot run, and returns its one line on stderr."""

    def call(*arguments, stdout=""):
        assert main(arguments) == 2
        out, err = capsys.readouterr()
        assert re.fullmatch(stdout, out, re.DOTALL)
        assert re.fullmatch(r"cmlp[^:\n]*: [^\n]+\n", err)
        return err

    return call


# ------------------------------------------------------------------------------------------------- cmlp train


def test_train_on_the_digits_from_an_empty_folder(tmp_path):
    status, out, err = run(["train"], tmp_path)
    assert status == 0
    assert PLAIN_LINES.fullmatch(err)
    rows = dict(re.split(r"  +", line, maxsplit=1) for line in out.splitlines())
    assert list(rows) == TEXT_KEYS
    assert rows["data"] == "built-in digits: 1,437 training and 360 test images of 64 pixels, 10 classes"
    assert "64-16-16-10" in rows["network"]
    assert rows["training"] == "sgd, epochs 25, eta 3, mini-batch size 10, seed 0"
    for key in ("training accuracy", "test accuracy"):
        percent = re.fullmatch(r"(\d+\.\d\d) %", rows[key])
        assert 90 < float(percent[1]) <= 100
    assert re.fullmatch(r"\d+\.\d\d s", rows["time"])
    assert len({line.index(text) for line, text in zip(out.splitlines(), rows.values(), strict=True)}) == 1
    assert not list(tmp_path.iterdir())


def test_json_is_one_object_that_says_everything(tmp_path):
    status, out, err = run(["train", "--epochs", "3", "--json"], tmp_path)
    assert (status, out.count("\n")) == (0, 1)
    assert PLAIN_LINES.fullmatch(err)
    report = json.loads(out)
    history, seconds = report.pop("history"), report.pop("seconds")
    assert seconds == pytest.approx(sum(history["seconds"]))
    assert {name: len(values) for name, values in history.items()} == {"loss": 3, "test_accuracy": 3, "seconds": 3}
    assert history["test_accuracy"][-1] == report["test_accuracy"]
    train_data, test_data = cmlp.load_digits()
    net = cmlp.Network((64, 16, 16, 10))
    assert history["loss"] == net.train(train_data, 3, 3.0, mini_batch_size=10).loss
    assert report == {
        "version": cmlp.__version__,
        "data": {"folder": None, "training_images": 1437, "test_images": 360, "pixels": 64, "classes": 10},
        "sizes": [64, 16, 16, 10],
        "settings": {
            "epochs": 3, "eta": 3.0, "mini_batch_size": 10, "optimizer": "sgd",
            "activation": "sigmoid", "loss": "quadratic", "seed": 0, "dtype": "float64",
        },
        "training_accuracy": net.test(train_data),
        "test_accuracy": net.test(test_data),
        "saved": None,
        "plot": None,
    }  # fmt: skip


def test_options_reach_the_network(report):
    options = (
        "--hidden 7 --epochs 2 --eta 0.5 --mini-batch-size 20 --seed 3 --dtype float32 "
        "--activation relu --loss cross_entropy --optimizer adam"
    )
    found = report("train", *options.split())
    assert found["sizes"] == [64, 7, 10]
    assert found["settings"] == {
        "epochs": 2, "eta": 0.5, "mini_batch_size": 20, "optimizer": "adam",
        "activation": "relu", "loss": "cross_entropy", "seed": 3, "dtype": "float32",
    }  # fmt: skip
    net = cmlp.Network((64, 7, 10), activation="relu", loss="cross_entropy", dtype="float32", seed=3)
    history = net.train(cmlp.load_digits()[0], 2, 0.5, mini_batch_size=20, optimizer="adam")
    assert found["history"]["loss"] == history.loss


@pytest.mark.parametrize(
    ("options", "eta"),
    [
        ("", 3.0),
        ("--loss cross_entropy", 3.0),
        ("--activation relu", 0.1),
        ("--optimizer momentum", 0.1),
        ("--optimizer adam", 0.003),
        ("--optimizer nadam --activation relu", 0.003),
        ("--optimizer adam --eta 0.5", 0.5),
    ],
)
def test_the_default_learning_rate(report, options, eta):
    assert report("train", "--epochs", "1", *options.split())["settings"]["eta"] == eta


def test_names_are_those_of_the_library():
    assert set(ACTIVATIONS) == set(activations.ACTIVATIONS) - set(activations.OUTPUT_ONLY)
    assert list(OPTIMIZERS) == list(optimizers.OPTIMIZERS)
    for loss in LOSSES:
        assert cmlp.Network((2, 2), loss=loss).architecture.classifies


def test_only_a_network_is_replaced_by_a_network(tmp_path):
    path = tmp_path / "thesis"
    path.write_text("by heart")
    status, out, err = run(["train", "--epochs", "1", "--save", "thesis"], tmp_path)
    assert (status, out) == (2, "")
    found = "thesis is not a safetensors file, or is damaged: "
    assert err.startswith(f"cmlp train: thesis is there already, and --save only replaces networks: {found}")
    assert err.count("\n") == 1
    assert path.read_text() == "by heart"
    path.unlink()
    for seed in ("1", "2"):
        assert run(["train", "--epochs", "1", "--save", "thesis", "--seed", seed], tmp_path)[0] == 0


def test_a_network_is_saved(tmp_path, report):
    path = tmp_path / "net.cmlp"
    found = report("train", "--epochs", "2", "--save", str(path))
    assert found["saved"] == str(path)
    train_data, test_data = cmlp.load_digits()
    net = cmlp.Network.load(path)
    assert net.test(test_data) == found["test_accuracy"]
    expected = cmlp.Network((64, 16, 16, 10))
    expected.train(train_data, 2, 3.0, mini_batch_size=10)
    assert all(map(np.array_equal, net.weights, expected.weights))


@pytest.mark.parametrize(
    ("options", "expected"),
    [
        ("--save nowhere/net.cmlp", "cmlp train: nowhere: No such file or directory"),
        ("--save .", "cmlp train: .: Is a directory"),
        ("--plot curves.doc", "cmlp train: curves.doc must end in ."),
    ],
)
def test_what_cannot_be_written_is_refused_before_training(complaint, tmp_path, monkeypatch, options, expected):
    pytest.importorskip("matplotlib")
    monkeypatch.chdir(tmp_path)
    assert expected in complaint("train", *options.split())


def test_curves(tmp_path, report):
    pytest.importorskip("matplotlib", reason="matplotlib, of the extra cmlp[plot], is not installed")
    path = tmp_path / "curves.png"
    assert report("train", "--epochs", "2", "--plot", str(path))["plot"] == str(path)
    assert path.read_bytes().startswith(b"\x89PNG")


def test_curves_without_matplotlib(complaint, monkeypatch, tmp_path):
    monkeypatch.setitem(sys.modules, "matplotlib.backend_bases", None)
    line = complaint("train", "--plot", str(tmp_path / "curves.png"))
    assert line == 'cmlp train: --plot needs matplotlib: pip install "cmlp[plot]"\n'


@pytest.mark.parametrize(
    ("text", "layers"), [("0", []), (" 0 ", []), ("5", [5]), ("5, 4,3", [5, 4, 3]), ("16,16", [16, 16])]
)
def test_hidden_layers(report, text, layers):
    assert report("train", "--epochs", "1", "--hidden", text)["sizes"] == [64, *layers, 10]


def test_a_folder_gives_what_the_same_data_give(report, digits):
    found = report("train", str(digits), "--epochs", "2")
    assert found["data"] == {
        "folder": str(digits), "training_images": 144, "test_images": 36, "pixels": 64, "classes": 10
    }  # fmt: skip
    net = cmlp.Network((64, 16, 16, 10))
    history = net.train(cmlp.load_digits()[0][::10], 2, 3.0, mini_batch_size=10)
    assert found["history"]["loss"] == history.loss


def test_the_sizes_follow_from_the_data(tmp_path, report):
    images = np.arange(12, dtype=np.uint8).reshape(6, 2)
    # The test data have one class fewer, which must not change the network.
    folder = write_folder(tmp_path / "three", (images, [0, 1, 2, 0, 1, 2]), (images[:2], [0, 1]))
    assert report("train", str(folder), "--epochs", "1")["sizes"] == [2, 16, 16, 3]


@pytest.mark.parametrize(("images", "expected"), [(9_999, 10), (10_000, 125)])
def test_the_default_mini_batch_size(tmp_path, report, images, expected):
    pixels, labels = np.ones((images, 1), np.uint8), np.arange(images) % 2
    folder = write_folder(tmp_path / "data", (pixels, labels), (pixels[:2], labels[:2]))
    arguments = ("train", str(folder), "--epochs", "1", "--hidden", "0")
    assert report(*arguments)["settings"]["mini_batch_size"] == expected
    assert report(*arguments, "--mini-batch-size", "7")["settings"]["mini_batch_size"] == 7


@pytest.mark.skipif(not POSIX, reason="terminals are opened as POSIX does")
@pytest.mark.parametrize(("arguments", "shown"), [([], True), (["--quiet"], False)])
def test_progress_is_shown_on_a_terminal(tmp_path, arguments, shown):
    import termios

    terminal, stderr = os.openpty()
    termios.tcsetwinsize(terminal, (24, 80))
    _, out, _ = run(["train", "--epochs", "2", *arguments], tmp_path, stderr=stderr)
    os.write(stderr, b"end")
    progress = os.read(terminal, 100_000).decode()
    os.close(stderr)
    os.close(terminal)
    assert ("2/2" in progress) == shown
    assert shown or progress == "end"
    assert len(out.splitlines()) == len(TEXT_KEYS)


def test_nobody_reads_stderr(monkeypatch, capsys):
    monkeypatch.setattr(sys, "stderr", None)
    assert main(["train", "--epochs", "1"]) == 0
    assert main(["train", "--epochs", "0"]) == 2
    assert len(capsys.readouterr().out.splitlines()) == len(TEXT_KEYS)


# -------------------------------------------------------------------------------------------------- cmlp info


def test_info(tmp_path):
    status, out, err = run(["info"], tmp_path)
    assert (status, err) == (0, "")
    rows = dict(re.split(r"  +", line, maxsplit=1) for line in out.splitlines())
    assert list(rows) == ["cmlp", "Python", "NumPy", "SciPy", "platform", "BLAS", "threads"]
    assert rows["cmlp"].startswith(f"{cmlp.__version__}, built with Cython 3.")
    assert rows["NumPy"] == np.__version__
    assert re.fullmatch(r"\d+ of BLAS outside cmlp, 1 inside", rows["threads"])


def test_info_as_json(report):
    found = report("info")
    assert list(found) == ["cmlp", "python", "numpy", "scipy", "cython", "platform", "blas"]
    assert re.match(r"3\.\d+", found["cython"])
    assert set(found["blas"]) == {"name", "version", "architecture", "file", "threads"}
    assert found["blas"]["name"]


def test_info_counts_threads_outside_and_inside(report):
    if not threadpoolctl.ThreadpoolController().select(user_api="blas"):
        pytest.skip("threadpoolctl cannot set the threads of this BLAS")
    with threadpoolctl.threadpool_limits(2, user_api="blas"):
        assert report("info")["blas"]["threads"] == {"outside": 2, "inside": 1}


@pytest.mark.parametrize("backwards", [False, True])
def test_info_names_the_blas_that_cmlp_limits(report, monkeypatch, backwards):
    with threadpoolctl.threadpool_limits(2, user_api="blas"), single_blas_thread():
        libraries = threadpoolctl.threadpool_info()
    limited = {
        library["filepath"] for library in libraries if library["user_api"] == "blas" and library["num_threads"] == 1
    }
    if not limited:
        pytest.skip("threadpoolctl does not know this BLAS")
    monkeypatch.setattr(threadpoolctl, "threadpool_info", lambda: libraries[:: -1 if backwards else 1])
    assert report("info")["blas"]["file"] in limited


def library(file, name="openblas"):
    return {"user_api": "blas", "internal_api": name, "version": "1", "filepath": str(file), "num_threads": 1}


def site(package):
    return Path(package.__file__).resolve().parents[1]


NUMPYS = library(site(np) / "numpy.libs/libscipy_openblas64_.so")
SCIPYS = library(site(scipy) / "scipy.libs/libscipy_openblas.so")
OPENMP = library("/usr/lib/libgomp.so.1", "openmp") | {"user_api": "openmp"}
SYSTEMS = library("/usr/lib/libmkl_rt.so", "mkl")


@pytest.mark.parametrize(
    ("libraries", "expected", "name"),
    [
        ([NUMPYS, SCIPYS], SCIPYS, "OpenBLAS"),
        ([SYSTEMS, SCIPYS], SCIPYS, "OpenBLAS"),
        ([NUMPYS, SYSTEMS], SYSTEMS, "Intel MKL"),
        ([OPENMP, SYSTEMS], SYSTEMS, "Intel MKL"),
        ([SYSTEMS], SYSTEMS, "Intel MKL"),
        ([NUMPYS], None, scipy.show_config(mode="dicts")["Build Dependencies"]["blas"]["name"]),
    ],
)
def test_info_where_no_function_of_openblas_is_found(report, monkeypatch, libraries, expected, name):
    monkeypatch.setattr(threadpoolctl, "threadpool_info", lambda: libraries)
    monkeypatch.setattr("cmlp.core.blas_threads.openblas_function", lambda name: None)
    blas = report("info")["blas"]
    assert (blas["file"], blas["name"]) == (expected and expected["filepath"], name)
    assert main(["info"]) == 0


def test_info_is_not_misled_by_a_function_of_the_same_name(report, monkeypatch):
    found = openblas_function("get_num_threads")
    if found is None:
        pytest.skip("SciPy calls another BLAS than OpenBLAS, or this system does not look up through it")
    namesake = ctypes.CFUNCTYPE(ctypes.c_int)(lambda: 1)
    namesake.__name__ = found.__name__
    monkeypatch.setattr("cmlp.core.blas_threads.openblas_function", lambda name: namesake)
    assert report("info")["blas"]["file"] is None


# ------------------------------------------------------------------------------------- help, version, welcome


def test_welcome_names_three_things_to_type(tmp_path):
    status, out, err = run([], tmp_path)
    assert (status, err) == (0, "")
    lines = re.findall(r"^  (cmlp .+?)  +\w", out, re.MULTILINE)
    assert lines == ["cmlp train --save digits.cmlp", "cmlp test digits.cmlp", "cmlp check FOLDER"]
    for line in lines[:2]:
        assert run(line.split()[1:], tmp_path)[0] == 0
    assert run(["check", "--help"], tmp_path)[0] == run(["--help"], tmp_path)[0] == 0


def test_version(capsys):
    assert main(["--version"]) == 0
    assert capsys.readouterr() == (f"cmlp {cmlp.__version__}\n", "")


def test_help_gives_units_and_defaults(capsys):
    assert main(["train", "--help"]) == 0
    text = " ".join(capsys.readouterr().out.split())
    for part in (
        "units of each hidden layer, separated by commas; 0 for no hidden layer (default: 16,16)",
        "how many times every image is used (default: 25)",
        "the mean cost (default: 3 with sigmoid and sgd; 0.003 with rmsprop, adam, adamw, nadam; else 0.1)",
        "images per step (default: 125, or 10 for fewer than 10,000 training images)",
        "the same seed gives the same network (default: 0)",
        "8 or 4 bytes per number (default: float64)",
    ):
        assert part in text


@pytest.mark.parametrize("module", [train, test, info])
def test_the_examples_run(module, digits, monkeypatch, capsys):
    pytest.importorskip("matplotlib", reason="matplotlib, of the extra cmlp[plot], is not installed")
    monkeypatch.chdir(digits.parent)
    for name in ("digits.cmlp", "mnist.cmlp"):
        assert main(["train", "--epochs", "1", "--save", name]) == 0
    train_data, test_data = cmlp.load_digits()
    sets = {"x_train": train_data.images, "y_train": train_data.labels}
    np.savez("mnist.npz", x_test=test_data.images, y_test=test_data.labels, **sets)
    capsys.readouterr()
    examples = re.findall(r"^  cmlp (.+)$", module.EPILOG, re.MULTILINE)
    assert examples
    for example in examples:
        assert main(shlex.split(example.partition(" > ")[0])) == 0
        assert re.fullmatch(f"({PLAIN_LINES.pattern})?", capsys.readouterr().err)


def test_the_installed_command(tmp_path):
    script = shutil.which("cmlp", path=Path(sys.executable).parent)
    if script is None:
        pytest.skip("cmlp is not installed")
    done = subprocess.run([script, "--version"], cwd=tmp_path, capture_output=True, text=True, timeout=60)
    assert (done.returncode, done.stdout, done.stderr) == (0, f"cmlp {cmlp.__version__}\n", "")


# -------------------------------------------------------------------------------------------------- bad input


@pytest.mark.parametrize(
    ("arguments", "expected"),
    [
        ("trian", "cmlp: unknown command 'trian'; did you mean 'train'?"),
        ("xyz", "cmlp: unknown command 'xyz' (see cmlp --help)"),
        ("--xyz", "cmlp: unknown argument '--xyz' (see cmlp --help)"),
        ("train --epoch 3", "cmlp train: unknown argument '--epoch'; did you mean '--epochs'?"),
        ("train a b", "cmlp train: unknown argument 'b' (see cmlp train --help)"),
        ("info a b", "cmlp info: unknown argument 'b' (see cmlp info --help)"),
        ("info a", "cmlp info: a: No such file or directory"),
        ("train --epochs 0", "--epochs: must be a positive integer, got '0'"),
        ("train --epochs 2.5", "--epochs: must be a positive integer, got '2.5'"),
        ("train --epochs 9999999999", "cmlp train: epochs must be a positive integer below 2**31"),
        ("train --epochs", "--epochs: expected one argument"),
        ("train --mini-batch-size 0", "--mini-batch-size: must be a positive integer, got '0'"),
        ("train --eta nan", "--eta: must be a positive number, got 'nan'"),
        ("train --eta inf", "--eta: must be a positive number, got 'inf'"),
        ("train --eta 0", "--eta: must be a positive number, got '0'"),
        ("train --eta -1", "--eta: must be a positive number, got '-1'"),
        ("train --eta x", "--eta: must be a positive number, got 'x'"),
        ("train --seed -1", "--seed: must be an integer from 0 on, got '-1'"),
        ("train --dtype float16", "--dtype: invalid choice: 'float16'; did you mean 'float"),
        ("train --activation rleu", "--activation: invalid choice: 'rleu'; did you mean 'relu'?"),
        ("train --loss xyz", "--loss: invalid choice: 'xyz', choose from quadratic, cross_entropy"),
        ("train --hidden 16,x", "--hidden: must be positive integers separated by commas, or 0 for no hidden layer"),
        ("train --hidden 16,-1", "got '-1'"),
        ("train --hidden 16,0", "got '0'"),
        ("train --hidden 16,", "got ''"),
        ("train --hidden ''", "got ''"),
        ("train --hidden 9999999999", "cmlp train: sizes must be"),
        ("train --hidden 2000000000,2000000000", "cmlp train: sizes must give"),
        ("train nowhere", "cmlp train: nowhere"),
    ],
)
def test_bad_arguments(complaint, tmp_path, monkeypatch, arguments, expected):
    monkeypatch.chdir(tmp_path)
    # What the network itself refuses is found after the plan is printed.
    assert expected in complaint(*shlex.split(arguments), stdout=".*" if "99" in arguments else "")


@pytest.mark.parametrize(
    ("file", "content"),
    [
        ("images.pkl", None),
        ("test/test_labels.pkl", None),
        ("images.pkl", b""),
        ("labels.pkl", b"not a pickle"),
        ("labels.pkl", pickle.dumps([0, 1])),
        ("labels.pkl", pickle.dumps(Path)),
        ("test/test_labels.pkl", pickle.dumps([10] * 36)),
        ("test/test_labels.pkl", pickle.dumps(np.eye(11)[np.arange(36) % 11])),
    ],
)
def test_bad_folders(complaint, digits, file, content):
    (digits / file).unlink()
    if content is not None:
        (digits / file).write_bytes(content)
    assert file in complaint("train", str(digits))


def test_test_images_of_another_size(complaint, digits):
    (digits / "test/test_images.pkl").write_bytes(pickle.dumps(np.ones((36, 63), np.uint8)))
    assert "test_data" in complaint("train", str(digits), stdout="data .*")


def test_a_source_without_test_data(complaint, digits):
    found = complaint("train", str(digits / "images.pkl"))
    assert "holds 144 images and no test data: cmlp convert" in found


def test_other_sources_are_read_as_cmlp_convert_does(report, tmp_path):
    train_data, test_data = cmlp.load_digits()
    path = tmp_path / "digits.npz"
    sets = {"x_train": train_data.images, "y_train": train_data.labels}
    np.savez(path, x_test=test_data.images, y_test=test_data.labels, **sets)
    found, expected = (report("train", "--epochs", "1", *source) for source in ([str(path)], []))
    assert found["data"] == expected["data"] | {"folder": str(path)}
    assert found["history"]["loss"] == expected["history"]["loss"]


def test_a_folder_where_a_file_is_expected(complaint, digits):
    (digits / "labels.pkl").unlink()
    (digits / "labels.pkl").mkdir()
    assert "labels.pkl" in complaint("train", str(digits))


@pytest.mark.skipif(not POSIX or (POSIX and os.geteuid() == 0), reason="this user reads every file")
def test_an_unreadable_file(complaint, digits):
    (digits / "labels.pkl").chmod(0)
    assert "Permission denied" in complaint("train", str(digits))


def test_a_long_name(complaint):
    complaint("train", "x" * 5000)


def test_a_name_with_a_line_break(complaint):
    assert r"a\nb\x1b[31m" in complaint("train", "a\nb\x1b[31m")


@pytest.mark.skipif(sys.platform != "linux", reason="names of files are bytes on Linux only")
def test_names_that_are_not_utf8(tmp_path, digits):
    name = b"\xff\xc3\xa9"
    assert run(["train", name], tmp_path)[0] == 2
    digits.rename(tmp_path / os.fsdecode(name))
    status, out, err = run(
        ["train", name, "--epochs", "1", "--quiet"], tmp_path, env=environment() | {"PYTHONIOENCODING": "ascii"}
    )
    assert (status, err) == (0, "")
    assert r"\udcff\xe9: 144 training" in out
    assert json.loads(run(["train", name, "--epochs", "1", "--json"], tmp_path)[1])["data"]["folder"]


@pytest.mark.parametrize(("error", "expected"), [(MemoryError("6 TiB"), "memory: 6 TiB"), (MemoryError(), "memory\n")])
def test_too_little_memory(complaint, monkeypatch, error, expected):
    def network(*args, **kwargs):
        raise error

    monkeypatch.setattr("cmlp.network.Network", network)
    line = complaint("train")
    assert line.startswith("cmlp train: not enough memory") and expected in line


def test_diverging_training(complaint):
    line = complaint("train", "--eta", "1e39", "--dtype", "float32", stdout=".*")
    assert "smaller eta" in line
    complaint("train", "--eta", "1e39", "--dtype", "float32", "--json")


# ------------------------------------------------------------------------------------ the end of the process


@pytest.mark.skipif(not POSIX, reason="Windows sends no SIGINT to a child alone")
def test_ctrl_c(tmp_path):
    pipes = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE, "text": True}
    before = signal.signal(signal.SIGINT, signal.default_int_handler)  # a child ignores what its parent ignores
    try:
        process = subprocess.Popen(
            [*COMMAND, "train", "--epochs", "99999999"], cwd=tmp_path, env=environment(), **pipes
        )
    finally:
        signal.signal(signal.SIGINT, before)
    with process:
        try:
            assert process.stdout.readline().startswith("data")  # so training is about to begin
            process.send_signal(signal.SIGINT)
            _, err = process.communicate(timeout=60)
        finally:
            process.kill()
    assert process.returncode == 130
    assert err == "cmlp train: interrupted\n"


@pytest.mark.skipif(not POSIX, reason="a pipe without a reader is SIGPIPE's affair")
@pytest.mark.parametrize("arguments", [["train", "--quiet"], ["train", "--quiet", "--json"], ["info"], [], ["--help"]])
def test_a_reader_that_left(tmp_path, arguments):
    reader, writer = os.pipe()
    os.close(reader)
    status, _, err = run(arguments, tmp_path, stdout=writer)
    os.close(writer)
    assert (status, err) == (141, "")


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="no device that is always full")
def test_a_full_disk(tmp_path):
    with Path("/dev/full").open("w") as full:
        status, _, err = run(["info"], tmp_path, stdout=full)
        assert (status, err) == (2, "cmlp info: No space left on device\n")
        assert run(["--version"], tmp_path, stdout=full)[0] == 2
        assert run(["train", "--epochs", "0"], tmp_path, stderr=full)[:2] == (2, "")
