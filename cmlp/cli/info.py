"""``cmlp info``: describe a saved network, or the versions and the BLAS in use."""

import argparse
import ctypes
import platform
import re
from collections.abc import Mapping
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any

from cmlp import __version__
from cmlp.cli.options import add_command
from cmlp.cli.output import print_json, print_table
from cmlp.cli.reading import add_reading
from cmlp.cli.strangers import read_any
from cmlp.utils.text import counted, printable

if TYPE_CHECKING:
    from types import ModuleType

    from cmlp.data.framing import Framing
    from cmlp.model.record import Model
    from cmlp.training.checkpoint_files import Checkpoint

MODEL_WIDTH = 12  # of the names in the output
OF_INPUTS = ("feature_names", "inputs", "largest_input")  # what is known of the training data, and is no setting

KERNEL_NAMES = {"avx512": "AVX-512", "avx2": "AVX2", "baseline": "portable"}
BLAS_NAMES = {"openblas": "OpenBLAS", "mkl": "Intel MKL", "blis": "BLIS", "flexiblas": "FlexiBLAS"}

EPILOG = """\
examples:
  cmlp info
  cmlp info digits.cmlp
  cmlp info --json
"""


def add_to(commands: Any) -> None:
    """Add the command to what `add_subparsers` returned."""
    purpose = "describe a saved network, or print versions and the BLAS in use"
    parser = add_command(commands, "info", run, purpose, EPILOG)
    parser.add_argument("model", metavar="MODEL", nargs="?", help="a saved network, or a checkpoint")
    parser.add_argument("--json", action="store_true", help="print one JSON object")
    add_reading(parser)


def run(arguments: argparse.Namespace) -> None:
    """Describe a network, or print versions and the BLAS in use."""
    if arguments.model is not None:
        _describe_model(arguments)
        return
    versions, machine, blas = _versions(), _machine(), _blas()
    if arguments.json:
        print_json(versions | machine | {"blas": blas})
    else:
        _print_info(versions, machine, blas)


def _describe_model(arguments: argparse.Namespace) -> None:
    model, checkpoint = read_any(arguments)
    report = {
        "model": printable(arguments.model),
        **asdict(model.architecture),
        "dtype": str(model.architecture.dtype),
        "parameters": sum(array.size for array in (*model.weights, *model.biases)),
        "scale": model.scale,
        "class_names": model.class_names,
        "framing": None if model.framing is None else asdict(model.framing),
        "training": dict(model.training),
        "checkpoint": None if checkpoint is None else _place_of(checkpoint),
    }
    if arguments.json:
        print_json({"version": __version__} | report)
        return
    settings = ", ".join(f"{name} {_value(value)}" for name, value in _told(model.training).items())
    rows = {
        "model": f"{arguments.model}: {model.architecture}",
        "parameters": f"{report['parameters']:,}",
        "pixels": _pixels(model),
        "images": "unknown" if model.framing is None else _sentence(model.framing),
        "features": ", ".join(map(printable, model.feature_names or ())),
        "classes": ", ".join(map(printable, model.names)),
        "training": settings or "none",
    }
    if model.feature_names is None:
        del rows["features"]
    if checkpoint is not None:
        rows["checkpoint"] = _how_far(checkpoint)
    print_table(rows, MODEL_WIDTH)


def _pixels(model: "Model") -> str:
    """Say what the network does to the numbers that it is given."""
    if model.input == "float":
        return "floats, used as they are"
    return "uint8, used as they are" if model.scale == 1 else f"uint8, divided by {1 / model.scale:.6g}"


def _place_of(checkpoint: "Checkpoint") -> dict[str, Any]:
    position, ended = checkpoint.position, checkpoint.ended
    return {"epochs": position.epoch, "images_of_the_next": position.done, "ended": ended}


def _how_far(checkpoint: "Checkpoint") -> str:
    """Say where the training of a checkpoint stands."""
    position, epochs = checkpoint.position, checkpoint.model.training.get("epochs", "?")
    if checkpoint.ended:
        return f"early stopping has ended the training after {counted(position.epoch, 'epoch')}"
    if position.epoch == epochs:
        return "the only epoch is trained" if epochs == 1 else f"all {epochs:,} epochs are trained"
    inside = f" and {counted(position.done, 'image')} of the next" if position.done else ""
    if epochs is None:
        minutes = checkpoint.model.training.get("minutes")
        done = f"{position.epoch:,} epochs{inside} are trained, in {position.seconds / 60:.1f} of {minutes} minutes"
        return f"{done}; cmlp train with --checkpoint --resume goes on where time is left"
    return f"{position.epoch:,} of {epochs} epochs{inside} are trained; cmlp train with --checkpoint --resume goes on"


