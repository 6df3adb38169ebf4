"""Exercises: a derivation of which a line is left out, and a line beside what its move gives."""
