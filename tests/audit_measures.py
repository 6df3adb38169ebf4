"""Measures the audit on a labelled set: `python -m tests.audit_measures LABELLED FOLDER [--hints]`.

LABELLED has one JSON object a line: `id`, `corpus_file`, `body_line` (a line, or "cell C line L"), `text`,
`kind`, `label` ("true", "true under conditions", "definition", "false", "not judgeable"), and perhaps
`hint`, lines of hints for the formula. FOLDER has the texts, which are others' property and stay outside.
"""

import argparse
import json
import random
import re
import time
from collections import Counter, defaultdict
from dataclasses import replace
from pathlib import Path

from sympy import Add, Expr, Mul, Pow, Symbol
from sympy.core.function import AppliedUndef

from physsym.auditing.comparisons import compared
from physsym.auditing.files import texts_of
from physsym.auditing.hints import HintError, hints_of
from physsym.auditing.judges import judged_formulas
from physsym.auditing.sheet import links, read_formulas
from physsym.parsing.meanings import Chain

GOOD = {"holds", "conditional", "recognised"}
TRUE = {"true", "true under conditions"}


def squeezed(text):
    """Return a formula without the signs around it, its label, and blanks."""
    text = re.sub(r"\\(label|tag)\s*\{[^}]*\}", "", text)
    return "".join(c for c in text if not c.isspace()).strip("$")


def place_of(formula):
    """Return where a formula stands, as the labelled set writes it."""
    return f"cell {formula.cell} line {formula.cell_line}" if formula.cell else formula.line


def found_in(text, row):
    """Return the number of the formula of a row in a text, None where it was not extracted."""
    wanted = squeezed(row["text"])
    exact = [i for i, f in enumerate(text.formulas) if squeezed(f.text) and squeezed(f.text) in wanted]
    if not exact:
        return None

    def distance(i):
        formula, at = text.formulas[i], row["body_line"]
        if isinstance(at, int):
            return abs(formula.line - at), -len(formula.text)
        cell, line = map(int, (at.split()[1], at.split()[3]))
        # Cells are counted from 0 in the labelled set.
        return 1000 * min(abs(formula.cell - cell), abs(formula.cell - 1 - cell)) + abs(
            formula.cell_line - line
        ), -len(formula.text)

    best = min(exact, key=distance)
    return best if distance(best)[0] <= 12 else None


# ------------------------------------------------------------------ links that are spoiled


def spoiled(side, chance):
    """Return a side with one sign, factor, exponent or index changed, None where nothing can be."""
    changes = [c for c in _spoils(side) if c != side]
    return chance.choice(changes) if changes else None


def _spoils(node):
    if isinstance(node, Add):
        for i, term in enumerate(node.args):
            yield Add(*node.args[:i], -term, *node.args[i + 1 :])
    if isinstance(node, Mul) or node.is_Symbol or isinstance(node, AppliedUndef):
        yield 2 * node
    if isinstance(node, Symbol) and not node.is_integer:
        yield node**2
    if isinstance(node, Pow) and node.exp.is_Integer and node.exp > 1:
        yield node.base ** (node.exp + 1)
        return
    if isinstance(node, AppliedUndef) and node.args[0].free_symbols and node.args[0].is_integer:
        yield node.func(node.args[0] + 1, *node.args[1:])
        return
    if isinstance(node, Add | Mul | Pow) or getattr(node, "is_Function", False):
        if isinstance(node, AppliedUndef):
            return
        for i, part in enumerate(node.args):
            if isinstance(part, Expr) and not part.is_number:
                for changed in _spoils(part):
                    yield node.func(*node.args[:i], changed, *node.args[i + 1 :])


def spoil_all(path, formulas, entries, chance):
    """Yield the kind of entry that each spoiled link of a chain that holds leads to."""
    for place, (read, entry) in enumerate(zip(formulas, entries, strict=True)):
        if entry.kind not in ("holds", "conditional") or len(read.meanings) != 1:
            continue
        meaning = read.meanings[0]
        for chain in meaning.chains:
            if len(list(links(chain))) < 2 or set(chain.relations) != {"="}:
                continue
            for s in range(2, len(chain.sides)):
                unaided = compared(chain.sides[s - 1], chain.sides[s]).holds
                side = spoiled(chain.sides[s], chance)
                if side is None:
                    continue
                sides = (*chain.sides[:s], side, *chain.sides[s + 1 :])
                other = replace(meaning, chains=(Chain(sides, chain.relations),))
                # Alone: as it stands, with the formulas before it.
                before = formulas[max(0, place - 25) : place]
                *_, last = judged_formulas(path, [*before, replace(read, meanings=(other,))], 20)
                yield read, unaided, s, side, last.kind


# ------------------------------------------------------------------ the table


