"""Documents of derivations: computed into values, laid out as a tree, written in several formats.

`compute` judges and computes all that is shown, `layout` makes a tree of it, and each format is a `writer`.
"""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)
