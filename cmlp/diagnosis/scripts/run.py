"""A script run until it trains, and what comes of it."""

import ast
import linecache
import os
import signal
import sys
import threading
import time
import traceback
import types
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np

from cmlp.diagnosis.programs.float_events import FloatEvents
from cmlp.diagnosis.report import Report
from cmlp.diagnosis.scripts.advice import in_own_names, names_among
from cmlp.diagnosis.scripts.call import is_batch, subject_of
from cmlp.diagnosis.scripts.clock import TICK, OutOfTime, ticking
from cmlp.diagnosis.scripts.data import training_samples
from cmlp.diagnosis.scripts.endings import missing_file, never_scored, sentence_of, told
from cmlp.diagnosis.scripts.files import Files
from cmlp.diagnosis.scripts.finder import Finder, held_samples
from cmlp.diagnosis.scripts.hook import Caught, Hook, Stopped, is_one_sample, trains, trains_by_arguments
from cmlp.diagnosis.scripts.inlining import LEAVE, Leave
from cmlp.diagnosis.scripts.loop import MOST_SAMPLES, Loops, Training
from cmlp.diagnosis.scripts.names import functions_of
from cmlp.diagnosis.scripts.notebook import Notebook, stand_in_for_notebooks
from cmlp.diagnosis.scripts.options import in_words
from cmlp.diagnosis.scripts.source import WATCH, line_of, prepared, read_source
from cmlp.diagnosis.scripts.watch import not_numbers
from cmlp.errors import CmlpError

FIRST_LOOK = 1.0  # seconds of a loop, after which its variables are looked at
FOR_THE_SCRIPT = 0.5  # of the seconds: the rest belongs to the examination


