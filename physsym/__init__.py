"""Derive optimizers from mechanics, check every step, typeset it, and run the result.

The names below are loaded when first used, so that `import physsym` costs nothing and imports neither
SymPy nor NumPy (PEP 562).
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from physsym.apply.registry import apply as apply
    from physsym.check.registry import check as check
    from physsym.document import document as document
    from physsym.optimizer import optimizer as optimizer
    from physsym.source import source as source

from physsym.jupyter import announce as _announce
from physsym.jupyter import load as _load
from physsym.jupyter import unload as _unload

__version__ = "0.1.0"

_HOME = {
    "physsym.notation": ("after", "before", "dot", "grad", "hess", "higher", "partial", "potential"),
    "physsym.verdict": ("Condition", "Order", "Outcome", "Premise", "Verdict"),
    "physsym.dimension": ("Dimension", "DimensionError"),
    "physsym.statement": ("Equation", "Law", "Rule", "StatementError", "Update", "law", "rule"),
    "physsym.vocabulary": ("STANDARD", "Quantity", "Vocabulary"),
    "physsym.analysis.damping": (
        "Damping",
        "critical_values",
        "damping_at",
        "damping_ratio",
        "discriminant",
        "underdamped_region",
    ),
    "physsym.analysis.along": ("energy", "rate_along", "slow_velocity"),
    "physsym.analysis.asymptotics": ("leading_roots", "leading_term", "root_series"),
    "physsym.analysis.exactly": ("AnalysisError",),
    "physsym.analysis.grids": ("spectral_radii",),
    "physsym.analysis.invariant": ("keeps",),
    "physsym.analysis.linear": ("characteristic_polynomial", "on_quadratic", "step_matrix"),
    "physsym.analysis.ranges": ("throughout", "throughout_under"),
    "physsym.analysis.rates": ("minimax", "rate_floor", "rate_region", "worst_rate"),
    "physsym.analysis.simulate": ("Orbit", "sign_changes", "simulate", "value_of"),
    "physsym.analysis.slow": ("settled_equation",),
    "physsym.analysis.spectral": ("multipliers", "spectral_radius"),
    "physsym.analysis.stability": ("Region", "stability_region"),
    "physsym.judging": ("about", "conditional", "grows", "noting", "shrinks", "tends", "undecidable"),
    "physsym.integrator": (
        "ExplicitRungeKutta",
        "Integrator",
        "backward_euler",
        "explicit_midpoint",
        "exponential_euler",
        "forward_euler",
        "fully_implicit_euler",
        "heun",
        "implicit_midpoint",
        "integrators",
        "runge_kutta_4",
        "semi_implicit_euler",
        "semi_implicit_euler_positions_first",
        "ssp33",
    ),
    "physsym.system": ("System", "damped_particle", "particle_with_friction"),
    "physsym.moves": (
        "Define",
        "Divide",
        "Eliminate",
        "Integrate",
        "Isolate",
        "Limit",
        "Move",
        "MoveError",
        "Multiply",
        "Neglect",
        "Rescale",
        "Split",
        "Step",
    ),
    "physsym.check": ("dimensions", "identical"),
    "physsym.derivation": ("Assumption", "Derivation", "DerivationError", "ErrorBudget", "StepError"),
    "physsym.claim": ("Claim",),
    "physsym.inference": ("Clash", "Inference", "infer_dimensions"),
    "physsym.comparison": ("Comparison", "compared"),
    "physsym.kernels": ("lambdify",),
    "physsym.optimizer": ("Bound", "Optimizer", "Trajectory"),
    "physsym.problems": ("PROBLEMS", "Problem", "problem"),
    "physsym.reader": ("ReadError", "conditions_of", "read"),
    "physsym.scripts": ("Script", "ScriptError", "script", "scripts"),
    "physsym.sweeps": ("Sweep", "sweep"),
    "physsym.source": ("c_source", "javascript_source", "llvm_source", "python_source"),
    "physsym.typeset": ("equations_of_function", "latex", "latex_of_function", "mathml", "unicode"),
    "physsym.analysis.bseries": (
        "RungeKutta",
        "as_runge_kutta",
        "modified_by",
        "modified_coefficients",
        "order_of",
        "runge_kutta",
    ),
    "physsym.analysis.modified": ("ModifiedEquation", "modified_equation", "modified_potential"),
    "physsym.equivalence": ("same_law", "same_rule"),
}
_MODULE_OF = {name: module for module, names in _HOME.items() for name in names}

# These are modules that can be called; their name is that of the function.
_CALLED = ("apply", "check", "document", "optimizer", "source")

# These are modules whose names are called after the libraries that they serve.
_MODULES = ("adapters",)

__all__ = sorted([*_MODULE_OF, *_CALLED, *_MODULES])


def __getattr__(name: str) -> Any:
    if name in (*_CALLED, *_MODULES):
        return importlib.import_module(f"physsym.{name}")
    if name not in _MODULE_OF:
        raise AttributeError(f"module 'physsym' has no attribute {name!r}")
    value = getattr(importlib.import_module(_MODULE_OF[name]), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted({*globals(), *_MODULE_OF})


def load_ipython_extension(shell: Any) -> None:
    """Let statements, derivations, verdicts and figures show themselves: `%load_ext physsym`."""
    _load(shell)


def unload_ipython_extension(shell: Any) -> None:
    """Leave them to IPython again."""
    _unload(shell)


_announce()
