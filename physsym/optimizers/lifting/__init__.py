"""The lifting of update rules from code: one module for each kind of code, in a table.

A front end for one more kind of optimizer is a module with a function that recognises it and one that lifts
it; `register_lifter` adds it to the table, from outside too.
"""

from __future__ import annotations

from physsym.optimizers.lifting import named, optax, python, stated, torch_
from physsym.optimizers.lifting.table import LIFTERS, Lifter, lift, register_lifter

__all__ = ["LIFTERS", "Lifter", "lift", "register_lifter"]

# The rows are asked in this order; a Python function is asked for last, since all code is one.
for _row in (
    Lifter("a rule, an update, a derivation or an optimizer of physsym", stated.recognises, stated.lift_rule),
    Lifter(
        "the text of a rule, known:NAME, optax:NAME, torch:NAME or file.py:NAME",
        named.recognises,
        named.lift_name,
    ),
    Lifter("a class of torch.optim, or an optimizer of PyTorch", torch_.recognises, torch_.lift_torch),
    Lifter("an optax factory or transformation", optax.recognises, optax.lift_optax),
    Lifter("a Python or NumPy function or class", python.recognises, python.lift_python),
):
    register_lifter(_row)
