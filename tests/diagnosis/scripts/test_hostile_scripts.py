"""Scripts that crash, hang, write, ask or lie: a sentence with the next step, in bounded time, and nothing changed."""

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
from support.children import environment
from support.stand_in import DATA, Scripts

from cmlp.diagnosis.scripts.face import check_script
from cmlp.errors import DataError, ModelError

TRAINS = """
class Net:
    def __init__(self): self.w = np.zeros((12, 3))
    def train(self, X, y, epochs): self.w += 1
Net().train(X_train, y_train, 3)
"""


@pytest.fixture
def caught(tmp_path, monkeypatch):
    monkeypatch.setenv("PYTHONPATH", environment()["PYTHONPATH"])
    monkeypatch.chdir("/")
    return Scripts(tmp_path)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("n = int(input('epochs? '))", "script.py:1: the script asks for input, and nothing is typed in a check"),
        ("import sys\nsys.exit()", "script.py:2: the script ends itself with sys.exit(None) before it trains"),
        ("import no_such_module.at_all", "script.py:1: the script imports no_such_module, which is not installed here"),
        ("def f(:", "script.py:1: invalid syntax; Python itself cannot run the script"),
        ("x = 1\nraise ValueError('one\\ntwo')", "script.py:2: ValueError: one two; the script ends with this"),
        ("def f(): f()\nf()", "script.py:1: RecursionError"),
        (
            "import argparse\np = argparse.ArgumentParser()\np.add_argument('file')\np.parse_args()",
            "script.py:4: the script wants arguments, and the check gives none: give them default values",
        ),
        ("open('data/images.pkl', 'rb')", "script.py:1: the script wants data/images.pkl, which is not there"),
        ("import os\nif not os.path.exists('a'):\n    try: open('a')\n    except OSError: pass", "the script wants a,"),
    ],
)
def test_what_cannot_run(caught, text, words):
    with pytest.raises(DataError) as error:
        caught(text, data="")
    assert words in str(error.value) and "\n" not in str(error.value)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("import os\nos._exit(7)", "the script ended its process while it ran, with exit code 7"),
        ("import os, signal\nos.kill(os.getpid(), signal.SIGSEGV)", "while it ran, with signal 11"),
        ("print('hello')", "the script ended without training"),
        ("while True: pass", "the script did not begin to train in time"),
        ("import time\ntime.sleep(1e6)", "the script did not begin to train in time"),
        (
            "while True:\n    try:\n        while True: pass\n    except BaseException: pass",
            "did not begin to train in time",
        ),
    ],
)
def test_what_never_trains(caught, text, words):
    begun = time.monotonic()
    line, facts, _, report = caught(text, data="", seconds=2)
    assert line is None and facts is None and not report.ok
    assert words in report.unknown[0] and time.monotonic() - begun < 60


def test_a_process_that_no_signal_reaches_is_killed(caught):
    begun = time.monotonic()
    _, _, _, report = caught(
        "import signal\nsignal.pthread_sigmask(2, range(1, 65))\nwhile True: pass", data="", seconds=0.2
    )
    assert "the time was over while the script ran" in report.unknown[0] or "signal 9" in report.unknown[0]
    assert time.monotonic() - begun < 60


def test_prints_are_no_report(caught):
    line, facts, _, report = caught(
        "import os, ctypes\nos.write(1, b'{\"report\": 1}\\n')\nos.system('echo hello')\nctypes.CDLL(None).puts(b'x')\n"
        'print(\'{"caught": "a lie"}\', flush=True)\n' + TRAINS
    )
    assert "Net().train(X, y, epochs=3)" in line and facts["settings"] == {"epochs": 3} and report.ok


def test_files_are_written_elsewhere_and_read_there(caught):
    (caught.folder / "kept.txt").write_text("kept")
    line, _, _, _ = caught(
        """
        import os, pathlib
        open("kept.txt", "a").write(" and more")
        assert open("kept.txt").read() == "kept and more"
        os.makedirs("models/deep", exist_ok=True)
        np.save("models/deep/w.npy", np.ones(3))
        assert np.load("models/deep/w.npy").sum() == 3
        os.remove("kept.txt")
        pathlib.Path("new").mkdir()
        try:
            os.open("straight", os.O_CREAT | os.O_WRONLY)
        except PermissionError as error:
            refused = error
        str(refused)
        """
        + "\n        ".join(TRAINS.split("\n"))
    )
    assert line is not None  # and `caught` has compared the folder


