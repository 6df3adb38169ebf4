"""Equations between matrices and vectors: what holds for numbers alone is not said to hold for them."""

import json
import re

import numpy as np
import pytest

from physsym.auditing import audit


def entry_of(line, tmp_path, prose="", *hints):
    """Return what is said of a formula that stands under its prose and its hints."""
    notes = tmp_path / "notes.md"
    said = "".join(f"<!-- physsym: {hint} -->\n" for hint in hints)
    notes.write_text(f"# Notes\n\n{prose}\n\n{said}$$\n{line}\n$$\n")
    return next(e for e in audit(notes).entries if e.formula.display)


MATRICES = "Let $A$ and $B$ be matrices."
DECLARED = [
    MATRICES,
    r"With $A, B \in \mathbb R^{n \times n}$ we have",
    r"Let $A \in \mathbb{R}^{n\times n}$, $B \in \mathbb{R}^{n\times n}$.",
]


@pytest.mark.parametrize("prose", DECLARED)
def test_declared_matrices_do_not_commute(prose, tmp_path):
    entry = entry_of("A B = B A", tmp_path, prose, "identity")
    assert entry.kind == "fails"
    a, b = (np.array(json.loads(part)) for part in re.findall(r"= (\[\[.*?\]\])", entry.details[0]))
    assert not np.array_equal(a @ b, b @ a)
    assert entry_of("A B = B A", tmp_path, prose).kind == "undecided"  # it may be a condition
    assert entry_of("A B = B A", tmp_path, "", "identity").kind == "holds"  # of numbers


@pytest.mark.parametrize(
    "line",
    [
        r"\mathbf{A}\mathbf{B} = \mathbf{B}\mathbf{A}",
        r"(\mathbf a \cdot \mathbf b) \mathbf c = \mathbf a (\mathbf b \cdot \mathbf c)",
        r"(AB)^{-1} = A^{-1} B^{-1}",
        r"(AB)^T = A^T B^T",
        r"A^{-1} B = B A^{-1}",
        r"x^T A y = y^T A x",
        r"(x^T y)^2 = x^T x y^T y",
        r"\|A x\| = \|A\| \|x\|",
        r"\mathbf x \mathbf y^T = \mathbf y^T \mathbf x",
    ],
)
@pytest.mark.parametrize("hints", [(), ("identity",)])
def test_what_holds_for_numbers_alone_does_not_hold(line, hints, tmp_path):
    prose = r"Here $A^T$ is transposed." if "A" in line else ""
    assert entry_of(line, tmp_path, prose, *hints).kind in ("undecided", "fails")


@pytest.mark.parametrize(
    "line",
    [
        r"(AB)^{-1} = B^{-1} A^{-1}",
        r"(AB)^T = B^T A^T",
        r"(A^T)^{-1} = (A^{-1})^T",
        r"x^T A y = y^T A^T x",
        r"A (I + B A)^{-1} = (I + A B)^{-1} A",
        r"\|\mathbf x + \mathbf y\|^2 = \|\mathbf x\|^2 + 2 \mathbf x^T \mathbf y + \|\mathbf y\|^2",
        r"\mathbf a \cdot \mathbf b = \mathbf b \cdot \mathbf a",
        r"\mathbf F \cdot \mathbf v = \mathbf v \cdot \mathbf F",
        r"z = \mathbf y - \boldsymbol{\Lambda} \mathbf y = (\mathbf I - \boldsymbol{\Lambda}) \mathbf y",
    ],
)
def test_what_holds_for_arrays_holds(line, tmp_path):
    entry = entry_of(line, tmp_path)
    assert (entry.kind, entry.says) == ("holds", "holds, for matrices and vectors that fit")


def test_links_of_chains(tmp_path):
    assert entry_of("C = (A + B)(A - B) = A^2 - B^2", tmp_path, MATRICES).kind == "fails"
    assert entry_of("C = (A + B)(A - B) = A^2 - A B + B A - B^2", tmp_path, MATRICES).kind == "holds"


def test_words_that_make_matrices_special(tmp_path):
    line = "x^T A y = y^T A x"
    entry = entry_of(line, tmp_path, "Let $A$ be symmetric.")
    assert entry.kind == "conditional"
    assert entry.says.endswith("if the matrices are symmetric")
    both = "Let $A$ and $B$ be diagonal matrices."
    assert entry_of("A B = B A", tmp_path, both, "identity").kind == "undecided"
    after = f"{MATRICES}\n\n$$B = A^2$$"
    notes = tmp_path / "notes.md"
    notes.write_text(f"{after}\n\n<!-- physsym: identity -->\n$$A B = B A$$\n")
    assert audit(notes).entries[-1].kind in ("undecided", "conditional", "holds")


def test_a_hint_declares_arrays(tmp_path):
    assert entry_of("M = A(B + C) = B A + A C", tmp_path, "", "given A, B, C matrices").kind == "fails"
    assert entry_of("M = A(B + C) = A B + A C", tmp_path, "", "given A, B, C matrices, m > 0").kind == "holds"
    assert entry_of("A B = B A", tmp_path, MATRICES, "one coordinate; identity").kind == "holds"


def test_a_word_that_declares_nothing_is_refused(tmp_path):
    with pytest.raises(ValueError, match="found no relation"):
        entry_of("A B = B A", tmp_path, "", "given A, B")


@pytest.mark.parametrize("prose", ["", "Let $H$ be a matrix and $g$ a vector.", "Let $g$ be a vector."])
def test_a_letter_is_no_number_because_no_vector_fits(prose, tmp_path):
    rng = np.random.default_rng(1)
    matrix, vector = rng.random((3, 3)), rng.random((3, 1))
    with pytest.raises(ValueError, match="mismatch"):
        vector @ np.linalg.inv(matrix)
    assert entry_of("H^{-1} g = g H^{-1}", tmp_path, prose).kind == "undecided"
    assert entry_of(r"\lambda H^{-1} = H^{-1} \lambda", tmp_path, prose).kind == "holds"


def test_the_letter_of_a_current_is_not_the_identity(tmp_path):
    notes = tmp_path / "notes.md"
    ohm = "# Ohm\n\nWith $U = R I$ and $P = U I$, hence\n$$P = R I^2.$$\nHence $P = R I$.\n"
    notes.write_text(ohm)
    right, wrong = audit(notes).entries[2:]
    assert right.kind == "holds"
    assert wrong.kind == "fails"
    notes.write_text("# Least squares\n\n$$w = (A^T A)^{-1} A^T b$$\n\n" + ohm)
    assert audit(notes).entries[-1].kind != "holds"


def test_the_identity_beside_matrices_is_read_so(tmp_path):
    assert entry_of("A A^{-1} = I", tmp_path, MATRICES).kind == "conditional"  # A has an inverse
    assert entry_of("(I - A^T)(I + A^T) = I - (A^T)^2", tmp_path, MATRICES).kind == "holds"
    assert entry_of("(I - A^T)(I + B^T) = I - A^T B^T", tmp_path, MATRICES).kind != "holds"
