"""The explorer: a self-contained page on which derived rules run beside the motions that they follow."""
