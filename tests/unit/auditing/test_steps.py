"""The hint `step of LAW by METHOD`: right and wrong steps, in the ways in which texts write them."""

import pytest

import physsym as ps

FREE = r"\ddot x = f(x)"
DAMPED = r"m \ddot x + \gamma \dot x + \nabla U(x) = 0"
LINEAR = r"m \ddot x + \gamma \dot x = -k x"
EULER, VERLET = "semi-implicit euler", "velocity verlet"


def judged(tmp_path, law, step, by=EULER):
    """Return what an audit says of a step of a law."""
    file = tmp_path / "notes.md"
    rows = rf"$$\begin{{aligned}} {step} \end{{aligned}}$$"
    file.write_text(f"$${law} \\label{{law}}$$\n\n<!-- physsym: step of law by {by} -->\n{rows}\n")
    return ps.audit(file).entries[-1]


RIGHT = [
    (FREE, r"v_{t+1} &= v_t + h f(x_t) \\ x_{t+1} &= x_t + h v_{t+1}", EULER),
    (FREE, r"x_{t+1} &= x_t + h v_{t+1} \\ v_{t+1} &= v_t + h f(x_t)", EULER),
    (FREE, r"x_{t+1} &= x_t + h v_t \\ v_{t+1} &= v_t + h f(x_{t+1})", EULER),
    (FREE, r"v(t+h) &= v(t) + h f(x(t)) \\ x(t+h) &= x(t) + h v(t+h)", EULER),
    (FREE, r"v &\leftarrow v + h f(x) \\ x &\leftarrow x + h v", EULER),
    (FREE, r"x_{t+1} &= 2 x_t - x_{t-1} + h^2 f(x_t)", EULER),
    (FREE, r"x_{t+1} &= x_t + h v_t + h^2 f(x_t)/2 \\ v_{t+1} &= v_t + h (f(x_t) + f(x_{t+1}))/2", VERLET),
    (FREE, r"x_{t+1} &= 2 x_t - x_{t-1} + h^2 f(x_t)", VERLET),
    (
        DAMPED,
        r"v_{t+1} &= v_t - h (\gamma v_t + \nabla U(x_t))/m \\ x_{t+1} &= x_t + h v_{t+1}",
        EULER,
    ),
    (
        DAMPED,
        r"x_{t+1} &= x_t + (1 - h \gamma/m)(x_t - x_{t-1}) - \frac{h^2}{m} \nabla U(x_t)",
        EULER,
    ),
    (LINEAR, r"v_{t+1} &= v_t - h (k x_t + \gamma v_{t+1})/m \\ x_{t+1} &= x_t + h v_{t+1}", EULER),
    (LINEAR, r"m \frac{x_{t+1} - 2 x_t + x_{t-1}}{h^2} + \gamma \frac{x_t - x_{t-1}}{h} &= -k x_t", EULER),
    (r"\dot x = -k x", r"x_{t+1} &= x_t - h k x_{t+1}", "backward euler"),
]
WRONG = [
    (FREE, r"v_{t+1} &= v_t - h f(x_t) \\ x_{t+1} &= x_t + h v_{t+1}", EULER),
    (FREE, r"v_{t+1} &= v_t + h f(x_t) \\ x_{t+1} &= x_t + h v_t", EULER),
    (FREE, r"x_{t+1} &= 2 x_t - x_{t-1} + h f(x_t)", EULER),
    (FREE, r"x_{t+1} &= 2 x_t - x_{t-1} + 2 h^2 f(x_t)", VERLET),
    (
        DAMPED,
        r"v_{t+1} &= v_t - h (\nabla U(x_t) - \gamma v_t)/m \\ x_{t+1} &= x_t + h v_{t+1}",
        EULER,
    ),
    (
        DAMPED,
        r"x_{t+1} &= x_t + (1 + h \gamma/m)(x_t - x_{t-1}) - \frac{h^2}{m} \nabla U(x_t)",
        EULER,
    ),
    (
        LINEAR,
        r"v_{t+1} &= v_t - h (k x_t + \gamma v_{t+1})/m \\ x_{t+1} &= x_t + h v_{t+1}",
        "semi-implicit euler with explicit friction",
    ),
    (r"\dot x = -k x", r"x_{t+1} &= x_t - h k x_t", "backward euler"),
]


@pytest.mark.parametrize(("law", "step", "by"), RIGHT)
def test_right_steps_never_fail(tmp_path, law, step, by):
    assert judged(tmp_path, law, step, by).kind in ("holds", "conditional")


@pytest.mark.parametrize(("law", "step", "by"), WRONG)
def test_wrong_steps_fail(tmp_path, law, step, by):
    entry = judged(tmp_path, law, step, by)
    assert entry.kind == "fails"
    assert entry.details


@pytest.mark.parametrize(
    ("law", "step"),
    [
        # Which value of v the second line reads is not said.
        (FREE, r"v &\leftarrow v - h f(x) \\ x &\leftarrow x + h v"),
        (r"m \ddot x = f(x) + F(x)", r"x_{t+1} &= 2 x_t - x_{t-1} + h^2 f(x_t)/m"),
        (FREE, r"x_{t+1} &= 2 x_t - x_{t-1} + h^2 F_t"),
        (FREE, r"x_{t+1} + x_{t+1}^3 &= 2 x_t - x_{t-1} + h^2 f(x_t)"),
    ],
)
def test_what_is_not_clear_is_undecided(tmp_path, law, step):
    assert judged(tmp_path, law, step).kind == "undecided"


def test_a_method_that_is_not_known(tmp_path):
    with pytest.raises(ValueError, match="no integrator is called eulr"):
        judged(tmp_path, FREE, r"x_{t+1} &= x_t + h f(x_t)", "eulr")
