"""Export a network to one C99 header, which allocates nothing, has no state, and needs only the standard library."""

import re
from collections.abc import Iterable, Iterator
from itertools import pairwise
from string import Template, ascii_letters, digits
from textwrap import indent, wrap
from typing import Any

from numpy.typing import DTypeLike, NDArray

from cmlp.export import c_text
from cmlp.export.parameters import PRODUCER, decides, parameters_of, producer_version
from cmlp.model.record import Model

REAL = {"float64": "double", "float32": "float"}
PER_LINE = {"double": 4, "float": 6}  # literals
LONGEST_NAME = 40  # with the longest suffix still within the 63 characters that C99 tells apart
COMMENT_WIDTH = 100
PLAIN = f"{ascii_letters}{digits} ".encode()  # what stands for itself in a text, and is part of no trigraph
NAMED = {"class_names": "FAN_OUT", "feature_names": "FAN_IN"}
SUFFIXES = ("", "_uint8")  # of what takes pixels of the type of the arithmetic, and bytes


def c_header(model: Model, name: str = "network", *, file: str | None = None, dtype: DTypeLike | None = None) -> str:
    """Export a network to a C99 header, which also compiles as C++.

    It defines ``NAME_feedforward`` and, unless the loss is one for numbers, ``NAME_predict``; both also with the suffix
    ``_uint8`` for uint8 pixels, which are scaled as by `Network`. The comment at its top documents them. The
    activations are those of `Network`; gelu is the exact one, with erf.

    Parameters
    ----------
    model : Model
        The network, ``network.model``.
    name : str
        Prefix of all names, made valid by `identifier`; "network" by default.
    file : str, optional
        Name of the file, for the example in the comment; by default the prefix with ``.h``.
    dtype : {"float64", "float32"}, optional
        Whether to compute in double or in float; by default in the type of the network.

    Returns
    -------
    str

    Raises
    ------
    ModelError
        If a weight or a bias is not finite.
    """
    return Header(model, name, dtype).text(file)


def identifier(text: str) -> str:
    """Return text as a prefix of C identifiers; it may be a keyword, because more follows."""
    word = re.sub(r"[^0-9A-Za-z]+", "_", text).strip("_")[:LONGEST_NAME].rstrip("_")  # two in a row are C++'s own
    return word if re.match(r"[A-Za-z]", word) else f"network_{word}".rstrip("_")


