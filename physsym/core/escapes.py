"""Text from scripts, such as titles, as it may be shown: control characters are written as escapes."""

from __future__ import annotations

import re

# Controls (but for the end of a line), halves of surrogate pairs, and what reverses the direction of text.
_CONTROLS = re.compile("[\x00-\x09\x0b-\x1f\x7f-\x9f\u200e\u200f\u2028-\u202e\u2066-\u2069\ud800-\udfff]")


def visible(text: object) -> str:
    """Return text in which control characters, such as those that colour a terminal, are written as escapes.

    >>> visible("a\\x1b[31mred")
    'a\\\\x1b[31mred'
    """
    return _CONTROLS.sub(lambda found: ascii(found[0])[1:-1], str(text))


def one_line(text: object) -> str:
    """Return text as `visible` does, with the ends of lines escaped: a title cannot pose as another line."""
    return visible(text).replace("\n", "\\n")
