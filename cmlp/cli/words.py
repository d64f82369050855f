"""Say what the library says in the words of the command line: options where a message names parameters of Python."""

import re
from collections.abc import Collection

from cmlp.cli.paths import missing

# What the library calls things that the user of a command calls otherwise.
WORDS = {
    "test_data": "the test data",
    "training_data": "the training data",
    "validation_data": "the validation data",
    "class_names": "the names of the classes",
}
OF_NETWORKS = {"sizes": "--hidden"}
LABEL = re.compile(r'label="([^"]*)"')
ADVICE = re.compile(
    r'(, or|; or|:)? say which column holds the labels, as label="[^"]*" does|, which label="[^"]*" changes'
)
RULE = r" must| was(?=[^:;]* there, and is )"
PARAMETER = re.compile(rf"(?<![\w./\"'-])(?P<name>[a-z][a-z_0-9]*)(?![\w./=(\"'-])(?P<rule>{RULE})?")
SHAPE = "picture_shape=(height, width), or (height, width, channels),"
TYPED_SHAPE = "--distortions picture_shape=HEIGHTxWIDTH, or HEIGHTxWIDTHxCHANNELS,"
ONLY_IN_PYTHON = re.compile(r"; activation= and loss= say otherwise")


def sentence_of(error: Exception, options: Collection[str], words: Collection[str]) -> str:
    """Return what an error says, in one sentence; options and words are those of `in_options`."""
    match error:
        case FileNotFoundError(filename=str(name)):
            return missing(name)
        case OSError(filename=str(name), strerror=str(reason)):
            return f"{name or ascii(name)}: {reason}"
        case OSError(strerror=str(reason)):
            return reason
        case MemoryError():
            return f"not enough memory: {error}".removesuffix(": ")
        case _:
            return in_options(str(error), options, words)


def in_options(message: str, options: Collection[str], words: Collection[str]) -> str:
    """Return a message of the library with the options of a command in place of parameters.

    Parameters
    ----------
    message : str
    options : collection of str
        Those of the command, such as "--mini-batch-size".
    words : collection of str
        What was typed, which is repeated as it is.

    Returns
    -------
    str
    """
    message = ONLY_IN_PYTHON.sub("", message).replace(SHAPE, TYPED_SHAPE)
    message = LABEL.sub(r"--label \1", message) if "--label" in options else ADVICE.sub("", message)
    names = {option.removeprefix("--").replace("-", "_"): option for option in options if option.startswith("--")}
    typed = " ".join(word.partition("=")[2] if word.startswith("--") else word for word in words)
    if "--hidden" in options:
        names |= OF_NETWORKS

    def replaced(match: re.Match[str]) -> str:
        name = match["name"]
        if name in typed:
            return match[0]
        if name in names and ("_" in name or name == "resume" or match["rule"]):
            return names[name] + (match["rule"] or "")
        return WORDS.get(name, name) + (match["rule"] or "")

    return PARAMETER.sub(replaced, message)
