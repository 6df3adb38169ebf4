"""Formulas on a page of HTML: MathML in few bytes, with its LaTeX as an annotation that can be copied."""

from __future__ import annotations

import re

from physsym.printing.mathml_printer import CELLS, NAMESPACE

# The LaTeX, which `mathml` has as alternative text; the style is that of `width`.
_MATH = re.compile(
    r'<math((?: style="[^"]*")?(?: display="block")?) alttext="([^"]*)">(.*?)</math>', re.DOTALL
)
# A bracket that is first in its row is a prefix, and one that is last a postfix, without saying so.
_BRACKET = re.compile(r'<mo form="(?:prefix|postfix)" (stretchy="(?:true|false)">[()|]</mo>)')
_SHORTER = {
    # A relation is an infix wherever it stands: no other form of it is known.
    '<mo form="infix">': "<mo>",
    # What is first in its row is a prefix, and these have no space around them then.
    '<mrow><mo form="prefix" lspace="0" rspace="0">': "<mrow><mo>",
    **{f'<mtd style="{style}">': f'<mtd class="{side}">' for style, side in zip(CELLS, "rl", strict=True)},
}


def annotated(page: str) -> str:
    r"""Return a page whose formulas carry their LaTeX as an annotation, and nothing that HTML knows anyway.

    Parameters
    ----------
    page
        HTML with formulas as `mathml` prints them.

    Returns
    -------
    str
        The same page; its style sheet aligns the cells of the classes r and l.

    Examples
    --------
    >>> from physsym.printing import mathml
    >>> from physsym.vocabulary import eta
    >>> print(annotated(mathml(eta, display="inline")))
    <math><semantics><mi>η</mi><annotation encoding="application/x-tex">\eta</annotation></semantics></math>
    """
    page = page.replace(f' xmlns="{NAMESPACE}"', "").replace(' display="inline" alttext=', " alttext=")
    page = _BRACKET.sub(r"<mo \1", page)
    for written, short in _SHORTER.items():
        page = page.replace(written, short)
    return _MATH.sub(_with_annotation, page)


def _with_annotation(math: re.Match[str]) -> str:
    note = f'<annotation encoding="application/x-tex">{math[2]}</annotation>'
    return f"<math{math[1]}><semantics>{math[3]}{note}</semantics></math>"
