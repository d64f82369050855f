"""Paths: what leads from an object to something below it, through attributes, items and the variables of functions."""

from types import CellType
from typing import Any

from cmlp.diagnosis.programs.access import has_attribute

Path = tuple[tuple[str, Any], ...]


def step_into(root: Any, path: Path) -> Any:
    """Return what a path leads to."""
    for kind, key in path:
        if kind == "attr":
            root = getattr(root, key)
        elif kind == "cell":
            root = cell_of(root, key).cell_contents
        elif kind == "global":
            root = root.__globals__[key]
        else:
            root = root[key]
    return root


def cell_of(function: Any, name: str) -> CellType:
    """Return the cell in which a function keeps a variable of the function around it."""
    cell: CellType = function.__closure__[function.__code__.co_freevars.index(name)]
    return cell


def spelled(path: Path) -> str:
    """Return a path as Python: layers[0].W."""
    text = ""
    for kind, key in path:
        if kind == "item":
            text += f"[{key!r}]"
        elif kind == "global":  # is called so wherever it is used
            text = key
        elif key != "__self__":  # of a bound method, which is written like its object
            text += f".{key}" if text else str(key)
    return text


def put_at(root: Any, path: Path, new: Any) -> None:
    """Put something else in the place that a path leads to."""
    parent, (kind, key) = step_into(root, path[:-1]), path[-1]
    if kind == "attr":
        setattr(parent, key, new)
    elif kind == "cell":
        cell_of(parent, key).cell_contents = new
    elif kind == "global":
        parent.__globals__[key] = new
    elif isinstance(parent, tuple):  # another one takes its place
        items = (*parent[:key], new, *parent[key + 1 :])
        put_at(root, path[:-1], type(parent)(*items) if has_attribute(parent, "_fields") else items)
    else:
        parent[key] = new
