"""Footnotes of Markdown files: `[^name]` in the text, and `[^name]: ...` at the beginning of a line.

They are numbered in the order in which the text refers to them, and stand under a heading at the end.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from textwrap import dedent, indent

from physsym.documents.tree import anchor
from physsym.printing.unicode_printer import RAISED

FOOTNOTES = "Footnotes"
_DEFINED = re.compile(r"\[\^([^\]\s]+)\]:[ \t]*(.*)")
# In code and in formulas the sign of a reference has no meaning.
_REFERRED = re.compile(
    r"(?<!`)(`+)(?!`).+?(?<!`)\1(?!`)"
    r"|\$\$.+?\$\$|\$(?=\S)(?:\\.|[^$\\])+?(?<=\S)\$(?!\d)|\\.|\[\^([^\]\s]+)\](?!:)",
    re.DOTALL,
)
_FENCE = re.compile(r" {0,3}(`{3,}|~{3,})")


@dataclass(frozen=True)
class Footnotes:
    """The footnotes of a text: what each says, with its line, and the numbers of those referred to."""

    said: Mapping[str, tuple[str, int]]
    numbers: Mapping[str, int]

    def __bool__(self) -> bool:
        return bool(self.said)

    def referred(self, text: str, title: str) -> str:
        """Return a text in which each reference is a raised number, a link to the footnotes of a chapter."""
        target = anchor(f"{title} {FOOTNOTES}")

        def linked(found: re.Match[str]) -> str:
            if found[2] is None:
                return found[0]
            raised = "".join(RAISED[digit] for digit in str(self.numbers[found[2]]))
            return f"[{raised}](#{target})"

        return _REFERRED.sub(linked, text)

    def listed(self) -> Iterator[tuple[str, int]]:
        """Yield each footnote as an item of a numbered list, with its line; last those never referred to."""
        order = sorted(self.said, key=lambda name: self.numbers.get(name, len(self.said)))
        for number, name in enumerate(order, 1):
            text, line = self.said[name]
            mark = f"{number}. "
            yield mark + indent(text, " " * len(mark)).lstrip(), line


def without_footnotes(text: str, name: str) -> tuple[str, Footnotes]:
    """Take the footnotes out of a Markdown text; its lines keep their numbers.

    Parameters
    ----------
    text
        Markdown.
    name
        Of the file, for messages.

    Returns
    -------
    tuple of str and Footnotes

    Raises
    ------
    ValueError
        For a reference to a footnote that is not there, and for two footnotes of one name.

    Examples
    --------
    >>> text, notes = without_footnotes("Heavy.[^a]\\n\\n[^a]: The mass.\\n", "notes.md")
    >>> text, list(notes.listed())
    ('Heavy.[^a]\\n\\n\\n', [('1. The mass.', 3)])
    """
    lines, kept, said = text.split("\n"), [], {}
    fence, k = "", 0
    while k < len(lines):
        found = None if fence else _DEFINED.match(lines[k])
        if found is None:
            mark = _FENCE.match(lines[k])
            if mark and not fence:
                fence = mark[1]
            elif mark and mark[1].startswith(fence) and not lines[k].strip(" " + fence[0]):
                fence = ""
            kept.append(lines[k])
            k += 1
            continue
        end = _end_of_footnote(lines, k)
        if found[1] in said:
            raise ValueError(f"{name}, line {k + 1}: a second footnote is named [^{found[1]}]")
        said[found[1]] = ("\n".join([found[2], dedent("\n".join(lines[k + 1 : end]))]).strip(), k + 1)
        kept += [""] * (end - k)
        k = end
    rest = "\n".join(kept)
    referred = [found for found in _REFERRED.finditer(rest) if found[2] is not None] if said else []
    numbers: dict[str, int] = {}
    for found in referred:
        if found[2] not in said:
            line = rest.count("\n", 0, found.start()) + 1
            raise ValueError(
                f"{name}, line {line}: there is no footnote [^{found[2]}]; write its text on a line of its "
                f"own, as in [^{found[2]}]: TEXT"
            )
        numbers.setdefault(found[2], len(numbers) + 1)
    return rest, Footnotes(said, numbers)


def _end_of_footnote(lines: list[str], start: int) -> int:
    """Return the number of the line behind a footnote: its paragraph, and what is indented behind it."""
    k = start + 1
    while k < len(lines):
        ahead = next((j for j in range(k, len(lines)) if lines[j].strip()), len(lines))
        if ahead == len(lines) or (ahead > k and not lines[ahead].startswith("    ")):
            break
        if ahead == k and (
            _DEFINED.match(lines[k]) or re.match(r" {0,3}(#|>|[-*+] |\d+[.)] |```|~~~|<!--)", lines[k])
        ):
            break
        k = ahead + 1
    return k
