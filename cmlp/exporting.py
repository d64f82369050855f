"""What a network is for other programs: a record of it, and a page."""

from os import PathLike
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from cmlp.files import write_file
from cmlp.framing import Framing, framing_of, some_of
from cmlp.model import Model
from cmlp.predictor import Predictor
from cmlp.samples import Data


class Exporting(Predictor):
    """The part of `Network` that hands it on."""

    class_names: tuple[str, ...] | None
    settings: dict[str, Any]
    _framing: Framing | None
    _pictures: tuple[NDArray[Any], tuple[int, int] | None, float] | None  # training images, their shape and scale

    @property
    def framing(self) -> Framing | None:
        """How the training images lie in their frame, where they were pictures; found out when it is asked for."""
        if self._pictures is not None:
            self._framing, self._pictures = framing_of(*self._pictures), None
        return self._framing

    def _note_pictures(self, images: object, shape: tuple[int, int] | None, scale: float) -> None:
        """Keep a few of the training images (n, pixels), to look at when somebody asks for the framing."""
        self._framing = None
        self._pictures = (some_of(images), shape, scale) if isinstance(images, np.ndarray) else None

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

    def to_onnx(self, path: str | PathLike[str], *, input: str = "uint8") -> None:
        """Write the network for ONNX Runtime and other programs, as `cmlp.export.onnx_model` documents.

        Parameters
        ----------
        path : str or path
        input : {"uint8", "float"}
            What the images will be: bytes, which the file's `scale` applies to, or numbers.
        """
        from cmlp.export.onnx import onnx_model  # here, because most who import cmlp export nothing

        write_file(Path(path), onnx_model(self.model, input=input))
