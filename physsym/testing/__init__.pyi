from . import random_models as random_models
from . import strategies as strategies
from .assertions import (
    assert_derivation as assert_derivation,
)
from .assertions import (
    assert_same_expression as assert_same_expression,
)
from .assertions import (
    assert_same_law as assert_same_law,
)
from .assertions import (
    assert_same_rule as assert_same_rule,
)
from .mutation import MutationScore as MutationScore
from .mutation import mutation_score as mutation_score
from .step_functions import assert_optimizer as assert_optimizer
from .updates import assert_update as assert_update

__all__ = [
    "MutationScore",
    "assert_derivation",
    "assert_optimizer",
    "assert_same_expression",
    "assert_same_law",
    "assert_same_rule",
    "assert_update",
    "mutation_score",
    "random_models",
    "strategies",
]
