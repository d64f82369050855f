"""No kernel writes outside of its own columns, not even what stands there already: another thread may be at it."""

import ctypes
import mmap
import os
import sys
import warnings

import numpy as np
import pytest

from cmlp.core.simd import choose_simd_path, simd_path_names

PAGE = mmap.PAGESIZE
PATHS = pytest.mark.parametrize("path", simd_path_names())
TYPES = pytest.mark.parametrize("dtype", [np.float32, np.float64])
WIDTHS = [*range(1, 90), 100, 127, 128, 129, 200]


@pytest.fixture(autouse=True)
def best_path_afterwards():
    yield
    choose_simd_path(simd_path_names()[0])


@TYPES
@PATHS
def test_columns_beside_the_written_ones_keep_every_bit(kernels, path, dtype):
    """Adding 0 to -0.0 makes it 0.0."""
    choose_simd_path(path)
    rng = np.random.default_rng(0)
    for fan_out in WIDTHS:
        nabla_w = np.full((fan_out, 9), -0.0, dtype, order="F")
        pixels = np.array([1, 2, 5], np.int32)
        values, delta = rng.normal(size=3).astype(dtype), rng.normal(size=fan_out).astype(dtype)
        kernels.call_accumulate_outer(pixels, values, delta, nabla_w)
        others = np.delete(nabla_w, pixels, axis=1)
        assert np.signbit(others).all() and not others.any()
        assert np.allclose(nabla_w[:, pixels], np.outer(delta, values), rtol=1e-6)


class Guarded:
    """Memory whose last page can be read, but not written; whoever writes there dies."""

    def __init__(self):
        self.map = mmap.mmap(-1, 64 * PAGE)
        begin = ctypes.addressof(ctypes.c_char.from_buffer(self.map))
        libc = ctypes.CDLL(None, use_errno=True)
        assert libc.mprotect(ctypes.c_void_p(begin + 63 * PAGE), ctypes.c_size_t(PAGE), mmap.PROT_READ) == 0

    def put(self, array):
        """Return a copy by columns that ends where the page begins."""
        end = 63 * PAGE
        copy = np.frombuffer(self.map, array.dtype, array.size, end - array.nbytes).reshape(array.shape, order="F")
        copy[...] = array
        return copy


def write_to_the_end(kernels, dtype):
    """Call every kernel that writes columns with an array that ends before a page that cannot be written."""
    memory, rng = Guarded(), np.random.default_rng(0)
    pixels = np.array([0, 2], np.int32)
    for fan_out in WIDTHS:
        delta, values = rng.normal(size=fan_out).astype(dtype), np.ones(2, dtype)
        kernels.call_accumulate_outer(pixels, values, delta, memory.put(np.zeros((fan_out, 3), dtype)))
        W = np.zeros((fan_out, 3 + 64), dtype, order="F")[:, :3]  # a vector may read beyond its columns
        kernels.call_multiply_vector(pixels, values, W, memory.put(np.zeros(fan_out, dtype)))
        tile = np.empty(kernels.tile_rows() * 256 // delta.itemsize, dtype)
        begins = np.array([0, 2, 2, 2], np.intp)
        kernels.call_multiply_sparse(W, pixels, values, begins, True, tile, memory.put(np.zeros((fan_out, 3), dtype)))
        kernels.map_sigmoid_array(memory.put(np.zeros(fan_out, dtype)))


@pytest.mark.skipif(sys.platform != "linux", reason="mprotect is called as Linux has it")
@TYPES
@PATHS
def test_the_page_behind_is_never_written(kernels, path, dtype):
    choose_simd_path(path)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of forking beside other threads, which the child does not need
        child = os.fork()
    if child == 0:
        try:
            write_to_the_end(kernels, dtype)
        except BaseException:
            os._exit(1)
        os._exit(0)
    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0
