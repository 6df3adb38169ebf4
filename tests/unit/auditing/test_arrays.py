"""What follows for numbers alone is no verdict on matrices and vectors; NumPy tells which is which."""

import numpy as np
import pytest

from physsym.auditing import audit

rng = np.random.default_rng(7)
SPLIT = np.array([[1.0, 0.0], [0.0, 0.0]])
LEFT = np.array([[0.0, 1.0], [0.0, 0.0]])
REFLECTION = np.diag([1.0, -1.0])
E1, E2 = np.eye(2)
A, B = rng.integers(1, 9, (2, 2, 2)).astype(float)
TALL, Y = rng.random((4, 2)), rng.random(4)
x, y = rng.random((2, 3))
IN_SPACES = r"Let $A, B, C \in \mathbb R^{n\times n}$ and $x, y \in \mathbb R^n$."


def last_of(tmp_path, *lines, prose=""):
    """Return what is said of the last of displayed formulas."""
    notes = tmp_path / "notes.md"
    text = "\n\nhence\n\n".join(f"$$\n{line}\n$$" for line in lines)
    notes.write_text(f"# Notes\n\n{prose}\n\n{text}\n")
    return audit(notes).entries[-1]


# The line with NumPy's premises and what it claims of arrays, which is not so.
IMPLICATIONS = [
    (r"AB = 0 \implies A = 0 \text{ or } B = 0", SPLIT @ (np.eye(2) - SPLIT), SPLIT),
    (r"A^2 = I \implies A = \pm I", REFLECTION @ REFLECTION - np.eye(2), REFLECTION - np.eye(2)),
    (r"A^2 = 0 \implies A = 0", LEFT @ LEFT, LEFT),
    (r"x^T y = 0 \implies x = 0 \text{ or } y = 0", E1 @ E2, E1),
    (r"(AB)^2 = 0 \iff AB = 0", LEFT @ LEFT, LEFT),
    (r"A x = B x \implies A = B", SPLIT @ E1 - E1, SPLIT - np.eye(2)),
    (r"A x = \lambda x \implies A = \lambda I", SPLIT @ E1 - E1, SPLIT - np.eye(2)),
    (r"AB = AC \implies B = C", SPLIT @ LEFT.T, LEFT.T),
    (r"\mathbf a\cdot\mathbf b = \mathbf a\cdot\mathbf c \implies \mathbf b = \mathbf c", E1 @ E2, E2),
    (r"A^T A x = A^T y \iff A x = y", SPLIT.T @ E2, E2),
]


@pytest.mark.parametrize(("line", "premise", "claimed"), IMPLICATIONS)
def test_what_does_not_follow_for_arrays_does_not_hold(line, premise, claimed, tmp_path):
    assert np.allclose(premise, 0)
    assert not np.allclose(claimed, 0)
    entry = last_of(tmp_path, line, prose=IN_SPACES)
    assert entry.kind == "undecided"
    assert "numbers" in entry.says


def _fitted():
    return np.linalg.solve(TALL.T @ TALL, TALL.T @ Y)


