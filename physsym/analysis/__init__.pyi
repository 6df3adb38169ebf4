from .asymptotics import leading_roots, leading_term, root_series
from .b_series import as_runge_kutta, modified_by, modified_coefficients, order_of, runge_kutta
from .damping import Damping, critical_values, damping_at, damping_ratio, discriminant, underdamped_region
from .exact_evaluation import AnalysisError
from .exact_trajectory import ExactTrajectory, sign_changes, simulate, value_of
from .lie_derivative import energy, rate_along
from .linear import characteristic_polynomial, on_quadratic, step_matrix
from .modified_equations import ModifiedEquation, modified_equation, modified_potential
from .numeric_spectra import spectral_radii
from .quantified import holds_for_all, holds_for_all_given, is_forward_invariant
from .rates import is_minimax_rate, rate_lower_bound, rate_region, worst_case_rate
from .slow_manifold import slow_manifold_equation, slow_velocity
from .spectral import multipliers, spectral_radius
from .stability import Region, stability_region

__all__ = [
    "AnalysisError",
    "Damping",
    "ExactTrajectory",
    "ModifiedEquation",
    "Region",
    "as_runge_kutta",
    "characteristic_polynomial",
    "critical_values",
    "damping_at",
    "damping_ratio",
    "discriminant",
    "energy",
    "holds_for_all",
    "holds_for_all_given",
    "is_forward_invariant",
    "is_minimax_rate",
    "leading_roots",
    "leading_term",
    "modified_by",
    "modified_coefficients",
    "modified_equation",
    "modified_potential",
    "multipliers",
    "on_quadratic",
    "order_of",
    "rate_along",
    "rate_lower_bound",
    "rate_region",
    "root_series",
    "runge_kutta",
    "sign_changes",
    "simulate",
    "slow_manifold_equation",
    "slow_velocity",
    "spectral_radii",
    "spectral_radius",
    "stability_region",
    "step_matrix",
    "underdamped_region",
    "value_of",
    "worst_case_rate",
]
