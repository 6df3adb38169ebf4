"""The text of a program in Python, C, JavaScript and LLVM, each printed from the same lines."""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)
