"""Operations whose results are no numbers have a place and a cause."""

import numpy as np

from cmlp.diagnosis.programs.float_events import FloatEvents, float_events


def overflow(x):
    return 1.0 / (1.0 + np.exp(-x)) ** 2


def invalid(x, y):
    z = x / y
    return z - np.log(x - 1)


def test_float_events_have_a_place():
    x = np.array([-1e3, 1.0])
    with float_events() as events:
        overflow(x)
        overflow(x)
    (event,) = events.events
    assert events.first("over") is event
    assert events.first("invalid") is None
    line = overflow.__code__.co_firstlineno + 1
    assert event.place == f"test_float_events.py:{line}: np.exp(-x)"
    assert (event.function, event.argument, event.file) == ("overflow", "x", __file__)
    assert event.values == "x in -1000..1"
    assert event.variables is globals()


def test_each_line_has_its_event():
    kept = np.geterr()
    with float_events() as events:
        invalid(np.array([0.0, 0.5]), np.array([0.0, np.inf]))
    first, second = events.events
    start = invalid.__code__.co_firstlineno
    assert (first.line, first.text, first.argument) == (start + 1, "x / y", None)
    assert first.values == "x in 0..0.5, y in 0..0"
    assert second.kind.startswith("invalid")
    assert start + 2 <= second.line <= start + 4
    assert "np.log" in second.text
    assert np.geterr() == kept


def test_only_own_files_count():
    """The events of others are those of the line that called them."""
    events = FloatEvents(lambda filename: False)
    with np.errstate(over="call", call=events):
        overflow(np.array([-1e3]))
    assert events.events == []
