"""Names of version 0.1 that were moved or renamed: each works until version 0.3, with a warning."""

from __future__ import annotations

import importlib
import sys
import warnings
from typing import Any

# Where each old name is now, after `physsym.`.
_HOMES = {
    "analysis": (
        "AnalysisError", "Damping", "ModifiedEquation", "Region", "as_runge_kutta",
        "characteristic_polynomial", "critical_values", "damping_at", "damping_ratio", "discriminant",
        "energy", "leading_roots", "leading_term", "modified_by", "modified_coefficients",
        "modified_equation", "modified_potential", "multipliers", "on_quadratic", "order_of", "rate_along",
        "rate_region", "root_series",
        "runge_kutta", "sign_changes", "simulate", "slow_velocity", "spectral_radii", "spectral_radius",
        "stability_region", "step_matrix", "underdamped_region", "value_of",
    ),
    "claims": ("conditional", "undecidable"),
    "codegen.emit": ("c_source", "javascript_source", "llvm_source", "python_source"),
    "core": ("Clash", "DimensionError", "Inference", "StatementError", "infer_dimensions"),
    "derivation": ("Assumption", "DerivationError", "ErrorBudget", "StepError"),
    "loading": ("Script", "ScriptError"),
    "integrators": (
        "RungeKutta", "explicit_midpoint", "forward_euler", "heun", "runge_kutta_4", "semi_implicit_euler",
        "ssp33",
    ),
    "mechanics": ("MoveError", "particle_with_friction"),
    "parsing": ("ReadError", "conditions_of"),
    "printing": ("equations_of_function", "latex_of_function"),
    "runtime": ("Bound", "PROBLEMS", "Problem", "Sweep", "Trajectory", "problem"),
    "vocabulary": ("STANDARD",),
}  # fmt: skip
_NEW_NAMES = {
    "ExplicitRungeKutta": "integrators.RungeKutta",
    "Integrator": "integrators.PartitionedEuler",
    "Orbit": "analysis.ExactTrajectory",
    "Premise": "Hypothesis",
    "Split": "ReduceOrder",
    "about": "claims.approx_equal",
    "fully_implicit_euler": "integrators.backward_euler",
    "grows": "claims.is_increasing",
    "keeps": "analysis.is_forward_invariant",
    "minimax": "analysis.is_minimax_rate",
    "noting": "claims.add_evidence",
    "rate_floor": "analysis.rate_lower_bound",
    "settled_equation": "analysis.slow_manifold_equation",
    "shrinks": "claims.is_decreasing",
    "tends": "claims.check_limit",
    "throughout": "analysis.holds_for_all",
    "throughout_under": "analysis.holds_for_all_given",
    "worst_rate": "analysis.worst_case_rate",
}
RENAMED = {name: f"{home}.{name}" for home, names in _HOMES.items() for name in names} | _NEW_NAMES

# Names that mean something else now, or have left the package: what to write instead.
CHANGED = {
    "Comparison": "it is a value that scripts provide now: physsym.documents.content.Comparison",
    "backward_euler": (
        "what was meant is physsym.integrators.semi_implicit_euler.with_friction('implicit'); "
        "physsym.integrators.backward_euler is backward Euler itself"
    ),
    "compared": "it belongs to the shipped book: derivations.book.comparison.compare, in the repository",
    "exponential_euler": (
        "what was meant is physsym.integrators.semi_implicit_euler.with_friction('exponential'); "
        "physsym.integrators.exponential_euler is the exponential Euler method itself"
    ),
    "implicit_midpoint": (
        "what was meant is physsym.integrators.semi_implicit_euler.with_friction('midpoint'); "
        "physsym.integrators.implicit_midpoint is the implicit midpoint rule itself"
    ),
    "semi_implicit_euler_positions_first": (
        "what moves first is named in the step: "
        "Integrate(physsym.integrators.semi_implicit_euler, dt, first=(x,))"
    ),
}


def old_name(name: str, importing: bool = False) -> Any:
    """Return what a name of version 0.1 stands for, with a warning that says where it is now.

    The warning points at the caller of the caller, which is whoever asked the package for the name. Raises
    AttributeError for a name whose meaning changed, with what to write instead, and for any other.

    `from physsym import name` asks twice, the first time with `importing`, on behalf of the import machinery:
    no warning then, and an ImportError, since an AttributeError would lose its message.
    """
    if name in CHANGED:
        refused = ImportError if importing else AttributeError
        raise refused(f"physsym.{name} of version 0.1 is gone: {CHANGED[name]}")
    if name not in RENAMED:
        from difflib import get_close_matches

        near = get_close_matches(name, sys.modules["physsym"].__all__, n=1)
        advice = f"; did you mean {near[0]}?" if near else ""
        raise AttributeError(f"module 'physsym' has no attribute {name!r}{advice}")
    home, _, new = RENAMED[name].rpartition(".")
    value = getattr(importlib.import_module(f"physsym.{home}" if home else "physsym"), new)
    if not importing:
        message = f"physsym.{name} is now physsym.{RENAMED[name]}; the old name goes in version 0.3"
        warnings.warn(message, DeprecationWarning, stacklevel=3)
    return value
