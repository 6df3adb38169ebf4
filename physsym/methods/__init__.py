"""One-step methods, one file each: the value, how it is carried out, and how it is checked.

A file has two halves, a proposal for `transform` and a judge for `verify`, which share no function; a test
sees to that. Methods given by weights or by a tableau are values in `physsym.mechanics.integrators`.
"""
