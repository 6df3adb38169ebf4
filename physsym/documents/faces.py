"""Which faces a derivation has: that of learning only where it says something that mechanics does not.

A pendulum has no second face. Its page would have a second column in which x is called w, while the length
and the angle keep their names: half a translation, which is worse than none.
"""

from __future__ import annotations

from collections.abc import Iterable

from physsym.core.motion import moving
from physsym.core.statements import Statement, expressions, symbols
from physsym.core.symbols import grad, name_and_marks, potential
from physsym.derivation import Derivation
from physsym.printing import latex
from physsym.vocabulary import Face, Vocabulary


def faces_of_derivation(derivation: Derivation, faces: tuple[Face, ...]) -> tuple[Face, ...]:
    """Return the faces on which a derivation is shown, of those of a document.

    Parameters
    ----------
    derivation
        A derivation whose lines can be carried out.
    faces
        The faces of the document, in their order.

    Returns
    -------
    tuple of Face
        All of them, or that of physics alone: where no formula is another one in learning, and where names
        that the vocabulary does not have would keep a formula half translated.

    Examples
    --------
    >>> from physsym import script
    >>> faces_of_derivation(script("momentum").derivations[0], ("physics", "learning"))
    ('physics', 'learning')
    """
    return faces_of_statements(derivation.lines, derivation.vocabulary, faces)


def faces_of_statements(
    statements: Iterable[Statement], vocabulary: Vocabulary, faces: tuple[Face, ...]
) -> tuple[Face, ...]:
    """Return the faces on which laws and rules are shown, as `faces_of_derivation` does."""
    if len(faces) == 1:
        return faces
    found = tuple(statements)
    unknown = {s for line in found for s in symbols(line) if vocabulary.quantity(s) is None}
    moved = {name_and_marks(s)[0] for line in found for s in moving(line)}
    # An unknown function of a point is what learning calls a loss: then constants may have any names.
    opaque = any(e.has(grad, potential) for line in found for e in expressions(line))
    half = {s for s in unknown if not opaque or name_and_marks(s)[0] in moved}
    if half or all(
        latex(line, "physics", vocabulary) == latex(line, "learning", vocabulary) for line in found
    ):
        return ("physics",)
    return faces
