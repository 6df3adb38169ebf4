"""Passes over straight-line programs."""
