"""What the derived rules are compared with: optimizers that people write by hand, see `book.reference`."""

from physsym import Rule
from physsym.documents.comparisons import Comparison, Comparisons


def _compare(rule: Rule) -> tuple[Comparison, ...]:
    # The comparison runs both, with NumPy: it is loaded when a document asks for it.
    from .book.comparison import compare

    return compare(rule)


optimizers_by_hand = Comparisons(_compare)
