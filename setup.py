"""Compile the core. All else about the package stands in pyproject.toml."""

import gzip
import os
import shlex
import shutil
import sys
import sysconfig
import tarfile
from pathlib import Path

from setuptools import Extension, setup
from setuptools.command.build_ext import build_ext
from setuptools.command.sdist import sdist

CORE = Path("cmlp/core")

DIRECTIVES = {
    "language_level": 3,
    "boundscheck": False,
    "wraparound": False,
    "initializedcheck": False,
    "cdivision": True,
    "embedsignature": True,
    "freethreading_compatible": True,
}
LLVM = Path(os.environ.get("PROGRAMFILES", "C:/Program Files"), "LLVM", "bin")  # where its installer puts it


# Wheels for PyPI are built with CMLP_LIMITED_API=1, and fit every later Python with a GIL
LIMITED_API = os.environ.get("CMLP_LIMITED_API") == "1" and not sysconfig.get_config_var("Py_GIL_DISABLED")


def sources():
    """Return the modules to compile."""
    found = sorted(CORE.glob("*.pyx"))
    if not found:
        sys.exit(
            f"error: there is nothing to compile: {CORE.resolve()} has no .pyx file, without which cmlp does not run; "
            "build from a complete clone or source distribution"
        )
    return found


def write_blas_int():
    """Write which integer SciPy's BLAS takes: from SciPy 1.18 on it says so itself, and it can be 64 bits wide."""
    import scipy.linalg

    signatures = Path(scipy.linalg.__file__).with_name("cython_blas.pxd").read_text()
    if "blas_int" in signatures:
        declaration = "from scipy.linalg.cython_blas cimport blas_int\n"
    else:
        declaration = "ctypedef int blas_int\n"
    path = CORE / "blas_int.pxi"
    if not path.exists() or path.read_text() != declaration:  # or else it would be compiled again
        path.write_text(declaration)


def clang_cl():
    """Return the path of the compiler for Windows: Microsoft's own has neither vector types nor attributes."""
    found = shutil.which("clang-cl") or shutil.which("clang-cl", path=str(LLVM))
    if found is None:
        sys.exit("error: on Windows clang-cl compiles cmlp, and it was not found: install LLVM, with its bin on PATH")
    return found


class BuildExt(build_ext):
    """Translate and compile the core, with the flags that the compiler understands."""

    def run(self):
        import numpy
        from Cython.Build import cythonize

        write_blas_int()
        for extension in self.extensions:
            extension.include_dirs = [numpy.get_include()]
        translated = {each.name: each.sources for each in cythonize(self.extensions, compiler_directives=DIRECTIVES)}
        for extension in self.extensions:
            extension.sources = translated[extension.name]
        super().run()

    def build_extensions(self):
        if self.compiler.compiler_type == "msvc":
            compiling, linking = self._flags_of_clang_cl(), []
        else:
            compiling, linking = self._flags_of_gcc()
        for extension in self.extensions:
            extension.extra_compile_args, extension.extra_link_args = compiling, linking
        super().build_extensions()

    def _flags_of_clang_cl(self):
        if not self.compiler.initialized:
            self.compiler.initialize(self.plat_name)
        self.compiler.cc = clang_cl()
        self.compiler.compile_options.remove("/GL")  # of Microsoft's linker
        return ["/clang:-O3", "/clang:-fno-math-errno"]

    def _flags_of_gcc(self):
        """Return the flags that GCC and Clang have in common, on every system."""
        threads = [] if self.compiler.compiler_type == "mingw32" else ["-pthread"]
        flags = ["-O3", "-fno-math-errno", "-Wno-psabi", *threads]
        if not any(flag.startswith("-g") for flag in shlex.split(os.environ.get("CFLAGS", ""))):
            flags.append("-g0")  # names of folders, and two thirds of a wheel, for debuggers that nobody starts
        return flags, threads


class Sdist(sdist):
    """Pack the source distribution so that its bits depend on its content, and on SOURCE_DATE_EPOCH if that is set."""

    def make_archive(self, base_name, format, root_dir=None, base_dir=None, owner=None, group=None):
        if format != "gztar":
            return super().make_archive(base_name, format, root_dir, base_dir, owner, group)
        epoch = os.environ.get("SOURCE_DATE_EPOCH")

        def normalised(entry):
            entry.uid = entry.gid = 0
            entry.uname = entry.gname = ""
            entry.mode = 0o755 if entry.isdir() or entry.mode & 0o100 else 0o644
            entry.mtime = int(entry.mtime if epoch is None else epoch)
            return entry

        path = Path(f"{base_name}.tar.gz")
        path.parent.mkdir(parents=True, exist_ok=True)
        with (
            path.open("wb") as file,
            gzip.GzipFile("", "wb", fileobj=file, mtime=int(epoch or 0)) as packed,
            tarfile.open(fileobj=packed, mode="w", format=tarfile.PAX_FORMAT) as archive,
        ):
            archive.add(base_dir, filter=normalised)
        return str(path)


setup(
    ext_modules=[
        Extension(
            f"cmlp.core.{source.stem}",
            [source.as_posix()],
            depends=[header.as_posix() for header in sorted(CORE.glob("*.h"))],
            define_macros=[
                ("NPY_NO_DEPRECATED_API", "NPY_2_0_API_VERSION"),
                *([("Py_LIMITED_API", "0x030b0000")] if LIMITED_API else []),
            ],
            py_limited_api=LIMITED_API,
        )
        for source in sources()
    ],
    cmdclass={"build_ext": BuildExt, "sdist": Sdist},
    options={
        "build_ext": {"parallel": os.cpu_count() or 1},
        "bdist_wheel": {"py_limited_api": "cp311"} if LIMITED_API else {},
    },
)
