"""Plots of data and of training curves, with matplotlib."""
