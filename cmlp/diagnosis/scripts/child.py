"""The child in which a script runs: ``python -m cmlp.diagnosis.scripts.child REQUEST``.

It prints one line of JSON for each thing it knows, so that its parent has something to say whenever it ends.
"""

import json
import os
import sys
from collections.abc import Callable
from functools import partial
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from cmlp.diagnosis.report import Report


class Channel:
    """Where the child reports; the script's own prints go nowhere."""

    def __init__(self) -> None:
        sys.stdout.flush()
        self._file = os.dup(1)
        nowhere = os.open(os.devnull, os.O_WRONLY)
        for descriptor in (1, 2):
            os.dup2(nowhere, descriptor)
        sys.stdout = open(1, "w", encoding="utf-8", errors="replace", closefd=False)  # noqa: SIM115
        sys.stderr = open(2, "w", encoding="utf-8", errors="replace", closefd=False)  # noqa: SIM115

    def send(self, **facts: Any) -> None:
        """Print one line of JSON."""
        line = (json.dumps(facts) + "\n").encode()
        while line:
            line = line[os.write(self._file, line) :]


class Told:
    """Stands for a progress bar: it reports what is being tried.

    Parameters
    ----------
    send : function
        Reports facts to the parent.
    """

    def __init__(self, send: Callable[..., None]) -> None:
        self._send = send

    def set_description(self, text: str) -> None:
        """Report a stage."""
        self._send(doing=text)

    def update(self) -> None:
        """Do nothing: the parent counts."""


def examined(
    send: Callable[..., None], train: Any, test: Any, *, network: Any, seconds: float, **given: Any
) -> "Report":
    """Check a network as `cmlp.check` does, and report what is being tried."""
    from cmlp.diagnosis import check
    from cmlp.diagnosis.programs.face import check_program
    from cmlp.network import Network

    if isinstance(network, Network):
        return check(train, test, network, progress=False)
    functions = {name: given.pop(name, None) for name in ("forward", "fit", "step", "score")}
    data = partial(check, progress=False)
    return check_program(train, test, network, functions, given, seconds=seconds, bar=Told(send), check_data=data)


def main(check: Callable[..., Any] | None = None) -> None:
    """Run the script that the first argument describes, in JSON: path, folder, folders, scratch, seconds.

    Parameters
    ----------
    check : function, optional
        Examines what was caught; by default `examined` does.
    """
    channel = Channel()
    try:
        request = json.loads(sys.argv[1])
        limit(request["seconds"])
        from cmlp.diagnosis.scripts.run import Run

        Run(request, channel.send, check or partial(examined, channel.send)).run()
    except BaseException as error:
        channel.send(failed=f"{type(error).__name__}: {error}")
    os._exit(0)  # whatever threads and handlers the script has left


def limit(seconds: float) -> None:
    """Let the system end this process when it has used far more time than it may."""
    try:
        import resource
    except ImportError:  # on Windows, where the parent's clock must do
        return
    most = int(2 * seconds) + 10
    resource.setrlimit(resource.RLIMIT_CPU, (most, most))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))


if __name__ == "__main__":
    sys.path[:] = [place for place in sys.path if place]
    main()
