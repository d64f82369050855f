"""What computes: the names of the kernels, on which the last bits of a training depend."""

import ctypes

import scipy

from cmlp.core.blas_threads import openblas_function
from cmlp.core.simd import simd_path_name
from cmlp.training.optimizers import LBFGS
from cmlp.training.options import Options


def kernels_of(options: Options) -> dict[str, str]:
    """Return the names of the kernels that a training uses; L-BFGS depends on the version of SciPy, too."""
    kernels = {"simd": simd_path_name(), "blas": _blas()}
    return kernels | ({"scipy": scipy.__version__} if isinstance(options.optimizer, LBFGS) else {})


def _blas() -> str:
    """Return the name of the kernels of SciPy's BLAS."""
    core = openblas_function("get_corename")
    if core is not None:
        core.restype = ctypes.c_char_p  # type: ignore[attr-defined]
        return f"OpenBLAS {core().decode()}"
    import threadpoolctl  # here, because it would make importing cmlp slower

    found = threadpoolctl.ThreadpoolController().select(user_api="blas").info()
    return ", ".join(sorted({f"{each['internal_api']} {each.get('architecture')}" for each in found})) or "unknown"