class Header:
    """The header of one network; the parameters are those of `c_header`."""

    def __init__(self, model: Model, name: str = "network", dtype: DTypeLike | None = None) -> None:
        self.architecture = model.architecture
        self.names = {"class_names": model.class_names, "feature_names": model.feature_names}
        self.parameters, self.kind = parameters_of(model, dtype), model.input or "uint8"
        self.name, self.real = identifier(name), REAL[str(self.parameters.dtype)]
        self.decides = decides(self.architecture)
        self.words = {
            "name": self.name,
            "NAME": self.name.upper(),
            "real": self.real,
            "f": "f" if self.real == "float" else "",
            "fan_in": str(self.architecture.sizes[0]),
            "fan_out": str(self.architecture.sizes[-1]),
        }
        [self.words["scale"]] = self._literals(self.parameters.scale)

    @property
    def prototypes(self) -> list[str]:
        """The prototypes of all functions."""
        kinds = [self._feedforward_prototype, *([self._predict_prototype] if self.decides else [])]
        return [prototype(suffix) for prototype in kinds for suffix in SUFFIXES]

    @property
    def stack(self) -> int:
        """The most bytes of stack that the arrays of the functions take at the same time."""
        outputs = self.architecture.sizes[-1] if self.decides else 0
        return (sum(self._buffers().values()) + outputs) * self.parameters.dtype.itemsize

    def text(self, file: str | None = None) -> str:
        """Return the header; `file` is its name, for the example in the comment."""
        functions = [*self._formulas(), *map(self._weigh, SUFFIXES), *map(self._feedforward, SUFFIXES)]
        if self.decides:
            decide = c_text.DECIDE_LABEL if self.architecture.classifies else c_text.DECIDE_ANSWERS
            functions += [self._fill(decide), *map(self._predict, SUFFIXES)]
        return self._fill(
            c_text.FRAME,
            comment="\n".join(f" * {line}".rstrip() for line in self._comment(file)),
            arrays="\n".join(self._arrays()),
            functions="\n".join(functions),
        )

    def _fill(self, text: str, **more: object) -> str:
        return Template(text).substitute(self.words, **more)

    def _feedforward_prototype(self, suffix: str) -> str:
        outputs = f"{self.real} outputs[{self.words['fan_out']}]"
        return f"void {self.name}_feedforward{suffix}({self._pixels(suffix)}, {outputs})"

    def _predict_prototype(self, suffix: str) -> str:
        answers = "" if self.architecture.classifies else f", uint8_t answers[{self.words['fan_out']}]"
        return f"int {self.name}_predict{suffix}({self._pixels(suffix)}{answers})"

    def _pixels(self, suffix: str) -> str:
        return f"const {'uint8_t' if suffix else self.real} pixels[{self.words['fan_in']}]"

    def _buffers(self) -> dict[str, int]:
        """Return the two buffers for the activations of the hidden layers, which alternate, and their sizes."""
        hidden = self.architecture.sizes[1:-1]
        return {name: max(widths) for name, widths in (("even", hidden[0::2]), ("odd", hidden[1::2])) if widths}

    # ------------------------------------------------------------------------------------------------ functions

    def _formulas(self) -> Iterator[str]:
        """Yield the activation functions in use, each after those that it calls."""
        used = set(self.architecture.activations)
        if "silu" in used:
            used.add("sigmoid")
        for activation, formula in c_text.FORMULAS.items():
            if activation in used:
                yield self._fill(c_text.FORMULA, activation=activation, formula=self._fill(formula))
        if "softmax" in used:
            yield self._fill(c_text.SOFTMAX)

    def _weigh(self, suffix: str) -> str:
        value = self._fill("$scale * ($real) a[i]" if suffix else "a[i]")
        return self._fill(c_text.WEIGH, suffix=suffix, given="uint8_t" if suffix else self.real, value=value)

    def _feedforward(self, suffix: str) -> str:
        buffers = [f"{name}[{width}]" for name, width in self._buffers().items()]
        body = [f"{self.real} {', '.join(buffers)};"] if buffers else []
        body += ["int j;"] if set(self.architecture.activations) - {"identity", "softmax"} else []
        body += [""] if body else []
        body += self._layers(suffix)
        text = indent("\n".join(body), "    ")
        return self._fill(c_text.FEEDFORWARD, prototype=self._feedforward_prototype(suffix), body=text)

    def _layers(self, suffix: str) -> Iterator[str]:
        """Yield the statements that compute the layers in turn."""
        before, last = "pixels", len(self.architecture.activations) - 1
        sizes = pairwise(self.architecture.sizes)
        for layer, ((fan_in, fan_out), activation) in enumerate(zip(sizes, self.architecture.activations, strict=True)):
            after = "outputs" if layer == last else ("even", "odd")[layer % 2]
            constants = f"{self.name}_weights_{layer}, {self.name}_biases_{layer}"
            yield f"{self.name}_weigh{'' if layer else suffix}({constants}, {before}, {fan_in}, {after}, {fan_out});"
            if activation == "softmax":
                yield f"{self.name}_softmax({after});"
            elif activation != "identity":
                yield f"for (j = 0; j < {fan_out}; j++)"
                yield f"    {after}[j] = {self.name}_{activation}({after}[j]);"
            before = after

    def _predict(self, suffix: str) -> str:
        arguments = "outputs" if self.architecture.classifies else "outputs, answers"
        prototype = self._predict_prototype(suffix)
        return self._fill(c_text.PREDICT, prototype=prototype, suffix=suffix, arguments=arguments)

    # ------------------------------------------------------------------------------------------------ constants

    def _arrays(self) -> Iterator[str]:
        for kind, names in self.names.items():
            if names is not None:
                lines = (f"    {_text_literal(name)}," for name in names)
                yield self._array("const char *const", kind, f"{self.name.upper()}_{NAMED[kind]}", lines)
        for layer, (w, b) in enumerate(zip(self.parameters.weights, self.parameters.biases, strict=True)):
            fan_out, fan_in = w.shape
            rows = (line for row in w.T for line in self._lines(row))
            yield self._array(f"const {self.real}", f"weights_{layer}", f"{fan_in} * {fan_out}", rows)
            yield self._array(f"const {self.real}", f"biases_{layer}", str(fan_out), self._lines(b))

    def _array(self, kind: str, name: str, size: str, lines: Iterable[str]) -> str:
        content = "\n".join(lines)
        return f"static {kind} {self.name}_{name}[{size}] = {{\n{content}\n}};\n"

    def _lines(self, row: NDArray[Any]) -> Iterator[str]:
        literals, per_line = self._literals(row), PER_LINE[self.real]
        for begin in range(0, len(literals), per_line):
            yield f"    {', '.join(literals[begin : begin + per_line])},"

    def _literals(self, row: NDArray[Any]) -> list[str]:
        """Return the shortest literals that stand for exactly these numbers."""
        return [f"{number!s}{self.words['f']}" for number in row]  # without !s, float32 would be formatted as float64

    # ------------------------------------------------------------------------------------------------- comment

    def _comment(self, file: str | None) -> Iterator[str]:
        """Yield the lines of the comment at the top."""
        network = f"a multilayer perceptron ({self.architecture}), written by {PRODUCER} {producer_version()}."
        yield from wrap(f"{self.name}: {network}", COMMENT_WIDTH)
        yield ""
        yield from (f"  {prototype};" for prototype in self.prototypes)
        decision = c_text.ABOUT_LABELS if self.architecture.classifies else c_text.ABOUT_ANSWERS
        memory = {
            "stack": f"{self.stack:,}",
            "count": f"{self.parameters.count:,}",
            "constants": f"{self.parameters.count * self.parameters.dtype.itemsize:,}",
        }
        sentences = [c_text.ABOUT_PIXELS, *([decision] if self.decides else [])]
        sentences += [c_text.ABOUT_NAMES[kind] for kind, names in self.names.items() if names]
        pixels = " ".join(sentences)
        for paragraph in (pixels, c_text.ABOUT_ARITHMETIC, c_text.ABOUT_MEMORY):
            yield ""
            yield from wrap(self._fill(paragraph, **memory), COMMENT_WIDTH)
        yield ""
        yield self._fill(c_text.ABOUT_EXAMPLE, given=c_text.GIVEN[self.kind])
        yield ""
        yield from indent(self._example(file), "  ").splitlines()

    def _example(self, file: str | None) -> str:
        if self.architecture.classifies:
            declaration, use = "", c_text.LABEL_USE
        elif self.decides:
            declaration, use = c_text.ANSWERS_DECLARATION, c_text.ANSWERS_USE
        else:
            declaration, use = c_text.OUTPUTS_DECLARATION, c_text.OUTPUTS_USE
        plain = file is not None and re.fullmatch(r"[\w.+-]+", file)  # others could end the comment
        scan, suffix = c_text.SCAN[self.real], "" if self.kind == "float" else "_uint8"
        read = self._fill(c_text.READ[self.kind], declaration=self._fill(declaration), scan=scan)
        named = file if plain else f"{self.name}.h"
        return self._fill(c_text.EXAMPLE, file=named, read=read, use=self._fill(use, suffix=suffix))


def _text_literal(text: str) -> str:
    """Return a C string literal of the text in UTF-8; all but letters, digits and spaces are octal escapes."""
    encoded = text.encode("utf-8", "surrogatepass")
    return '"' + "".join(chr(byte) if byte in PLAIN else f"\\{byte:03o}" for byte in encoded) + '"'
