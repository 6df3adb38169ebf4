"""Epilogue: what is left of the story when it has been checked."""

from ._audit import judged
from ..momentum import derivation as momentum
from physsym.documents.content import Chapter, NumberedEquation

chapter = Chapter(
    number="Epilogue",
    title="What remains",
    blocks=(
        """
        The story that the source tells is a good one, and most of it has stood. A learning rate *is* a
        time step over a friction. Momentum *is* inertia. Let the mass vanish, and momentum becomes
        gradient descent, provided that friction is treated well or that the mass goes first. The equation
        behind both is one line of mechanics.

        What has not stood is the word *exact*. Between mechanics and learning stands an integrator, and it
        leaves traces: a gradient step of finite size can jump across a valley, which no flow can; it follows,
        more closely than its own landscape, one that is a little steeper where the slope is large; and
        for large steps on a parabola there is no flow at all that it would be the shadow of. Nor is the map
        one to one: the optimizer does not know its mass, its friction and its clock, only two numbers made
        of them.

        And one factor had to be put back:
        """,
        NumberedEquation("", line=(momentum, 7), says="The momentum method, as it follows:"),
        """
        It would be easy to end on the errors. We would rather end on the method. None of the seven findings
        needed genius. Three fell out of writing each line below the one before it, two out of asking for the
        dimension of both sides, and two out of trying a sentence on the very example that stood beside it.
        This is work of the kind that machines do gladly and people do badly, and every check in this
        document can be run again, by anyone, in a minute or two.

        Real landscapes of learning are stranger than a valley: they change with every handful of examples,
        they have more directions than anyone can picture, and nobody has seen one whole. Mechanics will not
        make them simple. But it gives words for what an optimizer does, and sentences that can be checked.
        """,
        judged("the Epilogue", "C66", "C97", "C98", "C100", "C101", "C102", "C103"),
    ),
)
