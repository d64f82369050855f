"""Files stay as they are while strangers' code runs: functions of Python that reach files are exchanged meanwhile.

They do in one thread, and in those that it starts, what `Overlay` says, and in all others what they always do.
"""

import builtins
import functools
import io
import os
import shutil
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from types import FrameType
from typing import Any

from cmlp.diagnosis.programs.file_functions import (
    HANDLERS,
    connect,
    open_file,
    open_hdf5,
    remove_tree,
    save_tensors,
)
from cmlp.diagnosis.programs.overlay import Overlay
from cmlp.diagnosis.programs.own_code import own_code

KEPT_BY_NAME = (("bz2", "_builtin_open"), ("tarfile", "bltn_open"))  # modules that keep `open` under a name of theirs


class _Here(threading.local):
    """What holds in this thread."""

    overlay: Overlay | None = None
    inside = False  # whether it is the overlay that asks


HERE = _Here()


def overlay_here() -> Overlay | None:
    """Return the overlay of this thread, None where its files are real."""
    return None if HERE.inside else HERE.overlay


@contextmanager
def _real_files() -> Iterator[None]:
    kept, HERE.inside = HERE.inside, True
    try:
        yield
    finally:
        HERE.inside = kept


def forget_files() -> None:
    """Show all files as they are, to the next copy that is trained."""
    overlay = overlay_here()
    if overlay is not None:
        with _real_files():
            overlay.forget()


@contextmanager
def kept_files() -> Iterator[None]:
    """Keep all files as they are, whatever the body writes and removes."""
    overlay = Overlay()
    kept, HERE.overlay = HERE.overlay, overlay
    exchanged: list[tuple[Any, Any, Any]] = []
    try:
        _exchange(exchanged)
        yield
    finally:
        put_back(exchanged)
        with _real_files():
            overlay.forget()
        HERE.overlay = kept


def put_back(exchanged: list[tuple[Any, Any, Any]]) -> None:
    """Put real functions back: each with its owner and name, in the order in which they were exchanged."""
    for owner, name, real in reversed(exchanged):
        _put(owner, name, real)


def _put(owner: Any, name: Any, value: Any) -> None:
    if isinstance(owner, dict):
        owner[name] = value
    else:
        setattr(owner, name, value)


def _exchange(exchanged: list[tuple[Any, Any, Any]]) -> None:
    """Exchange all functions, and note the real ones."""
    made: dict[Any, Any] = {}

    def put(owner: Any, name: Any, real: Any, new: Any) -> None:
        exchanged.append((owner, name, real))
        made.setdefault(real, new)
        _put(owner, name, new)

    instead = _instead(builtins.open, open_file)
    put(builtins, "open", builtins.open, instead)
    put(io, "open", io.open, instead)
    for keeper, name in KEPT_BY_NAME:
        if keeper in sys.modules:
            put(sys.modules[keeper], name, getattr(sys.modules[keeper], name), instead)
    openers = getattr(getattr(sys.modules.get("numpy.lib._datasource"), "_file_openers", None), "_file_openers", {})
    if None in openers:  # what `savetxt` opens files with
        put(openers, None, openers[None], instead)
    for name, handler in HANDLERS.items():
        if hasattr(os, name):
            put(os, name, getattr(os, name), _instead(getattr(os, name), handler))
    put(shutil, "rmtree", shutil.rmtree, _instead(shutil.rmtree, remove_tree))
    for library, name, handler in (("torch", "save", save_tensors), ("sqlite3", "connect", connect)):
        if library in sys.modules:
            real = getattr(sys.modules[library], name)
            put(sys.modules[library], name, real, _instead(real, handler))
    h5py: Any = sys.modules.get("h5py")
    if h5py is not None:
        put(h5py.File, "__init__", h5py.File.__init__, _instead(h5py.File.__init__, open_hdf5))
    put(threading.Thread, "start", threading.Thread.start, _starting(threading.Thread.start))
    for module in list(sys.modules.values()):  # from os import remove
        space = getattr(module, "__dict__", {})
        if module is not os and _is_own(space):
            for name, value in list(space.items()):
                if type(value) in _FUNCTIONS and value in made:
                    put(space, name, value, made[value])


_FUNCTIONS = {type(os.stat), type(shutil.rmtree)}


def _is_own(space: dict[str, Any]) -> bool:
    file = space.get("__file__")
    return space.get("__name__") == "__main__" or (isinstance(file, str) and own_code(file))


def _is_temporary(frame: FrameType | None) -> bool:
    """Whether a frame makes files whose names are new, or such as other processes look for."""
    while frame is not None and frame.f_globals.get("__name__") in ("os", "pathlib"):
        frame = frame.f_back
    return frame is not None and str(frame.f_globals.get("__name__")).partition(".")[0] in ("tempfile", "joblib")


def _starting(real: Callable[..., Any]) -> Callable[..., Any]:
    """Return what starts a thread, in which the overlay of this one holds."""

    @functools.wraps(real)
    def start(thread: threading.Thread) -> None:
        overlay, run = overlay_here(), thread.run

        def with_overlay() -> None:
            HERE.overlay = overlay
            run()

        if overlay is not None:
            thread.run = with_overlay  # type: ignore[method-assign]
        real(thread)

    return start


def _instead(real: Callable[..., Any], handler: Callable[..., Any]) -> Callable[..., Any]:
    """Return a function that does in this thread what a handler does, and in all others what it always does."""

    @functools.wraps(real)
    def function(*arguments: Any, **keywords: Any) -> Any:
        overlay = overlay_here()
        if overlay is None or keywords.get("opener") is not None:  # which opens by `os.open`
            return real(*arguments, **keywords)
        temporary = _is_temporary(sys._getframe(1))
        with _real_files():
            if temporary and handler in (HANDLERS["open"], HANDLERS["mkdir"]):
                overlay.add_temporary(arguments[0])
            return handler(overlay, real, *arguments, **keywords)

    return function
