"""What is judged for numbers is no answer where the signs of a formula tell of matrices or vectors."""

import pytest

from physsym.auditing import audit

OF_ARRAYS = [
    r"\kappa(A) = \|A\|\|A^{-1}\| = 1",
    r"\kappa(A) = \|A\|_2 \|A^{-1}\|_2 = 12",
    r"\operatorname{cond}(A) = \left\|A^{-1}\right\| \, \left\|A\right\| = 25",
    r"A\mathbf x = \lambda\mathbf x,\ \mathbf x \ne 0 \implies A = \lambda",
    r"A\mathbf x = B\mathbf x,\ \mathbf x \neq 0 \implies A = B",
    r"A\vec{x} = 0 \implies A = 0 \text{ or } \vec x = 0",
    r"B = S^{-1}AS \implies B = A",
    r"A = P D P^{-1} = D",
    r"S = P^{-1} D^2 P + c = D^2 + c",
]
OF_NUMBERS = [
    (r"F = m a \implies a = \frac{F}{m}", "conditional"),
    (r"\mathbf F = m \mathbf a \implies \mathbf a = \frac{\mathbf F}{m}", "conditional"),
    (r"q = \|\mathbf x\|^2 = \mathbf x^\top \mathbf x", "holds"),
    (r"q = \frac{R S}{R} = S", "conditional"),
    (r"q = R^{-1} R = 1", "conditional"),
    (r"q = R^{-1} R = 2", "fails"),
]


def kind_of(line, tmp_path):
    notes = tmp_path / "notes.md"
    notes.write_text(f"$${line}$$\n")
    return audit(notes).entries[-1].kind


@pytest.mark.parametrize("line", OF_ARRAYS)
def test_what_holds_or_fails_for_numbers_alone_is_undecided(line, tmp_path):
    assert kind_of(line, tmp_path) == "undecided"


@pytest.mark.parametrize(("line", "kind"), OF_NUMBERS)
def test_what_has_no_such_signs_is_judged(line, kind, tmp_path):
    assert kind_of(line, tmp_path) == kind
