"""Runs of the explorer, in whatever browser, beside those of Python."""

import numpy as np
from sympy import Symbol

import physsym as ps
from physsym.explorer.formulas import LANDSCAPES


def assert_same_trajectories(evaluate, entries):
    """Assert that each rule runs in the page as in Python on each landscape.

    Bitwise, since both add, multiply, divide and take square roots as IEEE 754 says. Adam has powers too,
    which each browser rounds in its own way.
    """
    for k, entry in enumerate(entries):
        for n, place in enumerate(LANDSCAPES):
            chosen = f"state.rule = {k}, state.landscape = {n}, state.start = {list(place.start)}"
            evaluate(f"({chosen}, rebuild(), redraw(), 0)")
            values, path = evaluate("[shown.values, [...shown.own.path]]")
            formula = place.formula.subs(Symbol("kappa", positive=True), 20)
            wanted = ps.optimizer(entry.rule, **values).run(np.array(place.start), formula, 150).x
            got = np.array(path, float).reshape(-1, 2)  # whole numbers beyond 2**53 come as integers
            if entry.title == "Adam":
                np.testing.assert_allclose(got, wanted, rtol=1e-12, atol=1e-14)
            else:
                assert got.tolist() == wanted.tolist(), (entry.title, place.key)
