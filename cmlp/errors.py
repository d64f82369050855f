"""The exceptions of cmlp. Each message is one sentence: what, which rule, what was found, and where."""


class CmlpError(Exception):
    """The base class of all errors that cmlp raises on purpose.

    Examples
    --------
    >>> try:
    ...     cmlp.Network([64, 0, 10])
    ... except cmlp.CmlpError as error:
    ...     print(type(error).__name__)
    ModelError
    """


class DataError(CmlpError, ValueError):
    """Images, labels or a data file are invalid.

    Examples
    --------
    >>> try:
    ...     cmlp.Dataset([[0, 1]], [-1])
    ... except cmlp.DataError:
    ...     print("labels must not be negative")
    labels must not be negative
    """


class ModelError(CmlpError, ValueError):
    """A network, a setting of its training or a model file is invalid.

    Examples
    --------
    >>> try:
    ...     cmlp.Network([64, 16, 10], activation="step")
    ... except cmlp.ModelError:
    ...     print("there is no such activation")
    there is no such activation
    """


class MissingExtraError(CmlpError, ImportError):
    """A library that cmlp needs only here is not installed; the message has the command that installs it.

    ``except ImportError`` catches it, too, and its ``name`` is that of the module.

    Examples
    --------
    >>> issubclass(cmlp.MissingExtraError, ImportError)
    True
    """
