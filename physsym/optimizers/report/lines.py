"""A report as a value: lines, each with a result, or with the reason why there is none."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from decimal import Decimal
from html import escape
from math import isfinite
from textwrap import wrap
from typing import Any, TypeAlias

from sympy import Expr, Rational, Symbol

from physsym.core.statements import Equation, Law, Relation, Rule
from physsym.core.verdicts import Condition

WIDTH, MARGIN = 80, 25
MOST, LEAST, NEAR, DIGITS = 10**15, 1e-300, Rational(1, 200000), 15
CANCELLING = 2000  # digits that may cancel in the difference of a number from one
CELL = '<td style="text-align:left">'
Formula: TypeAlias = Expr | Equation | Relation | Law | Rule


@dataclass(frozen=True)
class Line:
    """One line of a report.

    Parameters
    ----------
    subject
        What it is about, such as "effective learning rate".
    parts
        The result as words and formulas in turn; empty where there is none.
    value
        The main result, for programs: an expression, a law, or a value of `physsym.optimizers.report`.
    reason
        Why there is no result; empty where there is one.
    source
        Where the quantity is published.
    given
        What the result is under, in words, such as "nu held fixed".
    """

    subject: str
    parts: tuple[str | Formula, ...] = ()
    value: Any = field(default=None, compare=False)
    reason: str = ""
    source: str = ""
    given: str = ""

    def __bool__(self) -> bool:
        """Return whether there is a result."""
        return not self.reason

    @property
    def text(self) -> str:
        """Return the result in words, or "not, because" and the reason."""
        if self.reason:
            return f"not, because {self.reason}"
        said = "".join(map(str, self.parts))
        return f"{said} [{self.source}]" if self.source else said

    def __str__(self) -> str:
        return f"{self.subject}: {self.text}" + (f", with {self.given}" if self.given else "")


@dataclass(frozen=True)
class Report:
    """What a rule is as mechanics and as a method of optimization, line by line.

    It shows itself as aligned text in a terminal (`str`) and as a table in a notebook. `report["order"]` is
    the line of a subject; a line is false where it has no result.

    Parameters
    ----------
    rule
        The rule.
    lines
        The lines, in order.
    name
        What the rule is called, if that is known.
    values
        The parameters with the values at which numbers are given.
    assuming
        The natural ranges of the parameters, and what is held fixed.
    """

    rule: Rule
    lines: tuple[Line, ...]
    name: str = ""
    values: tuple[tuple[Symbol, Expr], ...] = ()
    assuming: tuple[Condition, ...] = ()

    def __getitem__(self, subject: str) -> Line:
        """Return the line of a subject; raise KeyError with the subjects that there are."""
        found = next((line for line in self.lines if line.subject == subject), None)
        if found is None:
            raise KeyError(f"no line about {subject!r}; there are {', '.join(s.subject for s in self.lines)}")
        return found

    @property
    def title(self) -> str:
        """Return the name of the rule, or the rule."""
        return self.name or str(self.rule)

    @property
    def held(self) -> str:
        """Return what the lines of the linear rule are under, in words."""
        return next((line.given for line in self.lines if line.given), "")

    def __str__(self) -> str:
        return text(self)

    def _repr_html_(self) -> str:
        return html(self)

    def _repr_latex_(self) -> str:
        return latex_table(self)


def text(report: Report, width: int = WIDTH) -> str:
    """Return a report as aligned text.

    Parameters
    ----------
    report
        The report.
    width
        The number of columns.

    Returns
    -------
    str
        The title, the rule, and the lines.
    """
    rows = [("rule", str(report.rule))]
    if report.assuming:
        rows.append(("for", " and ".join(map(_condition, report.assuming))))
    if report.values:
        rows.append(("at", ", ".join(f"{s} = {number(value)}" for s, value in report.values)))
    if held := report.held:
        rows.append(("with", held))
    rows += [(line.subject, said) for line, said in zip(report.lines, _said(report), strict=True)]
    body = [line for subject, said in rows for line in _row(subject, said, width)]
    return "\n".join([*wrap(report.name, width), *body])


def _said(report: Report) -> Iterator[str]:
    """Yield the text of each line; a reason that was given before is not repeated."""
    given: set[str] = set()
    for line in report.lines:
        yield "not, for the same reason" if line.reason in given else line.text
        given |= {line.reason} if line.reason else set()


def _row(subject: str, said: str, width: int) -> list[str]:
    first, *rest = wrap(said, max(width - MARGIN, 20), break_on_hyphens=False) or [""]
    return [f"{subject:<{MARGIN}}{first}".rstrip(), *(" " * MARGIN + r for r in rest)]


def number(value: Expr) -> str:
    """Return a number with six digits, or a whole number as it is; one next to one as 1 - 1e-15."""
    if not value.is_number or (value.is_Integer and abs(value) < MOST):
        return str(value)
    for whole in (1, -1):
        gap = (value - whole).evalf(DIGITS, maxn=CANCELLING)
        if 0 < abs(gap) < NEAR:
            return f"{whole} {'-' if gap < 0 else '+'} {number(abs(gap))}"
    rounded = float(value)
    if isfinite(rounded) and abs(rounded) > LEAST:
        return f"{rounded:.6g}"
    lead, power = f"{Decimal(str(value.evalf(DIGITS))):.5e}".split("e")  # beyond the range of floats
    return f"{lead.rstrip('0').rstrip('.')}e{power}"


def _condition(condition: Condition) -> str:
    """Return a condition with the symbol on one side: eta > 0, rho < 1."""
    relation = _relation(condition)
    return str(relation)


def _relation(condition: Condition) -> Relation:
    sign = condition.relation.split()[0]
    e = condition.expression
    rest, moving = e.as_independent(*e.free_symbols, as_Add=True)
    if rest == 0 or not moving.could_extract_minus_sign():
        return Relation((moving, -rest), (sign,))
    return Relation((-moving, rest), ({">": "<", ">=": "<="}.get(sign, sign),))


def html(report: Report) -> str:
    """Return a report as a table of HTML with formulas in MathML; it needs no style sheet."""
    from physsym.printing import mathml

    def shown(part: str | Formula) -> str:
        return (
            escape(part)
            if isinstance(part, str)
            else mathml(part, "learning").replace(' display="block"', "")
        )

    rows = [("rule", mathml(report.rule, "learning"), "")]
    if report.assuming:
        rows.append(("for", ", ".join(shown(_relation(c)) for c in report.assuming), ""))
    if report.values:
        at = ", ".join(f"{shown(s)} = {number(value)}" for s, value in report.values)
        rows.append(("at", at, ""))
    if report.held:
        rows.append(("with", escape(report.held), ""))
    for line in report.lines:
        said = f"not, because {escape(line.reason)}" if line.reason else "".join(map(shown, line.parts))
        rows.append((line.subject, said, line.source))
    cells = "".join(
        f"<tr>{''.join(f'{CELL}{cell}</td>' for cell in (escape(subject), said, escape(source)))}</tr>\n"
        for subject, said, source in rows
    )
    caption = f"<caption>{escape(report.name)}</caption>\n" if report.name else ""
    return f"<table>\n{caption}{cells}</table>"


def latex_table(report: Report) -> str:
    """Return a report as an array of LaTeX that a notebook can show."""
    from physsym.printing import latex

    def shown(part: str | Formula) -> str:
        return rf"\text{{{_escaped(part)}}}" if isinstance(part, str) else latex(part, "learning")

    rows = [rf"\text{{rule}} & {latex(report.rule, 'learning')}"]
    for line in report.lines:
        said = shown(f"not, because {line.reason}") if line.reason else "".join(map(shown, line.parts))
        rows.append(rf"\text{{{_escaped(line.subject)}}} & {said}")
    return "$$\\begin{array}{ll}\n" + " \\\\\n".join(rows) + "\n\\end{array}$$"


def _escaped(words: str) -> str:
    for sign in "\\{}$&#_%^~":
        words = words.replace(sign, {"\\": r"\backslash ", "^": r"\^{}", "~": r"\~{}"}.get(sign, "\\" + sign))
    return words


__all__ = ["Line", "Report", "html", "latex_table", "number", "text"]
