"""What an analysis cannot be asked of is refused by one clear TypeError, which says what is expected."""

import pytest

from physsym import Condition, damped_particle, rule
from physsym.analysis import (
    characteristic_polynomial,
    critical_values,
    damping_at,
    damping_ratio,
    energy,
    holds_for_all,
    holds_for_all_given,
    is_forward_invariant,
    is_minimax_rate,
    leading_roots,
    leading_term,
    modified_by,
    modified_equation,
    modified_potential,
    multipliers,
    on_quadratic,
    order_of,
    rate_along,
    rate_lower_bound,
    rate_region,
    root_series,
    simulate,
    slow_velocity,
    spectral_radii,
    spectral_radius,
    stability_region,
    step_matrix,
    value_of,
    worst_case_rate,
)
from physsym.analysis.exact_evaluation import AnalysisError
from physsym.vocabulary import G, eta, gamma, lam, tau, x

DESCENT, LAW, POSITIVE = rule({x: x - eta * G}), damped_particle.law(), Condition(x, "> 0")
VALUES, CONDITIONS, A_RULE, A_LAW = (
    "by symbol",
    "expected several conditions",
    "expected a rule",
    "expected a law",
)

SYMBOL, INTEGRATOR = "expected a symbol", "expected an integrator"

CASES = {
    "leading term of a rule": (leading_term, (DESCENT, eta), "expected an expression"),
    "leading term in a number": (leading_term, (eta**2, 1), SYMBOL),
    "leading roots in a text": (leading_roots, (characteristic_polynomial(LAW), "m"), SYMBOL),
    "slow velocity, no small symbol": (slow_velocity, (LAW, x, None), SYMBOL),
    "modified equation, a list": (modified_equation, (DESCENT, [eta]), SYMBOL),
    "order of a rule": (order_of, (DESCENT,), INTEGRATOR),
    "order of a text": (order_of, ("heun",), INTEGRATOR),
    "modified by a law": (modified_by, (LAW, LAW, eta), INTEGRATOR),
    "stability, a list of curvatures": (stability_region, (DESCENT, [lam]), "expected an expression"),
    "multipliers of a list": (multipliers, ([DESCENT],), "expected a law or a rule"),
    "trajectory from a number": (simulate, (DESCENT, x**2, {eta: 1}, 1, 3), VALUES),
    "energy of a rule": (energy, (DESCENT,), "is that of a System"),
    "energy of a law": (energy, (LAW,), "is that of a System"),
    "rate along a rule": (rate_along, (DESCENT, x), A_LAW),
    "rate of the text of a law": (rate_along, (LAW, "x' = x"), "given the text of a statement"),
    "multipliers, curvature for values": (multipliers, (DESCENT, lam), VALUES),
    "multipliers, other things for symbols": (multipliers, (DESCENT, {3: 1}), "3 is no symbol"),
    "multipliers of a number": (multipliers, (3,), "expected a law or a rule"),
    "invariance of an expression": (is_forward_invariant, (DESCENT, x**2), CONDITIONS),
    "invariance of one condition": (is_forward_invariant, (DESCENT, POSITIVE), CONDITIONS),
    "invariance of expressions": (is_forward_invariant, (DESCENT, [x**2]), CONDITIONS),
    "invariance given an expression": (is_forward_invariant, (DESCENT, [POSITIVE], [x]), CONDITIONS),
    "for all, one relation": (holds_for_all, (x > 0,), CONDITIONS),
    "for all, relations": (holds_for_all, ([x > 0],), CONDITIONS),
    "for all, at a number": (holds_for_all, ([POSITIVE], (), [3]), VALUES),
    "for all given a relation": (holds_for_all_given, ([x > 0], [POSITIVE]), CONDITIONS),
    "radius at a symbol": (spectral_radius, (DESCENT, lam), VALUES),
    "radius of a law": (spectral_radius, (LAW, {}), "integrate a law first"),
    "radii of a law": (spectral_radii, (LAW,), "integrate a law first"),
    "rate region of a formula": (rate_region, (lam, 1), "expected a law or a rule"),
    "rate region at a float": (rate_region, (DESCENT, 0.5), "expected an exact expression"),
    "worst case at one curvature": (worst_case_rate, (DESCENT, {}, 3), "smallest and the largest curvature"),
    "worst case of a law": (worst_case_rate, (LAW, {}, (1, 2)), A_RULE),
    "minimax of a law": (is_minimax_rate, (LAW, 1, (1, 2), {}), A_RULE),
    "minimax, curvatures": (is_minimax_rate, (DESCENT, 1, (1, 2, 3), {}), "smallest and the largest"),
    "minimax, values": (is_minimax_rate, (DESCENT, 1, (1, 2), eta), VALUES),
    "bound of a law": (rate_lower_bound, (LAW,), A_RULE),
    "stability of a number": (stability_region, (3,), "expected a law or a rule"),
    "damping at a number": (damping_at, (LAW, 3), VALUES),
    "critical values of a name": (critical_values, (LAW, "gamma"), "expected the symbol"),
    "damping ratio of a rule": (damping_ratio, (DESCENT,), A_LAW),
    "trajectory of a law": (simulate, (LAW, x, {}, {}, 1), A_RULE),
    "trajectory, values": (simulate, (DESCENT, x**2, 3, {x: 1}, 1), VALUES),
    "slow velocity of a rule": (slow_velocity, (DESCENT, x, tau), A_LAW),
    "modified equation of a law": (modified_equation, (LAW, eta), A_RULE),
    "modified potential of a rule": (modified_potential, (DESCENT,), "what modified_equation returns"),
    "quadratic of a text": (on_quadratic, ("x",), "expected an exact expression"),
    "matrix of a law": (step_matrix, (LAW,), A_RULE),
    "value at a number": (value_of, (x, 3), VALUES),
    "roots of an expression": (leading_roots, (x**2, tau), "expected a polynomial"),
    "series of an expression": (root_series, (x**2, tau, x, 1), "expected a polynomial"),
}


@pytest.mark.parametrize(("analysis", "given", "says"), CASES.values(), ids=CASES)
def test_what_cannot_be_analysed_is_refused_clearly(analysis, given, says):
    with pytest.raises(TypeError, match=says) as refused:
        analysis(*given)
    assert "\n" not in str(refused.value)
    assert refused.value.__cause__ is None


def test_systems_updates_and_derivations_are_taken_for_what_they_mean():
    assert rate_along(damped_particle, energy(damped_particle)) == rate_along(LAW, energy(damped_particle))
    assert stability_region(damped_particle) == stability_region(LAW)
    assert multipliers(DESCENT.updates[0]) == multipliers(DESCENT)
    assert damping_ratio(damped_particle).has(gamma)


@pytest.mark.parametrize("text", ["x <- x - eta*(grad(x) + lam*x)", "x <- x - lam*grad(x)"])
def test_a_parameter_that_is_called_as_the_curvature_is_not_taken_for_it(text):
    for asked in (stability_region, characteristic_polynomial, step_matrix):
        with pytest.raises(AnalysisError, match="add curvature='kappa'"):
            asked(text)
        asked(text, "kappa")
    with pytest.raises(AnalysisError, match="add curvature='kappa'"):
        is_forward_invariant(text, [Condition(x, "> 0")])
