"""``cmlp info`` without a model: versions, and the BLAS in use."""

import ctypes
import os
import re
from pathlib import Path

import numpy as np
import pytest
import scipy
import threadpoolctl
from support.command_line import run

import cmlp
from cmlp.cli import main
from cmlp.core.blas_threads import openblas_function, single_blas_thread
from cmlp.core.simd import simd_path_names


def test_info(tmp_path):
    status, out, err = run(["info"], tmp_path)
    assert (status, err) == (0, "")
    rows = dict(re.split(r"  +", line, maxsplit=1) for line in out.splitlines())
    assert list(rows) == ["cmlp", "Python", "NumPy", "SciPy", "platform", "kernels", "CPUs", "BLAS", "threads"]
    assert rows["cmlp"].startswith(f"{cmlp.__version__}, built with Cython 3.")
    assert rows["NumPy"] == np.__version__
    assert rows["kernels"] in ("AVX-512", "AVX2", "portable")
    assert re.fullmatch(r"\d+ for this process", rows["CPUs"])
    assert re.fullmatch(r"\d+ of BLAS outside cmlp, 1 inside", rows["threads"])


def test_info_as_json(report):
    found = report("info")
    versions = ["cmlp", "python", "numpy", "scipy", "cython", "platform"]
    assert list(found) == [*versions, "kernels", "processors", "free_threaded", "blas"]
    assert found["kernels"] == simd_path_names()[0]
    assert found["processors"] == (len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count())
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
