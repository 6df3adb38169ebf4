"""Optimizers of optax and PyTorch as installed: the code, the displayed formula and the paper, law by law."""
