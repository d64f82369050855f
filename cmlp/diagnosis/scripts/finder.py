"""What a stopped script trains: out of a call, a loop, or the body of a function that makes its network inside."""

import ast
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from cmlp.diagnosis.programs.access import attribute, has_attribute
from cmlp.diagnosis.programs.roles import FORWARD, role
from cmlp.diagnosis.scripts.advice import names_of_call, names_of_loop
from cmlp.diagnosis.scripts.bodies import body_of, variables_of
from cmlp.diagnosis.scripts.call import keep_few, shown, subject_of
from cmlp.diagnosis.scripts.clock import within
from cmlp.diagnosis.scripts.data import (
    Samples,
    loader_of_test_data,
    samples_for_testing,
    settings_of,
    shape_of,
    training_samples,
)
from cmlp.diagnosis.scripts.fit import Program
from cmlp.diagnosis.scripts.forward import (
    DELTAS,
    OUTPUTS,
    answers,
    by_method,
    by_part,
    forms_of,
    function_that_runs,
)
from cmlp.diagnosis.scripts.hook import Caught, samples_within
from cmlp.diagnosis.scripts.loop import Loops, Training
from cmlp.diagnosis.scripts.names import functions_of
from cmlp.diagnosis.scripts.records import pile_up, piled_up, separated
from cmlp.diagnosis.scripts.retraining import signed
from cmlp.diagnosis.scripts.source import line_of, marked, read_source
from cmlp.diagnosis.scripts.state import Path as Place
from cmlp.diagnosis.scripts.state import Variables, spelled
from cmlp.diagnosis.scripts.subject import Subject
from cmlp.utils.text import listed

if TYPE_CHECKING:
    from cmlp.diagnosis.scripts.run import Run

FEWEST = 20  # calls with one sample each, of which data are made
ENDING = "stopped there, and examined"


