import subprocess
import sys
from importlib.util import module_from_spec, spec_from_file_location
from pathlib import Path

import pytest

SETUP = """
from pathlib import Path

import cmlp
from Cython.Build import cythonize
from setuptools import Extension, setup

# Cython looks for .pxd files on sys.path, where an editable install is not
installed = str(Path(cmlp.__path__[0]).parent)
setup(name="kernels", ext_modules=cythonize([Extension("kernels", ["kernels.pyx"])], include_path=[installed]))
"""


@pytest.fixture(scope="session")
def kernels(tmp_path_factory):
    """A module compiled against the installed .pxd files, as another package would be."""
    folder = tmp_path_factory.mktemp("kernels")
    (folder / "kernels.pyx").write_text(Path(__file__).with_name("kernels.pyx").read_text())
    (folder / "setup.py").write_text(SETUP)
    command = [sys.executable, "setup.py", "-q", "build_ext", "--inplace"]
    result = subprocess.run(command, cwd=folder, capture_output=True, text=True)
    assert result.returncode == 0, result.stderr
    (extension,) = (path for path in folder.iterdir() if path.suffix in (".so", ".pyd"))
    spec = spec_from_file_location("kernels", extension)
    module = module_from_spec(spec)
    spec.loader.exec_module(module)
    return module
