"""Interrupts at a chosen call, for tests of what is left behind."""


class Interrupting:
    """Stands in for a function and interrupts at its n-th call."""

    def __init__(self, function, at):
        self.function, self.left = function, at

    def __call__(self, *args, **kwargs):
        self.left -= 1
        if self.left == -1:
            raise KeyboardInterrupt
        return self.function(*args, **kwargs)
