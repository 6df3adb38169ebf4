r"""True lines that an audit took for errors, each beside the same line with an error in it."""

import math

import pytest

from physsym.auditing.files import texts_of
from physsym.auditing.judges import judged

GOOD = {"holds", "conditional"}


@pytest.fixture
def last_of(tmp_path):
    """Return what is said of the last formula of notes in Markdown."""

    def last(text):
        path = tmp_path / "notes.md"
        path.write_text(text)
        return list(judged(texts_of(path)))[-1]

    return last


# ------------------------------------------------------------------ multiples of a limit

FRICTION = r"$$m\ddot x = -\gamma\dot x - kx \label{eq:o}$$" + "\n\n"


@pytest.mark.parametrize(
    ("hint", "line", "says"),
    [
        ("limit m -> 0 of eq:o", r"\dot x = -\frac{k}{\gamma}x", "gamma > 0"),
        ("given gamma > 0; limit m -> 0 of eq:o", r"\dot x = -\frac{k}{\gamma}x", "is the limit"),
        ("limit gamma -> 0 of eq:o", r"\ddot x = -\frac{k}{m} x", "m != 0"),
        ("limit k -> 0 of eq:o", r"\ddot x = -\frac{\gamma}{m} \dot x", "m != 0"),
    ],
)
def test_a_limit_may_be_divided_by_a_constant(last_of, hint, line, says):
    entry = last_of(f"{FRICTION}<!-- physsym: {hint} -->\n$${line}$$\n")
    assert entry.kind in GOOD
    assert says in entry.says


@pytest.mark.parametrize(
    ("hint", "line"),
    [
        ("limit m -> 0 of eq:o", r"\dot x = \frac{k}{\gamma}x"),
        ("limit m -> 0 of eq:o", r"\dot x = -\frac{k^2}{\gamma}x"),
        ("limit gamma -> 0 of eq:o", r"\ddot x = -k x"),
        # A factor that moves vanishes somewhere: the motion x = 0 is one of this line alone.
        ("limit gamma -> 0 of eq:o", r"x \ddot x = -\frac{k}{m} x^2"),
    ],
)
def test_another_equation_is_no_limit(last_of, hint, line):
    assert last_of(f"{FRICTION}<!-- physsym: {hint} -->\n$${line}$$\n").kind not in GOOD


def test_a_force_that_vanishes_leaves_a_free_motion(last_of):
    law = "$$m\\ddot x = -kx \\label{eq:k}$$\n\n<!-- physsym: limit k -> 0 of eq:k -->\n"
    assert last_of(law + "$$\\ddot x = 0$$\n").kind in GOOD
    assert last_of(law + "$$\\ddot x = x$$\n").kind not in GOOD


# ------------------------------------------------------------------ logarithms without a base


@pytest.mark.parametrize(
    ("line", "kind"),
    [
        (r"L = 10\log 100 = 20", "conditional"),
        (r"\log 1000 = 3 = \log 10^3", "conditional"),
        (r"y = \log e^2 = 2", "holds"),
        (r"y = \log (a b) = \log a + \log b", "conditional"),
        (r"L = 10\log 100 = 30", "fails"),
        (r"L = 10\ln 100 = 20", "fails"),
        (r"L = 10\log_2 100 = 20", "fails"),
        (r"L = 10\log_{10} 100 = 20", "holds"),
    ],
)
def test_a_logarithm_is_natural_or_of_base_10(last_of, line, kind):
    entry = last_of(f"$${line}$$\n")
    assert entry.kind == kind
    assert ("base 10" in entry.says) == (kind == "conditional" and "0" in line)


# ------------------------------------------------------------------ the imaginary unit

SQUARE, QUOTIENT = r"(1+i)^2 = 1 + 2i + i^2 = 2i", r"z = \frac{2+3i}{1-4i} = \frac{-10+11i}{17}"
UNIT, PHASE = "$$i^2 = -1$$\n\n", "Let $z = r e^{i\\theta}$.\n\n"


@pytest.mark.parametrize("line", [SQUARE, QUOTIENT])
def test_i_may_be_the_imaginary_unit(last_of, line):
    for text, kinds in (("", {"undecided"}), (UNIT, {"conditional"}), (PHASE, GOOD)):
        entry = last_of(f"{text}$${line}$$\n")
        assert entry.kind in kinds
        assert "imaginary unit" in entry.says or text == PHASE


