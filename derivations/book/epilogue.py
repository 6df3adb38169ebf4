"""Epilogue: what is left of the story when it has been checked."""

from ._audit import judged
from ..momentum import derivation as momentum
from ..gradient_descent import derivation as descent
from physsym import identical
from physsym.analysis.modified_equations import modified_equation, modified_potential
from physsym.documents.content import Chapter, NumberedEquation
from physsym.vocabulary import G, U, eta

modified = U + eta * G**2 / 4

chapter = Chapter(
    number="Epilogue",
    title="What remains",
    blocks=(
        """
        The story that the source tells is a good one, and most of it has stood. The learning rate of gradient
        descent *is* a time step over a friction. Momentum *is* inertia. Let the mass vanish, and momentum
        becomes gradient descent, provided that friction is treated well or that the mass goes first. The
        equation behind both is one line of mechanics.

        What has not stood is the word *exact*. Between mechanics and learning stands an integrator, and it
        leaves traces: a gradient step of finite size can jump across a valley, which no flow on a line can;
        to the next order in the step it follows the flow of another landscape, which is given below. Nor is
        the map
        one to one: the optimizer does not know its mass, its friction and its clock, only two numbers made
        of them.

        And one factor had to be put back:
        """,
        NumberedEquation(
            "",
            modified,
            check=lambda: identical(modified, modified_potential(modified_equation(descent.rule, eta))),
            says="The landscape that gradient descent follows one order more closely than its own:",
        ),
        NumberedEquation("", line=(momentum, 7), says="The momentum method, as it follows:"),
        """
        The findings came from three habits: writing each line below the one before it, asking for the
        dimension of both sides, and trying a sentence on the example that stands beside it. Every check in
        this document can be run again by the command at [its end](#how-the-machine-checks).

        Real landscapes of learning are stranger than a valley: they change with every handful of examples,
        they have more directions than anyone can picture, and nobody has seen one whole. Mechanics will not
        make them simple. But it gives words for what an optimizer does, and sentences that can be checked.
        """,
        judged("the Epilogue", "C66", "C97", "C98", "C100", "C101", "C102", "C103"),
    ),
)
