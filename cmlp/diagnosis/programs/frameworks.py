"""What is peculiar to networks of PyTorch and Keras; everything else is a plain object."""

import copy
import re
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from types import MappingProxyType
from typing import Any

import numpy as np
from numpy.typing import NDArray

from cmlp.diagnosis.programs.access import attribute, has_attribute
from cmlp.diagnosis.programs.blocks import Block
from cmlp.diagnosis.programs.copies import Copier
from cmlp.diagnosis.programs.leaves import Walk
from cmlp.diagnosis.programs.paths import Path, put_at, step_into
from cmlp.diagnosis.programs.tensors import is_tensor

DROPPED = re.compile(r"_?(dropout|drop)(_?(rate|prob|p|ratio))?|p_?drop(out)?", re.IGNORECASE)
DROPPING = re.compile(r"drop(out)?|noise", re.IGNORECASE)  # classes whose share is that of what they drop
KEPT = re.compile(r"_?(keep)_?(prob|rate|p)?|p_?keep", re.IGNORECASE)


def quiet_value(name: str) -> float | None:
    """Return what a number of this name must be, so that no unit is dropped; None where it is for something else."""
    return 0.0 if DROPPED.fullmatch(name) else 1.0 if KEPT.fullmatch(name) else None


def shares_in(network: Any) -> list[tuple[Path, float]]:
    """Return the numbers between 0 and 1 below an object, and their places."""
    return [(path, value) for path, value in Walk(network).leaves if isinstance(value, float) and 0 < value < 1]


class Framework:
    """A plain object."""

    name = ""
    forward: tuple[str, ...] = ()
    forms: tuple[str, ...] = ()
    keywords: Mapping[str, Any] = MappingProxyType({})
    single_precision = False
    stoppable = True  # whether its training can be interrupted at any place, and the network still be used

    def copied(self, network: Any, copier: Copier) -> Any:
        """Return a copy of a network."""
        return copier.copied(network)

    def is_buffer(self, network: Any, block: Block) -> bool:
        """Whether numbers are no parameters, but what a layer keeps for itself."""
        return False

    @contextmanager
    def running(self, network: Any) -> Iterator[None]:
        """Run it as one tests it."""
        yield

    def steady(self, network: Any) -> None:
        """Switch off in a copy what makes its steps random: dropout under the names that people give it."""
        for path, value in shares_in(network):
            owner = type(step_into(network, path[:-1])).__name__
            quiet = quiet_value(str(path[-1][1]))
            if quiet is None and DROPPING.search(owner):
                quiet = quiet_value("dropout")
            if quiet is not None and value != quiet:
                put_at(network, path, quiet)

    def shaped(self, rows: NDArray[Any], form: str) -> Any:
        """Return images in a form of its own."""
        return rows

    def fit_arguments(self, made: dict[str, Any]) -> dict[str, Any]:
        """Add what its training needs to be quiet."""
        return made


class Torch(Framework):
    """A module of PyTorch."""

    name = "torch"
    forward = ("__call__",)
    forms = ("tensor rows", "tensor pictures", "tensor planes")
    single_precision = True

    def is_buffer(self, network: Any, block: Block) -> bool:
        """Whether it is a buffer, as the running means of batch normalization."""
        places = {buffer.data_ptr() for buffer in network.buffers()} if has_attribute(network, "buffers") else set()
        value = step_into(network, block.paths[0])
        return is_tensor(value) and value.data_ptr() in places

    @contextmanager
    def running(self, network: Any) -> Iterator[None]:
        """Run it in evaluation mode, without gradients: whether its own code does so is asked of its own score."""
        import torch

        modes = [(module, module.training) for module in network.modules()]
        network.train(False)
        try:
            with torch.no_grad():
                yield
        finally:
            for module, mode in modes:
                module.training = mode

    def steady(self, network: Any) -> None:
        """Drop nothing, and let batch normalization use what it has seen."""
        for module in network.modules():
            kind = type(module).__name__
            if "Dropout" in kind:
                module.p = 0.0
            elif "BatchNorm" in kind:
                module.train(False)
                module.train = lambda mode=True, module=module: module

    def shaped(self, rows: NDArray[Any], form: str) -> Any:
        """Return a tensor of rows or of pictures."""
        import torch

        made = torch.tensor(np.array(rows), dtype=torch.float32)
        side = round(rows.shape[1] ** 0.5)
        shapes = {"tensor pictures": (-1, 1, side, side), "tensor planes": (-1, side, side)}
        return made.reshape(shapes[form]) if form in shapes else made


class Keras(Framework):
    """A model of Keras 3."""

    name = "keras"
    forward = ("predict",)
    forms = ("rows", "own")
    keywords = MappingProxyType({"verbose": 0})
    single_precision = True
    stoppable = False

    def __init__(self) -> None:
        self.made: Any = None
        self.start: list[NDArray[Any]] = []

    def copied(self, network: Any, copier: Copier) -> Any:
        """Return the one copy, as it was at the start: each further one would be compiled anew, which takes seconds."""
        if self.made is None:
            self.made = copy.deepcopy(network)
            if attribute(network, "optimizer", None) is not None:
                self.made.compile_from_config(network.get_compile_config())
                self.made.optimizer.build(self.made.trainable_variables)
            self.start = [np.array(variable) for variable in self._variables()]
        for variable, value in zip(self._variables(), self.start, strict=True):
            variable.assign(value)
        return self.made

    def _variables(self) -> list[Any]:
        optimizer = attribute(self.made, "optimizer", None)
        return [*self.made.variables, *(optimizer.variables if optimizer is not None else [])]

    def fit_arguments(self, made: dict[str, Any]) -> dict[str, Any]:
        """Let it show no progress."""
        return {**made, **self.keywords}


def framework_of(network: Any) -> Framework:
    """Return what a network was made with."""
    modules = {kind.__module__.split(".")[0] for kind in type(network).__mro__}
    keras = modules & {"keras", "tensorflow"} and has_attribute(network, "predict")
    if keras:  # its layers may be modules of PyTorch, too
        return Keras()
    return Torch() if "torch" in modules and has_attribute(network, "parameters") else Framework()
