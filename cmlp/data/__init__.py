"""Images and labels: checked, immutable, and read from files that may come from anywhere."""

from cmlp.data.dataset import Dataset
from cmlp.data.formats import Sets, load
from cmlp.data.loading import load_digits, load_test_data, load_training_data

__all__ = ["Dataset", "Sets", "load", "load_digits", "load_test_data", "load_training_data"]
