"""Benchmarks: how long things take, as ratios measured in one run. No test asserts a time."""
