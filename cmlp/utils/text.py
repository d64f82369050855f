"""Text for messages: lists of names, and names that come from elsewhere."""

from collections.abc import Iterable


def listed(items: Iterable[str], conjunction: str = "and") -> str:
    """Return items as a sentence lists them.

    Parameters
    ----------
    items : iterable of str
        One or more.
    conjunction : str
        What stands before the last item; "and" by default.

    Returns
    -------
    str
        Such as ``a, b and c``.
    """
    *others, last = items
    return f"{', '.join(others)} {conjunction} {last}" if others else last


def counted(number: int, noun: str) -> str:
    """Return how many of something there are.

    Parameters
    ----------
    number : int
        How many.
    noun : str
        What, in the singular.

    Returns
    -------
    str
        Such as ``1 image``, ``2,000 images`` or ``0 classes``.
    """
    return f"{number:,} {noun}{'' if number == 1 else 'es' if noun.endswith('s') else 's'}"


def escaped(text: str, longest: int = 80) -> str:
    """Return text from a file as a message may show it: in ASCII, on one line, and short.

    Parameters
    ----------
    text : str
        Any text.
    longest : int
        Characters of the result, at most; 80 by default.

    Returns
    -------
    str
        The text, with escapes for all but printable ASCII; ``...`` at its end where it is cut.
    """
    shown = ascii(text[: longest + 1])[1:-1]
    return shown if len(shown) <= longest else f"{shown[: longest - 3]}..."


def printable(text: str) -> str:
    """Return text with line breaks, terminal commands and undecodable bytes of file names escaped."""
    return "".join(c if c.isprintable() else ascii(c)[1:-1] for c in text)


def shown(value: object, longest: int = 80) -> str:
    """Return how a message shows what it got: on one line, and short; of an array, the shape."""
    shape = getattr(value, "shape", None)
    if isinstance(shape, tuple) and shape:
        return f"{type(value).__name__} of shape {shape}"
    return " ".join(repr(value).split())[:longest]
