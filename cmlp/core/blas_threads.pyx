"""One BLAS thread inside cmlp, the caller's number of threads outside.

A mini-batch of a small network is too little work for two BLAS threads: 125x16x784 products run five times
slower with two than with one, and OpenBLAS with several threads hangs in ``fork`` and is not reproducible.
"""

import ctypes

import scipy.linalg.cython_blas

ctypedef void (*set_number)(int) noexcept nogil
ctypedef int (*get_number)() noexcept nogil

cdef set_number set_threads = NULL
cdef get_number get_threads = NULL
cdef object controller = None   # of threadpoolctl, for a BLAS other than OpenBLAS
cdef object limiter = None      # what restores the numbers of `controller`
cdef bint searched = False
cdef int users = 0              # how many `single_blas_thread` are entered; the GIL guards it
cdef int callers_threads = 1    # the number to restore


def openblas_function(name):
    """Return the function ``openblas_<name>`` of the BLAS that SciPy calls, or None where that is another BLAS.

    Looking it up through ``cython_blas`` itself finds the very library whose products cmlp uses: NumPy can
    have brought another copy of OpenBLAS, with threads of its own.
    """
    library = ctypes.CDLL(scipy.linalg.cython_blas.__file__)
    for symbol in (f"{prefix}openblas_{name}{suffix}" for prefix in ("scipy_", "") for suffix in ("", "64_")):
        if hasattr(library, symbol):
            return getattr(library, symbol)
    return None


cdef void search():
    """Find out, once and when it is first needed, how to set the number of BLAS threads."""
    global set_threads, get_threads, controller, searched
    setter, getter = openblas_function("set_num_threads"), openblas_function("get_num_threads")
    if setter is not None and getter is not None:
        set_threads = <set_number> <size_t> ctypes.cast(setter, ctypes.c_void_p).value
        get_threads = <get_number> <size_t> ctypes.cast(getter, ctypes.c_void_p).value
    else:
        import threadpoolctl

        controller = threadpoolctl.ThreadpoolController().select(user_api="blas")
    searched = True


cdef class single_blas_thread:
    """A context in which SciPy's BLAS runs with one thread; contexts of several threads may overlap."""

    def __enter__(self):
        global users, callers_threads, limiter
        if not searched:
            search()
        if users == 0:
            if controller is not None:
                limiter = controller.limit(limits=1)
            else:
                callers_threads = get_threads()
        if set_threads != NULL and get_threads() != 1:
            set_threads(1)
        users += 1

    def __exit__(self, *exception):
        global users, limiter
        users -= 1
        if users == 0:
            if limiter is not None:
                limiter.restore_original_limits()
                limiter = None
            elif callers_threads != 1:
                set_threads(callers_threads)


def blas_threads():
    """Return how many threads SciPy's BLAS uses now."""
    if not searched:
        search()
    if controller is not None:
        return max((library["num_threads"] for library in controller.info()), default=1)
    return get_threads()
