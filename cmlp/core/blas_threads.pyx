"""One BLAS thread inside cmlp, the caller's number of threads outside.

A mini-batch of a small network is too little work for two BLAS threads: 125x16x784 products run five times
slower with two than with one, and OpenBLAS with several threads hangs in ``fork`` and is not reproducible.
"""

import ctypes
import os

import scipy.linalg.cython_blas

cimport cython
from cpython.pythread cimport PyThread_get_thread_ident

ctypedef void (*set_number)(int) noexcept nogil
ctypedef int (*get_number)() noexcept nogil

cdef set_number set_threads = NULL
cdef get_number get_threads = NULL
cdef object controller = None   # of threadpoolctl, for a BLAS other than OpenBLAS
cdef object limiter = None      # what restores the numbers of `controller`
cdef bint searched = False
cdef int users = 0              # how many `single_blas_thread` are entered
cdef int callers_threads = 1    # the number to restore

cdef cython.pymutex lock        # of all above
cdef unsigned long holder = 0   # the thread that has it
cdef bint forking = False       # whether it was taken for a fork


cdef bint acquire() noexcept:
    """Take the lock; return False if this thread has it, whose signal handler can come while threadpoolctl works."""
    global holder
    cdef unsigned long this_thread = PyThread_get_thread_ident()

    if holder == this_thread:
        return False
    lock.acquire()  # unlike Python's locks, never interrupted by a signal
    holder = this_thread
    return True


cdef void release() noexcept:
    global holder
    holder = 0
    lock.release()


def _before_fork():
    """Wait until no other thread has the lock, of which a child's copy would stay locked for ever."""
    global forking
    if acquire():
        forking = True


def _after_fork():
    global forking
    if forking and holder == PyThread_get_thread_ident():
        forking = False
        release()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(before=_before_fork, after_in_parent=_after_fork, after_in_child=_after_fork)


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


cdef int search() except -1:
    """Find out, once and when it is first needed, how to set the number of BLAS threads."""
    global set_threads, get_threads, controller, searched
    if searched:
        return 0
    setter, getter = openblas_function("set_num_threads"), openblas_function("get_num_threads")
    if setter is not None and getter is not None:
        set_threads = <set_number> <size_t> ctypes.cast(setter, ctypes.c_void_p).value
        get_threads = <get_number> <size_t> ctypes.cast(getter, ctypes.c_void_p).value
    else:
        import threadpoolctl

        controller = threadpoolctl.ThreadpoolController().select(user_api="blas")
    searched = True
    return 0


cdef class single_blas_thread:
    """A context in which SciPy's BLAS runs with one thread; contexts of several threads may overlap."""

    def __enter__(self):
        global users, callers_threads, limiter
        cdef bint taken = acquire()

        try:
            search()
            if users == 0:
                if controller is not None:
                    limiter = controller.limit(limits=1)
                else:
                    callers_threads = get_threads()
            if set_threads != NULL and get_threads() != 1:
                set_threads(1)
            users += 1
        finally:
            if taken:
                release()

    def __exit__(self, *exception):
        global users, limiter
        cdef bint taken = acquire()

        try:
            users -= 1
            if users == 0:
                if limiter is not None:
                    limiter.restore_original_limits()
                    limiter = None
                elif callers_threads != 1:
                    set_threads(callers_threads)
        finally:
            if taken:
                release()


def blas_threads():
    """Return how many threads SciPy's BLAS uses now."""
    cdef bint taken = acquire()

    try:
        search()
        if controller is not None:
            return max((library["num_threads"] for library in controller.info()), default=1)
        return get_threads()
    finally:
        if taken:
            release()
