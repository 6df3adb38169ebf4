"""A short book with every kind of block, for the tests of the documents."""

from base64 import b64decode

from sympy import Function, Symbol

from derivations import gradient_descent, momentum
from derivations.book.reference import gradient_descent as written_by_hand
from physsym.core.statements import Equation, Relation, law, rule
from physsym.core.symbols import after, dot
from physsym.core.verdicts import Outcome, Verdict, holds, undecided
from physsym.documents.content import (
    Book,
    Chapter,
    Claims,
    Code,
    Embedded,
    EquationRange,
    Figure,
    Finding,
    Heading,
    Note,
    NumberedEquation,
    OneFace,
    Table,
)
from physsym.documents.tree import Photo
from physsym.loading import Script
from physsym.mechanics.claim import Claim
from physsym.verify.equivalence import same_law
from physsym.vocabulary import STANDARD, G, dt, eta, gamma, m, rho, tau, u, v, x

descent, heavy = gradient_descent.derivation, momentum.derivation

true_claim = Claim("C01", "1.4", "A light particle obeys at once", "`tau = m/gamma` is small", holds)
vague_claim = Claim("C96", "2.1", "It is like honey", "no formal content", lambda: undecided("a comparison"))
half_claim = Claim(
    "C05",
    "1.1",
    "The algorithm descends",
    "`eta*lam < 2` and a ` stray mark",
    lambda: Verdict(
        Outcome.CONDITIONAL, ("iff `0 < eta*lam < 2`", "else by `eta lam - 2`"), witness="eta = 3"
    ),
    repair="it does for `0 < eta*lam < 2`",
)


def wave(ax):
    """Draw a line."""
    ax.plot([0, 1, 2], [0, 1, 0])
    ax.set(xlabel=r"$\tau$", ylabel="share")


def rows():
    """Yield rows with a cell of every kind."""
    yield (OneFace("physics", x), OneFace("learning", x), STANDARD.get("eta").dimension, 0.123456)
    yield ("`tau`: *memory*", true_claim, holds("seen"), 7)
    yield (
        NumberedEquation("", line=(descent, 6)),
        lambda: "computed `eta`",
        Equation(tau, m / gamma),
        true_claim,
    )


def little_page():
    """Return a page with a script of its own."""
    return "<p id='it'>It's still & <b>1</b></p><script>document.getElementById('it').id = \"ran\";</script>"


# A picture of one point.
POINT = b64decode(
    "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAAAAAA6fptVAAAACklEQVR4nGNgAAAAAgABSK+kcQAAAABJRU5ErkJggg=="
)
one = Chapter(
    "The time scale `tau`",
    (
        """
        With little friction `gamma` a particle at `x` keeps its speed; `physics: U` becomes `learning: U`.
        See (2.2), claim C05 and [the finding](#finding-1). **Small** means `dt/tau -> 0`, `code` and *sense*.

        - first `tau ~ m/gamma`
        - second

        1. one
        2. two
        """,
        Heading("2.1 What `tau` is"),
        EquationRange(descent, {0: "1.4", 2: "2.2"}, stop=2),
        NumberedEquation("2.2'", law({tau * dot(v): -G / gamma - v}), check=lambda: same_law(
            law({tau * dot(v): -G / gamma - v}), law({tau * dot(v) + v: -G / gamma}))),
        NumberedEquation(
            "4.2a", Relation((dot(v), (after(v) - v) / dt), ("~",)), check=holds, says="A quotient."
        ),
        NumberedEquation("5.0", Function("f")(Symbol("k", real=True)), check=holds, faces=("learning",)),
        Table("Cells of `every` kind.", ("`x`", "ML", "Dimension", "Value"), rows, number="1",
              faces=("physics", "learning", None, None)),
        Figure("wave", (wave, wave), lambda: "Twice `tau`, exactly 3 points.", "A wave."),
        Note("Aside", "Whoever reads this, `m` is mass."),
        "> Friction `gamma` is quoted.\n>\n> - with a list",
        Photo("point.png", POINT, "A point", "A point at rest."),
        Embedded("It *runs*", little_page, "See ``elsewhere`` about `tau`."),
        Code("By hand", written_by_hand),
    ),
    "II",
)  # fmt: skip
two = Chapter(
    "Momentum",
    (
        Finding(
            "The gradient weighs `1 - rho`",
            follows=(NumberedEquation("4.4", line=(heavy, 7)), "with `eta = dt/gamma`"),
            source=rule({u: rho * u - eta * G, x: x + after(u)}),
            difference=lambda: (eta * rho * G, "too large by `1/(1 - rho)`"),
            check=momentum.source_claim.judge,
            says="The source keeps all of `eta`.",
        ),
        NumberedEquation("4.4", line=(heavy, 7)),
        Claims((half_claim, vague_claim), title="Judged here"),
    ),
    "IV",
)
book = Book("A short book", (one, two), "An *opening* with `tau`.", "In two chapters")
claims = (true_claim, half_claim, vague_claim)
SOURCES = (
    Script("sample", "", (), claims, (book,)),
    Script("descent", "Descent.\n\nText.", (descent,), parts=(gradient_descent.comparisons,)),
)