class Finder:
    """Finds network, data and settings after a script has stopped.

    Parameters
    ----------
    run : Run
        The script.

    Attributes
    ----------
    notes : list of str
        What was not found, and what would help.
    """

    def __init__(self, run: "Run") -> None:
        self.run = run
        self.notes: list[str] = []
        self.variables = run.module.__dict__

    def subject(self) -> Subject | None:
        """Return what to examine, or None."""
        if self.run.caught is not None:
            return self._of_call(self.run.caught)
        training = self.run.loops.found
        return None if training is None else self._of_loop(training, self.run.source.tree, self.run.path)

    def _of_call(self, caught: Caught) -> Subject | None:
        said = f"{line_of(caught.place, caught.line)}: {shown(caught, self.run.source.tree)}"
        subject = subject_of(caught)
        if subject is None:
            subject = self._of_body(caught)
            if subject is None:
                self.notes.append(
                    f"{caught.name} makes its network inside, and no loop in it was found that changes arrays: make "
                    "them before the loop, or give the network to the function as its first argument."
                )
                return None
            subject.caught = f"{said}: stopped in its {subject.caught}, and examined"
            return subject
        subject.caught = f"{said}: {ENDING}"
        subject.names = names_of_call(caught, self.run.source.tree, subject.data, subject.holders)
        if not caught.library:
            self._add_forward(subject, caught)
        return subject

    def _add_forward(self, subject: Subject, caught: Caught) -> None:
        """Find the function that runs the network of a call, where that has no method for it."""
        network, holders = subject.network, subject.holders
        if subject.held:
            forward = by_method(network, subject.held, len(getattr(network, subject.held)))
            subject.functions |= {} if forward is None else {"forward": forward}
            return
        single = not isinstance(network, Variables)
        if single and any(callable(attribute(network, name, None)) for name in FORWARD):
            return
        inside = by_part(network) if caught.method else None
        if inside is not None and answers(inside, network, forms_of(subject.train)):
            subject.functions["forward"] = inside
            return
        parts = {name: caught.arguments[name] for name in holders} if holders else {}
        shared = {n: h for n, v in self.variables.items() for h, part in parts.items() if v is part}
        aliases = shared | {name: name for name in parts}
        aliases |= {name: "" for name, value in self.variables.items() if value is network}

        def bind(given: Any) -> dict[str, Any]:
            known = {n: given if single else getattr(given, h) for n, h in aliases.items()}
            return self.variables | known

        found = function_that_runs(
            self.run.source.tree,
            self.variables,
            list(aliases),
            bind,
            lambda forward: answers(forward, network, forms_of(subject.train)),
        )
        if found is not None:
            subject.functions["forward"] = found[0]

    # A function that makes its network inside

    def _of_body(self, caught: Caught) -> Subject | None:
        """Run the statements of a function as if they were those of a script."""
        function, run = caught.function, self.run
        if function is None:
            return None
        path = Path(caught.code.co_filename)
        source = run.source if path == run.path else read_source(path)
        body = body_of(caught, source.tree)
        if body is None:
            return None
        variables = variables_of(function, caught.arguments)
        loops: list[Any] = []
        statements = marked(body, loops)
        run.hook.passed.add(caught.code)
        run.caught, run.loops = None, Loops(loops, functions_of(source.tree), variables)
        run.execute(ast.fix_missing_locations(ast.Module(statements, [])), variables)
        run.error = None  # such as the end of the function
        run.loops.look(last=True)
        self.variables = {**run.module.__dict__, **variables}
        if run.caught is not None:
            return subject_of(run.caught)
        if run.loops.found is None:
            return None
        subject = self._of_loop(run.loops.found, source.tree, path)
        if subject is not None:
            subject.caught = f"loop in line {run.loops.found.loop.lineno}"
            subject.test = next(
                (v for n, v in caught.arguments.items() if role(n) == "test" and has_attribute(v, "__len__")), None
            )
        return subject

    # A loop

    def _of_loop(self, training: Training, tree: ast.Module, path: Path) -> Subject | None:
        loop = training.loop
        first = ast.unparse(loop).split("\n")[0].rstrip(":")
        names = [spelled(name, place) for name, places in training.changed.items() for place in _weights(places)[:4]]
        said = listed([*names[:8], "more"] if len(names) > 8 else names or list(training.changed))
        caught = f"{line_of(path, loop.lineno)}: {first} (which trains {said}): {ENDING}"
        samples = training_samples(training.namespace, [n for n in training.uses.read if n not in training.changed])
        holds = samples is None
        if samples is None:
            samples = held_samples(training)
        if samples is None:
            return self._of_samples(training, caught)
        program = Program(training, samples, tree, str(path), holds=holds)
        if holds:
            keep_few(program.network, samples.names)
        forward, source = program.forward(tree)
        functions = {"fit": program.fit()}
        notes = []
        if forward is not None:
            functions["forward"] = forward
        if forward is not None and not source:
            notes.append("No function of the script runs the network: its outputs were taken from the loop itself.")
        if forward is None and not source:
            notes.append(
                "Neither a function that runs the network nor a variable with its outputs was found: write a function "
                "such as forward(images), which returns them."
            )
        own = names_of_loop(loop.lineno, samples, program.names, single=program.single)
        return Subject(program.network, samples.value, program.settings, functions, None, caught, notes, names=own)

    def _of_samples(self, training: Training, caught: str) -> Subject | None:
        """Make data of calls with one sample each, and a training of such calls."""
        loops = self.run.loops
        if loops.method is None or loops.method[0] is None or len(loops.samples) < FEWEST:
            self.notes.append(
                f"The data of the loop in line {training.loop.lineno} were not found among the variables of the "
                "script: name them X_train and y_train, or give them to a function train(images, labels)."
            )
            return None
        name = next((n for n, v in loops.namespace.items() if v is loops.method[0]), None)
        method, places = loops.method[1], loops.method[2]
        network = training.namespace.get(name, loops.method[0]) if name is not None else loops.method[0]
        settings = settings_of(training.namespace, training.uses)
        settings = {key: value for key, value in settings.items() if role(key) == "epochs"} or {"epochs": 1}
        (epochs,) = list(settings)[:1]

        samples, piled = list(loops.samples), None
        if pile_up(samples):
            piled = separated(training, network, method, places, samples, str(self.run.path))

        def fit(network: Any, given: dict[str, Any]) -> None:
            target: Any = None if piled is None else piled.start
            for _ in range(given.get(epochs, 1)):
                for image, label in given["training_data"]:
                    if piled is not None:
                        label = target = piled.target(np.reshape(target, np.shape(label)), label)
                    getattr(network, method)(**{places[0]: image, places[1]: label})

        seen = f"{len(samples):,} samples that it was seen to use"
        note = f"The loop was repeated by calls of {method}, with the {seen}."
        functions = {"fit": signed(fit, ("training_data",), {epochs: settings[epochs]})}
        known = []
        if piled is not None:
            functions["step"] = signed(fit, ("training_data",), {})
            known = [piled_up(piled, training, self.run.source.tree, self.run.path, samples)]
            samples = piled.samples
        return Subject(network, samples, {epochs: settings[epochs]}, functions, None, caught, [note], known=known)

    def test_data(self) -> Any:
        """Return test data among the variables, or those that a function of the script loads."""
        samples = samples_for_testing(self.variables)
        found = None if samples is None else samples.value
        loader = None if found is not None else loader_of_test_data(self.variables)
        return found if loader is None else within(max(2.0, self.run.seconds / 6), loader)


def _weights(places: list[Place]) -> list[Place]:
    """Return the places of arrays without those whose name says that they are outputs or deltas."""
    kept = [p for p in places if not p or not (OUTPUTS.match(str(p[-1])) or DELTAS.match(str(p[-1])))]
    return kept or places


def held_samples(training: Training) -> Samples | None:
    """Return the samples that are attributes of the only object that a loop trains."""
    if len(training.changed) > 1:
        return None
    network = training.namespace[next(iter(training.changed))]
    names = samples_within(network) if has_attribute(network, "__dict__") else None
    if names is None:
        return None
    value = getattr(network, names[0]), getattr(network, names[1])
    shape = shape_of(value[1]) or (0,)
    return Samples(names, value, max(shape[0], shape[-1]))
