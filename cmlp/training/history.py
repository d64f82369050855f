"""The losses and accuracies of a training, epoch by epoch."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, fields
from typing import TYPE_CHECKING, Any, Self

from cmlp.notebook.cards import card
from cmlp.notebook.curves import chart
from cmlp.plotting.style import COLOURS, INK, draw_lines, new_figure, style_axes
from cmlp.utils.optional import require
from cmlp.utils.text import counted, listed, shown

if TYPE_CHECKING:
    from matplotlib.figure import Figure
    from pandas import DataFrame

ALWAYS = ("loss", "seconds")  # the lists that a training fills unasked


@dataclass(repr=False)
class History:
    """The losses and accuracies of a training: one entry per epoch in each list that was asked for.

    The other lists stay empty. The length of a history is the number of epochs. As in a mapping, ``history["loss"]`` is
    a list by its name, ``dict(history)`` has all that were measured, and ``history.to_frame()`` is a table of them.

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
    >>> list(dict(history))
    ['loss', 'test_accuracy', 'seconds']
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

    def keys(self) -> list[str]:
        """Return the names of the lists that were measured.

        Returns
        -------
        list of str
            "loss" and "seconds", and the others that are not empty.
        """
        names = [each.name for each in fields(self)]
        return [name for name in names if name in ALWAYS or getattr(self, name)]

    def __iter__(self) -> Iterator[str]:
        return iter(self.keys())

    def __getitem__(self, name: str) -> list[float]:
        known = self.keys()
        if not isinstance(name, str) or name not in known:
            raise KeyError(f"a history has the lists that were measured, {listed(known)}, and not {shown(name)}")
        values: list[float] = getattr(self, name)
        return values

    def to_frame(self) -> "DataFrame":
        """Return what was measured as a table of pandas.

        Returns
        -------
        pandas.DataFrame
            A column for each list and a row for each epoch; the index, "epoch", begins at 1.

        Raises
        ------
        MissingExtraError
            If pandas is not installed, which ``cmlp[notebook]`` does.
        """
        pandas = require("pandas", "pandas", "notebook", "history.to_frame")
        frame: DataFrame = pandas.DataFrame(dict(self), pandas.RangeIndex(1, len(self) + 1, name="epoch"), dtype=float)
        return frame

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
            The figure, which a notebook shows; ``figure.savefig("curves.png")`` writes it.

        Raises
        ------
        MissingExtraError
            If matplotlib is not installed, which ``cmlp[plot]`` does.
        """
        colours = dict(zip(("training", "validation", "test"), COLOURS, strict=True))
        measured = self._panels()
        columns = max(1, len(measured))
        figure = new_figure(5.2 * columns, 3.6, "history.plot", layout="constrained")
        panels_of = figure.subplots(1, columns, squeeze=False)[0]
        for axes, (name, lines) in zip(panels_of, measured.items(), strict=False):
            draw_lines(axes, lines, colours)
            style_axes(axes, name)
        if title:
            figure.suptitle(title, x=0.01, ha="left", fontsize=13, color=INK, fontweight="bold", parse_math=False)
        return figure

    def _panels(self) -> Mapping[str, Mapping[str, list[float]]]:
        """Return what was measured, by what it is and of which data."""
        panels = {
            "loss": {"training": self.loss, "validation": self.validation_loss},
            "accuracy, %": {
                "training": self.training_accuracy,
                "validation": self.validation_accuracy,
                "test": self.test_accuracy,
            },
        }
        return {
            name: {part: values for part, values in lines.items() if values}
            for name, lines in panels.items()
            if any(lines.values())
        }

    def __repr__(self) -> str:
        return f"{type(self).__name__}({', '.join(self._content())})"

    def _content(self) -> list[str]:
        """Return how long it was, how the last epoch went, and which was best on data that were not trained on."""
        epochs = counted(len(self), "epoch")
        if not self.loss:
            return [epochs]
        parts = [f"{epochs} in {sum(self.seconds):.3g} s", self.describe(-1)]
        measured = {"validation": self.validation_accuracy, "test": self.test_accuracy}
        for name, values in measured.items():
            if len(values) > 1:
                best = max(values)
                parts.append(f"best {name} {best:.2f} % after epoch {values.index(best) + 1:,}")
        return parts

    def _repr_html_(self) -> str:
        charts = "".join(chart(name, lines) for name, lines in self._panels().items())
        return card(type(self).__name__, self._content(), f"<div class='cmlp-row'>{charts}</div>")

    def __str__(self) -> str:
        width = len(str(len(self)))
        lines = [
            f"epoch {epoch + 1:{width}}: {self.describe(epoch)}, {self.seconds[epoch]:.3f} s"
            for epoch in range(len(self))
        ]
        return "\n".join(lines)