@pytest.mark.parametrize(
    "line", [SQUARE.removesuffix("2i") + "3i", QUOTIENT.replace("-10", "10"), "y = i + i = i"]
)
@pytest.mark.parametrize("text", ["", UNIT, PHASE])
def test_what_is_false_with_the_imaginary_unit_too_fails(last_of, text, line):
    assert last_of(f"{text}$${line}$$\n").kind == "fails"


@pytest.mark.parametrize(("sign", "kind"), [("+", "holds"), ("-", "fails")])
def test_a_power_of_e_has_a_real_and_an_imaginary_part(last_of, sign, kind):
    line = rf"y = e^{{i\theta}} e^{{i\phi}} = \cos(\theta + \phi) {sign} i \sin(\theta + \phi)"
    assert last_of(f"$${line}$$\n").kind == kind


# ------------------------------------------------------------------ identities of what the text defines

LAGRANGIAN = "$$L=\\frac12 ml^2\\dot\\theta^2+mgl\\cos\\theta$$\n\n<!-- physsym: identity -->\n"


@pytest.mark.parametrize(
    ("line", "kind"),
    [
        (r"\frac{\partial L}{\partial\theta}=-mgl\sin\theta", "holds"),
        (r"\frac{\partial L}{\partial\theta}=mgl\sin\theta", "fails"),
        (r"\frac{\partial L}{\partial\theta}=-mg\sin\theta", "fails"),
    ],
)
def test_an_identity_may_rest_on_a_definition(last_of, line, kind):
    entry = last_of(f"{LAGRANGIAN}$${line}$$\n")
    assert entry.kind == kind
    assert entry.uses == ((1,) if kind == "holds" else ())


# ------------------------------------------------------------------ gradients that a step names

LAW, LET = "$$\\dot x=v, \\quad \\dot v=-\\nabla U(x) \\label{eq:law}$$\n\n", "Let $g_t=\\nabla U(x_t)$.\n\n"
EXPLICIT, SEMI = "forward euler", "semi-implicit euler"


@pytest.mark.parametrize("said", ["", LET])
@pytest.mark.parametrize(
    ("method", "line", "kind"),
    [
        (EXPLICIT, r"x_{t+1}=x_t+hv_t, \quad v_{t+1}=v_t-hg_t", "conditional"),
        (SEMI, r"v_{t+1}=v_t-hg_t, \quad x_{t+1}=x_t+hv_{t+1}", "conditional"),
        (EXPLICIT, r"x_{t+1}=x_t+hv_t, \quad v_{t+1}=v_t+hg_t", "fails"),
        (EXPLICIT, r"x_{t+1}=x_t+hv_t, \quad v_{t+1}=v_t-2hg_t", "fails"),
        (SEMI, r"x_{t+1}=x_t+hv_t, \quad v_{t+1}=v_t-hg_t", "fails"),
        (SEMI, r"x_{t+1}=x_t+hv_t, \quad v_{t+1}=v_t+hg_{t+1}", "fails"),
    ],
)
def test_the_gradient_is_that_of_the_law(last_of, said, method, line, kind):
    assert last_of(f"{LAW}{said}<!-- physsym: step of eq:law by {method} -->\n$${line}$$\n").kind == kind


@pytest.mark.parametrize(("said", "kind"), [("", "undecided"), (LET, "conditional")])
def test_a_gradient_with_the_new_index_is_at_the_new_state_if_the_text_says_so(last_of, said, kind):
    line = r"$$x_{t+1}=x_t+hv_t, \quad v_{t+1}=v_t-hg_{t+1}$$"
    assert last_of(f"{LAW}{said}<!-- physsym: step of eq:law by {SEMI} -->\n{line}\n").kind == kind


@pytest.mark.parametrize("line", [r"S = \log 100 + \ln 100 = 4", r"S = \ln 100 + \log 100 = 4"])
def test_a_logarithm_beside_ln_is_not_read_as_both_of_base_10(last_of, line):
    assert abs(math.log10(100) + math.log(100) - 4) > 1
    assert last_of(f"$${line}$$").kind not in GOOD
