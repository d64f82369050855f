"""The losses and accuracies of a training, epoch by epoch."""

from dataclasses import dataclass, field, fields
from typing import TYPE_CHECKING, Any, Self

from cmlp.plotting.style import COLOURS, INK, draw_lines, new_figure, style_axes

if TYPE_CHECKING:
    from matplotlib.figure import Figure


@dataclass
class History:
    """The losses and accuracies of a training: one entry per epoch in each list that was asked for.

    The other lists stay empty. The length of a history is the number of epochs.

    Parameters
    ----------
    loss : list of float, optional
        Mean loss per image, including penalties; each mini-batch is measured before its step.
    training_accuracy : list of float, optional
        Accuracy on the training data in percent, measured after the epoch.
    validation_loss : list of float, optional
        Mean loss of the validation data, without penalties, measured after the epoch.
    validation_accuracy : list of float, optional
        Accuracy on the validation data in percent, measured after the epoch.
    test_accuracy : list of float, optional
        Accuracy on the test data in percent, measured after the epoch.
    seconds : list of float, optional
        Duration of the epoch's training, without the measurements after it.
    validation_score : list of float, optional
        The estimator's ``score`` on the validation data: accuracy from 0 to 1, or R².

    Examples
    --------
    >>> train, test = cmlp.load_digits()
    >>> net = cmlp.Network([64, 16, 10])
    >>> history = net.train(train, 3, 3.0, mini_batch_size=10, test_data=test)
    >>> len(history), len(history.test_accuracy)
    (3, 3)
    >>> history.loss[0] > history.loss[-1]
    True
    """

    loss: list[float] = field(default_factory=list)
    training_accuracy: list[float] = field(default_factory=list)
    validation_loss: list[float] = field(default_factory=list)
    validation_accuracy: list[float] = field(default_factory=list)
    test_accuracy: list[float] = field(default_factory=list)
    seconds: list[float] = field(default_factory=list)
    validation_score: list[float] = field(default_factory=list)

    def __setstate__(self, state: dict[str, Any]) -> None:
        vars(self).update({"validation_score": []} | state)  # which version 0.1 did not have

    def __len__(self) -> int:
        return len(self.loss)

    def cut(self, epochs: int) -> None:
        """Delete all entries but those of the first epochs.

        Parameters
        ----------
        epochs : int
            Number of epochs to keep.
        """
        for each in fields(self):
            del getattr(self, each.name)[epochs:]

    def until(self, epochs: int) -> Self:
        """Return a copy of the entries of the first epochs.

        Parameters
        ----------
        epochs : int
            Number of epochs.

        Returns
        -------
        History
            The copy; the original is not changed.
        """
        return type(self)(**{field.name: getattr(self, field.name)[:epochs] for field in fields(self)})

    def describe(self, epoch: int) -> str:
        """Describe an epoch in one line.

        Parameters
        ----------
        epoch : int
            The epoch, counted from 0; -1 is the last.

        Returns
        -------
        str
            The loss, and the accuracies that were measured.
        """
        parts = [f"loss {self.loss[epoch]:.4f}"]
        if self.training_accuracy:
            parts.append(f"training {self.training_accuracy[epoch]:.2f} %")
        if self.validation_loss:
            parts.append(f"validation loss {self.validation_loss[epoch]:.4f}")
        if self.validation_accuracy:
            parts.append(f"validation {self.validation_accuracy[epoch]:.2f} %")
        if self.test_accuracy:
            parts.append(f"test {self.test_accuracy[epoch]:.2f} %")
        return ", ".join(parts)

    def plot(self, title: str = "") -> "Figure":
        """Plot the losses and, beside them, the accuracies that were measured, epoch by epoch.

        Parameters
        ----------
        title : str, optional
            Heading of the figure.

        Returns
        -------
        matplotlib.figure.Figure
            The figure; ``figure.savefig("curves.png")`` writes it.

        Raises
        ------
        CmlpError
            If matplotlib is not installed, which ``cmlp[plot]`` does.
        """
        colours = dict(zip(("training", "validation", "test"), COLOURS, strict=True))
        panels = {
            "loss": {"training": self.loss, "validation": self.validation_loss},
            "accuracy, %": {
                "training": self.training_accuracy,
                "validation": self.validation_accuracy,
                "test": self.test_accuracy,
            },
        }
        measured = {
            name: {part: values for part, values in lines.items() if values}
            for name, lines in panels.items()
            if any(lines.values())
        }
        columns = max(1, len(measured))
        figure = new_figure(5.2 * columns, 3.6, "history.plot", layout="constrained")
        panels_of = figure.subplots(1, columns, squeeze=False)[0]
        for axes, (name, lines) in zip(panels_of, measured.items(), strict=False):
            draw_lines(axes, lines, colours)
            style_axes(axes, name)
        if title:
            figure.suptitle(title, x=0.01, ha="left", fontsize=13, color=INK, fontweight="bold", parse_math=False)
        return figure

    def __str__(self) -> str:
        width = len(str(len(self)))
        lines = [
            f"epoch {epoch + 1:{width}}: {self.describe(epoch)}, {self.seconds[epoch]:.3f} s"
            for epoch in range(len(self))
        ]
        return "\n".join(lines)
