from .asymptotics import (
    leading_roots as leading_roots,
)
from .asymptotics import (
    leading_term as leading_term,
)
from .asymptotics import (
    root_series as root_series,
)
from .b_series import (
    RungeKutta as RungeKutta,
)
from .b_series import (
    as_runge_kutta as as_runge_kutta,
)
from .b_series import (
    modified_by as modified_by,
)
from .b_series import (
    modified_coefficients as modified_coefficients,
)
from .b_series import (
    order_of as order_of,
)
from .b_series import (
    runge_kutta as runge_kutta,
)
from .damping import (
    Damping as Damping,
)
from .damping import (
    critical_values as critical_values,
)
from .damping import (
    damping_at as damping_at,
)
from .damping import (
    damping_ratio as damping_ratio,
)
from .damping import (
    discriminant as discriminant,
)
from .damping import (
    underdamped_region as underdamped_region,
)
from .exact_evaluation import AnalysisError as AnalysisError
from .exact_trajectory import (
    ExactTrajectory as ExactTrajectory,
)
from .exact_trajectory import (
    sign_changes as sign_changes,
)
from .exact_trajectory import (
    simulate as simulate,
)
from .exact_trajectory import (
    value_of as value_of,
)
from .forward_invariance import is_forward_invariant as is_forward_invariant
from .lie_derivative import (
    energy as energy,
)
from .lie_derivative import (
    rate_along as rate_along,
)
from .lie_derivative import (
    slow_velocity as slow_velocity,
)
from .linear import (
    characteristic_polynomial as characteristic_polynomial,
)
from .linear import (
    on_quadratic as on_quadratic,
)
from .linear import (
    step_matrix as step_matrix,
)
from .modified_equation import (
    ModifiedEquation as ModifiedEquation,
)
from .modified_equation import (
    modified_equation as modified_equation,
)
from .modified_equation import (
    modified_potential as modified_potential,
)
from .numeric_spectra import spectral_radii as spectral_radii
from .quantified import holds_for_all as holds_for_all
from .quantified import holds_for_all_given as holds_for_all_given
from .rates import (
    is_minimax_rate as is_minimax_rate,
)
from .rates import (
    rate_lower_bound as rate_lower_bound,
)
from .rates import (
    rate_region as rate_region,
)
from .rates import (
    worst_case_rate as worst_case_rate,
)
from .slow_manifold import slow_manifold_equation as slow_manifold_equation
from .spectral import multipliers as multipliers
from .spectral import spectral_radius as spectral_radius
from .stability import Region as Region
from .stability import stability_region as stability_region

__all__ = [
    "AnalysisError",
    "Damping",
    "ExactTrajectory",
    "ModifiedEquation",
    "Region",
    "RungeKutta",
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