def judged_without_wrong_hints(path, formulas, seconds):
    """Return formulas with their entries; one whose hint cannot be carried out counts as not read."""
    formulas = list(formulas)
    while True:
        try:
            return formulas, list(judged_formulas(path, formulas, seconds))
        except HintError as error:
            wrong = [i for i, f in enumerate(formulas) if any(h.line == error.line for h in f.formula.hints)]
            if not wrong:
                raise
            print(f"  a hint is refused: {error}")
            for i in wrong:
                bare = replace(formulas[i].formula, hints=())
                formulas[i] = replace(formulas[i], formula=bare, meanings=(), why=str(error))


def audit_all(rows, folder, with_hints, seconds):
    """Yield each text with its formulas, the entries, and the rows that are found in it."""
    by_file = defaultdict(list)
    for row in rows:
        by_file[row["corpus_file"]].append(row)
    for name, own in sorted(by_file.items()):
        started = time.process_time()
        text = texts_of(Path(folder) / name)
        places = {row["id"]: found_in(text, row) for row in own}
        if with_hints:
            formulas = list(text.formulas)
            for row in own:
                place = places[row["id"]]
                if row.get("hint") and place is not None:
                    hints = hints_of(row["hint"], formulas[place].line)
                    formulas[place] = replace(formulas[place], hints=(*formulas[place].hints, *hints))
            text = replace(text, formulas=tuple(formulas))
        formulas = read_formulas(text)
        read_at = time.process_time()
        formulas, entries = judged_without_wrong_hints(text.path, formulas, seconds)
        yield name, formulas, entries, own, places, (read_at - started, time.process_time() - read_at)


def main():
    """Print the table."""
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("labelled")
    options.add_argument("folder")
    options.add_argument("--hints", action="store_true", help="use the hints of the labelled set")
    options.add_argument("--spoil", action="store_true", help="spoil the links of chains that hold")
    options.add_argument("--seconds", type=float, default=60.0)
    options.add_argument("--rows", action="store_true", help="print each row")
    given = options.parse_args()
    rows = [json.loads(line) for line in Path(given.labelled).read_text().splitlines()]
    table, kinds, spoils, times = Counter(), Counter(), Counter(), [0.0, 0.0]
    total = 0
    for name, formulas, entries, own, places, spent in audit_all(
        rows, given.folder, given.hints, given.seconds
    ):
        total += len(entries)
        times = [a + b for a, b in zip(times, spent, strict=True)]
        print(
            f"# {name}: {len(entries)} formulas, read {spent[0]:.1f} s, judged {spent[1]:.1f} s, ",
            dict(Counter(e.kind for e in entries)),
            flush=True,
        )
        labelled = {places[r["id"]] for r in own if places[r["id"]] is not None}
        for i, entry in enumerate(entries):
            if entry.kind == "fails" and i not in labelled:
                print(f"  FAILS beside the labels: {place_of(entry.formula)} {entry.formula.text!r}")
                print("    ", entry.says, entry.readings, entry.details, entry.uses)
            if entry.kind == "recognised" or (entry.kind == "conditional" and "reads the new" in entry.says):
                table["rules named"] += 1
                if given.rows:
                    print(f"  named: {place_of(entry.formula)} {entry.says}")
        for row in own:
            place = places[row["id"]]
            kind = "not extracted" if place is None else entries[place].kind
            kinds[row["label"], kind] += 1
            if given.rows or (row["label"] == "false") != (kind == "fails"):
                entry = None if place is None else entries[place]
                if given.rows or kind == "fails" or (row["label"] == "false" and kind in GOOD):
                    print(f"  {row['id']} {row['label']} -> {kind}: {row['claim']}")
                    if entry is not None:
                        print("    ", entry.says, entry.readings[:2], entry.details, entry.uses)
        if given.spoil:
            chance = random.Random(name)
            for read, unaided, s, side, kind in spoil_all(name, formulas, entries, chance):
                spoils["held by itself" if unaided else "held by other lines", kind] += 1
                if kind != "fails":
                    print(f"  spoiled: {kind}: {place_of(read.formula)} side {s}: {side}")
    count = lambda labels, found: sum(n for (a, b), n in kinds.items() if a in labels and b in found)
    true = TRUE | {"definition"}
    print(f"\n{total} formulas; read {times[0]:.0f} s, judged {times[1]:.0f} s of processor time")
    print("false alarms on true, conditional and definition rows:", count(true, {"fails"}))
    print("false accepts on false rows:", count({"false"}, GOOD))
    print("errors found:", count({"false"}, {"fails"}), "of", count({"false"}, {b for _, b in kinds}))
    print("true rows that hold or are named:", count(TRUE, GOOD), "of", count(TRUE, {b for _, b in kinds}))
    print("rules named in all texts:", table["rules named"])
    print("spoiled links:", dict(spoils))
    for (label, kind), n in sorted(kinds.items()):
        print(f"  {label:24} {kind:14} {n}")


if __name__ == "__main__":
    main()
