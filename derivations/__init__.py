"""The shipped derivations: one script each, to be read from top to bottom like a page."""
