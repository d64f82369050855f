"""Somebody's network: how to run it, what its parameters are, how to make it step and how to train it."""

import inspect
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray

from cmlp.diagnosis.programs import interface, running
from cmlp.diagnosis.programs.blocks import Block
from cmlp.diagnosis.programs.calls import Wish, arguments, setting_roles
from cmlp.diagnosis.programs.copies import Copier, Shared, shared_memory
from cmlp.diagnosis.programs.frameworks import Framework, framework_of, quiet_value
from cmlp.diagnosis.programs.instances import Instance, adopt
from cmlp.diagnosis.programs.isolation import OutOfTime, is_generator, kept_state, limited, seed_all, silence
from cmlp.diagnosis.programs.leaves import attributes
from cmlp.diagnosis.programs.network_first import network_first
from cmlp.diagnosis.programs.own_code import own_code
from cmlp.diagnosis.programs.parameters import find_parameters
from cmlp.diagnosis.programs.paths import Path, put_at
from cmlp.diagnosis.programs.places import Place, find_place
from cmlp.diagnosis.programs.roles import FORWARD, parameters_of, role
from cmlp.diagnosis.programs.samples import Samples

Array = NDArray[Any]
FEW = 60  # samples that make what training makes
FEW_SECONDS = 3.0
TINY = 1e-12  # a learning rate that moves nothing
FAR = 0.9  # of their size, by which weights are others
KEPT = 0.3  # cosine of what two starts differ by and what two ends do, below which nothing of the start was kept


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
        if self.trains is not None and (self.runs is None or self._lacks_attributes()) and self._warmed():
            self.runs = running.find_forward(self) or self.runs
        if self.runs is not None:
            self._find_parameters()
        self.steps = interface.find_step(self) if self.blocks else None
        self.resets = bool(self.blocks and self.trains and self.steps is None and self._begins_anew())

    def _find_parameters(self) -> None:
        try:
            find_parameters(self)
        except Exception as error:  # of an object whose attributes are not there each time
            self.blocks = []
            self.reasons.append(f"its parameters: {type(error).__name__}: {str(error)[:80]}")

    def _few(self) -> tuple[Array, Array]:
        """Return some samples of all classes."""
        order = np.random.default_rng(9).permutation(len(self.samples))
        _, first = np.unique(self.samples.y[order], return_index=True)
        pick = order[np.unique([*first[:200], *range(min(FEW, len(order)))])]
        return self.samples.x[pick], self.samples.y[pick]

    def _trained(self, instance: Instance, eta: float | None, epochs: int | None) -> bool:
        """Train a copy with few samples; return whether that was possible."""
        try:
            with silence(), np.errstate(all="ignore"), kept_state(), limited(FEW_SECONDS):
                seed_all(0, self.generators(instance))
                self.fit(instance, *self._few(), eta, None if self.epochs is None else epochs)
        except (Exception, OutOfTime):
            return False
        return True

    def _warmed(self) -> bool:
        """Train what cannot be run before: its parameters are made by its training."""
        instance = self.instance()
        if not self._trained(instance, None, 1):
            return False
        self.source = instance.network
        return True

    def _lacks_attributes(self) -> bool:
        """Whether what is named as running it failed for want of attributes that its training makes."""
        assert self.runs is not None
        message = f"'{type(self.given).__name__}' object has no attribute"
        lacking = {reason.partition(":")[0].strip("_") for reason in self.reasons if message in reason}
        return bool(lacking & set(FORWARD)) and self.runs.name.strip("_") not in FORWARD

    def _begins_anew(self) -> bool:
        """Whether its training draws new weights, whatever it is given."""
        first = self._start_and_end(1)
        if not first or any(np.linalg.norm(b - a) <= FAR * np.linalg.norm(a) for a, b in first):
            return False
        second = self._start_and_end(2)  # what differs at the start differs at the end, however far a step goes
        apart = [] if second is None else [(a - c, b - d) for (a, b), (c, d) in zip(first, second, strict=True)]
        return all(float(np.sum(a * b)) < KEPT * np.linalg.norm(a) * np.linalg.norm(b) for a, b in apart if np.any(b))

    def _start_and_end(self, seed: int) -> list[tuple[Array, Array]] | None:
        """Return the matrices before and after a short training from new weights."""
        instance = self.renew(self.instance(), seed=seed)
        start = self.values(instance)
        if not self._trained(instance, TINY if self.eta is not None else None, 1):
            return None
        pairs = zip(self.blocks, start, self.values(instance), strict=True)
        return [(before, after) for block, before, after in pairs if block.matrix]

    def initial(self) -> list[Array]:
        """Return the numbers of its parameters before training."""
        instance = self.instance()
        if self.resets and self.eta is not None:
            self._trained(instance, TINY, 1)
        return self.values(instance)

    # Copies

    def instance(self) -> Instance:
        """Return a copy to work with."""
        if isinstance(self.source, type):
            with silence():
                return Instance(self.source(), dict(self.functions))
        copier = Copier(self._shared)
        network = self.framework.copied(self.source, copier)
        functions = {name: f and copier.copied(f) for name, f in self.functions.items()}
        self.uncopied = copier.kept
        if network is self.source and attributes(network):
            self.uncopied.append(type(network).__name__)
        return Instance(network, functions)

    @cached_property
    def _shared(self) -> Shared:
        return shared_memory([self.source, *self.functions.values()])

    def generators(self, instance: Instance) -> list[Any]:
        """Return the generators of random numbers among the attributes of a copy and the variables of its module."""
        found = [value for value in attributes(instance.network).values() if is_generator(value)]
        found += [v for part in attributes(instance.network).values() for v in _inside(part) if is_generator(v)]
        return found + self.shared_generators

    @cached_property
    def shared_generators(self) -> list[Any]:
        """Generators that are variables of the modules of its code, which copies share."""
        functions = [f for f in self.functions.values() if f is not None]
        spaces = [getattr(inspect.unwrap(f), "__globals__", {}) for f in (*functions, self.given)]
        module = sys.modules.get(type(self.given).__module__)
        spaces.append(vars(module) if module is not None and own_code(getattr(module, "__file__", "") or "") else {})
        return [value for space in spaces for value in list(space.values()) if is_generator(value)]

    @cached_property
    def root_name(self) -> str:
        """What the functions that were given call the network."""
        for kind in ("step", "fit", "forward"):
            function = self.functions.get(kind)
            if function is not None and not hasattr(function, "__self__") and parameters_of(function):
                return parameters_of(network_first(function, kind, self.settings))[0].name
        return "network"

    # Settings

    def _setting(self, kind: str) -> tuple[str | None, Any]:
        """Return the name and the value of a setting."""
        named = {k: name for name, k in setting_roles(self.settings).items()}
        if kind in named:
            return named[kind], self.settings[named[kind]]
        function = self._function_of_fit()
        for p in parameters_of(function) if function else []:
            if role(p.name) == kind and isinstance(p.default, (int, float)) and not isinstance(p.default, bool):
                return p.name, p.default
        place = self.places[kind]
        if place is not None:
            return place.name, place.read(self.given, self.functions.get("fit"))
        return None, None

    def _function_of_fit(self) -> Callable[..., Any] | None:
        if self.functions.get("fit"):
            return self.functions["fit"]
        return getattr(self.given, self.trains, None) if self.trains else None

    @property
    def eta(self) -> float | None:
        """The learning rate that it is trained with, if it can be found."""
        value = self._setting("eta")[1]
        return float(value) if isinstance(value, (int, float, np.floating)) else None

    @property
    def eta_name(self) -> str:
        """What the asker calls the learning rate."""
        return self._setting("eta")[0] or "the learning rate"

    @property
    def epochs(self) -> int | None:
        """How many epochs it is trained for, if that can be found."""
        value = self._setting("epochs")[1]
        return int(value) if isinstance(value, (int, float, np.integer)) else None

    @property
    def epochs_name(self) -> str | None:
        """What the asker calls the epochs."""
        return self._setting("epochs")[0]

    @property
    def size(self) -> int | None:
        """The size of its mini-batches, if that can be found."""
        value = self._setting("size")[1]
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

    def renew(self, instance: Instance, seed: int = 0) -> Instance:
        """Give it new weights of the size of Glorot and Bengio (2010), and biases of 0."""
        rng = np.random.default_rng(seed)
        made = []
        for block in self.blocks:
            if block.matrix:
                made.append(rng.normal(size=block.shape) * np.sqrt(2 / sum(block.shape)))
            elif len(block.shape) > 2:
                fan = sum(block.shape[1:]) if len(block.shape) == 3 else int(np.prod(block.shape[1:], dtype=int))
                made.append(rng.normal(size=block.shape) * np.sqrt(2 / max(1, fan)))
            elif block.shape and max(block.shape) > 20 * self.samples.classes and len(self.blocks) == 1:
                made.append(0.05 * rng.normal(size=block.shape))  # one vector of all parameters
            else:
                made.append(np.zeros(block.shape))
        self.put(instance, made)
        return instance

    # Training it

    def steady(self, instance: Instance) -> None:
        """Switch off in a copy what makes its steps random, as dropout does."""
        self.framework.steady(instance.network)
        for path, number in self.quiet.items():
            put_at(instance.network, path, number)
        instance.steady = True

    def _settings_of(self, instance: Instance) -> dict[str, Any]:
        """Return the settings of its training, without dropout for a copy that drops no units."""
        if not instance.steady:
            return self.settings
        quiet = {name: quiet_value(name) for name, value in self.settings.items() if isinstance(value, float)}
        return self.settings | {name: value for name, value in quiet.items() if value is not None}

    def step(self, instance: Instance, x: Array, y: Array, eta: float | None = None) -> None:
        """Let it take one step with a mini-batch, by its own method for that, or by its training."""
        if self.steps is None:
            self.fit(instance, x, y, eta, 1, len(y))
            return
        self._set(instance, "eta", eta)
        interface.run_step(self, instance, x, y, Wish(eta, 1, len(y), settings=self._settings_of(instance)), self.steps)

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
        wish = Wish(eta, epochs, size, given=given, settings=self._settings_of(instance))
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


def _inside(part: Any) -> list[Any]:
    return list(attributes(part).values()) if hasattr(part, "__dict__") and not callable(part) else []
