"""Formulas from text, read safely: a few signs, the names of a vocabulary, and bounds on everything.

Text is never evaluated. It passes three checks (characters in `tokens`, their order in `grammar`, the size of
the result in `limits`) before `interpretation` asks SymPy to build anything, and what does not pass gives a
`ReadError` that points at the position in the text.
"""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)