class Run:
    """Runs a script, and examines what it trains.

    Parameters
    ----------
    request : dict
        Of the parent: ``path``, ``folder`` (the working folder), ``folders`` (where files are looked for), ``scratch``
        and ``seconds``.
    send : function
        Reports facts to the parent.
    check : function
        Examines a network, as `cmlp.check` does.
    """

    def __init__(self, request: dict[str, Any], send: Callable[..., None], check: Callable[..., Report]) -> None:
        self.path, self.folder = Path(request["path"]), Path(request["folder"])
        self.seconds, self.send, self.check = float(request["seconds"]), send, check
        self.files = Files(Path(request["scratch"]), [Path(name) for name in request["folders"]])
        self.hook = Hook(str(self.path), self._found)
        self.events = FloatEvents(self.hook.owns)
        self.caught: Caught | None = None
        self.error: BaseException | None = None
        self.expired = False
        self.loops = Loops([], {}, {})
        self._ticks_since = 0
        self._loop_looks = FIRST_LOOK
        self._begun = time.process_time(), time.monotonic()

    def run(self) -> None:
        """Do all, and report."""
        try:
            self.source = read_source(self.path)
        except (CmlpError, OSError) as error:
            self.send(error=str(error))
            return
        self.module = self._new_module()
        os.chdir(self.folder)
        sys.path.insert(0, str(self.path.parent))
        sys.argv = [str(self.path)]
        sys.dont_write_bytecode = True
        stand_in_for_notebooks(self.source.text)
        self.files.install()
        tree, loops = prepared(self.source.tree)
        self.loops = Loops(loops, functions_of(self.source.tree), self.module.__dict__)
        self.execute(tree, self.module.__dict__)
        self.conclude()

    def _new_module(self) -> types.ModuleType:
        module = types.ModuleType("__main__")
        module.__dict__.update(__file__=str(self.path), get_ipython=lambda: Notebook(), display=lambda *_, **__: None)
        sys.modules["__main__"] = module
        linecache.cache[str(self.path)] = (
            len(self.source.text),
            None,
            self.source.text.splitlines(keepends=True),
            str(self.path),
        )
        return module

    # Until it trains

    def execute(self, tree: ast.Module, variables: dict[str, Any]) -> None:
        """Run statements until they train, end or use up their time."""
        variables |= {WATCH: self.loops, LEAVE: Leave}
        self.loops.ready = self._ready
        try:
            code = compile(tree, str(self.path), "exec")
            floats = np.errstate(over="call", invalid="call", divide="call", under="ignore", call=self.events)
            with ticking(TICK, self._tick), floats:
                try:
                    threading.setprofile(self.hook)
                    sys.setprofile(self.hook)
                    exec(code, variables)
                finally:
                    sys.setprofile(None)
                    threading.setprofile(None)
        except Stopped:
            pass
        except BaseException as error:
            self.error = error
        finally:
            variables.pop(WATCH, None)

    def _found(self, caught: Caught) -> bool:
        """Take a call, and return whether the script is to be stopped there."""
        if self.caught is not None or self.loops.found is not None:
            return False
        arguments = caught.arguments
        owner = next(iter(arguments.values())) if caught.method else None
        if self.loops.active and (is_one_sample(arguments) or is_batch(caught, self.loops)):
            self.loops.record(owner, caught.name, arguments)
            return False
        if not (trains(caught.name) or trains_by_arguments(caught.code) or caught.library):
            return False
        if self.loops.active and not caught.library and any(map(self.loops.trains_within, self._networks(caught))):
            return True
        self.caught = caught
        return True

    @staticmethod
    def _networks(caught: Caught) -> list[Any]:
        subject = subject_of(caught) if caught.function is not None or caught.method else None
        return [] if subject is None else [subject.network]

    def _ready(self, training: Training) -> bool:
        """Whether a loop's data are known, or enough calls with one sample each were written down."""
        if training_samples(training.namespace, training.uses.read) is not None or held_samples(training) is not None:
            return True
        return (
            (self.loops.turned and len(self.loops.samples) > 0)
            or self.expired
            or len(self.loops.samples) == MOST_SAMPLES
            or self._used() > 0.4
        )

    def _used(self) -> float:
        """Return which part of the time was used, by the processor or, at half the speed, by the clock on the wall."""
        processor, wall = time.process_time() - self._begun[0], time.monotonic() - self._begun[1]
        return max(processor, wall / 2) / self.seconds

    def _tick(self, *_: Any) -> None:
        """Look at the clock, and whether a script that was to stop goes on."""
        if self.caught is not None or self.loops.found is not None or self.expired:
            self._ticks_since += 1
            stop = self.caught is not None or self.expired or self.loops.found is None or self._ready(self.loops.found)
            if self._ticks_since > 2 and stop:  # it caught what was to end it
                self.finish_here()
        if self._used() > FOR_THE_SCRIPT:
            self.expired = True
            self.loops.look()
            raise OutOfTime
        if self.caught is None and self.loops.active and time.process_time() - self._begun[0] > self._loop_looks:
            self._loop_looks *= 1.5
            self.loops.decide()

    def finish_here(self) -> None:
        """Examine where the script stands, and end the process."""
        sys.setprofile(None)
        signal.setitimer(signal.ITIMER_REAL, 0)
        try:
            self.conclude()
        except BaseException as error:
            self.send(failed=f"{type(error).__name__}: {error}")
        os._exit(0)

    # What came of it

    def conclude(self) -> None:
        """Examine what was caught, or say why nothing was."""
        self.loops.look(last=True)
        finder = Finder(self)
        subject = finder.subject()
        if subject is None:
            self._explain(finder.notes)
            return
        if subject.test is None:
            subject.test = finder.test_data()
        self.send(caught=subject.caught, notes=subject.notes)
        functions = {name: function for name, function in subject.functions.items() if function is not None}
        settings = {name: value for name, value in subject.settings.items() if name not in functions}
        rest = max(self.seconds * (1 - FOR_THE_SCRIPT), self.seconds * (1 - self._used()))
        try:
            report = self.check(
                subject.train, subject.test, network=subject.network, **functions, seconds=rest, **settings
            )
        except CmlpError as error:
            self.send(unknown=f"the check does not understand it: {error}", notes=finder.notes)
            return
        kept = self.caught.arguments if self.caught is not None else finder.variables
        said = [in_words(finding, kept, self.source.tree) for finding in told(report.findings, subject.known)]
        findings = (*said, *never_scored(self.source.tree, self.path))
        names = replace(subject.names, settings=settings, test=names_among(finder.variables).test)
        notes = (*(in_own_names(note, names, self.seconds) for note in report.notes), *subject.notes)
        self.send(report=replace(report, findings=findings, notes=notes).to_dict())

    def _explain(self, notes: list[str]) -> None:
        """Report why nothing was caught."""
        wanted = missing_file(self.error, self.files.missing)
        if wanted is not None and self.caught is None:
            self.send(missing=wanted, place=self._place(self.error))
            return
        if self.error is not None and self.loops.found is None:
            self.send(error=sentence_of(self.error, self._place(self.error)))
            return
        broken = not_numbers(self.module.__dict__, self.events)
        findings = tuple(never_scored(self.source.tree, self.path))
        findings = (broken, *findings) if broken is not None else findings
        reason = "the script did not begin to train in time" if self.expired else "the script ended without training"
        name = self.path.name
        if notes:
            reason = "the script trains in a way that the check cannot repeat"
        elif self.expired:
            notes = [f"{name} got {self.seconds:g} seconds: --seconds {4 * self.seconds:g} gives it more."]
        else:
            notes = [
                f"{name} calls no function whose name and arguments say that it trains, such as train(images, labels), "
                "and no loop of its top level changes arrays that were made before it: give the network itself, in "
                f"Python: {names_among(self.module.__dict__).call('fit')}."
            ]
        self.send(report=Report(findings, tuple(notes), unknown=(reason,)).to_dict())

    def _place(self, error: BaseException | None) -> str:
        """Return the last line of the asker's own that led to an error."""
        frames = traceback.extract_tb(error.__traceback__) if error is not None else []
        own = [frame for frame in frames if self.hook.owns(frame.filename)]
        return line_of(Path(own[-1].filename), own[-1].lineno or 0) if own else self.path.name
