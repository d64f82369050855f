"""What all commands share that read images and labels."""

from typing import TYPE_CHECKING, Any

from cmlp.errors import CmlpError

if TYPE_CHECKING:
    from cmlp.data import Dataset
    from cmlp.data.formats import Sets
    from cmlp.network import Network

FORMATS = """\
SOURCE is a folder with the four files of MNIST, as IDX, pickle or .npy files;
an .npz archive; a single pickle; a CSV table with a label per line; or a folder
with a subfolder of pictures per class. All but pictures and archives may be
compressed with gzip. The content decides which format it is, not the name."""


def counts(sets: "Sets") -> dict[str, Any]:
    """Return the numbers of images, pixels and classes."""
    return {
        "training_images": len(sets.train),
        "test_images": 0 if sets.test is None else len(sets.test),
        "pixels": sets.train.images.shape[1],
        "classes": sets.train.classes,
    }


def summary(sets: "Sets") -> str:
    """Return the numbers of images, pixels and classes as text."""
    images = "{training_images:,} images" if sets.test is None else TWO_SETS
    return f"{images} of {{pixels:,}} pixels, {{classes:,}} classes".format(**counts(sets))


def check_digits_fit(network: "Network", digits: "Dataset", model: str, command: str) -> None:
    """Refuse to take the built-in digits for a network that was made for other data; the command names the model."""
    pixels, classes = digits.images.shape[1], digits.classes
    if (network.sizes[0], network.sizes[-1]) != (pixels, classes):
        kind = f"{model} takes {network.sizes[0]:,} pixels and has {network.sizes[-1]:,} outputs"
        found = f"the built-in digits have {pixels} pixels and {classes} classes"
        raise CmlpError(f"{kind}, and {found}: name the data that it is for, {command.format(model)}")


TWO_SETS = "{training_images:,} training and {test_images:,} test images"
