"""What a training leaves, however it ends: the network, its curves, and how to go on."""

import secrets
import shlex
from collections.abc import Sequence
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Any, Self

from cmlp.cli.kinds import write_plot
from cmlp.cli.outputs import STDOUT, Outputs, Writer, free_name, shown
from cmlp.errors import CmlpError

if TYPE_CHECKING:
    from cmlp.network import Network
    from cmlp.training.history import History

SAVE, PLOT, CHECKPOINT = "--save", "--plot", "--checkpoint"


class Keeper:
    """Keeps what was computed: while it is entered, whatever ends the training, the network so far is written.

    Parameters
    ----------
    network : Network
    outputs : Outputs
        Those of ``--save``, ``--plot`` and ``--checkpoint``.
    words : sequence of str
        The arguments of the command, for the advice how to go on.
    epochs : int or None
        How many epochs were asked for, if not a time was.
    done : int
        How many of them a checkpoint had.

    Attributes
    ----------
    written : dict of str
        Where the network and the curves are, by their options.
    """

    def __init__(
        self, network: "Network", outputs: Outputs, words: Sequence[str], epochs: int | None, done: int = 0
    ) -> None:
        self._network, self._outputs, self._words = network, outputs, words
        self._epochs, self._done = epochs, done
        self._before = network.engine.parameters.copy()
        self._history: History | None = None
        self._is_over = False
        self._failures: list[OSError] = []
        self.written: dict[str, str] = {}

    def note(self, event: Any) -> None:
        """Remember how the training goes; a callback."""
        self._history = event.history

    def keep(self, history: "History") -> None:
        """Write network and curves at the end of the training, before anything can come in between."""
        self._history, self._is_over = history, True
        self._write()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if error is None:
            if self._failures:
                raise self._failures[0]
            return
        begun = (self._network.engine.parameters != self._before).any()
        if begun and not self._is_over:
            try:
                self._write()
            except BaseException as another:  # such as a second Ctrl-C, which has waited
                another.add_note(self._sentence(error))
                raise
        if begun and not isinstance(error, BrokenPipeError):
            error.add_note(self._sentence(error))

    def _write(self) -> None:
        """Write what there is; a first signal waits until it is whole, and where it is is known."""
        from cmlp.training.signals import Signals

        with Signals():
            self._write_all()

    def _write_all(self) -> None:
        from cmlp.storage import model_writer

        if SAVE in self._outputs.outputs:
            self._write_one(SAVE, model_writer(self._network.model))
        if PLOT in self._outputs.outputs and self._history is not None and len(self._history):
            figure = self._history.plot(repr(self._network))
            kind = self._outputs.outputs[PLOT].kind
            self._write_one(PLOT, lambda file: write_plot(figure, file, kind))

    def _write_one(self, option: str, write: Writer) -> None:
        """Write a file; an unfinished one replaces none, and what its disk refuses is kept on another."""
        import tempfile

        output = self._outputs.outputs[option]
        free = free_name(output.path, output.kind, resumed=self._done > 0)
        places = [output.path if self._is_over else free]
        if output.path != STDOUT:
            places.append(str(Path(tempfile.gettempdir(), f"{secrets.token_hex(4)}-{Path(output.path).name}")))
        for place in places:
            try:
                self._outputs.write_at(place, write)
            except BrokenPipeError:
                raise
            except OSError as error:
                self._failures.append(error)
            else:
                self.written[option] = shown(place)
                return

    def _sentence(self, error: BaseException) -> str:
        """Say where a training was, what is left of it, and how to go on."""
        said = ["after the training" if self._is_over else f"in epoch {self._epoch()}"]
        said = [] if isinstance(error, CmlpError | OSError) else said
        if SAVE in self.written:
            said.append(f"the network{'' if self._is_over else ' so far'} is in {self.written[SAVE]}")
        said += [f"it was not written to {each.filename}: {each.strerror}" for each in self._failures]
        if self._is_over or isinstance(error, CmlpError | OSError):
            return "; ".join(said)
        checkpoint = self._outputs.outputs.get(CHECKPOINT)
        if checkpoint is not None:
            again = [*self._words, *(() if "--resume" in self._words else ("--resume",))]
            said.append(f"to go on: {shlex.join(('cmlp', *again))}")
        elif SAVE in self._outputs.outputs:
            said.append("with --checkpoint FILE, --resume would go on from there")
        else:
            said.append("nothing is kept without --save MODEL or --checkpoint FILE")
        return "; ".join(said)

    def _epoch(self) -> str:
        epoch = (self._done if self._history is None else len(self._history)) + 1
        return f"{epoch:,}" if self._epochs is None else f"{min(epoch, self._epochs):,} of {self._epochs:,}"
