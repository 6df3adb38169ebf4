"""Ways to read a formula as plain text, without commands of LaTeX."""

from __future__ import annotations

import re

from physsym.parsing.meanings import Chain, Meaning


def as_text(meaning: Meaning) -> str:
    """Return a meaning as plain text, with what was assumed."""
    chains = "; ".join(map(chain_as_text, meaning.chains))
    assumed = [*meaning.assumed, *(["one coordinate"] if meaning.one_coordinate else [])]
    return without_commands(chains + (f"   ({', '.join(assumed)})" if assumed else ""))


_IN_A_FONT = re.compile(r"\\(?:math\w+|text\w*|rm|bf|boldsymbol|bm|operatorname\*?|vec)\s*\{([^{}]*)\}")


def without_commands(text: str) -> str:
    r"""Return a text without the commands of LaTeX that names of what is opaque have.

    >>> print(without_commands(r"\O(h**2) + \mathbf{r}_i \in \mathbb{R}"))
    O(h**2) + r_i in R
    """
    while (shorter := _IN_A_FONT.sub(r"\1", text)) != text:
        text = shorter
    return re.sub(r"\\([A-Za-z]+)(?=\d)", r"\\\1 ", re.sub(r"(?<=\w)\\", r" \\", text)).replace("\\", "")


def chain_as_text(chain: Chain) -> str:
    """Return a statement as plain text."""
    parts = [str(chain.sides[0])]
    for relation, side in zip(chain.relations, chain.sides[1:], strict=True):
        parts += [relation, str(side)]
    return " ".join(parts)
