"""The plan of the house: a file imports only from floors strictly below its own (docs/design.md)."""

import ast
import re
from pathlib import Path

import pytest

import cmlp

ROOT = Path(cmlp.__path__[0])
TESTS = Path(__file__).parent

FLOORS = [
    {"cmlp.errors", "cmlp.core"},
    {"cmlp.utils", "cmlp.notebook"},
    {"cmlp.data"},
    {"cmlp.model", "cmlp.plotting"},
    {"cmlp.storage", "cmlp.export"},
    {"cmlp.training"},
    {"cmlp.network"},
    {"cmlp.diagnosis", "cmlp.estimators", "cmlp.reports"},
    {"cmlp"},
    {"cmlp.cli"},
]
ENTRANCE = "cmlp.__main__"  # of the room cmlp.cli

CORE_FLOORS = [
    {"hashing", "structs"},
    {"arrays", "blas", "blas_threads", "simd", "losses", "dropout", "penalties"},
    {"activations", "gather", "normalization", "optimizers", "tiles"},
    {"distortions", "feedforward", "layouts", "updates", "workspace"},
    {"backprop", "data_source", "distorter", "network_parameters", "state"},
    {"checks", "training"},
    {"prediction"},
    {"engine"},
]

CIMPORT = re.compile(r"^\s*(?:from\s+(cmlp[\w.]*)\s+c?import|c?import\s+(cmlp[\w.]*))", re.MULTILINE)


def module_name(path):
    parts = ["cmlp", *path.relative_to(ROOT).with_suffix("").parts]
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


def imports(path):
    text = path.read_text()
    if path.suffix != ".py":
        return {a or b for a, b in CIMPORT.findall(text)}
    names = set()
    for node in ast.walk(ast.parse(text)):
        if isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{path.name} imports relatively"
            names.add(node.module)
        elif isinstance(node, ast.Import):
            names |= {alias.name for alias in node.names}
    return {name for name in names if name.split(".")[0] == "cmlp"}


def lines_of_code(path):
    """The lines of a file, docstrings aside: documentation may be as long as it must."""
    text = path.read_text()
    lines = len(text.splitlines())
    if path.suffix != ".py":
        return lines
    nodes = (ast.Module, ast.ClassDef, ast.FunctionDef)
    documented = [
        node.body[0] for node in ast.walk(ast.parse(text)) if isinstance(node, nodes) and ast.get_docstring(node)
    ]
    return lines - sum(node.end_lineno - node.lineno + 1 for node in documented)


def floor_of(module, floors, prefix):
    """The floor of the longest name in the table that the module is, or lies in."""
    module = "cmlp.cli.__main__" if module == ENTRANCE else module
    ranked = [
        (len(prefix + name), floor)
        for floor, names in enumerate(floors)
        for name in names
        if module == prefix + name or (name != "cmlp" and module.startswith(prefix + name + "."))
    ]
    assert ranked, f"{module} stands on no floor"
    return max(ranked)


def python_files():
    return sorted(path for path in ROOT.rglob("*.py") if "__pycache__" not in path.parts)


def core_files():
    return sorted(path for suffix in ("*.pyx", "*.pxd") for path in (ROOT / "core").glob(suffix))


def test_the_house_stays_small():
    assert len(FLOORS) <= 10
    assert sum(map(len, FLOORS)) <= 18


@pytest.mark.parametrize("path", python_files(), ids=module_name)
def test_no_arrow_climbs(path):
    module = module_name(path)
    name_length, own = floor_of(module, FLOORS, "")
    for other in imports(path):
        other_length, floor = floor_of(other, FLOORS, "")
        same_room = module == ENTRANCE or (floor == own and other[:other_length] == module[:name_length])
        assert floor < own or same_room, f"{module} (floor {own}) imports {other} (floor {floor})"


@pytest.mark.parametrize("path", core_files(), ids=lambda path: path.name)
def test_no_arrow_climbs_in_the_core(path):
    _, own = floor_of(module_name(path), CORE_FLOORS, "cmlp.core.")
    for other in imports(path):
        if other == module_name(path):  # a .pyx reads its own .pxd
            continue
        _, floor = floor_of(other, CORE_FLOORS, "cmlp.core.")
        assert floor < own, f"{path.name} (floor {own}) cimports {other} (floor {floor})"


@pytest.mark.parametrize("path", python_files() + core_files(), ids=lambda path: str(path.relative_to(ROOT)))
def test_files_stay_short(path):
    limit = 400 if path.suffix == ".py" else 300
    assert lines_of_code(path) <= limit


@pytest.mark.parametrize("path", python_files(), ids=module_name)
def test_functions_stay_short(path):
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.FunctionDef):
            documented = ast.get_docstring(node, clean=False)
            lines = node.end_lineno - node.lineno + 1 - (documented.count("\n") + 1 if documented else 0)
            assert lines <= 60, f"{node.name} has {lines} lines"


@pytest.mark.parametrize("path", sorted(TESTS.rglob("*.py")), ids=lambda path: str(path.relative_to(TESTS)))
def test_files_of_tests_stay_short(path):
    assert len(path.read_text().splitlines()) <= 400


def test_every_folder_of_tests_is_of_a_room():
    """But for `doors`, which tries those of all rooms."""
    folders = {path.parent.relative_to(TESTS) for path in TESTS.rglob("test_*.py")} - {Path("doors")}
    assert len(folders) > 10
    assert [str(f) for f in folders if not ((ROOT / f).is_dir() or (ROOT / f).with_suffix(".py").is_file())] == []


def test_importing_cmlp_stays_cheap():
    """What costs time and is rarely needed is imported where it is needed."""
    import subprocess
    import sys

    code = "import sys, cmlp; print(*sys.modules)"
    modules = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout.split()
    assert not {"sklearn", "matplotlib", "tqdm", "threadpoolctl", "scipy.optimize"} & set(modules)


def test_all_is_what_is_imported():
    assert len(set(cmlp.__all__)) == len(cmlp.__all__)
    assert all(hasattr(cmlp, name) for name in cmlp.__all__)
