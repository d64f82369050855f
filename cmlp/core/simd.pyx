"""The choice of the vector kernels: the best instruction set that the processor has."""

from libc.string cimport strcmp


cdef extern from "simd.h":
    const Kernels** simd_paths()


cdef const Kernels** paths = simd_paths()
kernels = paths[0]


def simd_path_names():
    """Return the names of the instruction sets that this machine has kernels for, the best first."""
    cdef int n = 1

    while strcmp(paths[n - 1].name, b"baseline") != 0:
        n += 1
    return [paths[i].name.decode() for i in range(n)]


def simd_path_name():
    """Return the name of the instruction set whose kernels are used."""
    return kernels.name.decode()


def choose_simd_path(name):
    """Compute with the kernels of this name from now on: for tests, and to compare their speed."""
    global kernels
    kernels = paths[simd_path_names().index(name)]
