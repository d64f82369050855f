"""What is shown as it changes, and where."""

import sys
from types import SimpleNamespace

from cmlp.notebook import frontend
from cmlp.notebook.frontend import SECONDS_BETWEEN, Live, in_notebook


def interactive(shell):
    return SimpleNamespace(get_ipython=lambda: shell)


def test_a_notebook_is_a_kernel_of_jupyter(monkeypatch):
    monkeypatch.delitem(sys.modules, "IPython", raising=False)
    assert not in_notebook()
    for shell in (
        None,
        SimpleNamespace(config={"TerminalIPythonApp": {}}),
        SimpleNamespace(),
        SimpleNamespace(config=3),
    ):
        monkeypatch.setitem(sys.modules, "IPython", interactive(shell))
        assert not in_notebook()
    monkeypatch.setitem(sys.modules, "IPython", interactive(SimpleNamespace(config={"IPKernelApp": {}})))
    assert in_notebook()


def test_it_is_drawn_now_and_then_and_at_the_end(monkeypatch):
    shown, now = [], [10.0]
    handle = SimpleNamespace(update=lambda value: shown.append(("update", len(value))))
    display = SimpleNamespace(display=lambda value, display_id: shown.append(("new", len(value))) or handle)
    monkeypatch.setitem(sys.modules, "IPython", SimpleNamespace(display=display))
    monkeypatch.setitem(sys.modules, "IPython.display", display)
    monkeypatch.setattr(frontend, "monotonic", lambda: now[0])
    history = []
    live = Live(history)
    for _ in range(7):
        history.append(0)
        live.update()
        now[0] += SECONDS_BETWEEN / 2.5
    assert shown == [("new", 1), ("update", 4), ("update", 7)]
    history.append(0)
    live.update()
    assert len(shown) == 3
    live.close()
    live.close()
    assert shown[3:] == [("update", 8)]
