"""What the pages of the libraries display, read as rules; and what had to be typed, with the reason."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from sympy import Expr, Integer, Symbol

from physsym.core.statements import Rule
from physsym.parsing.displayed import Notation, read_displayed
from physsym.parsing.tokens import ReadError
from physsym.vocabulary import x
from tests.findings.optimizers import Subject, page


@dataclass(frozen=True)
class Page:
    """How the formulas of one page are to be read.

    Parameters
    ----------
    letters
        The hyperparameters of the code, by the letters of the page; the page says these in words.
    block
        Which displayed formula is the rule.
    gradient, weights, update
        As in `Notation`.
    start
        Start values that the page gives in words.
    assumed
        Start values that the page does not give: what is assumed of them is said in the table.
    options
        The options chosen.
    row
        The optimizer whose displayed formula this one is, but for the row that it shows.
    """

    letters: Mapping[str, str]
    block: int = 0
    gradient: str = ""
    weights: str = ""
    update: str = ""
    start: Mapping[str, Any] = field(default_factory=dict)
    assumed: Mapping[str, int] = field(default_factory=dict)
    options: Mapping[str, bool] = field(default_factory=dict)
    row: str = ""


@dataclass(frozen=True)
class Typed:
    """A displayed formula that the reader refuses, typed as the text of a rule."""

    rule: str
    because: str


@dataclass(frozen=True)
class Shown:
    """What a page displays: a rule, read or typed; or the reason why there is none."""

    rule: Rule | None
    how: str
    reason: str = ""


_OPTAX = Page(
    {
        r"\alpha": "learning_rate",
        r"\beta_1": "b1",
        r"\beta_2": "b2",
        r"\varepsilon": "eps",
        r"\bar{\varepsilon}": "eps_root",
        r"\lambda": "weight_decay",
    },
    gradient="g",
    weights=r"\theta_t",
    update="u",
)
_TORCH = Page(
    {
        r"\gamma": "lr",
        r"\beta_1": "beta1",
        r"\beta_2": "beta2",
        r"\epsilon": "eps",
        r"\lambda": "weight_decay",
    },
    weights=r"\theta_{t-1}",
    options={
        "maximize": False,
        "amsgrad": False,
        "nesterov": False,
        "centered": False,
        "decoupled_weight_decay": False,
        # Branches that change nothing where the number is zero.
        r"weight_decay \neq 0": True,
    },
)
_ADEMAMIX = {
    r"\eta": "learning_rate",
    r"\beta_1": "b1",
    r"\beta_2": "b2",
    r"\alpha": "alpha",
    r"\varepsilon": "eps",
    r"\bar{\varepsilon}": "eps_root",
    r"\lambda": "weight_decay",
}
PAGES: dict[str, Page] = {
    "optax": _OPTAX,
    "optax:optimistic_gradient_descent": replace(
        _OPTAX,
        letters={r"\alpha": "alpha", r"\beta": "beta", r"\eta": "learning_rate"},
        weights="w_t",
        update="",
        assumed={"g": 0},
    ),
    "optax:optimistic_adam": replace(
        _OPTAX, letters={**_OPTAX.letters, "o": "optimism"}, assumed={"m": 0, "v": 0, "r": 0}
    ),
    "optax:adagrad": replace(
        _OPTAX, letters={r"\eta": "learning_rate", r"\epsilon": "eps"}, weights="w_t", update=""
    ),
    "optax:adadelta": replace(
        _OPTAX, letters={r"\rho": "rho", r"\epsilon": "eps"}, update=r"\Delta w", start={"E[g^2]": 0}
    ),
    "optax:adan": replace(
        _OPTAX,
        letters={**_OPTAX.letters, r"\beta_3": "b3", r"\eta": "learning_rate"},
    ),
    "optax:acprop": replace(_OPTAX, assumed={r"\hat{s}": 1}),
    "optax:signum": replace(_OPTAX, letters={r"\alpha": "learning_rate", r"\beta": "beta"}),
    "optax:sgd": replace(_OPTAX, letters={r"\alpha": "learning_rate"}),
    "optax:sgd(momentum=0.9)": replace(
        _OPTAX,
        letters={r"\alpha": "learning_rate", r"\mu": "momentum"},
        block=1,
        options={"nesterov": False},
        assumed={"m": 0},
    ),
    "optax:sgd(momentum=0.9, nesterov=True)": replace(
        _OPTAX,
        letters={r"\alpha": "learning_rate", r"\mu": "momentum"},
        block=1,
        options={"nesterov": True},
        assumed={"m": 0},
    ),
    "optax:adam(nesterov=True)": replace(_OPTAX, block=1, row="optax:adam"),
    "optax:nadam": replace(_OPTAX, assumed={"m": 0, "v": 0}),
    "optax:nadamw": replace(_OPTAX, row="optax:adamw"),
    "optax:ademamix": replace(
        _OPTAX, letters={**_ADEMAMIX, r"\beta_3": "b3"}, weights=r"\theta^{(t-1)}", update=""
    ),
    "optax:simplified_ademamix": replace(_OPTAX, letters=_ADEMAMIX, weights=r"\theta^{(t-1)}", update=""),
    "optax:schedule_free": Page(
        {r"\gamma": "learning_rate", r"\beta_1": "b1"}, weights="x_t", start={"z": x}
    ),
    "torch": _TORCH,
    "torch:SGD": replace(
        _TORCH,
        letters={**_TORCH.letters, r"\mu": "momentum", r"\tau": "dampening"},
        assumed={r"\mathbf{b}": 0},
        options={**_TORCH.options, r"momentum \neq 0": True},
    ),
    "torch:SGD(momentum=0, dampening=0)": replace(
        _TORCH,
        letters={**_TORCH.letters, r"\tau": "dampening"},
        options={**_TORCH.options, r"momentum \neq 0": False},
        start={r"\mu": 0},
    ),
    "torch:SGD(nesterov=True, momentum=0.9, dampening=0)": replace(
        _TORCH,
        letters={**_TORCH.letters, r"\mu": "momentum", r"\tau": "dampening"},
        assumed={r"\mathbf{b}": 0},
        options={**_TORCH.options, r"momentum \neq 0": True, "nesterov": True},
    ),
    "torch:Adam(amsgrad=True)": replace(_TORCH, options={**_TORCH.options, "amsgrad": True}),
    "torch:AdamW(amsgrad=True)": replace(_TORCH, options={**_TORCH.options, "amsgrad": True}),
    "torch:Adadelta": replace(_TORCH, letters={**_TORCH.letters, r"\rho": "rho"}),
    "torch:Adagrad": replace(
        _TORCH, letters={**_TORCH.letters, r"\tau": "initial_accumulator_value", r"\eta": "lr_decay"}
    ),
    "torch:NAdam": replace(_TORCH, letters={**_TORCH.letters, r"\psi": "momentum_decay"}),
    "torch:NAdam(decoupled_weight_decay=True)": replace(
        _TORCH,
        letters={**_TORCH.letters, r"\psi": "momentum_decay"},
        options={**_TORCH.options, "decoupled_weight_decay": True},
    ),
    "torch:RAdam(decoupled_weight_decay=True)": replace(
        _TORCH, options={**_TORCH.options, "decoupled_weight_decay": True}
    ),
    **{
        f"torch:RMSprop{options}": replace(
            _TORCH,
            letters={**_TORCH.letters, r"\alpha": "alpha", r"\mu": "momentum"},
            options={
                **_TORCH.options,
                "centered": "centered" in options,
                "momentum > 0": "momentum=0" not in options,
            },
        )
        for options in ("", "(momentum=0)", "(centered=True, momentum=0)")
    },
}
"""How to read pages, for a library, an optimizer, or one configuration of it."""

TYPED: dict[str, Typed] = {
    "optax:adadelta": Typed(
        "a <- rho*a + (1 - rho)*grad(x)**2; x <- x - sqrt(b + eps)/sqrt(a+ + eps)*grad(x); "
        "b <- rho*b + (1 - rho)*(b + eps)/(a+ + eps)*grad(x_t)**2; a(0) = 0; b(0) = 0",
        "the running average of squared updates, which the page describes in words, is averaged as the other",
    ),
    "optax:signum": Typed(
        "m <- beta*m + (1 - beta)*grad(x); x <- x - learning_rate*sign(m+); m(0) = 0",
        "the right side of the first row is taken to have m_{t-1}",
    ),
    "optax:ademamix": Typed(
        "k <- k + 1; m1 <- b1*m1 + (1 - b1)*grad(x); m2 <- b3*m2 + (1 - b3)*grad(x); "
        "nu <- b2*nu + (1 - b2)*grad(x)**2; x <- x - learning_rate*((m1+/(1 - b1**k+) + alpha*m2+)"
        "/(sqrt(nu+/(1 - b2**k+) + eps_root) + eps) + weight_decay*x); "
        "k(0) = 0; m1(0) = 0; m2(0) = 0; nu(0) = 0",
        "the indices (t) of beta are taken as powers",
    ),
    "optax:simplified_ademamix": Typed(
        "k <- k + 1; m1 <- b1*m1 + grad(x); nu <- b2*nu + (1 - b2)*grad(x)**2; "
        "x <- x - learning_rate*((m1+ + alpha*grad(x))/(sqrt(nu+/(1 - b2**k+) + eps_root) + eps) "
        "+ weight_decay*x); k(0) = 0; m1(0) = 0; nu(0) = 0",
        "the second row, a gradient alone, is left out, and the indices (t) of beta are taken as powers",
    ),
    "torch:Rprop": Typed(
        "s <- where(p*grad(x) > 0, min(s*eta2, step_size2), where(p*grad(x) < 0, "
        "max(s*eta1, step_size1), s)); p <- where(p*grad(x) < 0, 0, grad(x)); "
        "x <- x - s+*sign(p+); p(0) = 0; s(0) = lr",
        "the loop over coordinates is left out, and the two signs of eta and the two bounds of Gamma named",
    ),
}
"""Displayed formulas that the reader refuses; each says what it takes the formula to mean."""


def blocks(text: str) -> Iterator[str]:
    """Yield the displayed formulas of a docstring: what is indented below `.. math::`."""
    lines = text.split("\n")
    for i, line in enumerate(lines):
        if match := re.match(r"^(\s*)\.\. math::\s*(.*)$", line):
            inside = [match[2]]
            for following in lines[i + 1 :]:
                if following.strip() and len(following) - len(following.lstrip()) <= len(match[1]):
                    break
                inside.append(following)
            yield "\n".join(inside).strip()


def shown(subject: Subject) -> Shown:
    """Return what the page of an optimizer displays."""
    text = page(subject)
    found = list(blocks(text))
    if not found:
        return Shown(None, "none shown")
    layout = PAGES.get(subject.what) or PAGES.get(subject.plain) or PAGES[subject.library]
    letters = {k: Symbol(v, real=True) for k, v in layout.letters.items()}
    letters |= {k: Integer(0) for k in layout.start if k.startswith("\\mu")}
    notation = Notation(
        letters,
        layout.gradient,
        layout.weights,
        layout.update,
        {**_begun(text), **layout.start, **layout.assumed},
        layout.options,
    )
    formula = found[layout.block]
    if layout.row:
        whole = page(Subject(layout.row, layout.row.partition(":")[2], subject.library))
        formula, text = _with_row(next(blocks(whole)), formula), whole
    assumed = ", ".join(f"{k} starts at {v}" for k, v in layout.assumed.items())
    try:
        return Shown(read_displayed(formula, notation), "read", f"assumed: {assumed}" if assumed else "")
    except ReadError as error:
        why = " ".join(str(error.message).split())
        typed = TYPED.get(subject.plain)
        if typed is None:
            return Shown(None, "not read", why)
        return Shown(rule_of(typed.rule), "typed", f"{why}; {typed.because}")


def rule_of(text: str) -> Rule:
    """Return the rule that a text states, with names declared as they come."""
    from physsym.optimizers import as_lifted

    return as_lifted(text).rule


def _begun(text: str) -> dict[str, Expr]:
    """Return the start values that a page of optax gives in words: S_0 := (m_0, v_0) = (0, 0)."""
    match = re.search(
        r"S_0 := \\?[({]+([^=`]*?)\\?[)}]+ = \\?[({]+([^=`]*?)\\?[)}]+`", " ".join(text.split())
    )
    if not match:
        return {}
    names, values = (part.split(",") for part in match.groups())
    if len(names) != len(values) or not all(v.strip().isdigit() for v in values):
        return {}
    return {n.strip().removesuffix("_0"): Integer(v.strip()) for n, v in zip(names, values, strict=True)}


def _with_row(formula: str, row: str) -> str:
    """Return a formula with the row replaced that sets the letter which another row sets."""
    rows = formula.split(r"\\")
    left = row.split(r"\leftarrow")[0].strip()
    changed = [
        r if r.replace("&", "").split(r"\leftarrow")[0].strip() != left else f" {row.rstrip('.')} "
        for r in rows
    ]
    return r"\\".join(changed)


__all__ = ["PAGES", "TYPED", "Page", "Shown", "Typed", "blocks", "rule_of", "shown"]
