import os
import sys
from pathlib import Path

import numpy
import scipy.linalg
from Cython.Build import cythonize
from setuptools import Extension, setup

CORE = Path("cmlp/core")

DIRECTIVES = {
    "language_level": 3,
    "boundscheck": False,
    "wraparound": False,
    "initializedcheck": False,
    "cdivision": True,
    "embedsignature": True,
}


def write_blas_int():
    """Write which integer SciPy's BLAS takes: from SciPy 1.18 on it says so itself, and it can be 64 bits wide."""
    signatures = Path(scipy.linalg.__file__).with_name("cython_blas.pxd").read_text()
    if "blas_int" in signatures:
        declaration = "from scipy.linalg.cython_blas cimport blas_int\n"
    else:
        declaration = "ctypedef int blas_int\n"
    (CORE / "blas_int.pxi").write_text(declaration)


def extensions():
    return [
        Extension(
            f"cmlp.core.{source.stem}",
            [str(source)],
            include_dirs=[numpy.get_include()],
            depends=[str(header) for header in CORE.glob("*.h")],
            define_macros=[("NPY_NO_DEPRECATED_API", "NPY_2_0_API_VERSION")],
            extra_link_args=[] if sys.platform == "win32" else ["-pthread"],
            extra_compile_args=[] if sys.platform == "win32" else ["-O3", "-fno-math-errno", "-Wno-psabi", "-pthread"],
        )
        for source in sorted(CORE.glob("*.pyx"))
    ]


write_blas_int()
setup(
    ext_modules=cythonize(extensions(), compiler_directives=DIRECTIVES),
    options={"build_ext": {"parallel": os.cpu_count() or 1}},
)
