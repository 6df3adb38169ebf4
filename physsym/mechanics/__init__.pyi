from .claim import Claim as Claim
from .integrators import ExplicitRungeKutta as ExplicitRungeKutta
from .integrators import Integrator as Integrator
from .moves import (
    Define as Define,
)
from .moves import (
    Divide as Divide,
)
from .moves import (
    Eliminate as Eliminate,
)
from .moves import (
    Integrate as Integrate,
)
from .moves import (
    Isolate as Isolate,
)
from .moves import (
    Limit as Limit,
)
from .moves import (
    Move as Move,
)
from .moves import (
    MoveError as MoveError,
)
from .moves import (
    Multiply as Multiply,
)
from .moves import (
    Neglect as Neglect,
)
from .moves import (
    ReduceOrder as ReduceOrder,
)
from .moves import (
    Rescale as Rescale,
)
from .moves import (
    Step as Step,
)
from .system import (
    System as System,
)
from .system import (
    damped_particle as damped_particle,
)
from .system import (
    particle_with_friction as particle_with_friction,
)
from .system import (
    total_time_derivative as total_time_derivative,
)

__all__ = [
    "Claim",
    "Define",
    "Divide",
    "Eliminate",
    "ExplicitRungeKutta",
    "Integrate",
    "Integrator",
    "Isolate",
    "Limit",
    "Move",
    "MoveError",
    "Multiply",
    "Neglect",
    "ReduceOrder",
    "Rescale",
    "Step",
    "System",
    "damped_particle",
    "particle_with_friction",
    "total_time_derivative",
]
