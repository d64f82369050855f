"""Names without room: short, and told apart."""

from itertools import combinations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cmlp.notebook.names import short_names, shortened, titled

ALIKE = tuple(f"handwritten_digit_specimen_no_{number:02}" for number in range(10))
ALIKE_AT_BOTH_ENDS = tuple(f"handwritten_digits_of_{who}_written_with_a_pencil" for who in ("ann", "bob", "eve"))


def test_the_middle_is_left_out():
    assert shortened("abcdefghij", 10) == "abcdefghij"
    assert shortened("abcdefghij", 7) == "abc\N{HORIZONTAL ELLIPSIS}hij"
    assert shortened("abcdefghij", 6) == "abc\N{HORIZONTAL ELLIPSIS}ij"


@pytest.mark.parametrize("longest", [7, 14, 16, 18, 24])
@pytest.mark.parametrize("names", [ALIKE, ALIKE_AT_BOTH_ENDS], ids=["beginnings", "ends"])
def test_they_are_told_apart(names, longest):
    short = short_names(names, longest)
    assert len(set(short)) == len(names)
    assert max(map(len, short)) <= longest
    if names is ALIKE_AT_BOTH_ENDS:
        assert all(who in name for who, name in zip(("ann", "bob", "eve"), short, strict=True))


@given(st.lists(st.text(max_size=40), max_size=8), st.integers(4, 30))
def test_any_names(names, longest):
    short = short_names(names, longest)
    for name, given_name in zip(short, names, strict=True):
        assert len(name) <= longest
        assert name == given_name or "\N{HORIZONTAL ELLIPSIS}" in name
    for (one, other), (a, b) in zip(combinations(names, 2), combinations(short, 2), strict=True):
        assert one != other or a == b


def test_the_whole_name_is_the_title():
    assert titled("<b>", "<b>") == "&lt;b&gt;"
    assert titled('"long" <name>', "<n>") == '<span title="&quot;long&quot; &lt;name&gt;">&lt;n&gt;</span>'
