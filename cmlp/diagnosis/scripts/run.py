"""A script run until it trains, and what comes of it."""

import ast
import linecache
import os
import re
import signal
import sys
import threading
import time
import traceback
import types
from collections.abc import Callable, Iterable
from contextlib import suppress
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np

from cmlp.diagnosis.programs.float_events import FloatEvents
from cmlp.diagnosis.report import Finding, Report, Severity
from cmlp.diagnosis.scripts.advice import in_own_names, names_among
from cmlp.diagnosis.scripts.call import subject_of
from cmlp.diagnosis.scripts.files import Files
from cmlp.diagnosis.scripts.hook import Caught, Hook, Stopped, is_one_sample, trains, trains_by_arguments
from cmlp.diagnosis.scripts.inlining import LEAVE, Leave
from cmlp.diagnosis.scripts.loop import MOST_SAMPLES, Loops, Training
from cmlp.diagnosis.scripts.names import functions_of
from cmlp.diagnosis.scripts.notebook import Notebook, stand_in_for_notebooks
from cmlp.diagnosis.scripts.options import in_words
from cmlp.diagnosis.scripts.source import WATCH, line_of, never_called, prepared, read_source
from cmlp.errors import CmlpError

TICK = 0.2  # seconds between two looks at the clock
FIRST_LOOK = 1.0  # seconds of a loop, after which its variables are looked at
FOR_THE_SCRIPT = 0.5  # of the seconds: the rest belongs to the examination


class OutOfTime(Stopped):
    """The script did not begin to train in time."""


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
        self.hook = Hook(self.path.parent, str(self.path), self._found)
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
        old = signal.getsignal(signal.SIGALRM) if hasattr(signal, "SIGALRM") else None
        try:
            code = compile(tree, str(self.path), "exec")
            if hasattr(signal, "SIGALRM"):
                signal.signal(signal.SIGALRM, self._tick)
                signal.setitimer(signal.ITIMER_REAL, TICK, TICK)
            with np.errstate(over="call", invalid="call", divide="call", under="ignore", call=self.events):
                threading.setprofile(self.hook)
                sys.setprofile(self.hook)
                exec(code, variables)
        except Stopped:
            pass
        except BaseException as error:
            self.error = error
        finally:
            sys.setprofile(None)
            threading.setprofile(None)
            if hasattr(signal, "SIGALRM"):
                signal.setitimer(signal.ITIMER_REAL, 0)
                signal.signal(signal.SIGALRM, old)
            variables.pop(WATCH, None)

    def _found(self, caught: Caught) -> bool:
        """Take a call, and return whether the script is to be stopped there."""
        if self.caught is not None or self.loops.found is not None:
            return False
        arguments = caught.arguments
        owner = next(iter(arguments.values())) if caught.method else None
        if self.loops.active and (is_one_sample(arguments) or self._is_batch(caught)):
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

    def _is_batch(self, caught: Caught) -> bool:
        """Whether a call within a loop gets a part of the samples that the loop reads."""
        from cmlp.diagnosis.scripts.call import data_of
        from cmlp.diagnosis.scripts.data import shape_of, training_samples

        arguments = dict(list(caught.arguments.items())[1 if caught.method else 0 :])
        data = data_of(arguments)
        number = self.loops.active[0]
        all_samples = training_samples(self.loops.namespace, self.loops.uses[number].read)
        if data is None or all_samples is None:
            return False
        shape = shape_of(data[1][1] if isinstance(data[1], tuple) and len(data[0]) == 2 else data[1])
        return shape is not None and 2 * max(shape[0], shape[-1] if len(data[0]) == 2 else 0) <= all_samples.number

    def _ready(self, training: Training) -> bool:
        """Whether a loop's data are known, or enough calls with one sample each were written down."""
        from cmlp.diagnosis.scripts.data import training_samples
        from cmlp.diagnosis.scripts.finder import held_samples

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
        from cmlp.diagnosis.scripts.finder import Finder

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
        findings = (*said, *self._never_scored())
        names = replace(subject.names, settings=settings, test=names_among(finder.variables).test)
        notes = (*(in_own_names(note, names, self.seconds) for note in report.notes), *subject.notes)
        self.send(report=replace(report, findings=findings, notes=notes).to_dict())

    def _never_scored(self) -> list[Finding]:
        return [
            Finding(
                "never-scored",
                Severity.NOTE,
                "scoring",
                f"{name} is defined in line {line} and called nowhere: the script never says how good the network is.",
                f"every call in {self.path.name} was looked at",
            )
            for name, line in never_called(self.source.tree)
        ]

    def _explain(self, notes: list[str]) -> None:
        """Report why nothing was caught."""
        from cmlp.diagnosis.scripts.watch import not_numbers

        wanted = missing_file(self.error, self.files.missing)
        if wanted is not None and self.caught is None:
            self.send(missing=wanted, place=self._place(self.error))
            return
        if self.error is not None and self.loops.found is None:
            self.send(error=self._sentence(self.error))
            return
        broken = not_numbers(self.module.__dict__, self.events)
        findings = tuple(self._never_scored())
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

    def _sentence(self, error: BaseException) -> str:
        """Return what ended the script, and what to do about it."""
        place = self._place(error)
        match error:
            case ModuleNotFoundError(name=str(name)):
                return f"{place}: the script imports {name}, which is not installed here: install it in {sys.prefix}"
            case EOFError():
                return f"{place}: the script asks for input, and nothing is typed in a check: write the value into it"
            case SystemExit() if any(
                Path(f.filename).name == "argparse.py" for f in traceback.extract_tb(error.__traceback__)
            ):
                return f"{place}: the script wants arguments, and the check gives none: give them default values"
            case SystemExit():
                return f"{place}: the script ends itself with sys.exit({error.code!r}) before it trains: let it go on"
            case SyntaxError():
                return f"{error.filename}:{error.lineno}: {error.msg}; the script imports it, and cannot run before"
            case KeyboardInterrupt():
                return f"{place}: the script was interrupted before it trained"
        said = " ".join(f"{type(error).__name__}: {error}".split())[:300]
        return f"{place}: {said}; the script ends with this before it trains, with and without the check: mend it first"


def told(findings: Iterable[Finding], known: list[Finding]) -> list[Finding]:
    """Return findings with the words of what is known of the script, where both are of the same fault."""
    by_code = {finding.code: finding for finding in known}
    made = []
    for finding in findings:
        own = by_code.pop(finding.code, finding)
        made.append(replace(own, severity=finding.severity, before=finding.before, after=finding.after))
    return [*by_code.values(), *made]


def missing_file(error: BaseException | None, seen: str | None) -> str | None:
    """Return the name of the file for the lack of which a script ended."""
    if isinstance(error, FileNotFoundError) and isinstance(error.filename, str):
        return error.filename
    if isinstance(error, OSError):
        found = re.match(r"(.+?) not found|.*name = '([^']+)'", str(error))
        return next((name for name in found.groups() if name), None) if found else None
    return seen if error is None or isinstance(error, SystemExit) else None


def within(seconds: float, function: Callable[[], Any]) -> Any:
    """Return what a function returns, or None if it takes longer or fails."""
    if not hasattr(signal, "SIGALRM"):
        with suppress(Exception):
            return function()
        return None

    def expired(*_: Any) -> None:
        raise OutOfTime

    old = signal.signal(signal.SIGALRM, expired)
    signal.setitimer(signal.ITIMER_REAL, seconds, TICK)
    try:
        return function()
    except (Exception, OutOfTime, SystemExit):
        return None
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, old)
