"""Benchmarks: medians and ratios, never a test. `make bench` runs all; `python -m benchmarks NAME` runs one."""