WITH_X = r"Let $X \in \mathbb R^{n\times p}$ and $y \in \mathbb R^n$."
FOLLOWING = [
    (
        IN_SPACES,
        ("C = A B", "C^{-1} = A^{-1} B^{-1}"),
        np.linalg.inv(A @ B) - np.linalg.inv(A) @ np.linalg.inv(B),
    ),
    (IN_SPACES, ("y = A x", "y^T y = x^T A^2 x"), E2 @ (LEFT.T @ LEFT - LEFT @ LEFT) @ E2),
    (IN_SPACES, ("A B - B A = 0",), A @ B - B @ A),
    (WITH_X, (r"\hat\beta = (X^T X)^{-1} X^T y", r"y - X\hat\beta = 0"), Y - TALL @ _fitted()),
    ("Let $Q$ be a matrix.", ("Q^T Q = I", "Q = I"), REFLECTION - np.eye(2)),
    (
        r"Let $A \in \mathbb R^{m\times n}$.",
        ("P = A (A^T A)^{-1} A^T", "P^2 = P", "P = I"),
        SPLIT - np.eye(2),
    ),
    ("", (r"\mathbf F\cdot\mathbf s = W", r"\mathbf F = \frac{W}{\mathbf s}"), E2 - E1),
    (
        r"Let $x, y\in\mathbb R^n$.",
        ("f(x) = (y^T x)^2", r"\nabla f(x) = 2\|y\|^2 x"),
        (y @ x) * y - (y @ y) * x,
    ),
    ("", (r"(\mathbf a\cdot\mathbf b)^2 = |\mathbf a|^2|\mathbf b|^2",), (x @ y) ** 2 - x @ x * (y @ y)),
    ("", (r"\mathbf u(\mathbf u\cdot\mathbf v) = |\mathbf u|^2\mathbf v",), x * (x @ y) - x @ x * y),
]


@pytest.mark.parametrize(("prose", "lines", "difference"), FOLLOWING)
def test_what_follows_for_numbers_alone_does_not_hold(prose, lines, difference, tmp_path):
    assert not np.allclose(difference, 0)
    assert last_of(tmp_path, *lines, prose=prose).kind == "undecided"


EVALUATED = [
    (
        WITH_X,
        (r"\hat\beta = (X^T X)^{-1} X^T y", r"X^T (y - X\hat\beta) = 0"),
        TALL.T @ (Y - TALL @ _fitted()),
    ),
    (
        IN_SPACES,
        ("C = A B", "C^{-1} = B^{-1} A^{-1}"),
        np.linalg.inv(A @ B) - np.linalg.inv(B) @ np.linalg.inv(A),
    ),
    (IN_SPACES, ("y = A x", "y^T y = x^T A^T A x"), (A @ E1) @ (A @ E1) - E1 @ A.T @ A @ E1),
    (r"Let $g \in\mathbb R^n$.", ("d = -g", r"g^T d = -\|g\|^2"), x @ -x + np.linalg.norm(x) ** 2),
    ("", (r"(\mathbf a\cdot\mathbf b)^2 = (\mathbf b\cdot\mathbf a)^2",), (x @ y) ** 2 - (y @ x) ** 2),
    ("", (r"\mathbf u(\mathbf u\cdot\mathbf u) = |\mathbf u|^2\mathbf u",), x * (x @ x) - x @ x * x),
]


@pytest.mark.parametrize(("prose", "lines", "difference"), EVALUATED)
def test_what_follows_by_definitions_put_in_holds(prose, lines, difference, tmp_path):
    assert np.allclose(difference, 0)
    entry = last_of(tmp_path, *lines, prose=prose)
    assert entry.kind in ("holds", "conditional")
    assert entry.says.endswith("for matrices and vectors that fit")


@pytest.mark.parametrize(
    "lines",
    [
        (r"m \mathbf a = q \mathbf E", r"\mathbf a = \frac{q}{m} \mathbf E"),
        (r"2 E = m |\mathbf v|^2", r"|\mathbf v|^2 = \frac{2 E}{m}"),
        (r"2 \mathbf u = 4 \mathbf v \implies \mathbf u = 2 \mathbf v",),
    ],
)
def test_what_is_linear_in_vectors_holds_in_each_coordinate(lines, tmp_path):
    entry = last_of(tmp_path, *lines)
    assert entry.kind in ("holds", "conditional")
    assert "for one coordinate" in entry.says


def test_words_beside_a_letter_declare_it_and_others_do_not(tmp_path):
    line = "n n^3 = n^4"
    assert last_of(tmp_path, line, prose=r"The vector $\mathbf y$ has $n$ elements.").kind == "holds"
    assert (
        last_of(tmp_path, r"n^2 = 1 \implies n = \pm 1", prose="Let $n$ be a unit vector.").kind
        == "undecided"
    )
    bold = last_of(tmp_path, r"x^2 = 1 \implies x = \pm 1", prose=r"Let $\mathbf x$ be a vector.")
    assert bold.kind == "holds"  # another letter


