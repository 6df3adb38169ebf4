"""Prologue: two vocabularies for one set of equations."""

from sympy import Matrix, Rational, Symbol

from ._audit import judged
from ..momentum import by_constants
from physsym import Rule, Verdict, same_rule
from physsym.documents.content import Chapter, Finding, OneFace, Row, Table
from physsym.core.statements import one_step_map, rewritten
from physsym.core.verdicts import fails, holds
from physsym.vocabulary import STANDARD, G, dt, gamma, m, scalar, u

s = Symbol("s", positive=True)
VOCABULARY = STANDARD.extended(scalar(s, meaning="a pure number"))
CONSTANTS = (m, gamma, dt)


def dictionary() -> list[Row]:
    """Return each quantity on both faces, with its meaning on either and its dimension."""
    return [
        (
            OneFace("physics", q.symbol),
            q.meaning,
            OneFace("learning", q.symbol),
            q.meaning_in_learning,
            q.dimension,
        )
        for q in STANDARD.quantities
    ]


def coefficients(of: Rule) -> Matrix:
    """Return what a momentum rule is made of: the share of the displacement kept, the gradient's weight."""
    new = one_step_map(of)[u]
    return Matrix([new.diff(u), -new.coeff(G)])


def scaled(of: Rule) -> Rule:
    """Return a rule with the three constants of mechanics in other units, which `s` tells."""
    larger = {m: s**2 * m, gamma: s * gamma, dt: s * dt}
    return rewritten(of, lambda e: e.subs(larger, simultaneous=True))


def one_to_one(of: Rule = by_constants.rule) -> Verdict:
    """Judge whether the constants of mechanics can be read off the coefficients of the rule."""
    rank = coefficients(of).jacobian(CONSTANTS).rank()
    if rank == len(CONSTANTS):
        return holds(f"the coefficients determine all {rank} constants near a point")
    same = same_rule(of, scaled(of))
    return fails(
        f"the rank of the coefficients as functions of {', '.join(map(str, CONSTANTS))} is {rank}, not 3",
        f"(m, gamma, dt) and (s**2*m, s*gamma, s*dt) give one rule: {same.outcome.value}",
        witness=f"{_at(1, 10, Rational(1, 100))} and {_at(4, 20, Rational(1, 50))}",
    )


def _at(mass: int, friction: int, step: Rational) -> str:
    values = dict(zip(CONSTANTS, (mass, friction, step), strict=True))
    kept, weight = coefficients(by_constants.rule).subs(values)
    return f"m = {mass}, gamma = {friction}, dt = {step} gives {kept} and {weight}"


chapter = Chapter(
    number="Prologue",
    title="One set of equations, two worlds",
    vocabulary=VOCABULARY,
    blocks=(
        """
        Drop a marble into a bowl of honey and let go. It creeps downhill, and at every instant it moves
        the faster the steeper the wall is beneath it. Now take a model with a million weights and let an
        optimizer improve it. It too moves downhill, in the landscape of its loss, and the faster the
        steeper. Honey and models have nothing in common except their equations; but whatever follows
        from the equations alone is then true of both, and need be found out only once.

        This document works that thought out in full. It follows a text that tells the story, which we
        call *the source*: it derives every equation of the source again, line by line, and judges its
        claims one by one. Most hold, many of them under a condition that the source leaves open; some are
        false, a few of them in a way that matters to anyone who sets a learning rate. We owe the source the
        idea and the plan of the journey; it would be poor thanks not to check the map.
        """,
        """
        **How to read it.** Each numbered equation stands twice: in blue as mechanics writes it, in amber
        as machine learning does. The two are one formula in two alphabets. The small badge says what a
        machine found when it checked the step that leads to the line; it unfolds to the evidence. The
        numbers up to (4.4) are those of the source. Seven frames, the *findings*, set side by side what
        follows, what the source says, and how far apart they are. At the end of each section stand the
        sentences of the source that belong there, each with its verdict.
        """,
        Table(
            caption="The dictionary: what each quantity is called in either world, and its dimension "
            "in mass, length and time. In learning the loss plays the part of an energy and the "
            "weights that of lengths, so one dimension serves both.",
            head=("Mechanics", "is the", "Learning", "is the", "Dimension"),
            rows=dictionary,
            faces=("physics", "physics", "learning", "learning", None),
        ),
        """
        The translation itself is as harmless as a change of names can be. Write `physics: x` as
        `learning: x`, and `physics: U` as `learning: U`, and every line of mechanics becomes a line about
        learning. Doing algebra and then renaming gives the same as renaming and then doing algebra; for
        each derivation in this document that is tested, not just said.

        What a change of names *cannot* do is turn one kind of object into another. The time of mechanics
        runs continuously; an optimizer counts its steps. Between the two lies a decision, how to get
        from one instant to the next, and this decision, which is called an integrator, is where nearly
        everything surprising in this document comes from. For each step `dt` of mechanics the optimizer
        counts one.
        """,
        Finding(
            title="Three constants of mechanics, two of the optimizer",
            anchor="one-to-one",
            says="""
            Mechanics describes the particle by its mass, its friction and the time between two looks at
            it. The optimizer that comes out knows only two numbers. One constant is lost on the way.
            """,
            follows=(
                "The rule, in the constants of mechanics:",
                by_constants.rule,
                "It reads them in two combinations only, `gamma*dt/m` and `dt**2/m`: no third can be had.",
            ),
            source="“Every symbol […] has its precise counterpart”; “a one-to-one correspondence”.",
            difference=(
                "Take `s**2*m` for the mass, `s*gamma` for the friction and `s*dt` for the time step, "
                "with any number `s`. Not one digit of any step changes.",
                lambda: f"The rank is {coefficients(by_constants.rule).jacobian(CONSTANTS).rank()} of 3.",
            ),
            check=one_to_one,
        ),
        """
        So the map from mechanics to learning can be followed in one direction only. To come back one has
        to choose a unit first, for example one optimizer step as the unit of time. That is no flaw
        of the story. It says that the optimizer does not know how heavy it is, only how heavy it is for
        its friction.
        """,
        judged("the Prologue", "C01", "C02", "C69"),
    ),
)
