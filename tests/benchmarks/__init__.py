"""Benchmarks, run by `make bench`: how long things take, as ratios in one run. No test asserts a time."""
