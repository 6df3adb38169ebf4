"""Reports where results have limits: signs, drifts, memory that does not fade, edges, very large numbers.

Witnesses are runs written out in floats or fractions, and eigenvalues of NumPy.
"""

import numpy as np
import pytest

import physsym as ps
from physsym.optimizers.report import report


def read(text):
    return ps.read(text, unknown="real")


# ------------------------------------------------------------------ the sign of the gradient


SIGNED = {
    "x <- x - eta*sign(G)": lambda g: np.sign(g),
    "x <- x - eta*Abs(G)": abs,
    "x <- x - eta*clip(G, -1, 1)": lambda g: np.clip(g, -1, 1),
    "x <- x - eta*where(G > 0, 2*G, G)": lambda g: 2 * g if g > 0 else g,
    "x <- x - eta*Max(G, 0)": lambda g: max(g, 0),
    "x <- x - eta*G/Abs(G)": np.sign,
    "x <- x - eta*(G + G**2)": lambda g: g + g**2,
    "v <- v/2 + G**2/2; x <- x - eta*G/(sqrt(v+) + 1/8); v(0) = 0": lambda g: g / (abs(g) + 1 / 8),
}


@pytest.mark.parametrize("text", SIGNED)
@pytest.mark.parametrize("slope", [-5, -1, -0.1, 0.1, 1, 5])
def test_the_steady_step_holds_for_gradients_of_either_sign(text, slope):
    parts = report(read(text))["steady step"].parts
    up = parts[0]
    down = -up if "; the opposite under " in parts else parts[parts.index("; ") + 1]
    step = up if slope > 0 else down
    numbers = {s: 0.3 if s.name == "eta" else abs(slope) for s in step.free_symbols}
    assert float(step.subs(numbers)) == pytest.approx(-0.3 * SIGNED[text](slope))
    assert "g > 0" in "".join(map(str, parts))
