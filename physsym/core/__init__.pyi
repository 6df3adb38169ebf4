from .dimensions import Dimension as Dimension
from .dimensions import DimensionError as DimensionError
from .inference import (
    Clash as Clash,
)
from .inference import (
    Inference as Inference,
)
from .inference import (
    infer_dimensions as infer_dimensions,
)
from .signs import signs as signs
from .statements import (
    Equation as Equation,
)
from .statements import (
    Law as Law,
)
from .statements import (
    Relation as Relation,
)
from .statements import (
    Rule as Rule,
)
from .statements import (
    StatementError as StatementError,
)
from .statements import (
    Update as Update,
)
from .statements import (
    law as law,
)
from .statements import (
    parameters as parameters,
)
from .statements import (
    rule as rule,
)
from .statements import (
    states as states,
)
from .statements import (
    symbols as symbols,
)
from .symbols import (
    after as after,
)
from .symbols import (
    before as before,
)
from .symbols import (
    dot as dot,
)
from .symbols import (
    exact as exact,
)
from .symbols import (
    grad as grad,
)
from .symbols import (
    hess as hess,
)
from .symbols import (
    higher as higher,
)
from .symbols import (
    partial as partial,
)
from .symbols import (
    potential as potential,
)
from .verdicts import (
    Condition as Condition,
)
from .verdicts import (
    Hypothesis as Hypothesis,
)
from .verdicts import (
    Order as Order,
)
from .verdicts import (
    Outcome as Outcome,
)
from .verdicts import (
    Verdict as Verdict,
)
from .verdicts import (
    all_of as all_of,
)
from .verdicts import (
    fails as fails,
)
from .verdicts import (
    holds as holds,
)
from .verdicts import (
    undecided as undecided,
)

__all__ = [
    "Clash",
    "Condition",
    "Dimension",
    "DimensionError",
    "Equation",
    "Hypothesis",
    "Inference",
    "Law",
    "Order",
    "Outcome",
    "Relation",
    "Rule",
    "StatementError",
    "Update",
    "Verdict",
    "after",
    "all_of",
    "before",
    "dot",
    "exact",
    "fails",
    "grad",
    "hess",
    "higher",
    "holds",
    "infer_dimensions",
    "law",
    "parameters",
    "partial",
    "potential",
    "rule",
    "signs",
    "states",
    "symbols",
    "undecided",
]
