"""What is examined, as the arguments of `cmlp.check`."""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from cmlp.diagnosis.report import Finding
from cmlp.diagnosis.scripts.advice import Names


@dataclass
class Subject:
    """The arguments of `cmlp.check`, but for the test data.

    Parameters
    ----------
    network : object
        What is trained.
    train : object
        The training data.
    settings : dict
        Of the training.
    functions : dict
        ``fit`` and ``forward``, where they are needed.
    test : object
        Test data that were passed along, or None.
    caught : str
        What was caught, for people.
    notes : list of str
        What could not be found out.
    holders : list of str
        The arguments of the call that hold the network, if it is no method.
    data : tuple of str
        The arguments of the call with the samples.
    held : str
        The attribute in which an object holds its own images, if it does.
    known : list of Finding
        What the text of the script tells: it is said in the place of what the examination says of the same fault.
    names : Names
        What the script calls all this.
    """

    network: Any
    train: Any
    settings: dict[str, Any] = field(default_factory=dict)
    functions: dict[str, Callable[..., Any]] = field(default_factory=dict)
    test: Any = None
    caught: str = ""
    notes: list[str] = field(default_factory=list)
    holders: list[str] = field(default_factory=list)
    data: tuple[str, ...] = ()
    held: str = ""
    known: list[Finding] = field(default_factory=list)
    names: Names = field(default_factory=Names)
