"""What would help where a script was not understood: the call of `cmlp.check` in the script's own names."""

import ast
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from cmlp.diagnosis.programs import advice
from cmlp.diagnosis.programs.access import attribute
from cmlp.diagnosis.programs.roles import FORWARD
from cmlp.diagnosis.scripts.data import Samples, samples_for_testing, training_samples
from cmlp.diagnosis.scripts.hook import Caught
from cmlp.diagnosis.scripts.inlining import calls
from cmlp.diagnosis.scripts.loop import WEIGHTS
from cmlp.diagnosis.scripts.state import holds_arrays, is_data

LONGEST = 60  # characters of an expression of the script that is repeated


@dataclass
class Names:
    """What a script calls the arguments of `cmlp.check`; "" where nobody knows.

    Parameters
    ----------
    train, test : str
        The data.
    network : str
    fit : str
        The function that trains, if it is no method.
    where : str
        What is to become such a function, if the script has none.
    settings : dict
        Of the training.
    """

    train: str = ""
    test: str = ""
    network: str = ""
    fit: str = ""
    where: str = ""
    settings: Mapping[str, Any] = field(default_factory=dict)

    def call(self, wanted: str = "") -> str:
        """Return the call, with a function that is wanted: ``forward`` or ``fit``."""
        parts = [self.train or "training_data", *([self.test] if self.test else [])]
        parts.append(f"network={self.network or 'network'}")
        if self.fit or wanted == "fit":
            parts.append(f"fit={self.fit or 'fit'}")
        if wanted == "forward":
            parts.append("forward=forward")
        parts += [f"{name}={value}" for name, value in self.settings.items() if isinstance(value, int | float)]
        return f"cmlp.check({', '.join(parts)})"

    def help_to_run(self) -> str:
        """Return what would help where no way was found to run the network."""
        made = f"forward({self.network or 'network'}, images)"
        return f"write a function {made} that returns its outputs{self._also()}, and call {self.call('forward')}"

    def help_to_train(self) -> str:
        """Return what would help where no way was found to train it."""
        made = f"fit({self.network or 'network'}, training_data)"
        return f"write a function {made} that trains it, and call {self.call('fit')}"

    def _also(self) -> str:
        return f" and {self.fit}({self.network}, images, labels) of {self.where}" if self.where else ""


def in_own_names(note: str, names: Names, seconds: float) -> str:
    """Return a note of the examination as one about a script: no keywords, which cannot be typed at a command."""
    note = note.replace(advice.FORWARD, names.help_to_run()).replace(advice.FIT, names.help_to_train())
    return note.replace(advice.TIME, f"--seconds {2 * seconds:g} gives it more")


def names_of_call(caught: Caught, tree: ast.Module, data: tuple[str, ...], holders: list[str]) -> Names:
    """Return the names in a call that trains.

    Parameters
    ----------
    caught : Caught
        The call.
    tree : Module
        The script.
    data : tuple of str
        The parameters with samples.
    holders : list of str
        Those with the network, if it is no method.
    """
    found = [call for call in calls(tree) if call.lineno == caught.line]
    said = next((c for c in found if getattr(c.func, "attr", getattr(c.func, "id", "")) == caught.name), None)
    if said is None:
        return Names()
    parameters = list(caught.arguments)[1 if caught.method else 0 :]
    given = dict(zip(parameters, said.args, strict=False)) | {k.arg: k.value for k in said.keywords if k.arg}
    texts = {name: text for name, value in given.items() if len(text := ast.unparse(value)) <= LONGEST}
    train = together([texts.get(name, "") for name in data])
    if caught.method:
        network = ast.unparse(said.func.value) if isinstance(said.func, ast.Attribute) else ""
        return Names(train, "", network)
    network = texts.get(holders[0], "") if len(holders) == 1 else as_dict({n: texts.get(n, n) for n in holders})
    return Names(train, "", network, caught.name)


def names_of_loop(line: int, samples: Samples, networks: list[str], *, single: bool) -> Names:
    """Return the names in a loop that trains."""
    network = networks[0] if single else as_dict({name: name for name in networks})
    return Names(together(list(samples.names)), "", network, "fit", f"the loop in line {line}")


def together(texts: list[str]) -> str:
    """Return images and labels as one argument."""
    return f"({', '.join(texts)})" if len(texts) > 1 and all(texts) else (texts[0] if len(texts) == 1 else "")


def as_dict(names: Mapping[str, str]) -> str:
    """Return several variables as one dict."""
    return "{" + ", ".join(f'"{name}": {value}' for name, value in names.items()) + "}" if names else ""


def names_among(variables: Mapping[str, Any]) -> Names:
    """Return what of the variables of a script looks like data and a network, where nothing was seen to train."""
    own = {name: value for name, value in variables.items() if not name.startswith("__")}
    train = training_samples(own, own)
    test = samples_for_testing(own)
    return Names(
        together(list(train.names)) if train is not None else "",
        together(list(test.names)) if test is not None else "",
        next(iter(_networks(own)), ""),
    )


def _networks(variables: Mapping[str, Any]) -> Iterable[str]:
    for name, value in variables.items():
        own = type(value).__module__ == "__main__" and any(callable(attribute(value, run, None)) for run in FORWARD)
        if not is_data(name) and (own or (isinstance(value, dict) and WEIGHTS.match(name))) and holds_arrays(value):
            yield name
