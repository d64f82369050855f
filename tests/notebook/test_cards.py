"""The frame of all HTML."""

import re

from support.markup import read

from cmlp.notebook.cards import LONGEST, card, cut, safe, style, table


def test_a_card():
    elements, texts = read(card("A <title>", ["one", "<two>"], "<p>content</p>"))
    assert elements[0] == ("div", {"class": "cmlp"})
    assert texts == ["A <title>", "one \N{MIDDLE DOT} <two>", "content"]


def test_a_table():
    elements, texts = read(table(["a", "<b>"], [["1", "2"], ["3", "4"]], foot=["5", "6"]))
    assert texts == ["a", "<b>", "1", "2", "3", "4", "5", "6"]
    cells = [(tag, attributes.get("class")) for tag, attributes in elements if tag in ("th", "td")]
    assert cells == [("th", "cmlp-text"), ("th", None)] + [("td", "cmlp-text"), ("td", None)] * 3


def test_text_is_escaped_and_cut():
    assert safe("<a href='x' onclick=\"y\">&") == "&lt;a href=&#x27;x&#x27; onclick=&quot;y&quot;&gt;&amp;"
    assert len(cut("x" * 10**6, LONGEST)) == LONGEST
    assert cut("abc", 3) == "abc" and cut("abcd", 3) == "ab\N{HORIZONTAL ELLIPSIS}"


def test_the_style_reaches_nothing_but_cards():
    rules = re.sub(r"/\*.*?\*/", "", style())
    for selectors in re.findall(r"([^{}]+)\{", rules):
        assert all(".cmlp" in selector for selector in selectors.split(",")), selectors
    assert len(style()) < 5_000 and "<" not in style()
