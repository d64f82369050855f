"""What a file is that a command cannot use: said as a person would, with the command that can."""

import argparse
import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any

from cmlp.cli import kinds, reading
from cmlp.cli.kinds import SIGNS
from cmlp.cli.paths import refuse_missing
from cmlp.errors import CmlpError, DataError, ModelError

if TYPE_CHECKING:
    from cmlp.network import Network
    from cmlp.training.checkpoint_files import Checkpoint

START = 4096  # bytes that tell what a file is
PICTURES = (b"\x89PNG", b"\xff\xd8\xff", b"GIF8", b"BM", b"II*\0", b"MM\0*", b"RIFF")
NETWORK, CHECKPOINT, PICTURE, DATA = "a network", "a checkpoint", "a picture", "images and labels"
PAGE, SCRIPT, TEXT, FOLDER, EMPTY = "an HTML page", "a Python script", "a text", "a folder", "empty"


def what_is(path: str) -> str | None:
    """Return what a file or folder is, one of the words above, or None where nobody can tell.

    A damaged network or checkpoint is one, too.
    """
    from cmlp.training.saved import is_checkpoint
    from cmlp.utils.files import open_regular

    place = Path(path)
    try:
        if place.is_dir():
            return FOLDER
        with open_regular(place, CmlpError) as file:
            start = file.read(START)
        if is_checkpoint(place):
            return CHECKPOINT
    except (OSError, ValueError):  # as a CmlpError of a pipe is
        return None
    if not start:
        return EMPTY
    if start.startswith(PICTURES):
        return PICTURE
    if start.lstrip()[:14].lower().startswith((b"<!doctype html", b"<html")):
        return PAGE
    if place.suffix in (".py", ".ipynb"):
        return SCRIPT
    return _content_of(place, start)


def _content_of(place: Path, start: bytes) -> str | None:
    """Return what a file is of which readers must tell it."""
    from cmlp.data.formats import load
    from cmlp.data.formats.detection import detect_format
    from cmlp.training.saved import read_network

    if re.match(SIGNS[kinds.NETWORK][0], start, re.DOTALL):
        return NETWORK
    with suppress(OSError, CmlpError):
        read_network(place)
        return NETWORK
    is_text = _is_text(start)
    with suppress(OSError, CmlpError):
        name = detect_format(place).name
        if name not in ("pickle", "npz") or (not is_text and load(place)):  # which hold anything
            return DATA
    return TEXT if is_text else None


def _is_text(start: bytes) -> bool:
    text = start.decode("utf-8", "replace")
    return all(letter.isprintable() or letter.isspace() for letter in text) and "\N{REPLACEMENT CHARACTER}" not in text


def holds(found: str) -> str:
    """Say of a file what it is, or holds."""
    return f"{'holds' if found == DATA else 'is'} {found}"


def load_network(arguments: argparse.Namespace) -> "Network":
    """Load a network, or that of a checkpoint, and refuse other files as `explained` does."""
    refuse_missing(arguments.model)
    with explained(arguments.model, lambda found: not_a_network(arguments.model, found)):
        return reading.load_network(arguments)


def read_any(arguments: argparse.Namespace) -> "tuple[Any, Checkpoint | None]":
    """Read the record of a network, and the checkpoint that holds it, if one does; as `load_network` refuses."""
    refuse_missing(arguments.model)
    with explained(arguments.model, lambda found: not_a_network(arguments.model, found)):
        return reading.read_network(arguments)


@contextmanager
def explained(path: str, sentence: Callable[[str], str | None]) -> Iterator[None]:
    """Say what a file is where the library refuses it, if that is known."""
    try:
        yield
    except (ModelError, DataError, IsADirectoryError) as error:
        found = what_is(path)
        said = None if found is None else sentence(found)
        if found == TEXT and "begins with b'" not in str(error):  # then more is known of it
            said = None
        if found in (NETWORK, CHECKPOINT) and isinstance(error, ModelError):
            said = _damaged(path, found) if "damaged" in str(error) else None
        if said is None and "safetensors" in str(error):
            said = f"{path} is no network: cmlp train --save writes one"
        if said is None:
            raise
        raise CmlpError(said) from error


def _damaged(path: str, found: str) -> str:
    previous = f"{path}.previous"
    rest = f": {previous} is the one before" if Path(previous).exists() else ", and only a copy of it helps"
    return f"{path} is damaged: it begins as {found}, and was cut off or changed by something else than cmlp{rest}"


def not_a_picture(path: str, found: str) -> str | None:
    """Say what to do with a file that is no picture."""
    match found:
        case "images and labels":
            return f"{path} holds {found}, and is no picture: cmlp test MODEL {path} tests the network on them"
        case "a picture":
            return None
        case _:
            return f"{path} is {found}, and no picture"


def not_a_network(path: str, found: str) -> str | None:
    """Say what to do with a file that is no network, or a damaged one."""
    begins = f"{path} is {found}, and no network"
    trains = f"cmlp train {path} --save MODEL trains one on images and labels"
    match found:
        case "a folder":
            return f"{begins}: {trains}"
        case "images and labels":
            return f"{path} holds {found}, and no network: {trains}"
        case "a picture":
            return f"{begins}: cmlp predict MODEL {path} says what it shows"
        case "an HTML page":
            return f"{begins}: a browser opens it, and commands read the file that cmlp train --save has written"
        case "a Python script":
            return f"{begins}: cmlp check --script {path} examines the one that it trains"
        case _:
            return f"{begins}: cmlp train --save MODEL writes one"


def not_data(path: str, found: str, command: str) -> str | None:
    """Say what to do with a file that holds no images and labels."""
    begins = f"{path} is {found}, and {command} needs images and labels"
    match found:
        case "a network" | "a checkpoint":
            model = f"cmlp check --model {path} checks it" if command == "cmlp check" else f"cmlp test {path} tests it"
            return f"{begins}: {model}, and cmlp info {path} describes it"
        case "a picture":
            return f"{begins}: cmlp predict MODEL {path} says what it shows"
        case "an HTML page":
            return f"{begins}: a browser opens it"
        case "a Python script":
            return f"{begins}: cmlp check --script {path} examines what it trains"
        case _:
            return None


@contextmanager
def needing_data(path: str | None, command: str) -> Iterator[None]:
    """Say what a file is that holds no images and labels; a folder is left to those who read it."""
    if path is None:
        yield
        return
    with explained(path, lambda found: not_data(path, found, command)):
        yield
