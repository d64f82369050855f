"""A compiled multilayer perceptron."""

__version__ = "0.1.0"
