# isort: off
from . import (  # reached as attributes, not names at the top
    certificates as certificates,
    core as core,
    derivation as derivation,
    documents as documents,
    exercises as exercises,
    loading as loading,
    mechanics as mechanics,
    optimizers as optimizers,
    parsing as parsing,
    printing as printing,
    runtime as runtime,
    transform as transform,
    verify as verify,
)

# isort: on
from . import adapters, analysis, claims, codegen, integrators, testing, vocabulary
from ._versions import show_versions
from .auditing import audit
from .codegen.emit import source
from .core.dimensions import Dimension
from .core.statements import Equation, Law, Rule, Update
from .core.symbols import after, before, dot, grad, hess, higher, partial, potential
from .core.verdicts import Condition, Hypothesis, Order, Outcome, Verdict
from .derivation import Derivation
from .documents import document
from .loading import script, scripts
from .mechanics.claim import Claim
from .mechanics.moves import (
    Define,
    Divide,
    Eliminate,
    Integrate,
    Isolate,
    Limit,
    Move,
    Multiply,
    Neglect,
    ReduceOrder,
    Rescale,
    Step,
)
from .mechanics.system import System, damped_particle
from .optimizers.conventions import convert
from .optimizers.equivalent_rules import equivalent
from .optimizers.freezing import freeze
from .optimizers.known import known
from .optimizers.lifting import lift
from .optimizers.recovery import recover
from .optimizers.relatives import identify
from .optimizers.report import report
from .parsing.reader import read
from .parsing.statements import law, rule
from .printing.latex_printer import latex
from .printing.mathml_printer import mathml
from .printing.unicode_printer import unicode
from .runtime.backends import lambdify
from .runtime.optimizers import Optimizer, optimizer
from .runtime.sweeps import sweep
from .transform.registry import apply
from .verify.dimensions import dimensions
from .verify.equivalence import identical, same_law, same_rule
from .verify.registry import check
from .verify.solution import solves
from .vocabulary import Quantity, Vocabulary

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
    "audit",
    "before",
    "check",
    "claims",
    "codegen",
    "convert",
    "damped_particle",
    "dimensions",
    "document",
    "dot",
    "equivalent",
    "freeze",
    "grad",
    "hess",
    "higher",
    "identical",
    "identify",
    "integrators",
    "known",
    "lambdify",
    "latex",
    "law",
    "lift",
    "mathml",
    "optimizer",
    "partial",
    "potential",
    "read",
    "recover",
    "report",
    "rule",
    "same_law",
    "same_rule",
    "script",
    "scripts",
    "show_versions",
    "solves",
    "source",
    "sweep",
    "testing",
    "unicode",
    "vocabulary",
]