def test_the_exponential_of_matrices_is_no_product(tmp_path):
    def exponential(of):
        return sum(np.linalg.matrix_power(of, n) / np.prod(np.arange(1.0, n + 1)) for n in range(30))

    assert not np.allclose(exponential(LEFT + LEFT.T), exponential(LEFT) @ exponential(LEFT.T))
    prose = "Let $A, B$ be matrices."
    for line in (r"e^{A t + B t} = e^{A t} e^{B t}", r"\exp(A t + B t) = \exp(A t) \exp(B t)"):
        assert last_of(tmp_path, line, prose=prose).kind == "undecided"
        assert last_of(tmp_path, line).kind == "holds"


MACROS = r"\newcommand{\bA}{\mathbf A}\newcommand{\bB}{\mathbf{B}}"


@pytest.mark.parametrize(
    ("right", "wrong"),
    [
        (r"(\bA \bB)^T = \bB^T \bA^T", r"(\bA \bB)^T = \bA^T \bB^T"),
        (r"\bA\bB - \bB\bA = -(\bB\bA - \bA\bB)", r"\bA\bB = \bB\bA"),
    ],
)
def test_letters_behind_macros_are_arrays(right, wrong, tmp_path):
    page = tmp_path / "page.tex"
    for line, good in ((right, True), (wrong, False)):
        page.write_text(f"{MACROS}\n\\begin{{document}}\n$${line}$$\n\\end{{document}}\n")
        assert (audit(page).entries[-1].kind == "holds") == good


def test_a_space_behind_a_macro_declares_arrays(tmp_path):
    page = tmp_path / "page.tex"
    macros = r"\newcommand{\R}{\mathbb R}\newcommand{\M}{M}"
    for line, kind in ((r"(\M + N)^2 = \M^2 + \M N + N \M + N^2", "holds"), (r"\M N = N \M", "undecided")):
        declared = r"Let $\M, N \in \R^{n\times n}$."
        page.write_text(f"{macros}\n\\begin{{document}}\n{declared}\n$${line}$$\n\\end{{document}}\n")
        assert audit(page).entries[-1].kind == kind


@pytest.mark.parametrize(
    ("words", "right", "wrong"),
    [
        (r"Let $A$ and $B$ be $n\times n$ matrices.", "T = (A-B)(A+B) = A^2 + AB - BA - B^2", " = A^2 - B^2"),
        (
            r"Let $M_n$ be the space of matrices, $A, B\in M_n$.",
            "T = (A+B)^2 = A^2+AB+BA+B^2",
            "= A^2+2AB+B^2",
        ),
        (
            r"The operators $\hat x$ and $\hat p$ do not commute.",
            r"T = (\hat x + \hat p)^2 = \hat x^2 + \hat x\hat p + \hat p\hat x + \hat p^2",
            r"= \hat x^2 + 2\hat x\hat p + \hat p^2",
        ),
    ],
)
def test_capitals_and_hats_where_the_text_speaks_of_matrices_may_be_such(words, right, wrong, tmp_path):
    assert last_of(tmp_path, right, prose=words).kind in ("holds", "conditional")
    assert last_of(tmp_path, right + wrong, prose=words).kind == "undecided"
    assert last_of(tmp_path, right + wrong, prose="The amplitudes are constant.").kind == "holds"


def test_what_the_text_says_of_vectors_may_make_a_line_true(tmp_path):
    line = r"R = u u^\top u u^\top = uu^\top"
    unit = E1[:, None]
    assert np.allclose(unit @ unit.T @ unit @ unit.T, unit @ unit.T)
    assert last_of(tmp_path, line, prose="Let $u$ be a unit vector.").kind == "undecided"
    assert last_of(tmp_path, line, prose="Let $u$ be a vector.").kind == "fails"