def _sentence(framing: "Framing") -> str:
    ink = "dark strokes on a bright background" if framing.dark else "bright strokes on a dark background"
    centre = {"mass": "centred by mass", "box": "centred by bounding box", "none": "not centred"}[framing.centre]
    return f"{framing.width}x{framing.height}, {ink}, {counted(framing.box, 'pixel')} long and {centre}"


def _told(training: Mapping[str, Any]) -> dict[str, Any]:
    """Return the settings that have an effect."""
    told = {name: value for name, value in training.items() if value not in (None, 0, 0.0, {})}
    return {name: value for name, value in told.items() if name not in (*OF_INPUTS, "origin")}


def _value(value: Any) -> str:
    return (
        str(value.get("name", value))
        if isinstance(value, dict)
        else f"{value:,}"
        if isinstance(value, int)
        else str(value)
    )


def _versions() -> dict[str, str]:
    import numpy
    import scipy

    return {
        "cmlp": __version__,
        "python": platform.python_version(),
        "numpy": numpy.__version__,
        "scipy": scipy.__version__,
        "cython": _cython_of_build(),
        "platform": platform.platform(),
    }


def _machine() -> dict[str, Any]:
    """Return what the speed depends on: the vector kernels in use, and how many threads may share the work."""
    import sysconfig

    from cmlp.core.simd import simd_path_name
    from cmlp.model.threads import processors

    free = bool(sysconfig.get_config_var("Py_GIL_DISABLED"))
    return {"kernels": simd_path_name(), "processors": processors(), "free_threaded": free}


def _blas() -> dict[str, Any]:
    """Describe the BLAS and its numbers of threads outside and inside cmlp."""
    from cmlp.core.blas_threads import blas_threads, single_blas_thread

    outside = blas_threads()
    with single_blas_thread():
        inside = blas_threads()
    return _blas_of_scipy() | {"threads": {"outside": outside, "inside": inside}}


def _print_info(versions: Mapping[str, str], machine: Mapping[str, Any], blas: Mapping[str, Any]) -> None:
    library = " ".join(filter(None, (blas["name"], blas["version"])))
    file = blas["file"] and Path(blas["file"]).name
    rows = {
        "cmlp": "{cmlp}, built with Cython {cython}".format(**versions),
        "Python": versions["python"] + (", free-threaded" if machine["free_threaded"] else ""),
        "NumPy": versions["numpy"],
        "SciPy": versions["scipy"],
        "platform": versions["platform"],
        "kernels": KERNEL_NAMES[machine["kernels"]],
        "CPUs": "{processors} for this process".format(**machine),
        "BLAS": ", ".join(filter(None, (library, blas["architecture"], file))),
        "threads": "{outside} of BLAS outside cmlp, {inside} inside".format(**blas["threads"]),
    }
    print_table(rows)


def _cython_of_build() -> str:
    """Return the version of Cython that compiled cmlp: it is part of the name of the module of its types."""
    from cmlp.core.blas_threads import blas_threads

    found = re.fullmatch(r"_cython_(\w+)", type(blas_threads).__module__)
    return found[1].replace("_", ".") if found else "unknown"


def _blas_of_scipy() -> dict[str, str | None]:
    """Return what is known of the BLAS that SciPy calls."""
    import scipy
    import threadpoolctl

    libraries = [library for library in threadpoolctl.threadpool_info() if library["user_api"] == "blas"]
    for library in _called_by_scipy(libraries):
        return {
            "name": BLAS_NAMES.get(library["internal_api"], library["internal_api"]),
            "version": library["version"],
            "architecture": library.get("architecture"),
            "file": library["filepath"],
        }
    # Such as Accelerate and the reference BLAS, which threadpoolctl does not know.
    built_with = scipy.show_config(mode="dicts")["Build Dependencies"]["blas"]["name"]
    return {"name": built_with, "version": None, "architecture": None, "file": None}


def _called_by_scipy(libraries: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Return the libraries that SciPy calls: NumPy often brings an OpenBLAS of its own."""
    import numpy
    import scipy

    from cmlp.core.blas_threads import openblas_function

    function = openblas_function("get_num_threads")
    if function is not None:
        return [library for library in libraries if _holds(library["filepath"], function)]
    of_scipy = [library for library in libraries if _is_part_of(scipy, library["filepath"])]
    return of_scipy or [library for library in libraries if not _is_part_of(numpy, library["filepath"])]


def _holds(file: str, function: Any) -> bool:
    """Return whether a loaded library holds this very function, and not one of the same name."""
    namesake = getattr(ctypes.CDLL(file), function.__name__, None)
    return namesake is not None and _address(namesake) == _address(function)


def _address(function: Any) -> int | None:
    return ctypes.cast(function, ctypes.c_void_p).value


def _is_part_of(package: "ModuleType", file: str) -> bool:
    """Return whether a library was installed with a package, as by wheels."""
    folder = Path(str(package.__file__)).resolve().parent
    return any(Path(file).is_relative_to(place) for place in (folder, folder.with_name(f"{folder.name}.libs")))
