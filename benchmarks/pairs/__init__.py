"""Pairs of training and test data, sound and faulty, and networks, for `bench_check.py`."""
