"""What had another place in version 0.1 is found there for a version more, with a warning."""

import importlib
import subprocess
import sys

import pytest

from cmlp.utils.moved import MOVED


@pytest.mark.parametrize(("old", "new"), MOVED.items())
def test_every_old_name_is_the_module_of_today(old, new, monkeypatch):
    monkeypatch.delitem(sys.modules, f"cmlp.{old}", raising=False)
    with pytest.warns(DeprecationWarning, match=f"^cmlp.{old} is now cmlp.{new}; the old name goes with version 0.3$"):
        module = importlib.import_module(f"cmlp.{old}")
    assert module is importlib.import_module(f"cmlp.{new}")
    assert module.__name__ == module.__spec__.name == f"cmlp.{new}"


def test_an_import_as_in_a_script():
    code = "from cmlp.optimizers import Adam; import cmlp; assert Adam is cmlp.Adam"
    done = subprocess.run([sys.executable, "-W", "default", "-c", code], capture_output=True, text=True, check=True)
    assert done.stderr.startswith("<string>:1: DeprecationWarning: cmlp.optimizers is now cmlp.training.optimizers")


def test_what_never_was_is_not_found():
    with pytest.raises(ModuleNotFoundError, match=r"^No module named 'cmlp\.convolutions'$"):
        importlib.import_module("cmlp.convolutions")
