"""Download data sets from public mirrors, and verify their checksums."""

import os
import tempfile
from pathlib import Path
from typing import Literal, NamedTuple
from urllib.parse import urlsplit

from cmlp.data.class_names import NAMES_FILE, encode_class_names
from cmlp.data.formats.loading import load
from cmlp.data.formats.sets import Sets
from cmlp.data.writing import check_free, write_data
from cmlp.errors import DataError
from cmlp.utils.optional import require

DataSetName = Literal["mnist", "fashion"]


class Origin(NamedTuple):
    """Where a data set comes from: its mirrors, the SHA-256 of each file, and the class names."""

    mirrors: tuple[str, ...]
    files: dict[str, str]
    class_names: tuple[str, ...] | None = None


ORIGINS: dict[DataSetName, Origin] = {
    "mnist": Origin(
        (
            "https://storage.googleapis.com/cvdf-datasets/mnist/",
            "https://ossci-datasets.s3.amazonaws.com/mnist/",
        ),
        {
            "train-images-idx3-ubyte.gz": "440fcabf73cc546fa21475e81ea370265605f56be210a4024d2ca8f203523609",
            "train-labels-idx1-ubyte.gz": "3552534a0a558bbed6aed32b30c495cca23d567ec52cac8be1a0730e8010255c",
            "t10k-images-idx3-ubyte.gz": "8d422c7b0a1c1c79245a5bcf07fe86e33eeafee792b84584aec276f5a2dbc4e6",
            "t10k-labels-idx1-ubyte.gz": "f7ae60f92e00ec6debd23a6088c31dbd2371eca3ffa0defaefb259924204aec6",
        },
    ),
    "fashion": Origin(
        (
            "http://fashion-mnist.s3-website.eu-central-1.amazonaws.com/",
            "https://raw.githubusercontent.com/zalandoresearch/fashion-mnist/master/data/fashion/",
        ),
        {
            "train-images-idx3-ubyte.gz": "3aede38d61863908ad78613f6a32ed271626dd12800ba2636569512369268a84",
            "train-labels-idx1-ubyte.gz": "a04f17134ac03560a47e3764e11b92fc97de4d1bfaf8ba1a3aa29af54cc90845",
            "t10k-images-idx3-ubyte.gz": "346e55b948d973a97e58d2351dde16a484bd415d4595297633bb08f03db6a073",
            "t10k-labels-idx1-ubyte.gz": "67da17c76eaffca5446c3361aaab5c3cd6d1c2608764d35dfb1850b086bf8dd5",
        },
        (
            *("T-shirt/top", "Trouser", "Pullover", "Dress", "Coat"),
            *("Sandal", "Shirt", "Sneaker", "Bag", "Ankle boot"),
        ),
    ),
}


def fetch(
    name: DataSetName,
    folder: str | os.PathLike[str],
    *,
    force: bool = False,
    timeout: float = 30.0,
    progress: bool = False,
) -> Sets:
    """Download a data set to the four pickles of a data folder.

    Parameters
    ----------
    name : {"mnist", "fashion"}
        The data set: MNIST or Fashion-MNIST.
    folder : str or path
        The data folder; created if missing.
    force : bool
        Whether existing files are replaced; by default they are not.
    timeout : float
        Seconds to wait for a mirror before the next one is tried; 30 by default.
    progress : bool
        Whether to show progress bars on stderr; by default there are none.

    Returns
    -------
    Sets
        Training and test data, as written.

    Raises
    ------
    DataError
        If the name is unknown, or a file exists and is not to be replaced.
    OSError
        If no mirror delivers a file with its checksum, or if a file cannot be written.
    MissingExtraError
        If pooch, which is the extra ``cmlp[fetch]``, is not installed.
    """
    if name not in ORIGINS:
        raise DataError(f"name must be one of {', '.join(ORIGINS)}, got {name!r}")
    check_free(Path(folder), force=force)
    with tempfile.TemporaryDirectory(prefix="cmlp-") as temporary:
        for file, checksum in ORIGINS[name].files.items():
            _download(file, checksum, ORIGINS[name].mirrors, temporary, timeout, progress)
        called = ORIGINS[name].class_names
        if called is not None:
            Path(temporary, NAMES_FILE).write_bytes(encode_class_names(called))
        train, test = load(temporary, classes=10)
        if test is None:
            raise DataError(f"{name} must have test data, got none")
        write_data(folder, train, test, force=force)
    return Sets(train, test)


def _download(file: str, checksum: str, mirrors: tuple[str, ...], folder: str, timeout: float, progress: bool) -> None:
    """Download a file to a folder, from the first mirror that delivers it with the right checksum."""
    pooch = require("pooch", "pooch", "fetch", "fetching data")
    # Some servers would decompress the file on the way, whose checksum then differs.
    http = pooch.HTTPDownloader(progressbar=progress, timeout=timeout, headers={"Accept-Encoding": "identity"})
    failures = []
    for mirror in mirrors:
        try:
            pooch.retrieve(f"{mirror}{file}", f"sha256:{checksum}", file, folder, downloader=http)
        except (OSError, ValueError) as error:  # pooch complains about a checksum with a ValueError
            if isinstance(error, OSError) and error.errno is not None:
                raise  # a failure of this machine, such as a full disk
            failures.append(f"{urlsplit(mirror).netloc} ({_reason(error)})")
        else:
            return
    raise ConnectionError(f"{file} could not be downloaded from {' or '.join(failures)}")


def _reason(error: Exception) -> str:
    """Describe the failure of a mirror in a few words."""
    status = getattr(getattr(error, "response", None), "status_code", None)
    if status is not None:
        return f"HTTP status {status}"
    if not isinstance(error, OSError):
        return "wrong checksum"
    return "timed out" if "timed out" in str(error) else "no or incomplete answer"
