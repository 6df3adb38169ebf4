"""What every move, kind of integrator, backend and format must have, and which of it one lacks."""

from __future__ import annotations

import ast
import sys
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

from physsym.certificates.algebra import algebra
from physsym.certificates.certificate import parts
from physsym.certificates.integrate import method_lemma
from physsym.core.statements import rule
from physsym.core.symbols import after, grad
from physsym.documents import document_of
from physsym.documents.tree import Judged, Line, blocks
from physsym.mechanics.moves import Move, describe
from physsym.runtime.backends import BACKENDS, is_installed, lambdify, load_backend
from physsym.runtime.backends.base import Capabilities
from physsym.testing.random_models import METHODS, PROPOSALS
from physsym.transform import transform_step
from physsym.transform.integrate import integrate
from physsym.verify import verify_step
from physsym.verify.integrate import verify_method
from physsym.vocabulary import eta, rho, u, x
from tests.fuzz.integrator_oracle import defect
from tests.fuzz.oracle import follows
from tests.support.sample_book import SOURCES


def knows(function: Any, kind: type) -> bool:
    """Tell whether a function is registered for a type, beside the one for everything."""
    return function.dispatch(kind) is not function.dispatch(object)


def subclasses(kind: type) -> Iterator[type]:
    """Yield the subclasses of a type that the package defines, at any depth."""
    for one in kind.__subclasses__():
        if one.__module__.startswith("physsym."):
            yield one
        yield from subclasses(one)


def lacking_of_move(kind: type[Move]) -> list[str]:
    """Return what a kind of move lacks, in words."""
    certified = knows(algebra, kind) or knows(parts, kind)
    found = {
        "a function that carries it out (physsym.transform.transform_step)": knows(transform_step, kind),
        "a judge (physsym.verify.verify_step)": knows(verify_step, kind),
        "a description (physsym.mechanics.moves.describe)": knows(describe, kind),
        "a lemma (physsym.certificates.algebra.algebra) or else NOT_CERTIFIED": certified
        is not bool(kind.NOT_CERTIFIED),
        "an oracle (tests.fuzz.oracle.follows)": knows(follows, kind),
        "a random model (physsym.testing.random_models.PROPOSALS)": kind in PROPOSALS,
    }
    return [what for what, there in found.items() if not there]


def lacking_of_method(kind: type) -> list[str]:
    """Return what a kind of integrator lacks, in words."""
    certified, reason = knows(method_lemma, kind), getattr(kind, "NOT_CERTIFIED", "")
    examples = [m for m in METHODS if type(m) is kind]
    found = {
        "a function that carries it out (physsym.transform.integrate.integrate)": knows(integrate, kind),
        "a judge (physsym.verify.integrate.verify_method)": knows(verify_method, kind),
        "a lemma (physsym.certificates.integrate.method_lemma) or else NOT_CERTIFIED": certified
        is not bool(reason),
        "an oracle (reference_step, or tests.fuzz.integrator_oracle.defect)": knows(defect, kind)
        or hasattr(kind, "reference_step"),
        "a random model (one in physsym.testing.random_models.METHODS)": bool(examples),
        "a name, an order and whether it is partitioned": all(
            hasattr(m, name) for m in examples for name in ("name", "order", "partitioned")
        ),
    }
    return [what for what, there in found.items() if not there]


ALWAYS_THERE = {"numpy", "sympy", "mpmath", *sys.stdlib_module_names}  # what physsym depends on, and Python
MOMENTUM = rule({u: rho * u - eta * grad(x), x: x + after(u)})
NUMBERS = {"rho": 0.5, "eta": 0.25}


def lacking_of_backend(name: str) -> list[str]:
    """Return what a backend lacks, in words; of one that cannot be imported here, what its row lacks."""
    entry = BACKENDS[name]
    lacking = [] if entry.extra or entry.needs in ALWAYS_THERE else ["an extra that installs what it needs"]
    if not is_installed(name):
        return lacking
    backend = load_backend(name)
    if backend.name != name:
        lacking.append(f"its own name: it is called {backend.name}")
    if not isinstance(backend.capabilities, Capabilities):
        lacking.append("declared capabilities")
    # The oracle is plain Python: in halves and quarters one step has no rounding.
    states = [backend.start(state, value) for state, value in (("u", 0.5), ("x", -1.5))]
    found = lambdify(MOMENTUM, backend=name)(*states, lambda place: 2 * place, **NUMBERS)
    due = lambdify(MOMENTUM, backend="python")(0.5, -1.5, lambda place: 2 * place, **NUMBERS)
    if [float(value) for value in found] != list(due):
        lacking.append(f"the right values: {found} instead of {due}")
    return lacking


def shared_functions(text: str) -> set[str]:
    """Return the functions of a module that both its proposal and its judge use, at any depth."""
    proposal, judge = (halves(text, names) for names in (PROPOSALS_BY, JUDGES_BY))
    return set(proposal) & set(judge)


PROPOSALS_BY, JUDGES_BY = {"integrate", "transform_step"}, {"verify_method", "verify_step"}


def halves(text: str, registries: set[str]) -> dict[str, ast.FunctionDef]:
    """Return the functions that those registered with some registries use, at any depth, by name."""
    tree = ast.parse(text)
    functions = {n.name: n for n in tree.body if isinstance(n, ast.FunctionDef) and n.name != "_"}
    pending = _registered(tree, registries)
    found: dict[str, ast.FunctionDef] = {}
    while pending:
        for node in ast.walk(pending.pop()):
            if isinstance(node, ast.Name) and node.id in functions and node.id not in found:
                found[node.id] = functions[node.id]
                pending.append(functions[node.id])
    return found


def _registered(tree: ast.Module, registries: set[str]) -> list[ast.FunctionDef]:
    """Return the functions that are registered with some registries."""
    return [
        function
        for function in tree.body
        if isinstance(function, ast.FunctionDef)
        and any(
            isinstance(node, ast.Name) and node.id in registries
            for decorator in function.decorator_list
            for node in ast.walk(decorator)
        )
    ]


def judge_of(text: str) -> str:
    """Return the half of a module that judges: what is registered with `verify`, and all that this uses."""
    registered = _registered(ast.parse(text), JUDGES_BY)
    return "\n\n".join(map(ast.unparse, (*registered, *halves(text, JUDGES_BY).values())))


def lacking_of_format(write):
    """Return what a format does not do; `write` gives the text of a tree. Figures are files beside it."""
    tree = document_of(SOURCES)
    texts = {kind: write(replace(tree, evidence=kind)) for kind in ("folded", "line", "none")}
    numbers = {line.number for _, line in blocks(tree) if isinstance(line, Line) and line.number}
    claims = [claim for _, claim in blocks(tree) if isinstance(claim, Judged)]
    first, second, third = "iff ", "else by ", "eta = 3"  # the evidence of a claim of the sample
    needed = {
        "the title": "Lecture 4" in write(replace(tree, title="Lecture 4")),
        "the numbers of equations": all(f"({number})" in texts["none"] for number in numbers),
        "claims and their outcomes": all(
            c.id in texts["none"] and c.verdict.outcome.value in texts["none"] for c in claims
        ),
        "evidence that is folded": all(part in texts["folded"] for part in (first, second, third)),
        "evidence in one line": first in texts["line"] and second not in texts["line"],
        "evidence left out": not any(part in texts["none"] for part in (first, second, third)),
        "one face alone": "nabla L" not in write(document_of(SOURCES, faces="physics")),
    }
    return [what for what, there in needed.items() if not there]
