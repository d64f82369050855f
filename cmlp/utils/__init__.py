"""Helpers for all packages: checks of arguments, files, optional dependencies and text."""
