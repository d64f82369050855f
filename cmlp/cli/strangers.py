"""What a file is that a command cannot use: said as a person would, with the command that can."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

from cmlp.errors import CmlpError, DataError, ModelError

if TYPE_CHECKING:
    from cmlp.network import Network
    from cmlp.training.checkpoint_files import Checkpoint

START = 4096  # bytes that tell what a file is
PICTURES = (b"\x89PNG", b"\xff\xd8\xff", b"GIF8", b"BM", b"II*\0", b"MM\0*", b"RIFF")
NETWORK, CHECKPOINT, PICTURE, DATA = "a network", "a checkpoint", "a picture", "images and labels"
PAGE, SCRIPT, FOLDER = "an HTML page", "a Python script", "a folder"


def what_is(path: str) -> str | None:
    """Return what a file or folder is, or None where nobody can tell.

    Parameters
    ----------
    path : str
        Of anything.

    Returns
    -------
    str or None
        One of the words above.
    """
    from cmlp.data.formats.detection import detect_format
    from cmlp.training.saved import is_checkpoint, read_network
    from cmlp.utils.files import open_regular

    place = Path(path)
    try:
        if place.is_dir():
            return FOLDER
        with open_regular(place, CmlpError) as file:
            start = file.read(START)
        if start.startswith(PICTURES):
            return PICTURE
        if start.lstrip()[:14].lower().startswith((b"<!doctype html", b"<html")):
            return PAGE
        if is_checkpoint(place):
            return CHECKPOINT
        if place.suffix in (".py", ".ipynb"):
            return SCRIPT
    except (OSError, CmlpError):
        return None
    try:
        read_network(place)
        return NETWORK
    except (OSError, CmlpError):
        pass
    try:
        detect_format(place)
        return DATA if (start and not _is_text(start)) or place.suffix in (".csv", ".txt") else None
    except (OSError, CmlpError):
        return None


def _is_text(start: bytes) -> bool:
    return start.decode("utf-8", "replace").replace("\n", "").replace("\r", "").replace("\t", "").isprintable()


def load_network(path: str) -> "Network":
    """Load a network, or that of a checkpoint, and refuse other files as `explain` does."""
    from cmlp.network import Network

    with explained(path, lambda found: not_a_network(path, found)):
        return Network.load(path)


def read_any(path: str) -> "tuple[Any, Checkpoint | None]":
    """Read the record of a network, and the checkpoint that holds it, if one does; as `load_network` refuses."""
    from cmlp.training.saved import read_network

    with explained(path, lambda found: not_a_network(path, found)):
        return read_network(Path(path))


@contextmanager
def explained(path: str, sentence: Callable[[str], str | None]) -> Iterator[None]:
    """Say what a file is where the library refuses it, if that is known."""
    try:
        yield
    except (ModelError, DataError, IsADirectoryError) as error:
        found = what_is(path)
        said = None if found is None else sentence(found)
        if said is None:
            raise
        raise CmlpError(said) from error


def not_a_network(path: str, found: str) -> str | None:
    """Say what to do with a file that is no network."""
    begins = f"{path} is {found}, and no network"
    match found:
        case "a folder" | "images and labels":
            holds = f"{path} is a folder" if found == FOLDER else f"{path} holds {DATA}"
            return f"{holds}, and no network: cmlp train {path} --save MODEL trains one on images and labels"
        case "a picture":
            return f"{begins}: cmlp predict MODEL {path} says what it shows"
        case "an HTML page":
            return f"{begins}: a browser opens it, and commands read the file that cmlp train --save has written"
        case "a Python script":
            return f"{begins}: cmlp check --script {path} examines the one that it trains"
        case _:
            return None


def not_data(path: str, found: str, command: str) -> str | None:
    """Say what to do with a file that holds no images and labels."""
    begins = f"{path} is {found}, and {command} needs images and labels"
    checks = f"cmlp check --script {path} examines what it trains"
    match found:
        case "a network" | "a checkpoint":
            model = f"cmlp check --model {path} checks it" if command == "cmlp check" else f"cmlp test {path} tests it"
            return f"{begins}: {model}, and cmlp info {path} describes it"
        case "a picture":
            return f"{begins}: cmlp predict MODEL {path} says what it shows"
        case "an HTML page":
            return f"{begins}: a browser opens it"
        case "a Python script":
            return f"{begins}: {checks}"
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
