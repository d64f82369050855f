"""What a network is for other programs: a record of it, and a page."""

from os import PathLike
from pathlib import Path
from typing import Any

from cmlp.files import write_file
from cmlp.framing import Framing
from cmlp.model import Model
from cmlp.predictor import Predictor
from cmlp.samples import Data


class Exporting(Predictor):
    """The part of `Network` that hands it on."""

    class_names: tuple[str, ...] | None
    framing: Framing | None
    settings: dict[str, Any]

    @property
    def model(self) -> Model:
        """All that the answers depend on; its arrays are those of the network, and no copies."""
        return Model(
            self.architecture, self.weights, self.biases, self.scale, self.class_names, self.framing, self.settings
        )

    def to_html(self, path: str | PathLike[str], data: Data | None = None, *, title: str | None = None) -> None:
        """Write a page to draw on, or, for other data, to set inputs, that shows what the network makes of them.

        It is one file that opens from disk, computes by itself, and loads and sends nothing.

        Parameters
        ----------
        path : str or path
        data : as for `test`, optional
            Test images to step through: up to 200 of them, wrong ones first.
        title : str, optional
            Its heading.

        Raises
        ------
        ModelError
            If a weight is not finite, or there are too many for a page.
        OSError
            If it cannot be written; an existing file is as it was.
        """
        from cmlp.export.page import choose_examples, html_page  # here, because most who import cmlp export nothing

        samples = None if data is None else self._samples(data, "data", self.scale)
        examples = None if samples is None else choose_examples(samples, self.architecture, self._engine)
        write_file(Path(path), html_page(self.model, examples, title=title))
