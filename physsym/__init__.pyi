from . import adapters as adapters
from . import analysis as analysis
from . import claims as claims
from . import codegen as codegen
from . import integrators as integrators
from . import testing as testing
from . import vocabulary as vocabulary
from .codegen.emit import source as source
from .core.dimensions import Dimension as Dimension
from .core.statements import (
    Equation as Equation,
)
from .core.statements import (
    Law as Law,
)
from .core.statements import (
    Rule as Rule,
)
from .core.statements import (
    Update as Update,
)
from .core.statements import (
    law as law,
)
from .core.statements import (
    rule as rule,
)
from .core.symbols import (
    after as after,
)
from .core.symbols import (
    before as before,
)
from .core.symbols import (
    dot as dot,
)
from .core.symbols import (
    grad as grad,
)
from .core.symbols import (
    hess as hess,
)
from .core.symbols import (
    higher as higher,
)
from .core.symbols import (
    partial as partial,
)
from .core.symbols import (
    potential as potential,
)
from .core.verdicts import (
    Condition as Condition,
)
from .core.verdicts import (
    Hypothesis as Hypothesis,
)
from .core.verdicts import (
    Order as Order,
)
from .core.verdicts import (
    Outcome as Outcome,
)
from .core.verdicts import (
    Verdict as Verdict,
)
from .derivation import Derivation as Derivation
from .documents import document as document
from .documents.scripts import script as script
from .documents.scripts import scripts as scripts
from .mechanics.claim import Claim as Claim
from .mechanics.moves import (
    Define as Define,
)
from .mechanics.moves import (
    Divide as Divide,
)
from .mechanics.moves import (
    Eliminate as Eliminate,
)
from .mechanics.moves import (
    Integrate as Integrate,
)
from .mechanics.moves import (
    Isolate as Isolate,
)
from .mechanics.moves import (
    Limit as Limit,
)
from .mechanics.moves import (
    Move as Move,
)
from .mechanics.moves import (
    Multiply as Multiply,
)
from .mechanics.moves import (
    Neglect as Neglect,
)
from .mechanics.moves import (
    ReduceOrder as ReduceOrder,
)
from .mechanics.moves import (
    Rescale as Rescale,
)
from .mechanics.moves import (
    Step as Step,
)
from .mechanics.system import System as System
from .mechanics.system import damped_particle as damped_particle
from .parsing import read as read
from .printing.latex_printer import latex as latex
from .printing.mathml_printer import mathml as mathml
from .printing.unicode_printer import unicode as unicode
from .runtime.backends import lambdify as lambdify
from .runtime.optimizer import Optimizer as Optimizer
from .runtime.optimizer import optimizer as optimizer
from .runtime.sweep import sweep as sweep
from .transform.registry import apply as apply
from .verify.dimensions import dimensions as dimensions
from .verify.equivalence import same_law as same_law
from .verify.equivalence import same_rule as same_rule
from .verify.identity import identical as identical
from .verify.registry import check as check
from .vocabulary import Quantity as Quantity
from .vocabulary import Vocabulary as Vocabulary

__version__: str

__all__ = [
    "Claim",
    "Condition",
    "Define",
    "Derivation",
    "Dimension",
    "Divide",
    "Eliminate",
    "Equation",
    "Hypothesis",
    "Integrate",
    "Isolate",
    "Law",
    "Limit",
    "Move",
    "Multiply",
    "Neglect",
    "Optimizer",
    "Order",
    "Outcome",
    "Quantity",
    "ReduceOrder",
    "Rescale",
    "Rule",
    "Step",
    "System",
    "Update",
    "Verdict",
    "Vocabulary",
    "adapters",
    "after",
    "analysis",
    "apply",
    "before",
    "check",
    "claims",
    "codegen",
    "damped_particle",
    "dimensions",
    "document",
    "dot",
    "grad",
    "hess",
    "higher",
    "identical",
    "integrators",
    "lambdify",
    "latex",
    "law",
    "mathml",
    "optimizer",
    "partial",
    "potential",
    "read",
    "rule",
    "same_law",
    "same_rule",
    "script",
    "scripts",
    "source",
    "sweep",
    "testing",
    "unicode",
    "vocabulary",
]
