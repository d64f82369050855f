"""Names that are longer than the room for them: shortened in the middle, and still told apart."""

from collections import Counter
from collections.abc import Sequence
from html import escape
from itertools import takewhile

ELLIPSIS = "\N{HORIZONTAL ELLIPSIS}"


def shortened(name: str, longest: int) -> str:
    """Return a name of at most so many characters, from whose middle the others are left out."""
    if len(name) <= longest:
        return name
    kept = longest - 1
    end = kept // 2
    return f"{name[: kept - end]}{ELLIPSIS}{name[len(name) - end :]}"


def short_names(names: Sequence[str], longest: int) -> list[str]:
    """Return names of at most so many characters, which differ wherever one short difference is all that there is.

    Parameters
    ----------
    names : sequence of str
        All that are shown together.
    longest : int
        Characters of each, at most; at least 4.

    Returns
    -------
    list of str
        Beginnings and ends of the long ones; of those that are alike there, the part where they begin to differ.
    """
    short = [shortened(name, longest) for name in names]
    alike = [name for name, times in Counter(short).items() if times > 1]
    for name in alike:
        places = [place for place, other in enumerate(short) if other == name]
        letters = zip(*(names[place] for place in places), strict=False)
        begin = max(0, sum(1 for _ in takewhile(lambda each: len(set(each)) == 1, letters)) - longest // 3)
        for place in places:
            rest = names[place][begin:]
            tail = "" if len(rest) < longest else ELLIPSIS
            short[place] = f"{ELLIPSIS if begin else ''}{rest[: longest - bool(begin) - len(tail)]}{tail}"
    return short


def titled(name: str, short: str) -> str:
    """Return a short name as HTML, which says the whole one to whoever points at it."""
    return escape(short) if short == name else f'<span title="{escape(name)}">{escape(short)}</span>'
