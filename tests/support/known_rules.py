"""The table of published rules in the how-to page: `python -m tests.support.known_rules` writes it."""

from __future__ import annotations

from pathlib import Path

from physsym import known
from physsym.optimizers import Known

PAGE = Path(__file__).parents[2] / "docs" / "how-to" / "known-rules.md"
BEGIN, END = "<!-- table of ps.known -->\n", "<!-- end of the table -->\n"
LIBRARIES = ("torch", "optax", "keras")


def call(rule: Known, library: str) -> str:
    """Return how a library is called for a rule, such as `Adam(lr=eta, ...)`, or a dash."""
    if library not in rule.functions:
        return "-"
    function, _, fixed = rule.functions[library].rstrip(")").partition("(")
    names = dict[str, list[str]]()
    for symbol, name in rule.names[library].items():
        names.setdefault(name.partition("[")[0], []).append(str(symbol))
    chosen = [f"{n}={s[0] if len(s) == 1 else '(' + ', '.join(s) + ')'}" for n, s in names.items()]
    held = [f"{s} is {value}" for s, value in rule.fixed.get(library, {}).items()]
    shown = f"`{function.rpartition('.')[2]}({', '.join(chosen + ([fixed] if fixed else []))})`"
    return shown + (f", where {', '.join(held)}" if held else "")


def table() -> str:
    """Return the table of all rules, one row each."""
    rows = [("name", "rule", *LIBRARIES), ("---",) * 5]
    rows += [(f"`{r.name}`", r.title, *(call(r, lib) for lib in LIBRARIES)) for r in known.values()]
    return "".join(f"| {' | '.join(row)} |\n" for row in rows)


def with_table(text: str) -> str:
    """Return the text of the page with the table as it ought to be."""
    head, rest = text.split(BEGIN)
    return head + BEGIN + "\n" + table() + "\n" + END + rest.split(END)[1]


if __name__ == "__main__":
    PAGE.write_text(with_table(PAGE.read_text(encoding="utf-8")), encoding="utf-8")