def test_what_the_script_started_ends_with_it(caught):
    with pytest.raises(DataError) as error:
        caught("import subprocess\np = subprocess.Popen(['sleep', '1000'])\nraise ValueError(f'pid {p.pid} ')\n")
    pid = int(str(error.value).split("pid ")[1].split()[0].rstrip(";"))
    deadline = time.monotonic() + 10
    while _runs(pid) and time.monotonic() < deadline:
        time.sleep(0.05)
    assert not _runs(pid)


def _runs(pid):
    try:
        return Path(f"/proc/{pid}/stat").read_text().split()[2] != "Z"
    except OSError:
        return False


def test_the_folder_in_which_the_files_are(caught, tmp_path):
    (tmp_path / "elsewhere" / "data").mkdir(parents=True)
    (tmp_path / "elsewhere" / "data" / "numbers.csv").write_text("1,2\n")
    assert caught(f"open('data/numbers.csv')\n{TRAINS}", folder=tmp_path / "elsewhere")[0] is not None
    for name in ("data/numbers.csv", "numbers.csv", "/content/drive/numbers.csv", "C:\\\\Users\\\\me\\\\numbers.csv"):
        assert caught(f"open('{name}')\n{TRAINS}", folder=tmp_path / "elsewhere" / "data")[0] is not None
    loads = "assert np.loadtxt('data/numbers.csv', delimiter=',').tolist() == [1, 2]\n"
    assert caught(loads + TRAINS, folder=tmp_path / "elsewhere" / "data")[0] is not None
    with pytest.raises(
        DataError, match=r"the script wants other.csv, which is not in .*elsewhere, the folder of --folder"
    ):
        caught("open('other.csv')\n", folder=tmp_path / "elsewhere")


def test_arguments(tmp_path):
    script = tmp_path / "script.py"
    script.write_text("")
    with pytest.raises(DataError, match="must be a Python script, and is a folder"):
        check_script(tmp_path)
    with pytest.raises(FileNotFoundError):
        check_script(tmp_path / "none.py")
    with pytest.raises(FileNotFoundError):
        check_script(script, tmp_path / "none")
    with pytest.raises(DataError, match="got the file"):
        check_script(script, script)
    for seconds in (0, -1, float("nan"), float("inf"), "60", True):
        with pytest.raises(ModelError, match="seconds must be a positive number"):
            check_script(script, seconds=seconds)
    (tmp_path / "book.ipynb").write_text("{}")
    with pytest.raises(DataError, match=r"jupyter nbconvert --to script book\.ipynb"):
        check_script(tmp_path / "book.ipynb")


HANGS = """
import os
class Net:
    def __init__(self): self.w = np.zeros((12, 3))
    def __deepcopy__(self, memo):
        os.symlink(os.devnull, __file__ + ".begun")
        while True: pass
    def train(self, X, y, epochs, other): self.w += 1
Net().train(X_train, y_train, 3, X_test)
"""

INTERRUPTED = """
import sys
from cmlp.diagnosis.scripts.face import check_script
result = check_script(sys.argv[1], child="support.stand_in")
print(result.caught, result.interrupted, result.report.unknown, sep="\\n")
"""


@pytest.mark.skipif(os.name != "posix", reason="Windows has no such signals")
def test_ctrl_c_gives_what_is_known(tmp_path):
    script = tmp_path / "script.py"
    script.write_text(DATA + HANGS)
    command = [sys.executable, "-P", "-c", INTERRUPTED, str(script)]
    process = subprocess.Popen(command, env=environment(), stdout=subprocess.PIPE, text=True)
    while not Path(f"{script}.begun").is_symlink():
        time.sleep(0.05)
        assert process.poll() is None
    process.send_signal(signal.SIGINT)
    caught, interrupted, unknown = process.communicate(timeout=60)[0].splitlines()
    assert "train(X, y, epochs=3, other): stopped there" in caught and interrupted == "True"
    assert "the check was interrupted while the script was examined" in unknown


@pytest.mark.skipif(os.name != "posix", reason="Windows has no such signals")
def test_ctrl_c_ends_the_child(tmp_path):
    script = tmp_path / "script.py"
    script.write_text(f"import os\nos.symlink('{os.devnull}', '{tmp_path}/begun')\nwhile True: pass\n")
    command = [sys.executable, "-P", "-m", "cmlp", "check", "--script", str(script)]
    process = subprocess.Popen(command, env=environment(), stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    while not (tmp_path / "begun").is_symlink():
        time.sleep(0.05)
        assert process.poll() is None
    process.send_signal(signal.SIGINT)
    begun = time.monotonic()
    out, err = process.communicate(timeout=60)
    assert (process.returncode, out, err) == (130, "", "cmlp check: interrupted\n")
    assert time.monotonic() - begun < 30
