"""The shipped derivations: one script each, to be read from top to bottom like a page."""

__all__ = ["book", "newton", "gradient_descent", "momentum", "friction", "stale", "claims"]
