"""Somebody's network: how to run it, what its parameters are, how to make it step and how to train it."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray

from cmlp.diagnosis.programs import interface, running
from cmlp.diagnosis.programs.access import has_attribute
from cmlp.diagnosis.programs.blocks import Block
from cmlp.diagnosis.programs.calls import Wish, arguments
from cmlp.diagnosis.programs.copies import Copier, Shared, shared_memory
from cmlp.diagnosis.programs.files import forget_files
from cmlp.diagnosis.programs.first_trainings import (
    begins_anew,
    lacks_attributes,
    steps_otherwise,
    values_before_training,
    warmed,
)
from cmlp.diagnosis.programs.frameworks import Framework, framework_of, quiet_value
from cmlp.diagnosis.programs.generators import generators_around, generators_in
from cmlp.diagnosis.programs.instances import Instance, adopt, remembers
from cmlp.diagnosis.programs.isolation import kept_state, limited, seed_all, silence
from cmlp.diagnosis.programs.leaves import attributes
from cmlp.diagnosis.programs.modes import Modes
from cmlp.diagnosis.programs.network_first import network_first
from cmlp.diagnosis.programs.parameters import find_parameters
from cmlp.diagnosis.programs.paths import Path, put_at
from cmlp.diagnosis.programs.places import Place, find_place, setting_of
from cmlp.diagnosis.programs.precision import widen
from cmlp.diagnosis.programs.roles import parameters_of
from cmlp.diagnosis.programs.samples import Samples
from cmlp.diagnosis.programs.usual_values import usual_values

Array = NDArray[Any]


class Subject:
    """A network of which nothing is known but what it is.

    Parameters
    ----------
    network : object
        Never changed.
    samples : Samples
        The form of the data that it takes.
    functions : dict
        The functions "forward", "fit", "step" and "score" where the asker names them; they take the network first,
        unless they are methods, or the network is a function itself.
    settings : dict
        Keyword arguments of its training, under the asker's own names.
    """

    def __init__(
        self, network: Any, samples: Samples, functions: dict[str, Callable[..., Any] | None], settings: dict[str, Any]
    ) -> None:
        self.given, self.samples, self.settings = network, samples, dict(settings)
        self.functions = functions
        self.framework: Framework = framework_of(network)
        self.notes: list[str] = []
        self.reasons: list[str] = []  # why a way to use it was not taken, for the notes
        self.uncopied: list[str] = []
        self.blocks: list[Block] = []
        self.constants: list[Block] = []  # numbers that matter and are not trained, as means of the inputs
        self.shared: list[tuple[str, str]] = []
        self.quiet: dict[Path, float] = {}  # numbers that switch off what makes its steps random
        self.in_place = True  # whether training changes the network itself, so that it can be stopped at any time
        self.modes: Modes = {}  # flags that its own code sets before it asks
        self.middle: float | None = None  # of a single output, between both classes
        self.output_place: Path | None = None  # of the outputs, where they are no result but an attribute
        self.source = network  # what copies are made of
        self.trains: str | None = None
        self.places: dict[str, Place | None] = dict.fromkeys(("eta", "epochs", "size"))
        self.runs: running.Call | None = None
        self.steps: interface.Stepping | None = None
        self.resets = False

    def explore(self) -> None:
        """Find out how it is run and trained, and what its parameters are: its code runs here for the first time."""
        self.trains = interface.find_fit(self)
        self.places = {kind: find_place(self.given, self.functions.get("fit"), kind) for kind in self.places}
        self.runs = running.find_forward(self)
        if self.trains is not None and (self.runs is None or lacks_attributes(self)) and warmed(self):
            self.runs = running.find_forward(self) or self.runs
        if self.runs is not None:
            self._find_parameters()
        self.steps = interface.find_step(self) if self.blocks else None
        if self.steps is not None and self.trains is not None and steps_otherwise(self):
            self.steps = None
        self.resets = bool(self.blocks and self.trains and self.steps is None and begins_anew(self))

    def _find_parameters(self) -> None:
        try:
            find_parameters(self)
        except Exception as error:  # of an object whose attributes are not there each time
            self.blocks = []
            self.reasons.append(f"its parameters: {type(error).__name__}: {str(error)[:80]}")

    # Copies

    def instance(self) -> Instance:
        """Return a copy to work with, which finds the asker's files as they are."""
        forget_files()
        copier = Copier(self._shared)
        network = self.framework.copied(self.source, copier)
        functions = {name: f and copier.copied(f) for name, f in self.functions.items()}
        settings = {name: copier.copied(self.settings[name]) for name in self._remembering}
        self.uncopied = copier.kept
        if network is self.source and attributes(network):
            self.uncopied.append(type(network).__name__)
        return Instance(network, functions, settings)

    @cached_property
    def _remembering(self) -> list[str]:
        return [name for name, value in self.settings.items() if remembers(value)]

    @cached_property
    def _shared(self) -> Shared:
        return shared_memory([self.source, *self.functions.values(), *map(self.settings.get, self._remembering)])

    def generators(self, instance: Instance) -> list[Any]:
        """Return the generators of random numbers among the attributes of a copy and the variables of its module."""
        return generators_in(instance.network) + self.shared_generators

    @cached_property
    def shared_generators(self) -> list[Any]:
        """Generators that are variables of the modules of its code, which copies share."""
        return generators_around(self.given, self.functions)

    @cached_property
    def root_name(self) -> str:
        """What the functions that were given call the network."""
        for kind in ("step", "fit", "forward"):
            function = self.functions.get(kind)
            if function is not None and not has_attribute(function, "__self__") and parameters_of(function):
                return parameters_of(network_first(function, kind, self.settings))[0].name
        return "network"

    # Settings

    @property
    def eta(self) -> float | None:
        """The learning rate that it is trained with, if it can be found."""
        value = setting_of(self, "eta")[1]
        return float(value) if isinstance(value, (int, float, np.floating)) else None

    @property
    def eta_name(self) -> str:
        """What the asker calls the learning rate."""
        return setting_of(self, "eta")[0] or "the learning rate"

    @property
    def epochs(self) -> int | None:
        """How many epochs it is trained for, if that can be found."""
        value = setting_of(self, "epochs")[1]
        return int(value) if isinstance(value, (int, float, np.integer)) else None

    @property
    def epochs_name(self) -> str | None:
        """What the asker calls the epochs."""
        return setting_of(self, "epochs")[0]

    @property
    def size(self) -> int | None:
        """The size of its mini-batches, if that can be found."""
        value = setting_of(self, "size")[1]
        return int(value) if isinstance(value, (int, np.integer)) and not isinstance(value, bool) else None

    def _set(self, instance: Instance, kind: str, value: Any) -> None:
        place = self.places[kind]
        if place is not None and value is not None:
            place.write(instance.network, instance.functions.get("fit"), value)

    # Running it

    def outputs(self, instance: Instance, x: Array, *, fixed: bool = True) -> Array:
        """Return its outputs, of shape (n, classes), or the numbers of the classes it answers, of shape (n,).

        `fixed` gives it the same random numbers each time.
        """
        with silence(), np.errstate(all="ignore"):
            if not fixed:
                return self.raw_outputs(instance, x)
            with kept_state():
                seed_all(0, self.generators(instance))
                return self.raw_outputs(instance, x)

    def raw_outputs(self, instance: Instance, x: Array) -> Array:
        """Run it as it is found, without any care."""
        assert self.runs is not None
        made = running.run(self, instance, x, self.runs)
        if made is None:
            raise ValueError("it gave no outputs")
        return made

    def predictions(self, instance: Instance, x: Array) -> Array:
        """Return the numbers of the classes it answers; NaN counts as the smallest output."""
        out = self.outputs(instance, x)
        if out.ndim == 1:
            return out
        return np.asarray(np.where(np.isnan(out), -np.inf, out).argmax(axis=1))

    def accuracy(self, instance: Instance, x: Array, y: Array) -> float:
        """Return its accuracy in percent."""
        return 100 * float(np.mean(self.predictions(instance, x) == y))

    # Its parameters

    def values(self, instance: Instance) -> list[Array]:
        """Return the numbers of its parameters."""
        return [block.read(instance.network) for block in self.blocks]

    def put(self, instance: Instance, values: list[Array]) -> None:
        """Give it other parameters."""
        for block, value in zip(self.blocks, values, strict=True):
            block.write(instance.network, value)

    def initial(self) -> list[Array]:
        """Return the numbers of its parameters before training."""
        return values_before_training(self)

    def renew(self, instance: Instance, seed: int = 0) -> Instance:
        """Give it new weights of the size of Glorot and Bengio (2010), and biases of 0."""
        self.put(instance, usual_values(self.blocks, self.samples.classes, seed))
        return instance

    def usual(self) -> Instance:
        """Return a copy with new weights, of which each step shows all digits: half precision is kept as double."""
        instance = self.instance()
        widen(instance.network, self.blocks)
        return self.renew(instance)

    # Training it

    def steady(self, instance: Instance) -> None:
        """Switch off in a copy what makes its steps random, as dropout does."""
        self.framework.steady(instance.network)
        for path, number in self.quiet.items():
            put_at(instance.network, path, number)
        instance.steady = True

    def settings_of(self, instance: Instance) -> dict[str, Any]:
        """Return the settings of its training, without dropout for a copy that drops no units."""
        settings = self.settings | instance.settings
        if not instance.steady:
            return settings
        quiet = {name: quiet_value(name) for name, value in settings.items() if isinstance(value, float)}
        return settings | {name: value for name, value in quiet.items() if value is not None}

    def step(self, instance: Instance, x: Array, y: Array, eta: float | None = None) -> None:
        """Let it take one step with a mini-batch, by its own method for that, or by its training."""
        if self.steps is None:
            self.fit(instance, x, y, eta, 1, len(y))
            return
        self._set(instance, "eta", eta)
        interface.run_step(self, instance, x, y, Wish(eta, 1, len(y), settings=self.settings_of(instance)), self.steps)

    def fit(
        self,
        instance: Instance,
        x: Array,
        y: Array,
        eta: float | None = None,
        epochs: int | None = None,
        size: int | None = None,
        given: Any = None,
    ) -> None:
        """Train it by its own training, with its own settings but for those that are given."""
        for kind, value in (("eta", eta), ("epochs", epochs), ("size", size)):
            self._set(instance, kind, value)
        wish = Wish(eta, epochs, size, given=given, settings=self.settings_of(instance))
        function, skip = running.function_of(self, instance, "fit", self.trains)
        made = arguments(function, self.samples, x, y, wish, skip)
        if made is None:
            raise TypeError("the arguments of its training are not understood")
        made = self.framework.fit_arguments(made)
        adopt(instance, running.called(function, instance, made, skip))

    @contextmanager
    def care(self, seconds: float, seed: int | None = 0, instance: Instance | None = None) -> Iterator[None]:
        """Run its code unheard, with a seed of ours, for at most so many seconds of the processor."""
        with silence(), kept_state(), limited(seconds):
            if seed is not None:
                seed_all(seed, self.shared_generators if instance is None else self.generators(instance))
            yield
