"""Images and labels: read from files of many formats, validated and immutable."""

from cmlp.data.any_picture import read_picture
from cmlp.data.dataset import Dataset
from cmlp.data.formats import Sets, load
from cmlp.data.loading import load_digits, load_test_data, load_training_data

__all__ = ["Dataset", "Sets", "load", "load_digits", "load_test_data", "load_training_data", "read_picture"]
