"""A network under examination, with what is known about its training."""

from dataclasses import dataclass
from functools import cached_property

from cmlp.data.dataset import Dataset
from cmlp.diagnosis.behaviour import Behaviour
from cmlp.diagnosis.report import Finding, Severity
from cmlp.diagnosis.trials import Trials, described
from cmlp.network import Network
from cmlp.training.history import History

SAMPLE = 1000  # images on which units are watched


@dataclass(frozen=True)
class Case:
    """A network, what is known about its training, and the trials that test a suspicion."""

    network: Network
    history: History | None
    train: Dataset
    test: Dataset | None

    @cached_property
    def trials(self) -> Trials:
        """Networks that are trained for comparison."""
        return Trials(self.network, self.train)

    @cached_property
    def judged(self) -> Dataset:
        """The test data, or rows of the training data where those do not fit the network."""
        fits = self.test is not None and misfit(self.network, self.test, "") is None
        return self.test if self.test is not None and fits else self.trials.held_out

    @cached_property
    def behaviour(self) -> Behaviour:
        """What the network does with the first held rows."""
        return Behaviour(self.network, self.trials.held_out[:SAMPLE])

    def found(
        self, code: str, where: str, verdict: str, measured: str, repair: str | None = None, after: float | None = None
    ) -> Finding:
        """Return an error, with the accuracy of the network as it is."""
        before = self.trials.reached(self.network, self.judged)
        return Finding(code, Severity.ERROR, where, verdict, measured, repair, before, after)

    def renewed(self, code: str, verdict: str, measured: str) -> Finding:
        """Return an error that a new network of the same sizes repairs."""
        network, reached, eta = self.trials.retrained
        repair = f"{self.trials.new_line}; {self.trials.training_line(eta)}"
        text = f"{measured}; a new network of the same sizes reaches {reached:.1f} % on rows it was not trained on"
        return self.found(code, "training", verdict, text, repair, self.trials.reached(network, self.judged))

    @property
    def course(self) -> str:
        """How the loss went, where that is known."""
        loss = self.history.loss if self.history is not None else []
        return f"; in {len(loss)} epochs the loss went from {loss[0]:.3f} to {loss[-1]:.3f}" if len(loss) > 1 else ""


def misfit(network: Network, dataset: Dataset, name: str) -> Finding | None:
    """Return a finding where a network has other sizes than the data, or None."""
    inputs, outputs = network.sizes[0], network.sizes[-1]
    pixels, classes = dataset.images.shape[1], int(dataset.labels.max()) + 1
    if (inputs, outputs) == (pixels, max(outputs, classes)):
        return None
    verdict = f"The network has other sizes than the {name}: {network.sizes}."
    measured = f"{inputs:,} inputs for images of {pixels:,} pixels, and {outputs:,} outputs for {classes:,} classes"
    repair = f"network = {described(network, (pixels, *network.sizes[1:-1], classes))}"
    return Finding("network-misfit", Severity.ERROR, "network", verdict, measured, repair)
