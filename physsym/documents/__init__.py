"""The derivation document: built once as a tree of values, printed in several formats."""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)
